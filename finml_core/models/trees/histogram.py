"""Gradient-boosted trees by scikit-learn."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from finml_core.models.configs import GradientBoostingConfig
from finml_core.models.trees.base import Rows, TreeClassifier, TreeModel, TreeRegressor
from finml_core.typing import FloatArray

DEFAULTS = GradientBoostingConfig()


class GradientBoostingTrees(TreeModel):
    """Boosted trees on histograms of the features."""

    config = GradientBoostingConfig

    def __init__(
        self,
        *,
        n_estimators: int = DEFAULTS.n_estimators,
        learning_rate: float = DEFAULTS.learning_rate,
        num_leaves: int = DEFAULTS.num_leaves,
        max_depth: int = DEFAULTS.max_depth,
        min_child_samples: int = DEFAULTS.min_child_samples,
        max_features: float = DEFAULTS.max_features,
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
        self.max_features = max_features
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
        self.patience = patience
        self.balanced = balanced
        self.increasing = increasing
        self.decreasing = decreasing
        self.n_jobs = n_jobs
        self.seed = seed

    def _grow(self, config: GradientBoostingConfig, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        library = HistGradientBoostingClassifier if is_classifier(self) else HistGradientBoostingRegressor
        settings = {
            "max_iter": config.n_estimators,
            "learning_rate": config.learning_rate,
            "max_leaf_nodes": config.num_leaves,
            "max_depth": config.max_depth or None,
            "min_samples_leaf": config.min_child_samples,
            "max_features": config.max_features,
            "l2_regularization": config.reg_lambda,
            "max_bins": config.max_bin,
            "monotonic_cst": directions if any(directions) else None,
            "early_stopping": False,
            "random_state": self.seed,
        }
        with threadpool_limits(limits=config.n_jobs):
            if tail is not None:
                settings["max_iter"] = _best_number_of_trees(library, settings, config.patience, train, tail)
            self.trees_ = library(**settings).fit(train.X, train.target, sample_weight=train.weight)
        self.n_trees_ = self.trees_.n_iter_

    def _answers(self, X: FloatArray) -> FloatArray:
        with threadpool_limits(limits=self.n_jobs):
            return self.trees_.predict_proba(X)[:, 1] if is_classifier(self) else self.trees_.predict(X)


class GradientBoostingClassifier(TreeClassifier, GradientBoostingTrees):
    """Histogram boosting for two classes; the arguments are those of GradientBoostingConfig, and a seed."""


class GradientBoostingRegressor(TreeRegressor, GradientBoostingTrees):
    """Histogram boosting for a number; the arguments are those of GradientBoostingConfig, and a seed."""


def _best_number_of_trees(library: type, settings: dict, patience: int, train: Rows, tail: Rows) -> int:
    """Trees with the least loss on the tail; those grown while waiting for a better one are not kept."""
    watched = library(**{**settings, "early_stopping": True, "n_iter_no_change": patience, "tol": 0.0})
    watched.fit(
        train.X,
        train.target,
        sample_weight=train.weight,
        X_val=tail.X,
        y_val=tail.target,
        sample_weight_val=tail.weight,
    )
    return max(int(np.argmax(watched.validation_score_)), 1)
