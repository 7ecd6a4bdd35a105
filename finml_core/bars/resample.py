"""Longer bars out of shorter ones, none stamped before it was complete."""

import re

import numpy as np
import pandas as pd

from finml_core.errors import ConfigError, DataError
from finml_core.schemas import as_bars, segments

DAY = pd.Timedelta(days=1)
RULE = r"(\d{1,4})?\s*(min|h|d|day|w|week|hour|minute|m|me|month)"
UNITS = {"min": "min", "minute": "min", "h": "h", "hour": "h", "d": "d", "day": "d", "w": "w", "week": "w",
         "m": "month", "me": "month", "month": "month"}  # fmt: skip


def resample(bars: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Bars of the length `rule`, made from shorter ones.

    Parameters
    ----------
    bars : long bars or a plain OHLCV frame
    rule : "5min", "1h", "4h", "1d", "1w", "month" and the like
        Weeks end on Sunday. Minutes and hours are counted from midnight UTC. Days and weeks are of UTC dates.

    Returns
    -------
    DataFrame of long bars
        First open, highest high, lowest low, last close, sum of volume (missing if all are), last of the optional
        columns. `ts` is the last source bar's, so no bar is stamped before its content was known. Adjust first
        (`schemas.adjusted`) where a split falls inside a longer bar.

    Raises
    ------
    ConfigError
        For an unknown rule.
    DataError
        If the bars are longer than the rule.
    """
    number, unit = _rule(rule)
    bars = as_bars(bars)
    if bars.empty:
        return bars
    _check_shorter(bars, number, unit, rule)
    starts = _starts(bars, _buckets(bars, number, unit))
    ends = np.r_[starts[1:], len(bars)] - 1
    longer = bars.iloc[ends].reset_index(drop=True)
    longer["open"] = bars["open"].to_numpy()[starts]
    longer["high"] = np.maximum.reduceat(bars["high"].to_numpy(), starts)
    longer["low"] = np.minimum.reduceat(bars["low"].to_numpy(), starts)
    volume = bars["volume"].to_numpy()
    known = np.add.reduceat((~np.isnan(volume)).astype(np.int64), starts)
    longer["volume"] = np.where(known > 0, np.add.reduceat(np.nan_to_num(volume), starts), np.nan)
    return longer


def _rule(rule: str) -> tuple[int, str]:
    match = re.fullmatch(RULE, str(rule).strip().lower())
    if match is None or match[1] == "0" * len(match[1] or "x"):
        raise ConfigError(f"rule is {rule!r}; write one such as '5min', '1h', '1d', '1w' or 'month'.")
    number, unit = int(match[1] or 1), UNITS[match[2]]
    if unit in ("w", "month") and number != 1:
        raise ConfigError(f"rule is {rule!r}; weeks and months come one by one: '1w' or 'month'.")
    if (unit == "min" and 1440 % number) or (unit == "h" and 24 % number):
        raise ConfigError(f"rule is {rule!r}, which does not divide a day; use one such as '5min', '30min' or '4h'.")
    return number, unit


def _check_shorter(bars: pd.DataFrame, number: int, unit: str, rule: str) -> None:
    lengths = {"min": pd.Timedelta(minutes=number), "h": pd.Timedelta(hours=number), "d": DAY * number, "w": DAY * 7}
    spacing = bars["ts"].diff()[bars["symbol"].eq(bars["symbol"].shift())].min()
    if unit in lengths and spacing > lengths[unit]:
        raise DataError(f"bars at least {spacing} apart cannot be cut into {rule!r}; choose a longer rule.")


def _buckets(bars: pd.DataFrame, number: int, unit: str) -> np.ndarray:
    """A number for each bar; bars with the same number become one.

    A bar stamped 10:00 holds what happened before 10:00, so a bucket owns its right edge. A symbol whose stamps
    are all at midnight has dates of sessions, which belong to their own day.
    """
    ts = bars["ts"]
    is_daily = (ts == ts.dt.normalize()).groupby(bars["symbol"]).transform("all")
    inside = ts.where(is_daily, ts - pd.Timedelta(microseconds=1))
    if unit == "month":
        return (inside.dt.year * 12 + inside.dt.month).to_numpy()
    micros = inside.to_numpy().astype("datetime64[us]").astype(np.int64)
    minutes = {"min": 1, "h": 60, "d": 1440, "w": 7 * 1440}[unit] * number
    monday = 4 * 86_400_000_000 if unit == "w" else 0  # 1970-01-05 was the first Monday
    return (micros - monday) // (minutes * 60_000_000)


def _starts(bars: pd.DataFrame, bucket: np.ndarray) -> np.ndarray:
    is_first = np.r_[True, bucket[1:] != bucket[:-1]]
    is_first[segments(bars)[:-1]] = True
    return np.flatnonzero(is_first)
