"""The template of all splitters: a subclass says which timestamps are tested, the base purges and embargoes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError, SplitError
from finml_core.purging import Block, Timeline, block_rows, label_times, purged_train, row_times
from finml_core.typing import IntArray


class Fold(NamedTuple):
    """One fold over the distinct timestamps, as positions (start, stop)."""

    blocks: tuple[Block, ...]  # tested, sorted
    window: Block  # may be trained on, less the blocks, the purge and the embargo


class PurgedSplitter(ABC):
    """Yields (train, test) row numbers such that no training label touches a test label.

    Timestamps are split, not rows: all symbols of one timestamp fall on the same side. Give the label ends as `groups`
    and each training row whose closed span [ts, label_end] touches the span of a test row is purged, before and after
    the test block. Without them every label is taken to reach `purge_gap` timestamps ahead.

    Parameters
    ----------
    purge_gap : int
        Timestamps; ignored where label ends are given.
    embargo_pct : float
        Share of the distinct timestamps (rounded down) left out of training after each contiguous test block, counted
        from the block's latest label end.
    """

    def __init__(self, *, purge_gap: int = 5, embargo_pct: float = 0.01):
        check_integer("purge_gap", purge_gap, 0)
        check_between("embargo_pct", embargo_pct, 0, 1)
        self.purge_gap = purge_gap
        self.embargo_pct = embargo_pct

    def split(
        self, X: pd.DataFrame, y: ArrayLike | None = None, groups: pd.Series | ArrayLike | None = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Row numbers to train on and to test, fold by fold.

        Parameters
        ----------
        X : DataFrame or Series of n_rows rows
            Timestamps in the level `ts` of its index, or a DatetimeIndex. Rows in any order.
        y : ignored
        groups : Series or array of n_rows timestamps, optional
            Label ends, none missing and none before its row; a Series is aligned on X's index.

        Yields
        ------
        train, test : int64 arrays, each ascending

        Raises
        ------
        DataError
            If X carries no timestamps, or a label end is missing or before its row.
        SplitError
            If a fold has no training or no test rows.
        """
        timeline = self.timeline(X, groups)
        return self._pairs(timeline, list(self.folds(len(timeline.stamps))))

    def timeline(self, X: pd.DataFrame, groups: pd.Series | ArrayLike | None = None) -> Timeline:
        """The rows of X in order of time, with the reach of their labels."""
        if not isinstance(X, pd.DataFrame | pd.Series):
            raise DataError(f"X is {type(X).__name__} and carries no timestamps; pass a frame indexed by ts.")
        label_end = None if groups is None else label_times(groups, X.index)
        return Timeline(row_times(X.index), label_end, purge_gap=self.purge_gap)

    def embargo(self, n_stamps: int) -> int:
        """The embargo in timestamps."""
        return int(n_stamps * self.embargo_pct)

    @abstractmethod
    def folds(self, n_stamps: int) -> Iterator[Fold]:
        """Which of `n_stamps` timestamps each fold tests, and which it may train on."""

    @abstractmethod
    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds that `split` yields."""

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({settings})"

    def _pairs(self, timeline: Timeline, folds: list[Fold]) -> Iterator[tuple[IntArray, IntArray]]:
        embargo = self.embargo(len(timeline.stamps))
        for number, fold in enumerate(folds, start=1):
            train = purged_train(timeline, fold.blocks, embargo=embargo, window=fold.window)
            test = block_rows(timeline, fold.blocks)
            if len(train) == 0 or len(test) == 0:
                side = "test" if len(test) == 0 else "training"
                raise SplitError(
                    f"fold {number} of {len(folds)} has no {side} rows left: {len(timeline)} rows, "
                    f"horizon {timeline.horizon}, embargo {embargo}.\n"
                    "Use fewer folds, a shorter embargo, or more history."
                )
            yield train, test


def equal_blocks(n_stamps: int, n_blocks: int) -> list[Block]:
    """Positions cut as `numpy.array_split` does: the first blocks are one longer where it does not divide.

    Raises
    ------
    SplitError
        If there are fewer timestamps than blocks.
    """
    if n_stamps < n_blocks:
        raise SplitError(
            f"{n_blocks} folds cannot be made of {n_stamps} distinct timestamps.\nUse fewer folds, or more history."
        )
    size, longer = divmod(n_stamps, n_blocks)
    edges = [number * size + min(number, longer) for number in range(n_blocks + 1)]
    return list(pairwise(edges))
