"""Bars appended step by step give what all bars together give."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import DataError
from finml_core.features import Feature, FeatureConfig, FeatureEngineer, FeatureStream, measures
from finml_core.features.expression import column
from finml_core.features.program import make_program
from finml_core.features.rolling import rolling_mean

CONFIG = FeatureConfig(include_levels=True)


def ragged(panel: pd.DataFrame) -> pd.DataFrame:
    """Three symbols that start at different times, one with holes in its calendar."""
    number = panel.groupby("symbol").cumcount()
    symbol = panel["symbol"]
    late = (symbol == "S1") & (number < 480)
    holes = (symbol == "S2") & (number % 5 == 3)
    return panel[~late & ~holes].reset_index(drop=True)


def assert_same(computed: pd.DataFrame, expected: pd.DataFrame) -> None:
    expected = expected.loc[computed.index]
    pd.testing.assert_index_equal(computed.columns, expected.columns)
    np.testing.assert_array_equal(computed.isna(), expected.isna())
    np.testing.assert_allclose(computed, expected, rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def bars(panel):
    return ragged(panel)


@pytest.fixture(scope="module")
def engineer(bars):
    return FeatureEngineer(CONFIG).fit(bars)


@pytest.fixture(scope="module")
def whole(engineer, bars):
    return engineer.transform(bars)


@given(cuts=st.lists(st.integers(0, 599), min_size=1, max_size=4, unique=True).map(sorted))
@settings(max_examples=8, deadline=None)
def test_any_cuts_of_history_give_what_the_whole_gives(engineer, bars, whole, cuts):
    times = np.sort(bars["ts"].unique())
    edges = [times[0] - np.timedelta64(1, "D"), *times[cuts], times[-1]]
    stream = FeatureStream(engineer, bars[bars["ts"] <= edges[0]])
    parts = [bars[(bars["ts"] > start) & (bars["ts"] <= stop)] for start, stop in pairwise(edges)]
    for part in parts:
        assert_same(stream.append(part), whole)


def test_one_bar_at_a_time_gives_what_the_whole_gives(engineer, bars, whole):
    times = np.sort(bars["ts"].unique())
    stream = FeatureStream(engineer, bars[bars["ts"] < times[-25]])
    for time in times[-25:]:
        assert_same(stream.append(bars[bars["ts"] == time]), whole)


def test_a_long_history_is_forgotten_and_not_missed():
    generator = np.random.default_rng(8)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, 9000)))
    plain = pd.DataFrame(
        {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": 1e6},
        index=pd.date_range("2020-01-01", periods=9000, freq="h"),
    )
    engineer = FeatureEngineer(CONFIG).fit(plain)
    whole = engineer.transform(plain)
    stream = FeatureStream(engineer, plain.iloc[:4600])
    for start in range(4600, 9000, 400):
        assert_same(stream.append(plain.iloc[start : start + 400]), whole)
    assert_same(engineer.update(plain.iloc[:8999], plain.iloc[8999:]), whole)


def test_adjusted_prices_are_carried_along(bars):
    adjusted = bars.assign(adj_close=(bars["close"] * 0.9).where(bars["symbol"] != "S0"))
    engineer = FeatureEngineer(CONFIG).fit(adjusted)
    cut = adjusted["ts"].iloc[500]
    stream = FeatureStream(engineer, adjusted[adjusted["ts"] <= cut])
    assert_same(stream.append(adjusted[adjusted["ts"] > cut]), engineer.transform(adjusted))


def test_a_first_adjusted_close_leaves_earlier_bars_without_one(bars):
    late = bars.assign(adj_close=bars["close"].where(bars["ts"] > "2016-06-01"))
    engineer = FeatureEngineer(FeatureConfig(families=("price", "volatility"))).fit(late)
    stream = FeatureStream(engineer, late[late["ts"] <= "2016-06-01"].drop(columns="adj_close"))
    assert_same(stream.append(late[late["ts"] > "2016-06-01"]), engineer.transform(late))


def test_symbols_may_come_later_and_the_type_of_the_result_is_kept(bars):
    engineer = FeatureEngineer(FeatureConfig(families=("price", "trend")), dtype="float32").fit(bars)
    whole = engineer.transform(bars)
    stream = FeatureStream(engineer, bars.iloc[:0])
    first = stream.append(bars[bars["symbol"] == "S2"])
    rest = stream.append(bars[bars["symbol"] != "S2"])
    computed = pd.concat([first, rest]).sort_index()
    assert (computed.dtypes == "float32").all()
    pd.testing.assert_frame_equal(computed, whole, check_freq=False)


def ranked_mean(panel, columns, window):
    change = pd.Series(panel.of(measures.log_return, window=5))
    rank = change.groupby(panel.stamps).rank(pct=True).to_numpy()
    mean = rolling_mean(column(0), window)
    panel.run(make_program([mean]), [rank], columns["value"][None])


def test_features_that_compare_symbols_see_all_of_them(bars):
    engineer = FeatureEngineer(FeatureConfig(families=("price",))).fit(bars)
    engineer.features_["ranked"] = Feature(
        name="ranked", family="price", formula="mean rank", reference="none", lookback=15, compares_symbols=True,
        parameters={"window": 10}, rule=ranked_mean,
    )  # fmt: skip
    adjusted = bars.assign(adj_close=(bars["close"] * 0.9).where(bars["symbol"] != "S0"))
    for case in (bars, adjusted):
        whole = engineer.transform(case)
        assert whole["ranked"].notna().any()
        stream = FeatureStream(engineer, case[case["ts"] <= "2016-10-20"])
        for start, stop in pairwise(["2016-10-20", "2016-10-21", "2017-01-04", "2017-06-01"]):
            assert_same(stream.append(case[(case["ts"] > start) & (case["ts"] <= stop)]), whole)


def test_bars_that_are_not_later_are_refused(engineer, bars):
    stream = FeatureStream(engineer, bars)
    with pytest.raises(DataError, match=r"new bars of S2 start at .* history goes to"):
        stream.append(bars.tail(1))
    assert stream.append(bars.iloc[:0]).empty
