"""Fractional differencing against published weights, its own definition and series whose order is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import ConfigError, DataError
from finml_core.features import fractional_difference, fractional_weights, smallest_passing_d
from tests.conftest import random_bars


def test_the_published_weights():
    # AFML chapter 5
    expected = [1, -0.4, -0.12, -0.064, -0.0416, -0.029952, -0.0229632]
    np.testing.assert_allclose(fractional_weights(0.4)[:7], expected, rtol=1e-12)
    assert len(fractional_weights(0.4, threshold=1e-4)) == 282
    assert fractional_weights(1.0).tolist() == [1, -1]
    assert fractional_weights(0.0).tolist() == [1]
    assert fractional_weights(2.0).tolist() == [1, -2, 1]
    assert len(fractional_weights(0.4, width=10)) == 10


@given(st.floats(0, 1.5), st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_it_is_the_weighted_sum_of_the_window(d, width, seed):
    x = np.random.default_rng(seed).normal(size=30)
    weights = fractional_weights(d, width=width)
    slow = [np.nan if t < width - 1 else sum(weights[k] * x[t - k] for k in range(width)) for t in range(30)]
    np.testing.assert_allclose(fractional_difference(x, d, width=width), slow, atol=1e-12)


def test_order_one_is_the_first_difference_and_order_none_changes_nothing():
    x = pd.Series(np.random.default_rng(0).normal(size=50).cumsum(), name="price")
    pd.testing.assert_series_equal(fractional_difference(x, 1.0), x.diff())
    pd.testing.assert_series_equal(fractional_difference(x, 0.0), x)


def test_each_symbol_is_alone_and_a_hole_makes_missing_what_it_is_part_of(panel):
    log_close = np.log(panel.set_index(["symbol", "ts"])["close"])
    whole = fractional_difference(log_close, 0.6, width=30)
    for symbol in ("S0", "S2"):
        pd.testing.assert_series_equal(
            whole.loc[[symbol]], fractional_difference(log_close.loc[[symbol]], 0.6, width=30)
        )
    shuffled = log_close.sample(frac=1, random_state=0).sort_index(level="ts", sort_remaining=False)
    pd.testing.assert_series_equal(fractional_difference(shuffled, 0.6, width=30).sort_index(), whole, atol=1e-12)
    holed = log_close.copy()
    holed.iloc[100] = np.nan
    missing = fractional_difference(holed, 0.6, width=30).isna().to_numpy()
    assert missing[100:130].all()
    assert missing.sum() == 3 * 29 + 30


def test_cutting_off_the_future_changes_nothing(panel):
    log_close = np.log(panel.set_index(["symbol", "ts"])[["close", "open"]])
    early = log_close[log_close.index.get_level_values("ts") < "2016-06-01"]
    whole = fractional_difference(log_close, 0.4)
    pd.testing.assert_frame_equal(fractional_difference(early, 0.4), whole.loc[early.index], rtol=0, atol=1e-12)


def test_the_search_finds_no_differencing_for_noise_and_some_for_a_walk():
    bars = random_bars(3, 900, seed=5)
    walk = np.log(bars.set_index(["symbol", "ts"])["close"])
    found = smallest_passing_d(walk, threshold=1e-3)
    assert 0 < found.d < 1
    table = found.table.set_index("d")
    assert table.loc[found.d, "rejecting"] >= 0.9
    assert (table.loc[: found.d - 0.01, "rejecting"] < 0.9).all()
    assert table.loc[1.0, "correlation"] < table.loc[found.d, "correlation"] < 1
    assert table.loc[0.0, "correlation"] == pytest.approx(1.0)
    assert smallest_passing_d(walk.diff(), threshold=1e-3).d == 0.0


def test_the_search_sees_only_the_rows_it_is_given():
    walk = np.log(random_bars(2, 900, seed=6).set_index(["symbol", "ts"])["close"])
    train = walk[walk.index.get_level_values("ts") < "2017-06-01"]
    later = walk.copy()
    later[~walk.index.isin(train.index)] *= 3
    found, other = (smallest_passing_d(x.loc[train.index], threshold=1e-3) for x in (walk, later))
    pd.testing.assert_frame_equal(found.table, other.table)


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="d is -1"):
        fractional_difference(np.ones(5), -1.0)
    with pytest.raises(ConfigError, match="width is 0"):
        fractional_difference(np.ones(5), 0.4, width=0)
    with pytest.raises(ConfigError, match="threshold is 0"):
        fractional_weights(0.4, threshold=0.0)
    with pytest.raises(DataError, match="give more history or a threshold above"):
        smallest_passing_d(pd.Series(np.random.default_rng(0).normal(size=100)))
