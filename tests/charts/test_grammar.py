"""Thinning, merging of candles, stretches, labels that do not cover one another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finml_core.charts.grammar import apart, buckets, spans, spread, thin, time_format


def walk(n: int, n_series: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    ts = pd.date_range("2000-01-01", periods=n, freq="D").astype("datetime64[us]")
    return pd.concat(
        [
            pd.DataFrame({"ts": ts, "series": f"S{k}", "value": generator.normal(size=n).cumsum()})
            for k in range(n_series)
        ],
        ignore_index=True,
    )


def test_a_short_frame_is_not_thinned():
    frame = walk(100)
    assert thin(frame, 100) is frame


@pytest.mark.parametrize("n_series", [1, 4])
@pytest.mark.parametrize("column", [None, "value"])
def test_thinning_keeps_the_ends_and_whole_timestamps(n_series, column):
    frame = walk(10_000, n_series)
    thinned = thin(frame, 2000, column=column)
    assert len(thinned) <= 2000 + 2 * n_series
    assert {thinned["ts"].min(), thinned["ts"].max()} == {frame["ts"].min(), frame["ts"].max()}
    assert (thinned.groupby("ts").size() == n_series).all()


def test_thinning_loses_no_spike():
    frame = walk(50_000)
    frame.loc[31_337, "value"] = 1e6
    frame.loc[4_242, "value"] = -1e6
    values = thin(frame, 2000, column="value")["value"]
    assert (values.min(), values.max()) == (-1e6, 1e6)


def test_thinning_survives_missing_values():
    frame = walk(5_000)
    frame.loc[:3_000, "value"] = np.nan
    assert len(thin(frame, 500, column="value")) <= 502


def test_merged_candles_keep_first_highest_lowest_last_and_all_volume(panel):
    candles = panel[panel["symbol"] == "S0"]
    merged = buckets(candles, 50)
    assert len(merged) == 50
    assert merged["open"].iloc[0] == candles["open"].iloc[0]
    assert merged["close"].iloc[-1] == candles["close"].iloc[-1]
    assert merged["high"].max() == candles["high"].max()
    assert merged["low"].min() == candles["low"].min()
    assert merged["volume"].sum() == pytest.approx(candles["volume"].sum())


def test_stretches_follow_one_another_without_a_gap():
    frame = pd.DataFrame(
        {"ts": pd.date_range("2020", periods=6), "regime": list("aabbba"), "confidence": [0.2, 0.4, 1, 1, 1, 0.5]}
    )
    found = spans(frame, "regime", weight="confidence")
    assert list(found["regime"]) == ["a", "b", "a"]
    assert list(found["confidence"]) == pytest.approx([0.3, 1.0, 0.5])
    assert (found["end"].iloc[:-1].to_numpy() == found["start"].iloc[1:].to_numpy()).all()


@given(st.lists(st.floats(-100, 100), max_size=8), st.floats(0, 10))
def test_spread_labels_keep_their_order_and_their_distance(values, gap):
    placed = spread(np.array(values), gap)
    order = np.argsort(values, kind="stable")
    assert (np.diff(placed[order]) >= gap - 1e-9).all()


def test_the_hour_is_shown_only_where_bars_are_shorter_than_a_day():
    assert time_format(walk(5)) == "%Y-%m-%d"
    assert time_format(pd.DataFrame({"ts": pd.date_range("2020-01-01 09:30", periods=3, freq="min")})).endswith("%H:%M")


def test_words_keep_their_distance_and_the_first_is_always_there():
    assert apart([0, 1, 5, 6, 11], 5).tolist() == [True, False, True, False, True]
    assert apart([3, 3, 3], 1).tolist() == [True, False, False]
    assert apart([], 1).tolist() == []
