"""Longer bars keep what the shorter ones held and never come before it is known."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import resample
from finml_core.errors import ConfigError, DataError


def minutes(start: str = "2020-01-02 14:31", n_bars: int = 390, symbol: str = "A", seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    close = 100 + np.cumsum(generator.normal(size=n_bars))
    frame = pd.DataFrame(
        {"symbol": symbol, "ts": pd.date_range(start, periods=n_bars, freq="min").astype("datetime64[us]")}
    )
    return frame.assign(
        open=close - 0.1, high=close + 1, low=close - 1, close=close, volume=generator.integers(1, 9, n_bars)
    )


RULES = ["5min", "15min", "1h", "4h", "1d", "1w", "month"]


@pytest.mark.parametrize("rule", RULES)
def test_volume_extremes_and_ends_are_kept(rule):
    bars = pd.concat([minutes(), minutes("2020-01-03 14:31", seed=1), minutes(symbol="B", seed=2)])
    longer = resample(bars, rule)
    for symbol, part in longer.groupby("symbol"):
        source = bars[bars["symbol"] == symbol]
        assert part["volume"].sum() == source["volume"].sum()
        assert part["high"].max() == source["high"].max()
        assert part["low"].min() == source["low"].min()
        assert part["open"].iloc[0] == source["open"].iloc[0]
        assert part["close"].iloc[-1] == source["close"].iloc[-1]


@pytest.mark.parametrize("rule", RULES)
def test_a_bar_is_stamped_when_its_last_source_bar_closed(rule):
    bars = pd.concat([minutes(), minutes("2020-01-03 14:31")])
    longer = resample(bars, rule)
    closes = bars.set_index("ts")["close"]
    assert longer["close"].tolist() == closes.loc[longer["ts"]].tolist()


def test_a_slow_and_obvious_version_agrees():
    bars = minutes(n_bars=137)
    bucket = bars["ts"].dt.ceil("15min")
    slow = bars.groupby(bucket).agg(
        ts=("ts", "last"), open=("open", "first"), high=("high", "max"), low=("low", "min"), close=("close", "last"),
        volume=("volume", "sum"),
    )  # fmt: skip
    assert_frame_equal(resample(bars, "15min").drop(columns="symbol"), slow.reset_index(drop=True), check_dtype=False)


def test_a_minute_closing_at_midnight_belongs_to_the_day_before():
    longer = resample(minutes("2020-01-02 23:58", n_bars=4), "1d")
    assert longer["ts"].astype(str).tolist() == ["2020-01-03 00:00:00", "2020-01-03 00:01:00"]
    assert longer["volume"].notna().all()


def test_dates_of_sessions_belong_to_their_own_week(panel):
    weekly = resample(panel, "1w")
    assert weekly["ts"].dt.day_of_week.isin([4]).mean() > 0.98
    assert len(resample(panel, "month")) == 3 * panel["ts"].dt.to_period("M").nunique()
    assert_frame_equal(resample(panel, "1d"), panel)


def test_cutting_off_the_future_changes_no_finished_bar(panel):
    whole = resample(panel, "1w")
    early = resample(panel[panel["ts"] <= "2016-03-09"], "1w")
    finished = early[early["ts"] < "2016-03-07"]
    expected = whole[whole["ts"] < "2016-03-07"]
    assert_frame_equal(finished.reset_index(drop=True), expected.reset_index(drop=True))


def test_missing_volume_counts_as_nothing_unless_all_is_missing():
    bars = minutes(n_bars=30).astype({"volume": float})
    bars.loc[:14, "volume"] = np.nan
    bars.loc[15, "volume"] = np.nan
    first, second, *_ = resample(bars.assign(ts=pd.date_range("2020-01-01 00:01", periods=30, freq="min")), "15min")[
        "volume"
    ]
    assert np.isnan(first)
    assert second == bars["volume"].sum()


@pytest.mark.parametrize("rule", ["7min", "0min", "2w", "often", "5h", ""])
def test_rules_that_cannot_work_are_refused(rule, panel):
    with pytest.raises(ConfigError, match="rule is"):
        resample(panel, rule)


def test_bars_cannot_be_cut_into_shorter_ones(panel):
    with pytest.raises(DataError, match="cannot be cut into '1h'"):
        resample(panel, "1h")


def test_hours_are_counted_from_the_open_through_summer_time():
    local = pd.DatetimeIndex(
        [
            pd.Timestamp(day) + pd.Timedelta(hours=9, minutes=30 + minute)
            for day in ("2020-01-06", "2020-07-06")
            for minute in range(1, 391)
        ]
    )
    ts = local.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
    minutes = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.0, "volume": 1.0}, index=ts)
    hours = resample(minutes, "1h", session_open="09:30", time_zone="America/New_York")
    assert hours["volume"].tolist() == [60.0] * 6 + [30.0] + [60.0] * 6 + [30.0]
    assert hours["ts"].iloc[[0, 7]].dt.strftime("%H:%M").tolist() == ["15:30", "14:30"]
    assert len(resample(minutes, "1d", session_open="09:30", time_zone="America/New_York")) == 2


def test_a_day_of_currencies_runs_from_five_to_five():
    ts = pd.date_range("2020-01-06 22:01", "2020-01-08 22:00", freq="min")
    minutes = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.0, "volume": 1.0}, index=ts)
    days = resample(minutes, "1d", session_open="17:00", time_zone="America/New_York")
    assert days["volume"].tolist() == [1440.0, 1440.0]


@pytest.mark.parametrize(
    ("change", "text"), [({"session_open": "25:00"}, "session_open"), ({"time_zone": "X/Y"}, "zone")]
)
def test_sessions_that_cannot_be_are_refused(change, text, plain):
    with pytest.raises(ConfigError, match=text):
        resample(plain, "1w", **change)
