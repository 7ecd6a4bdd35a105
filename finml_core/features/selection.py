"""Choosing features inside a training fold, with the share of false ones among the chosen bounded."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_between, check_choice, check_integer
from finml_core.features.selection_rows import training_rows
from finml_core.features.selection_scores import METHODS
from finml_core.metrics import MultipleHypothesisCorrection

Method = Literal["mutual_information", "f_test", "random_forest", "clustered_mda"]


def select_features(
    X: pd.DataFrame,
    y: pd.Series | ArrayLike,
    *,
    method: Method = "mutual_information",
    rows: ArrayLike | None = None,
    label_end: pd.Series | None = None,
    splits: Iterable[tuple[ArrayLike, ArrayLike]] | None = None,
    fdr: float = 0.05,
    n_permutations: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Which features tell the outcome, by training rows alone.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
        Indexed by (symbol, ts), by time, or rows in order of time. Rows that lack a feature or the outcome are left
        out.
    y : outcome on the same rows
        At most 10 distinct values count as classes (ordered, for `f_test`), more as a number.
    method : how each feature is scored, and where its p-value comes from
        `f_test`: F of a linear relation; p from the Newey-West error of the mean product by timestamp, so overlapping
        outcomes and symbols that move together count as the little evidence that they are.
        `mutual_information`: nats between quantile bins of both; p from a gamma distribution with the mean and variance
        of `n_permutations` (200) circular shifts of the outcome in time, which keep both sides' own dependence.
        `random_forest`: impurity importance; p from Student's t of the same on `n_permutations` (20) shifts.
        `clustered_mda`: loss added by shuffling a whole cluster of like features in held-out blocks (mean decrease of
        accuracy); p from Student's t over the blocks, one a cluster, shared by its features.
    rows : row numbers or a mask, optional
        The training fold; nothing else is read. None: all rows.
    label_end : Series on X's index, optional
        When each outcome is known: how far outcomes overlap, and what the inner blocks purge. None: at the next row.
    splits : (train, test) pairs, optional
        Blocks of `clustered_mda`, as row numbers within `rows`. None: 10 blocks, each after the purged rows learned
        from. Blocks that are also learned from give p-values that are too small.
    fdr : float
        Largest expected share of false features among the chosen (Benjamini & Hochberg, 1995).
    seed : of shifts, shuffles and forests

    Returns
    -------
    DataFrame, one row a feature in the order of X's columns
        name, score, p_value, p_corrected, selected; and cluster with `clustered_mda`, whose clusters are what is
        counted in the correction. A feature that does not vary has no p-value and is not chosen.

    Raises
    ------
    ConfigError, DataError
        For a setting out of range, or fewer than 30 complete training rows.

    References
    ----------
    López de Prado (2018), AFML, chapter 8, and (2020), Machine Learning for Asset Managers, chapter 6; Altmann et al.
    (2010), Bioinformatics 26(10), 1340-1347 (importance against permuted outcomes).
    """
    check_choice("method", method, METHODS)
    check_between("fdr", fdr, 0, 1)
    if n_permutations is not None:
        check_integer("n_permutations", n_permutations, 10)
    fold = training_rows(X, y, rows=rows, label_end=label_end)
    scored = METHODS[method](fold, splits=splits, n_permutations=n_permutations, seed=seed)
    unit = scored["cluster"] if "cluster" in scored else pd.Series(scored.index, scored.index)
    once = scored.loc[~unit.duplicated() & scored["p_value"].notna(), "p_value"]
    found = MultipleHypothesisCorrection(method="bh", alpha=fdr).correct(once)["p_corrected"]
    scored["p_corrected"] = unit.map(pd.Series(found.to_numpy(), unit[found.index].to_numpy()))
    scored["selected"] = scored["p_corrected"] <= fdr
    scored.insert(0, "name", X.columns)
    return scored


class FeatureSelector(SelectorMixin, BaseEstimator):
    """`select_features` as a step of a pipeline, so that it is fitted inside each fold.

    Parameters
    ----------
    method, fdr, n_permutations, seed : as in `select_features`
    least : int
        That many of the strongest are kept where fewer pass: a model needs something to learn from.
    """

    def __init__(
        self,
        *,
        method: Method = "mutual_information",
        fdr: float = 0.05,
        n_permutations: int | None = None,
        least: int = 1,
        seed: int = 0,
    ):
        self.method = method
        self.fdr = fdr
        self.n_permutations = n_permutations
        self.least = least
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Any, label_end: pd.Series | None = None) -> "FeatureSelector":
        """Choose by these rows; `table_` keeps scores and p-values."""
        check_integer("least", self.least, 1)
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.table_ = select_features(
            X,
            y,
            method=self.method,
            label_end=label_end,
            fdr=self.fdr,
            n_permutations=self.n_permutations,
            seed=self.seed,
        )
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        strongest = self.table_["p_value"].fillna(1.0).to_numpy().argsort(kind="stable")[: self.least]
        chosen = self.table_["selected"].to_numpy(dtype=bool).copy()
        if chosen.sum() < self.least:
            chosen[strongest] = True
        return chosen
