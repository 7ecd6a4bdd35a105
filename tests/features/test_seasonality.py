"""The calendar against Python's own, and against counting days one by one."""

import calendar
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FEATURES, FeatureConfig, FeatureEngineer
from tests.conftest import random_bars

SEASONS = FeatureConfig(families=("seasonality",))


def bars_at(stamps):
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), 20.0), index=stamps)


def weekdays_after(day):
    count, later = 0, day + timedelta(days=1)
    while later.month == day.month:
        count += later.weekday() < 5
        later += timedelta(days=1)
    return count


def in_turn(day):
    passed = sum(date(day.year, day.month, number).weekday() < 5 for number in range(1, day.day + 1))
    return float(passed <= 3 or weekdays_after(day) == 0)


def year_angle(day):
    return 2 * math.pi * day.timetuple().tm_yday / (366 if calendar.isleap(day.year) else 365)


CALENDAR = {
    "day_of_week": date.weekday,
    "day_of_week_sin": lambda day: math.sin(2 * math.pi * day.weekday() / 7),
    "day_of_week_cos": lambda day: math.cos(2 * math.pi * day.weekday() / 7),
    "month": lambda day: day.month,
    "quarter": lambda day: (day.month + 2) // 3,
    "day_of_year_sin": lambda day: math.sin(year_angle(day)),
    "day_of_year_cos": lambda day: math.cos(year_angle(day)),
    "turn_of_month": in_turn,
    "days_to_month_end": lambda day: calendar.monthrange(day.year, day.month)[1] - day.day,
    "sessions_to_month_end": weekdays_after,
}


@pytest.mark.parametrize("name", CALENDAR)
def test_days_are_those_of_the_calendar(name):
    every_day = pd.date_range("2019-11-01", "2021-03-31", freq="D")  # leap year, weekends too
    expected = [CALENDAR[name](stamp.date()) for stamp in every_day]
    np.testing.assert_allclose(FEATURES[name].compute(bars_at(every_day)), expected, atol=1e-12)


def test_daily_bars_have_no_time_of_day():
    engineer = FeatureEngineer(SEASONS).fit(random_bars())
    assert engineer.features_.keys() == CALENDAR.keys()
    assert set(engineer.notes_) == {"hour", "minute", "time_of_day_sin", "time_of_day_cos"}
    assert set(engineer.notes_.values()) == {"no symbol has two bars on one day"}


def test_two_symbols_on_one_day_are_no_intraday_bars():
    bars = random_bars(n_symbols=2, n_bars=1)
    assert "hour" in FeatureEngineer(SEASONS).fit(bars).notes_


@pytest.mark.parametrize("spacing", ["h", "15min", "12h"])
def test_shorter_bars_have_one(spacing):
    stamps = pd.date_range("2021-06-01 00:15", periods=200, freq=spacing)
    table = FeatureEngineer(SEASONS).fit_transform(bars_at(stamps))
    np.testing.assert_array_equal(table["hour"], stamps.hour)
    np.testing.assert_array_equal(table["minute"], stamps.minute)
    share = (stamps - stamps.normalize()) / pd.Timedelta("1D")
    np.testing.assert_allclose(table["time_of_day_sin"], np.sin(2 * np.pi * share), atol=1e-12)
    np.testing.assert_allclose(table["time_of_day_cos"], np.cos(2 * np.pi * share), atol=1e-12)


def test_every_feature_of_the_family_is_held_to_the_calendar():
    names = {name for name, feature in FEATURES.items() if feature.family == "seasonality"}
    assert names == CALENDAR.keys() | {"hour", "minute", "time_of_day_sin", "time_of_day_cos"}
