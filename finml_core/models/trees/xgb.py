"""Gradient-boosted trees by XGBoost (the wheel `xgboost-cpu`)."""

from typing import Any

from sklearn.base import is_classifier

from finml_core.models.configs import XGBoostConfig
from finml_core.models.errors import ModelError
from finml_core.models.trees.base import Rows, TreeClassifier, TreeModel, TreeRegressor
from finml_core.typing import FloatArray

DEFAULTS = XGBoostConfig()


class XGBoostTrees(TreeModel):
    """Trees that grow level by level (Chen & Guestrin, 2016)."""

    config = XGBoostConfig

    def __init__(
        self,
        *,
        n_estimators: int = DEFAULTS.n_estimators,
        learning_rate: float = DEFAULTS.learning_rate,
        max_depth: int = DEFAULTS.max_depth,
        min_child_weight: float = DEFAULTS.min_child_weight,
        subsample: float = DEFAULTS.subsample,
        colsample_bytree: float = DEFAULTS.colsample_bytree,
        reg_lambda: float = DEFAULTS.reg_lambda,
        max_bin: int = DEFAULTS.max_bin,
        patience: int = DEFAULTS.patience,
        balanced: bool = DEFAULTS.balanced,
        increasing: tuple[str, ...] = DEFAULTS.increasing,
        decreasing: tuple[str, ...] = DEFAULTS.decreasing,
        n_jobs: int = DEFAULTS.n_jobs,
        seed: int = 0,
    ):
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
        self.patience = patience
        self.balanced = balanced
        self.increasing = increasing
        self.decreasing = decreasing
        self.n_jobs = n_jobs
        self.seed = seed

    def _grow(self, config: XGBoostConfig, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        xgboost = load_xgboost()
        data = xgboost.DMatrix(train.X, train.target, weight=train.weight, nthread=config.n_jobs)
        held_out, patience = [], None
        if tail is not None:
            held_out = [(xgboost.DMatrix(tail.X, tail.target, weight=tail.weight, nthread=config.n_jobs), "tail")]
            patience = config.patience
        self.booster_ = xgboost.train(
            {**_parameters(config, self.seed, directions), **_loss(is_classifier(self))},
            data,
            num_boost_round=config.n_estimators,
            evals=held_out,
            early_stopping_rounds=patience,
            verbose_eval=False,
        )
        self.n_trees_ = config.n_estimators if tail is None else self.booster_.best_iteration + 1

    def _answers(self, X: FloatArray) -> FloatArray:
        data = load_xgboost().DMatrix(X, nthread=self.n_jobs)
        return self.booster_.predict(data, iteration_range=(0, self.n_trees_))


class XGBoostClassifier(TreeClassifier, XGBoostTrees):
    """XGBoost for two classes; the arguments are those of XGBoostConfig, and a seed."""


class XGBoostRegressor(TreeRegressor, XGBoostTrees):
    """XGBoost for a number; the arguments are those of XGBoostConfig, and a seed."""


def load_xgboost() -> Any:
    """The library, or an error that says how to get it.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        import xgboost
    except ModuleNotFoundError as error:
        raise ModelError(
            "XGBoost is not installed here. Install requirements.txt (it names the wheel xgboost-cpu), or take "
            "LightGBM or gradient boosting, which grow the same kind of trees."
        ) from error
    return xgboost


def _loss(is_classifier: bool) -> dict[str, str]:
    if is_classifier:
        return {"objective": "binary:logistic", "eval_metric": "logloss"}
    return {"objective": "reg:squarederror", "eval_metric": "rmse"}


def _parameters(config: XGBoostConfig, seed: int, directions: list[int]) -> dict[str, object]:
    parameters = {
        "learning_rate": config.learning_rate,
        "max_depth": config.max_depth,
        "min_child_weight": config.min_child_weight,
        "subsample": config.subsample,
        "colsample_bytree": config.colsample_bytree,
        "reg_lambda": config.reg_lambda,
        "max_bin": config.max_bin,
        "tree_method": "hist",
        "nthread": config.n_jobs,
        "seed": seed,
        "verbosity": 1,
    }
    return {**parameters, "monotone_constraints": tuple(directions)} if any(directions) else parameters
