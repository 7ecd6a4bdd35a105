"""The frames that stages exchange: their columns, written down once, and the doors through which they come in."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.errors import DataError
from finml_core.vocabulary import RegimeType

PRICES = ("open", "high", "low", "close")
OHLCV = (*PRICES, "volume")
BARS = ("symbol", "ts", *OHLCV)
OPTIONAL_BARS = ("adj_close", "bid", "ask")
KEY = ("symbol", "ts")
LABELS = ("y", "label_return", "label_end", "sample_weight")
PREDICTIONS = (
    "run_id", "symbol", "ts", "fold", "path", "model", "y_true", "label_return", "label_end",
    "p_raw", "p_cal", "lower", "upper", "regime", "signal", "target_weight",
)  # fmt: skip
REGIMES = tuple(regime.value for regime in RegimeType)
DEFAULT_SYMBOL = "ASSET"  # the symbol given to a plain frame of one asset


def as_bars(frame: pd.DataFrame) -> pd.DataFrame:
    """Lift any of the two welcome shapes to the long frame, sorted by symbol and ts.

    Parameters
    ----------
    frame : DataFrame
        Long bars (`symbol, ts, open, high, low, close, volume` and optional columns), or the plain frame of one asset
        with a DatetimeIndex and the five columns open .. volume. Rows in any order. The input is not changed.

    Returns
    -------
    DataFrame with a RangeIndex
        `ts` naive UTC in microseconds, numbers float64, sorted by symbol, ts.

    Raises
    ------
    DataError
        For a missing column, a missing timestamp or a duplicated (symbol, ts).
    """
    bars = _lift(frame)
    check_columns(bars, BARS, what="the frame of bars")
    columns = [column for column in (*BARS, *OPTIONAL_BARS) if column in bars.columns]
    typed = {"symbol": bars["symbol"].astype("str"), "ts": _naive_utc(bars["ts"])}
    try:
        typed |= {number: bars[number].astype("float64") for number in columns[2:]}
    except (TypeError, ValueError) as error:
        raise DataError(f"the frame of bars holds a value that is no number: {error}.") from error
    bars = pd.DataFrame(typed, copy=False)  # what has its type already is shared until somebody writes into it
    if in_order(bars):
        return bars.reset_index(drop=True)
    bars = bars.sort_values(["symbol", "ts"], kind="stable", ignore_index=True)
    duplicated = bars.duplicated(["symbol", "ts"])
    if duplicated.any():
        row = bars.loc[duplicated.idxmax()]
        raise DataError(
            f"{int(duplicated.sum())} duplicated bars, the first {row['symbol']} at {row['ts']}; keep one of each."
        )
    return bars


def in_order(bars: pd.DataFrame) -> bool:
    """Whether (symbol, ts) grows from each row to the next: the bars are sorted and none is duplicated."""
    offsets = segments(bars)
    grows = np.diff(bars["ts"].to_numpy().view(np.int64)) > 0
    grows[offsets[1:-1] - 1] = True  # from the last bar of a symbol to the first of the next
    symbols = bars["symbol"].iloc[offsets[:-1]].tolist()
    return bool(grows.all()) and all(symbol < following for symbol, following in pairwise(symbols))


def adjusted(bars: pd.DataFrame) -> pd.DataFrame:
    """Bars with prices times adj_close/close, so that returns hold across splits and dividends.

    Volume stays as supplied; `adj_close` equals the new close. Bars without `adj_close` come back unchanged, and so do
    the symbols that have none at all beside others that do.
    """
    if "adj_close" not in bars.columns:
        return bars.copy()
    bars = bars.copy()
    has_any = bars["adj_close"].notna().groupby(bars["symbol"]).transform("any")
    factor = (bars["adj_close"] / bars["close"]).where(has_any, 1.0)
    for price in (*PRICES, *(quote for quote in ("bid", "ask") if quote in bars.columns)):
        bars[price] = bars[price] * factor
    return bars


def key_index(bars: pd.DataFrame) -> pd.MultiIndex:
    """The index (symbol, ts) that features, labels and predictions of these bars carry."""
    return pd.MultiIndex.from_frame(bars[list(KEY)])


def segments(bars: pd.DataFrame) -> np.ndarray:
    """Offsets of each symbol's rows in sorted bars: symbol i owns rows offsets[i] .. offsets[i+1]-1."""
    symbol = bars["symbol"].array  # compared in its own storage: ten times faster than as Python strings
    if len(symbol) == 0:
        return np.zeros(1, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, np.asarray(symbol[1:] != symbol[:-1], dtype=bool)])
    return np.r_[starts, len(symbol)].astype(np.int64)


def bars_per_year(ts: Sequence[pd.Timestamp] | pd.Series | pd.DatetimeIndex) -> float:
    """Bars in a year, measured from distinct timestamps: 252 for daily sessions, more for shorter bars.

    The count of distinct timestamps over the span in years; spans under ten days fall back on the median spacing
    of bars within 252 sessions of 6.5 hours.
    """
    stamps = pd.DatetimeIndex(pd.unique(pd.Series(ts))).sort_values()
    if len(stamps) < 2:
        return 252.0
    per_session = len(stamps) / stamps.normalize().nunique()
    span_days = (stamps[-1] - stamps[0]) / pd.Timedelta(days=1)
    if per_session > 1 or span_days < 10:
        return float(252.0 * max(per_session, 1.0))
    per_year = (len(stamps) - 1) / span_days * 365.25
    conventional = np.array([1.0, 4.0, 12.0, 52.0, 252.0, 365.0])
    return float(conventional[np.argmin(np.abs(np.log(conventional / per_year)))])


def _lift(frame: pd.DataFrame) -> pd.DataFrame:
    if isinstance(frame.index, pd.MultiIndex) and set(KEY) <= set(frame.index.names):
        return frame.reset_index()
    if isinstance(frame.index, pd.DatetimeIndex) and "ts" not in frame.columns:
        plain = frame.rename_axis("ts").reset_index()
        if "symbol" not in plain.columns:
            plain.insert(0, "symbol", DEFAULT_SYMBOL)
        return plain
    return frame


def _naive_utc(ts: pd.Series) -> pd.Series:
    stamps = pd.to_datetime(ts)
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    if stamps.isna().any():
        raise DataError(f"{int(stamps.isna().sum())} bars have no timestamp; remove them or fill in `ts`.")
    return stamps.astype("datetime64[us]")
