"""Ablation: what is lost when a family of features, or a single one, is left out of the same test."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from finml_core.checks import check_between, check_choice
from finml_core.errors import ConfigError, DataError
from finml_core.metrics import MultipleHypothesisCorrection
from finml_core.metrics.multiple_testing import METHODS
from finml_core.numerics import divide
from finml_core.typing import FloatArray, IntArray

Scorer = Callable[[Any, pd.DataFrame, pd.Series], float]
Split = tuple[IntArray, IntArray]


@dataclass(frozen=True, kw_only=True)
class AblationTester:
    """Leaves out one group of features at a time, trains and scores on the same splits, and says which are missed.

    The score of a fold without the group is taken from its score with everything: both are trained and tested on the
    same rows. The mean of these differences over folds is the importance. Folds share training rows, so its variance
    is (1 / n_folds + n_test / n_train) times that of the differences (Nadeau & Bengio, 2003), judged by Student's t.
    """

    scorer: Scorer  # (fitted estimator, X, y) to a score, higher is better, as scikit-learn's scorers
    confidence: float = 0.9  # of the intervals
    correction: Literal["bonferroni", "holm", "bh", "by"] = "bh"  # of the p-values, over all groups
    alpha: float = 0.05  # for `found`

    def __post_init__(self) -> None:
        check_between("confidence", self.confidence, 0.5, 0.999)
        check_between("alpha", self.alpha, 0.0, 0.5)
        check_choice("correction", self.correction, METHODS)

    def run(
        self,
        make_estimator: Callable[[], Any],
        X: pd.DataFrame,
        y: pd.Series,
        splits: Iterable[Split],
        groups: Mapping[str, Sequence[str]] | None = None,
        *,
        fit_arguments: Callable[[IntArray], Mapping[str, Any]] | None = None,
        tell: Callable[[float, str], None] | None = None,
    ) -> pd.DataFrame:
        """Train once with everything and once without each group, on every split.

        Parameters
        ----------
        make_estimator : callable
            A fresh estimator for each fit; scaling and imputation belong inside it.
        X, y : of n rows
        splits : the (train, test) integer arrays of a splitter, at least 2
        groups : mapping from a name to columns of X, optional
            Every single column if not given. Columns of no group are always there.
        fit_arguments : callable, optional
            From the training rows to further arguments of `fit`, weights for instance.
        tell : callable, optional
            Told the share of the work done and what is next; may raise to stop.

        Returns
        -------
        DataFrame, most important first
            group, n_features, score, score_without (means over folds), importance (score lost without the group),
            error, lower, upper, p_value (one-sided: it is missed), p_corrected, found.

        Raises
        ------
        DataError
            For a column that X does not have, or a group that leaves no column.
        ConfigError
            For fewer than 2 splits.
        """
        chosen = {name: list(columns) for name, columns in (groups or {c: [c] for c in X.columns}).items()}
        _check_groups(chosen, X)
        folds = list(splits)
        if len(folds) < 2:
            raise ConfigError(f"{len(folds)} split is too few to tell importance from chance; use at least 2.")
        without = {"": list(X.columns), **{name: _rest(X, columns) for name, columns in chosen.items()}}
        scores = np.empty((len(without), len(folds)))
        for row, (name, columns) in enumerate(without.items()):
            for fold, (train, test) in enumerate(folds):
                if tell is not None:
                    done = (row * len(folds) + fold) / scores.size
                    tell(done, f"leaving out {name}, fold {fold + 1}" if name else f"all features, fold {fold + 1}")
                extra = {} if fit_arguments is None else fit_arguments(train)
                estimator = make_estimator().fit(X[columns].iloc[train], y.iloc[train], **extra)
                scores[row, fold] = self.scorer(estimator, X[columns].iloc[test], y.iloc[test])
        ratio = float(np.mean([len(test) / len(train) for train, test in folds]))
        return self._table(chosen, scores, ratio)

    def _table(self, groups: Mapping[str, list[str]], scores: FloatArray, ratio: float) -> pd.DataFrame:
        lost = scores[0] - scores[1:]
        lost[np.abs(lost) <= 1e-12 * np.abs(scores).max()] = 0.0  # rounding is no importance
        n_folds = lost.shape[1]
        importance = lost.mean(axis=1)
        error = np.sqrt((1 / n_folds + ratio) * lost.var(axis=1, ddof=1))
        t_ratio = divide(importance, error, empty=0.0)
        reach = -stdtrit(n_folds - 1, (1 - self.confidence) / 2) * error
        p_value = np.where(error > 0, stdtr(n_folds - 1, -t_ratio), np.where(importance > 0, 0.0, 1.0))
        corrected = MultipleHypothesisCorrection(method=self.correction, alpha=self.alpha).correct(p_value)
        table = pd.DataFrame(
            {
                "group": list(groups),
                "n_features": [len(columns) for columns in groups.values()],
                "score": scores[0].mean(),
                "score_without": scores[1:].mean(axis=1),
                "importance": importance,
                "error": error,
                "lower": importance - reach,
                "upper": importance + reach,
                "p_value": p_value,
                "p_corrected": corrected["p_corrected"].to_numpy(),
                "found": corrected["rejected"].to_numpy(),
            }
        )
        return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def _check_groups(groups: Mapping[str, list[str]], X: pd.DataFrame) -> None:
    if not groups:
        raise DataError("there is no group of features to leave out.")
    for name, columns in groups.items():
        missing = [column for column in columns if column not in X.columns]
        if missing:
            raise DataError(f"group {name!r} names {missing[0]!r}, which is no column of X.")
        if not columns or len(set(columns)) >= X.shape[1]:
            raise DataError(
                f"group {name!r} has {len(columns)} of {X.shape[1]} columns; leave some and leave some out."
            )


def _rest(X: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    left_out = set(columns)
    return [column for column in X.columns if column not in left_out]
