"""Where the symbols of sorted bars start, without comparing every row with the one before."""

import numpy as np
import pandas as pd

from finml_core.schemas import segments
from finml_core.typing import IntArray

STEP = 64  # rows between those that are looked at first
CROWDED = 0.25  # share of the steps with a new symbol from which all rows are looked at


def symbol_offsets(bars: pd.DataFrame) -> IntArray:
    """`schemas.segments` of bars that are known to be sorted: symbol i owns rows offsets[i] .. offsets[i+1]-1.

    Two rows with the same symbol have no other one between them, so most rows need not be looked at.
    """
    symbol = bars["symbol"].array
    last = len(symbol) - 1
    if last < STEP:
        return segments(bars)
    looked = np.append(np.arange(0, last, STEP), last)
    first = looked[:-1][_differs(symbol, looked[:-1], looked[1:])]
    if len(first) > CROWDED * len(looked):
        return segments(bars)
    rows = (first[:, None] + np.arange(STEP)).ravel()
    rows = rows[rows < last]
    starts = rows[_differs(symbol, rows, rows + 1)] + 1
    return np.r_[0, starts, last + 1].astype(np.int64)


def _differs(symbol: pd.api.extensions.ExtensionArray, rows: IntArray, others: IntArray) -> np.ndarray:
    return np.asarray(symbol.take(rows) != symbol.take(others), dtype=bool)
