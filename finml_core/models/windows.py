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


def find_windows(context: pd.DataFrame, rows: pd.Index, length: int) -> WindowIndex:
    """Locate the window of `length` consecutive context rows of one symbol that ends at each of `rows`.

    Parameters
    ----------
    context : DataFrame
        Indexed by (symbol, ts), or by ts alone for one symbol; any row order. A row with a missing value is in its
        place, but windows over it are not full.
    rows : index of the same kind
        Rows to decide at; each must be in `context`.
    length : int
        Rows a window, the decision row included.

    Raises
    ------
    DataError
        For a duplicated row of `context`, a row that it lacks, or an index without timestamps.
    """
    place_of_row = _locate(context.index, rows)
    symbol = _symbol_codes(context.index)
    order = np.lexsort((row_times(context.index), symbol))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    is_first = np.r_[True, symbol[order][1:] != symbol[order][:-1]]
    complete = np.isfinite(context.to_numpy(dtype=np.float64)[order]).all(axis=1)
    # the run of complete rows of one symbol that ends at each place, and so the longest window there
    place_in_order = np.arange(len(order))
    blocked_before = np.where(is_first, place_in_order, 0)
    blocked_at = np.where(complete, blocked_before, place_in_order + 1)
    run = place_in_order - np.maximum.accumulate(blocked_at) + 1
    end = place[place_of_row]
    return WindowIndex(order=order, end=end, is_full=run[end] >= length)


def _locate(index: pd.Index, rows: pd.Index) -> IntArray:
    if not index.is_unique:
        raise DataError(f"the feature rows hold {index[index.duplicated()][0]} twice; keep one of each.")
    if rows is index or rows.equals(index):
        return np.arange(len(index))
    place = index.get_indexer(rows)
    if (place < 0).any():
        raise DataError(
            f"{int((place < 0).sum())} of {len(rows)} rows are not in the context, the first {rows[place < 0][0]}; "
            "pass the feature frame of all rows as context."
        )
    return place


def _symbol_codes(index: pd.Index) -> IntArray:
    if "symbol" not in index.names:
        return np.zeros(len(index), dtype=np.int64)
    return pd.factorize(index.get_level_values("symbol"), sort=True)[0].astype(np.int64)
