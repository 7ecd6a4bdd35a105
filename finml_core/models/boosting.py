"""Gradient-boosted trees by LightGBM."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from finml_core.errors import DataError
from finml_core.models.configs import LightGBMConfig
from finml_core.models.tail import purged_tail
from finml_core.typing import FloatArray

TAIL_SHARE = 0.15  # of the training timestamps, where `patience` asks for early stopping
DEFAULTS = LightGBMConfig()


class LightGBMClassifier(ClassifierMixin, BaseEstimator):
    """Boosted trees for two classes (Ke et al., 2017); the arguments are those of LightGBMConfig, and a seed.

    The same seed gives the same trees. Missing features are allowed. With `patience` above 0 growth stops by the loss
    on the last 15 % of the training timestamps, purged by `label_end`; X needs timestamps in its index then.
    """

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
        self.n_jobs = n_jobs
        self.seed = seed

    def fit(self, X, y, sample_weight=None, label_end=None) -> "LightGBMClassifier":
        """Grow the trees; `label_end` serves early stopping only."""
        import lightgbm

        config = LightGBMConfig(**{name: value for name, value in self.get_params().items() if name != "seed"})
        index = getattr(X, "index", None)
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, target = _binary(y)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        parts = purged_tail(index, label_end, TAIL_SHARE) if config.patience else None
        is_train, is_tail = parts or (np.ones(len(X), dtype=bool), None)
        train = lightgbm.Dataset(X[is_train], target[is_train], weight=weight[is_train])
        tail, callbacks = [], []
        if is_tail is not None:
            tail = [lightgbm.Dataset(X[is_tail], target[is_tail], weight=weight[is_tail], reference=train)]
            callbacks = [lightgbm.early_stopping(config.patience, verbose=False)]
        self.booster_ = lightgbm.train(
            _parameters(config, self.seed),
            train,
            num_boost_round=config.n_estimators,
            valid_sets=tail,
            callbacks=callbacks,
        )
        self.n_trees_ = self.booster_.num_trees() if is_tail is None else self.booster_.best_iteration
        return self

    def predict_proba(self, X) -> FloatArray:
        """Probability of the two classes, shape (n, 2)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        p = np.asarray(self.booster_.predict(X, num_iteration=self.n_trees_, num_threads=self.n_jobs))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        """The likelier class of each row."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _binary(y) -> tuple[np.ndarray, np.ndarray]:
    check_classification_targets(y)
    classes, code = np.unique(y, return_inverse=True)
    if len(classes) > 2:
        raise DataError(
            f"Only binary classification is supported. The type of the target is {type_of_target(y)}, "
            f"with {len(classes)} classes."
        )
    if len(classes) < 2:
        raise DataError(f"the training rows have only one class, {classes[0]!r}; two are needed.")
    return classes, code


def _parameters(config: LightGBMConfig, seed: int) -> dict[str, object]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
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
