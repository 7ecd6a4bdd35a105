"""Combinatorial purged cross-validation: many out-of-sample paths through one history."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.purging import Timeline, block_rows, row_times
from finml_core.splits.base import Fold, PurgedSplitter, equal_blocks
from finml_core.typing import FloatArray, IntArray


class CombinatorialPurgedCV(PurgedSplitter):
    """Tests every choice of `n_test_splits` out of `n_splits` blocks of timestamps, and trains on the purged rest.

    Each block is tested in `n_paths` of the folds, so that the folds can be put together to `n_paths` series that each
    cover the whole history out of sample. Neighbouring test blocks count as one for purge and embargo.

    Parameters
    ----------
    n_splits : int
        Blocks, at least 2.
    n_test_splits : int
        Blocks tested in each fold, at least 1 and fewer than `n_splits`.
    purge_gap, embargo_pct
        See `PurgedSplitter`.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, sections 12.3 and 12.4.
    """

    def __init__(self, n_splits: int = 10, n_test_splits: int = 2, purge_gap: int = 5, embargo_pct: float = 0.01):
        check_integer("n_splits", n_splits, 2)
        check_integer("n_test_splits", n_test_splits, 1)
        if n_test_splits >= n_splits:
            raise ConfigError(f"n_test_splits is {n_test_splits}, but must be below n_splits, which is {n_splits}.")
        self.n_splits = n_splits
        self.n_test_splits = n_test_splits
        super().__init__(purge_gap=purge_gap, embargo_pct=embargo_pct)

    @property
    def n_paths(self) -> int:
        """Number of paths: n_test_splits / n_splits of the number of folds."""
        return comb(self.n_splits - 1, self.n_test_splits - 1)

    @property
    def test_blocks(self) -> list[tuple[int, ...]]:
        """The numbers of the blocks that each fold tests, in the order of the folds."""
        return list(combinations(range(self.n_splits), self.n_test_splits))

    def folds(self, n_stamps: int) -> Iterator[Fold]:
        """One fold a choice of blocks, in lexical order."""
        blocks = equal_blocks(n_stamps, self.n_splits)
        for chosen in self.test_blocks:
            yield Fold(blocks=tuple(blocks[number] for number in chosen), window=(0, n_stamps))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of choices, whatever the rows."""
        return comb(self.n_splits, self.n_test_splits)

    def paths(self) -> IntArray:
        """The fold that gives each path its predictions for each block.

        Returns
        -------
        int64 array of shape (n_paths, n_splits)
            Path j takes block g from the j-th of the folds that test g. A row is a full out-of-sample series.
        """
        tested = np.zeros((self.get_n_splits(), self.n_splits), dtype=bool)
        for fold, chosen in enumerate(self.test_blocks):
            tested[fold, list(chosen)] = True
        return np.column_stack([np.flatnonzero(tested[:, block]) for block in range(self.n_splits)])

    def path_series(self, X: pd.DataFrame, predictions: Sequence[ArrayLike]) -> FloatArray:
        """Put the folds' predictions together to full out-of-sample series.

        Parameters
        ----------
        X : the frame that was split
        predictions : one array a fold, in the order of `split`
            Aligned with the fold's test rows.

        Returns
        -------
        float64 array of shape (n_paths, n_rows)
            Each row of X predicted once on every path.

        Raises
        ------
        DataError
            If the number of arrays, or the length of one, is not that of the folds.
        """
        timeline = Timeline(row_times(X.index))
        folds = list(self.folds(len(timeline.stamps)))
        if len(predictions) != len(folds):
            raise DataError(f"{len(predictions)} arrays of predictions for {len(folds)} folds; give one a fold.")
        by_fold = np.full((len(folds), len(timeline)), np.nan)
        for number, (fold, values) in enumerate(zip(folds, predictions)):
            rows, values = block_rows(timeline, fold.blocks), np.asarray(values, dtype=float)
            if values.shape != rows.shape:
                raise DataError(f"fold {number} has {len(values)} predictions for {len(rows)} test rows.")
            by_fold[number, rows] = values
        block_of_row = np.empty(len(timeline), dtype=np.int64)
        for number, block in enumerate(equal_blocks(len(timeline.stamps), self.n_splits)):
            block_of_row[block_rows(timeline, [block])] = number
        return by_fold[self.paths()[:, block_of_row], np.arange(len(timeline))]
