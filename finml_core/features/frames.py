"""The door for bars and the way back: long frames on (symbol, ts), plain frames on their own index."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finml_core.features.rows import calendar, stamps_of, symbol_offsets
from finml_core.schemas import as_bars
from finml_core.typing import FloatArray


def as_long(bars: pd.DataFrame) -> pd.DataFrame:
    """Sorted long bars; a frame without a `volume` column gets a missing one."""
    if "volume" not in bars.columns:
        bars = bars.assign(volume=np.nan)
    return as_bars(bars)


def is_intraday(long: pd.DataFrame) -> bool:
    """Whether a symbol of sorted long bars has two bars on one day (UTC)."""
    day = long["ts"].to_numpy().astype("datetime64[D]")
    repeated = day[1:] == day[:-1]
    repeated[symbol_offsets(long)[1:-1] - 1] = False  # the next row is of another symbol
    return bool(repeated.any())


def on_input_index(values: FloatArray, names: Sequence[str], long: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """`values` (rows of `long`, names) on the index that the caller knows.

    Long bars come back on (symbol, ts) in sorted order; a plain frame on its own index, in its own order.
    """
    columns = list(names)
    if not _is_plain(given):
        return pd.DataFrame(values, index=_sorted_key_index(long), columns=columns, copy=False)
    order = np.argsort(given.index.to_numpy(), kind="stable")
    if np.array_equal(order, np.arange(len(order))):
        return pd.DataFrame(values, index=given.index, columns=columns, copy=False)
    restored = np.empty_like(values)
    restored[order] = values
    return pd.DataFrame(restored, index=given.index, columns=columns, copy=False)


def _sorted_key_index(long: pd.DataFrame) -> pd.MultiIndex:
    """`schemas.key_index` of sorted bars, whose symbols need not be looked up row by row."""
    offsets = symbol_offsets(long)
    symbols = pd.Index(long["symbol"].iloc[offsets[:-1]].array, name="symbol")
    codes, stamps = calendar(stamps_of(long), offsets)
    return pd.MultiIndex(
        levels=[symbols, pd.DatetimeIndex(stamps.view("datetime64[us]"), name="ts")],
        codes=[np.repeat(np.arange(len(symbols)), np.diff(offsets)), codes],
        names=["symbol", "ts"],
        verify_integrity=False,
    )


def _is_plain(frame: pd.DataFrame) -> bool:
    return isinstance(frame.index, pd.DatetimeIndex) and not {"symbol", "ts"} & set(frame.columns)
