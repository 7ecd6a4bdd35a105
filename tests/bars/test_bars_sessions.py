"""Short and missing sessions are seen against the symbol's own habit."""

import sys
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

from finml_core.bars import session_counts
from finml_core.errors import ConfigError


def test_short_and_missing_sessions_are_counted():
    days = pd.bdate_range("2020-01-01", periods=10)
    stamps = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in range(10, 17)]).as_unit("us")
    keys = pd.concat([pd.DataFrame({"symbol": name, "ts": stamps}) for name in ("A", "B", "C")])
    is_gone = (keys["symbol"] == "B") & (keys["ts"].dt.normalize() == days[4])
    is_short = (keys["symbol"] == "C") & (keys["ts"].dt.normalize() == days[6]) & (keys["ts"].dt.hour > 12)
    counts = session_counts(keys[~is_gone & ~is_short])
    assert len(counts) == 30
    assert set(counts["expected_bars"]) == {7}
    odd = counts[counts["n_bars"] < counts["expected_bars"]]
    assert odd[["symbol", "session", "n_bars"]].to_numpy().tolist() == [["B", days[4], 0], ["C", days[6], 3]]
    assert odd["first"].isna().tolist() == [True, False]


def test_no_bars_have_no_sessions(panel):
    assert session_counts(panel.iloc[:0]).empty
    assert (session_counts(panel)["n_bars"] == 1).all()


@pytest.fixture
def exchange(monkeypatch):
    """The interface of exchange_calendars with one exchange of three sessions, the last of half a day."""

    class InvalidCalendarName(ValueError):
        pass

    def get_calendar(name, start, end):
        if name != "XNYS":
            raise InvalidCalendarName(name)
        sessions = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"])
        opens = sessions + pd.Timedelta("14:30:00")
        closes = sessions + pd.to_timedelta(["21:00:00", "21:00:00", "17:45:00"])
        schedule = pd.DataFrame({"open": opens, "close": closes}, index=sessions)
        return SimpleNamespace(schedule=schedule[start:end])

    package = ModuleType("exchange_calendars")
    package.errors = SimpleNamespace(InvalidCalendarName=InvalidCalendarName)
    package.get_calendar = get_calendar
    monkeypatch.setitem(sys.modules, "exchange_calendars", package)


def test_an_exchange_says_which_sessions_there_are_and_how_long(exchange):
    hours = [f"2020-01-02 {hour}:00" for hour in (15, 16, 17, 18)] + [f"2020-01-06 {hour}:00" for hour in (15, 16)]
    hours += [f"2020-01-05 {hour}:00" for hour in (15, 16, 17, 18)]
    counts = session_counts(pd.DataFrame({"symbol": "A", "ts": pd.to_datetime(hours)}), calendar="XNYS")
    assert counts["session"].dt.day.tolist() == [2, 3, 5, 6]
    assert counts["n_bars"].tolist() == [4, 0, 4, 2]
    assert counts["expected_bars"].tolist() == [4, 4, 4, 2]


def test_an_unknown_exchange_is_named(exchange):
    with pytest.raises(ConfigError, match="'MOON', which is no exchange"):
        session_counts(pd.DataFrame({"symbol": "A", "ts": pd.to_datetime(["2020-01-02"])}), calendar="MOON")


def test_without_the_package_the_message_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(ConfigError, match="exchange_calendars is not installed"):
        session_counts(pd.DataFrame({"symbol": "A", "ts": pd.to_datetime(["2020-01-02"])}), calendar="XNYS")
