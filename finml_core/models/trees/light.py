"""Gradient-boosted trees by LightGBM."""

from sklearn.base import is_classifier

from finml_core.models.configs import LightGBMConfig
from finml_core.models.trees.base import Rows, TreeClassifier, TreeModel, TreeRegressor
from finml_core.typing import FloatArray

DEFAULTS = LightGBMConfig()


class LightGBMTrees(TreeModel):
    """Trees that grow leaf by leaf (Ke et al., 2017)."""

    config = LightGBMConfig

    def __init__(
        self,
        *,
        n_estimators: int = DEFAULTS.n_estimators,
        learning_rate: float = DEFAULTS.learning_rate,
        num_leaves: int = DEFAULTS.num_leaves,
        max_depth: int = DEFAULTS.max_depth,
        min_child_samples: int = DEFAULTS.min_child_samples,
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
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
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

    def _grow(self, config: LightGBMConfig, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        import lightgbm

        data = lightgbm.Dataset(train.X, train.target, weight=train.weight)
        held_out, callbacks = [], []
        if tail is not None:
            held_out = [lightgbm.Dataset(tail.X, tail.target, weight=tail.weight, reference=data)]
            callbacks = [lightgbm.early_stopping(config.patience, verbose=False)]
        self.booster_ = lightgbm.train(
            {**_parameters(config, self.seed, directions), **_loss(is_classifier(self))},
            data,
            num_boost_round=config.n_estimators,
            valid_sets=held_out,
            callbacks=callbacks,
        )
        self.n_trees_ = self.booster_.num_trees() if tail is None else self.booster_.best_iteration

    def _answers(self, X: FloatArray) -> FloatArray:
        return self.booster_.predict(X, num_iteration=self.n_trees_, num_threads=self.n_jobs)


class LightGBMClassifier(TreeClassifier, LightGBMTrees):
    """LightGBM for two classes; the arguments are those of LightGBMConfig, and a seed."""


class LightGBMRegressor(TreeRegressor, LightGBMTrees):
    """LightGBM for a number; the arguments are those of LightGBMConfig, and a seed."""


def _loss(is_classifier: bool) -> dict[str, str]:
    if is_classifier:
        return {"objective": "binary", "metric": "binary_logloss"}
    return {"objective": "regression", "metric": "l2"}


def _parameters(config: LightGBMConfig, seed: int, directions: list[int]) -> dict[str, object]:
    parameters = {
        "learning_rate": config.learning_rate,
        "num_leaves": config.num_leaves,
        "max_depth": config.max_depth or -1,
        "min_data_in_leaf": config.min_child_samples,
        "bagging_fraction": config.subsample,
        "bagging_freq": 1 if config.subsample < 1 else 0,
        "feature_fraction": config.colsample_bytree,
        "lambda_l2": config.reg_lambda,
        "max_bin": config.max_bin,
        "num_threads": config.n_jobs,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    return {**parameters, "monotone_constraints": directions} if any(directions) else parameters
