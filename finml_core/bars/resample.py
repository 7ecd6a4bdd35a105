"""Longer bars out of shorter ones, none stamped before it was complete."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from finml_core.errors import ConfigError, DataError
from finml_core.schemas import as_bars, segments
from finml_core.typing import IntArray

DAY = pd.Timedelta(days=1)
RULE = r"(\d{1,4})?\s*(min|h|d|day|w|week|hour|minute|m|me|month)"
UNITS = {"min": "min", "minute": "min", "h": "h", "hour": "h", "d": "d", "day": "d", "w": "w", "week": "w",
         "m": "month", "me": "month", "month": "month"}  # fmt: skip


def resample(bars: pd.DataFrame, rule: str, *, session_open: str = "00:00", time_zone: str = "UTC") -> pd.DataFrame:
    """Bars of the length `rule`, made from shorter ones.

    Parameters
    ----------
    bars : long bars or a plain OHLCV frame
    rule : "5min", "1h", "4h", "1d", "1w", "month" and the like
        Weeks end on Sunday. Minutes and hours are counted from the session's open, days and weeks from open to open.
    session_open, time_zone : "09:30" of "America/New_York", "17:00" for a day of currencies
        The wall clock on which sessions open, through summer time; midnight UTC by default. Bars whose stamps are all
        at midnight carry dates of sessions, for which it has no meaning.

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
    starts = _starts(bars, _buckets(bars, number, unit, _open_offset(session_open), _zone(time_zone)))
    return aggregate(bars, starts)


def aggregate(bars: pd.DataFrame, starts: IntArray) -> pd.DataFrame:
    """One bar for the rows from each of `starts` up to the next; `starts` never spans two symbols."""
    ends = np.r_[starts[1:], len(bars)] - 1
    longer = bars.iloc[ends].reset_index(drop=True)
    longer["open"] = bars["open"].to_numpy()[starts]
    longer["high"] = np.maximum.reduceat(bars["high"].to_numpy(), starts)
    longer["low"] = np.minimum.reduceat(bars["low"].to_numpy(), starts)
    volume = bars["volume"].to_numpy()
    known = np.add.reduceat((~np.isnan(volume)).astype(np.int64), starts)
    longer["volume"] = np.where(known > 0, np.add.reduceat(np.nan_to_num(volume), starts), np.nan)
    return longer


def _open_offset(session_open: str) -> pd.Timedelta:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(session_open).strip())
    if match is None:
        raise ConfigError(f"session_open is {session_open!r}; write hours and minutes such as '09:30'.")
    return pd.Timedelta(hours=int(match[1]), minutes=int(match[2]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"time_zone is {name!r}, which is no known zone; write one such as 'America/New_York'."
        ) from error


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


def _buckets(bars: pd.DataFrame, number: int, unit: str, opens: pd.Timedelta, zone: ZoneInfo) -> IntArray:
    """A number for each bar; bars with the same number become one.

    A bar stamped 10:00 holds what happened before 10:00, so a bucket owns its right edge. A symbol whose stamps
    are all at midnight has dates of sessions, which belong to their own day.
    """
    ts = bars["ts"]
    is_daily = (ts == ts.dt.normalize()).groupby(bars["symbol"]).transform("all")
    wall = ts if zone.key == "UTC" else ts.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    inside = ts.where(is_daily, wall - opens - pd.Timedelta(microseconds=1))
    if unit == "month":
        return (inside.dt.year * 12 + inside.dt.month).to_numpy()
    micros = inside.to_numpy().astype("datetime64[us]").astype(np.int64)
    minutes = {"min": 1, "h": 60, "d": 1440, "w": 7 * 1440}[unit] * number
    monday = 4 * 86_400_000_000 if unit == "w" else 0  # 1970-01-05 was the first Monday
    return (micros - monday) // (minutes * 60_000_000)


def _starts(bars: pd.DataFrame, bucket: IntArray) -> IntArray:
    is_first = np.r_[True, bucket[1:] != bucket[:-1]]
    is_first[segments(bars)[:-1]] = True
    return np.flatnonzero(is_first)
