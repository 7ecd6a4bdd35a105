"""Where windows of rows begin and end: positions only, no values are copied."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.purging import row_times
from finml_core.typing import BoolArray, IntArray


@dataclass(frozen=True, kw_only=True)
class WindowIndex:
    """A window for each asked row, inside a context put in order of symbol and time."""

    order: IntArray  # rows of the context, sorted by (symbol, ts)
    end: IntArray  # for each asked row, the place in `order` where its window ends: the row itself
    is_full: BoolArray  # for each asked row, whether `length` complete rows of its symbol end there


class WindowMap:
    """All windows of a context, found once and asked for the rows of every fold.

    Parameters
    ----------
    context : DataFrame
        Indexed by (symbol, ts), or by ts alone for one symbol; any row order. A row with a missing value is in its
        place, but windows over it are not full.
    longest_gap : Timedelta or its text, optional
        Rows of a symbol further apart than this are no neighbours: no window reaches over such a gap.

    Raises
    ------
    DataError
        For a duplicated row of `context`, or an index without timestamps.
    """

    def __init__(self, context: pd.DataFrame, *, longest_gap: str | pd.Timedelta | None = None):
        self.index = context.index
        if not self.index.is_unique:
            row = self.index[self.index.duplicated()][0]
            raise DataError(f"the feature rows hold {row} twice; keep one of each.")
        symbol, ts = _symbol_codes(self.index), row_times(self.index)
        self.order = np.lexsort((ts, symbol))
        self.values = context.to_numpy(dtype=np.float64)[self.order]  # (n_rows, n_features), in that order
        self._place = np.empty(len(self.order), dtype=np.int64)
        self._place[self.order] = np.arange(len(self.order))
        is_first = np.r_[True, symbol[self.order][1:] != symbol[self.order][:-1]]
        if longest_gap is not None:
            is_first[1:] |= np.diff(ts[self.order]) > pd.Timedelta(longest_gap) // pd.Timedelta(microseconds=1)
        self._run = _run_lengths(is_first, np.isfinite(self.values).all(axis=1))

    def locate(self, rows: pd.Index, length: int) -> WindowIndex:
        """The window of `length` neighbouring rows of one symbol that ends at each of `rows`, itself included.

        Raises
        ------
        DataError
            For a row that the context lacks.
        """
        end = self._place[self._positions(rows)]
        return WindowIndex(order=self.order, end=end, is_full=self._run[end] >= length)

    def _positions(self, rows: pd.Index) -> IntArray:
        if rows is self.index or rows.equals(self.index):
            return np.arange(len(self.index))
        position = self.index.get_indexer(rows)
        if (position < 0).any():
            raise DataError(
                f"{int((position < 0).sum())} of {len(rows)} rows are not in the context, the first "
                f"{rows[position < 0][0]}; pass the feature frame of all rows as context."
            )
        return position


def _run_lengths(is_first: BoolArray, is_complete: BoolArray) -> IntArray:
    """Complete rows without a break that end at each place, and so the longest window there."""
    place = np.arange(len(is_first))
    blocked = np.where(is_complete, np.where(is_first, place, 0), place + 1)
    return place - np.maximum.accumulate(blocked) + 1


def _symbol_codes(index: pd.Index) -> IntArray:
    if "symbol" not in index.names:
        return np.zeros(len(index), dtype=np.int64)
    return pd.factorize(index.get_level_values("symbol"), sort=True)[0].astype(np.int64)
