"""Bars that close when enough was traded instead of when the clock says so."""

from itertools import pairwise

import numpy as np
import pandas as pd

from finml_core.bars.resample import aggregate
from finml_core.checks import check_choice, check_positive
from finml_core.errors import DataError
from finml_core.schemas import as_bars, segments

KINDS = ("tick", "volume", "dollar")


def activity_bars(bars: pd.DataFrame, kind: str, size: float) -> pd.DataFrame:
    """Bars of about equal activity, made from shorter ones.

    Parameters
    ----------
    bars : long bars or a plain OHLCV frame
    kind : "tick" counts the source bars, "volume" their volume, "dollar" close times volume
    size : activity of one bar, in that unit

    Returns
    -------
    DataFrame of long bars
        A bar closes with the source bar that reaches the next multiple of `size` in the symbol's running sum, and is
        stamped with it. A last bar that is not full yet is left out. A source bar larger than `size` is one bar.

    Raises
    ------
    DataError
        If volume is needed and missing.

    References
    ----------
    López de Prado (2018), section 2.3.2; there the sum starts anew at each bar, here the excess is carried over.
    """
    check_choice("kind", kind, KINDS)
    check_positive("size", size)
    bars = as_bars(bars)
    if bars.empty:
        return bars
    amount = _amount(bars, kind)
    is_full = np.zeros(len(bars), dtype=bool)
    offsets = segments(bars)
    for start, stop in pairwise(offsets):
        total = np.cumsum(amount[start:stop])
        reached = np.floor(total / size * (1 + 1e-12))
        is_full[start:stop] = np.diff(reached, prepend=0.0) > 0
    return _close_at(bars, is_full, offsets)


def _amount(bars: pd.DataFrame, kind: str) -> np.ndarray:
    if kind == "tick":
        return np.ones(len(bars))
    missing = int(bars["volume"].isna().sum())
    if missing:
        raise DataError(f"{missing} of {len(bars)} bars have no volume; use 'tick', or leave those bars out.")
    volume = bars["volume"].to_numpy()
    return volume if kind == "volume" else volume * bars["close"].to_numpy()


def _close_at(bars: pd.DataFrame, is_full: np.ndarray, offsets: np.ndarray) -> pd.DataFrame:
    """Aggregate up to each full row; what follows the last full row of a symbol is dropped."""
    is_start = np.r_[True, is_full[:-1]]
    is_start[offsets[:-1]] = True
    left = np.ones(len(bars), dtype=bool)
    for start, stop in pairwise(offsets):
        full = np.flatnonzero(is_full[start:stop])
        left[start : start + (full[-1] + 1 if len(full) else 0)] = False
    kept = bars.loc[~left].reset_index(drop=True)
    return aggregate(kept, np.flatnonzero(is_start[~left])) if len(kept) else kept
