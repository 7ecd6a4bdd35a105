"""Random forests by scikit-learn."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import ensemble
from sklearn.base import is_classifier

from finml_core.concurrency import bar_spans
from finml_core.errors import DataError
from finml_core.models.configs import RandomForestConfig
from finml_core.models.trees.base import Rows, TreeClassifier, TreeModel, TreeRegressor
from finml_core.typing import FloatArray, IntArray

DEFAULTS = RandomForestConfig()


class RandomForestTrees(TreeModel):
    """Trees on random rows and features, averaged (Breiman, 2001).

    With `row_draws` "sequential" the rows of each tree come by the sequential bootstrap of López de Prado (2018,
    section 4.5), which needs `label_end` and timestamps in the index of X; overlap is counted on the training rows of
    a symbol.
    """

    config = RandomForestConfig

    def __init__(
        self,
        *,
        n_estimators: int = DEFAULTS.n_estimators,
        max_depth: int = DEFAULTS.max_depth,
        min_child_samples: int = DEFAULTS.min_child_samples,
        max_features: float = DEFAULTS.max_features,
        max_samples: float = DEFAULTS.max_samples,
        row_draws: str = DEFAULTS.row_draws,
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
        self.row_draws = row_draws
        self.balanced = balanced
        self.increasing = increasing
        self.decreasing = decreasing
        self.n_jobs = n_jobs
        self.seed = seed

    def _grow(self, config: RandomForestConfig, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        library = ensemble.RandomForestClassifier if is_classifier(self) else ensemble.RandomForestRegressor
        forest = library(
            n_estimators=config.n_estimators,
            max_depth=config.max_depth or None,
            min_samples_leaf=config.min_child_samples,
            max_features=config.max_features,
            max_samples=config.max_samples,
            monotonic_cst=directions if any(directions) else None,
            n_jobs=config.n_jobs,
            random_state=self.seed,
        )
        if train.spans is None:
            self.trees_ = forest.fit(train.X, train.target, sample_weight=train.weight)
        else:
            self.trees_ = _grow_sequentially(forest, train, config, self.seed)
        self.n_trees_ = config.n_estimators

    def _spans(self, index: pd.Index | None, label_end: Any) -> tuple[IntArray, IntArray] | None:
        if self.row_draws != "sequential":
            return None
        if index is None or label_end is None:
            raise DataError(
                "row_draws is 'sequential', which looks at how labels overlap; give label_end, and a frame indexed by "
                "(symbol, ts)."
            )
        ends = pd.Series(np.asarray(label_end), index=index)
        _, first, last = bar_spans(ends, np.ones(len(ends), dtype=bool))
        return first, last

    def _answers(self, X: FloatArray) -> FloatArray:
        return self.trees_.predict_proba(X)[:, 1] if is_classifier(self) else self.trees_.predict(X)


def _grow_sequentially(forest: Any, train: Rows, config: RandomForestConfig, seed: int) -> Any:
    """Tree after tree, each on its own draws: a row counts as often as it was drawn, as where scikit-learn draws."""
    from finml_core.sequential import draw_sequentially

    n = len(train.weight)
    n_draws = max(1, round(config.max_samples * n))
    forest.set_params(bootstrap=False, max_samples=None, warm_start=True)
    first, last = train.spans
    for number in range(config.n_estimators):
        drawn = draw_sequentially(first, last, n, n_draws, seed=_tree_seed(seed, number))
        counts = np.bincount(drawn, minlength=n)
        forest.set_params(n_estimators=number + 1).fit(train.X, train.target, sample_weight=train.weight * counts)
    return forest.set_params(warm_start=False)


def _tree_seed(seed: int, number: int) -> int:
    """Apart for every tree of every forest."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


class RandomForestClassifier(TreeClassifier, RandomForestTrees):
    """A forest for two classes; the arguments are those of RandomForestConfig, and a seed."""


class RandomForestRegressor(TreeRegressor, RandomForestTrees):
    """A forest for a number; the arguments are those of RandomForestConfig, and a seed."""
