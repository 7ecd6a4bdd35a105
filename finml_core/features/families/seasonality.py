"""Where a bar lies in the week, the month, the year and the day; of its own stamp (UTC) and of no other bar."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from finml_core.features.config import FeatureConfig
from finml_core.features.feature import Feature
from finml_core.features.panel import Panel, shared
from finml_core.typing import Columns, FloatArray

FRENCH = "French (1980), Journal of Financial Economics 8(1), 55-69"
ROZEFF = "Rozeff and Kinney (1976), Journal of Financial Economics 3(4), 379-402"
LAKONISHOK = "Lakonishok and Smidt (1988), Review of Financial Studies 1(4), 403-425"
WOOD = "Wood, McInish and Ord (1985), Journal of Finance 40(3), 723-739"
FIRST_SESSIONS = 3  # of a month that belong to its turn, beside the last of the month before
DAY_MINUTES = 24 * 60

Clock = Callable[[pd.DatetimeIndex], FloatArray]  # a number for each of the distinct stamps of a panel


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `seasonality`; those within the day are left out of daily and longer bars."""
    return [*_calendar(), *_within_the_day()]


def _calendar() -> list[Feature]:
    turn = f"1 on the last weekday of a month and the first {FIRST_SESSIONS} of the next, else 0"
    weekdays = "weekdays left in the month, by the calendar: holidays to come are not known"
    of_year = "2 pi day of the year / days of the year"
    return [
        _feature("0 on Monday to 6 on Sunday", FRENCH, day_of_week),
        _feature("sin(2 pi day_of_week / 7)", FRENCH, day_of_week_sin),
        _feature("cos(2 pi day_of_week / 7)", FRENCH, day_of_week_cos),
        _feature("1 to 12", ROZEFF, month),
        _feature("1 to 4", ROZEFF, quarter),
        _feature(f"sin({of_year})", ROZEFF, day_of_year_sin),
        _feature(f"cos({of_year})", ROZEFF, day_of_year_cos),
        _feature(turn, LAKONISHOK, turn_of_month),
        _feature("days left in the month", LAKONISHOK, days_to_month_end),
        _feature(weekdays, LAKONISHOK, sessions_to_month_end),
    ]


def _within_the_day() -> list[Feature]:
    of_day = f"2 pi minute of the day / {DAY_MINUTES}"
    return [
        _feature("hour of the bar's close, 0 to 23 UTC", WOOD, hour, intraday_only=True),
        _feature("minute of the bar's close, 0 to 59", WOOD, minute, intraday_only=True),
        _feature(f"sin({of_day})", WOOD, time_of_day_sin, intraday_only=True),
        _feature(f"cos({of_day})", WOOD, time_of_day_cos, intraday_only=True),
    ]


def _feature(formula: str, reference: str, clock: Clock, *, intraday_only: bool = False) -> Feature:
    return Feature(
        name=clock.__name__,
        family="seasonality",
        formula=formula,
        reference=reference,
        lookback=1,
        inputs=("ts",),
        compares_symbols=True,
        intraday_only=intraday_only,
        parameters={"clock": clock},
        rule=of_stamps,
    )


def of_stamps(panel: Panel, columns: Columns, clock: Clock) -> None:
    """What `clock` gives for each bar's stamp, worked out once for each distinct stamp."""
    column = columns["value"]
    told = clock(distinct_stamps(panel)).astype(column.dtype)
    np.take(told, panel.moments[0], out=column, mode="clip")  # places are right; "raise" would make a copy to be sure


@shared
def distinct_stamps(panel: Panel) -> pd.DatetimeIndex:
    """The panel's times, each once, in order."""
    return pd.DatetimeIndex(panel.moments[1].astype("datetime64[us]"))


def day_of_week(ts: pd.DatetimeIndex) -> FloatArray:
    """0 on Monday to 6 on Sunday."""
    return ts.day_of_week.to_numpy(dtype=np.float64)


def day_of_week_sin(ts: pd.DatetimeIndex) -> FloatArray:
    """0 on Monday."""
    return np.sin(2 * np.pi * day_of_week(ts) / 7)


def day_of_week_cos(ts: pd.DatetimeIndex) -> FloatArray:
    """1 on Monday."""
    return np.cos(2 * np.pi * day_of_week(ts) / 7)


def month(ts: pd.DatetimeIndex) -> FloatArray:
    """1 to 12."""
    return ts.month.to_numpy(dtype=np.float64)


def quarter(ts: pd.DatetimeIndex) -> FloatArray:
    """1 to 4."""
    return ts.quarter.to_numpy(dtype=np.float64)


def day_of_year_sin(ts: pd.DatetimeIndex) -> FloatArray:
    """Highest at the end of March."""
    return np.sin(2 * np.pi * _year_share(ts))


def day_of_year_cos(ts: pd.DatetimeIndex) -> FloatArray:
    """Highest at the turn of the year."""
    return np.cos(2 * np.pi * _year_share(ts))


def turn_of_month(ts: pd.DatetimeIndex) -> FloatArray:
    """1 around the change of months, else 0; a day of the weekend counts with the weekday before it."""
    day = ts.to_numpy().astype("datetime64[D]")
    passed = np.busday_count(day.astype("datetime64[M]").astype("datetime64[D]"), day + 1)
    return ((passed <= FIRST_SESSIONS) | (sessions_to_month_end(ts) == 0)).astype(np.float64)


def days_to_month_end(ts: pd.DatetimeIndex) -> FloatArray:
    """Days after this one in its month."""
    return (ts.days_in_month.to_numpy() - ts.day.to_numpy()).astype(np.float64)


def sessions_to_month_end(ts: pd.DatetimeIndex) -> FloatArray:
    """Weekdays after this day in its month."""
    day = ts.to_numpy().astype("datetime64[D]")
    following_month = (day.astype("datetime64[M]") + 1).astype("datetime64[D]")
    return np.busday_count(day + 1, following_month).astype(np.float64)


def hour(ts: pd.DatetimeIndex) -> FloatArray:
    """0 to 23."""
    return ts.hour.to_numpy(dtype=np.float64)


def minute(ts: pd.DatetimeIndex) -> FloatArray:
    """0 to 59."""
    return ts.minute.to_numpy(dtype=np.float64)


def time_of_day_sin(ts: pd.DatetimeIndex) -> FloatArray:
    """Highest at six in the morning."""
    return np.sin(2 * np.pi * _day_share(ts))


def time_of_day_cos(ts: pd.DatetimeIndex) -> FloatArray:
    """Highest at midnight."""
    return np.cos(2 * np.pi * _day_share(ts))


def _year_share(ts: pd.DatetimeIndex) -> FloatArray:
    return ts.day_of_year.to_numpy(dtype=np.float64) / (365.0 + ts.is_leap_year)


def _day_share(ts: pd.DatetimeIndex) -> FloatArray:
    return (60 * hour(ts) + minute(ts)) / DAY_MINUTES
