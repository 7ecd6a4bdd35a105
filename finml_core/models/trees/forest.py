"""Random forests by scikit-learn."""

from sklearn import ensemble
from sklearn.base import is_classifier

from finml_core.models.configs import RandomForestConfig
from finml_core.models.trees.base import Rows, TreeClassifier, TreeModel, TreeRegressor
from finml_core.typing import FloatArray

DEFAULTS = RandomForestConfig()


class RandomForestTrees(TreeModel):
    """Trees on random rows and features, averaged (Breiman, 2001)."""

    config = RandomForestConfig

    def __init__(
        self,
        *,
        n_estimators: int = DEFAULTS.n_estimators,
        max_depth: int = DEFAULTS.max_depth,
        min_child_samples: int = DEFAULTS.min_child_samples,
        max_features: float = DEFAULTS.max_features,
        max_samples: float = DEFAULTS.max_samples,
        balanced: bool = DEFAULTS.balanced,
        increasing: tuple[str, ...] = DEFAULTS.increasing,
        decreasing: tuple[str, ...] = DEFAULTS.decreasing,
        n_jobs: int = DEFAULTS.n_jobs,
        seed: int = 0,
    ):
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
        self.max_features = max_features
        self.max_samples = max_samples
        self.balanced = balanced
        self.increasing = increasing
        self.decreasing = decreasing
        self.n_jobs = n_jobs
        self.seed = seed

    def _grow(self, config: RandomForestConfig, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        library = ensemble.RandomForestClassifier if is_classifier(self) else ensemble.RandomForestRegressor
        self.trees_ = library(
            n_estimators=config.n_estimators,
            max_depth=config.max_depth or None,
            min_samples_leaf=config.min_child_samples,
            max_features=config.max_features,
            max_samples=config.max_samples,
            monotonic_cst=directions if any(directions) else None,
            n_jobs=config.n_jobs,
            random_state=self.seed,
        ).fit(train.X, train.target, sample_weight=train.weight)
        self.n_trees_ = config.n_estimators

    def _answers(self, X: FloatArray) -> FloatArray:
        return self.trees_.predict_proba(X)[:, 1] if is_classifier(self) else self.trees_.predict(X)


class RandomForestClassifier(TreeClassifier, RandomForestTrees):
    """A forest for two classes; the arguments are those of RandomForestConfig, and a seed."""


class RandomForestRegressor(TreeRegressor, RandomForestTrees):
    """A forest for a number; the arguments are those of RandomForestConfig, and a seed."""
