import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.concurrency import open_labels, span_uniqueness
from finml_core.errors import DataError
from finml_core.labels import average_uniqueness

DAYS = pd.date_range("2020-01-01", periods=6).astype("datetime64[us]").rename("ts")


def test_the_example_of_the_book():
    # AFML section 4: indicator rows [1,1,1,0,0,0], [0,0,1,1,0,0], [0,0,0,0,1,1]
    label_end = pd.Series([DAYS[2], pd.NaT, DAYS[3], pd.NaT, DAYS[5], pd.NaT], index=DAYS)
    uniqueness = average_uniqueness(label_end)
    assert uniqueness.dropna().to_numpy() == pytest.approx([5 / 6, 3 / 4, 1], abs=1e-15)
    assert list(uniqueness.isna()) == [False, True] * 3
    assert list(open_labels(np.array([0, 2, 4]), np.array([2, 3, 5]), 6)) == [1, 1, 2, 1, 1, 1]


@given(seed=st.integers(0, 1000), n_labels=st.integers(1, 15))
@settings(max_examples=50, deadline=None)
def test_uniqueness_agrees_with_the_indicator_matrix(seed, n_labels):
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 20, n_labels)
    last = np.minimum(first + generator.integers(0, 8, n_labels), 19)
    bar = np.arange(20)
    indicator = (bar >= first[:, None]) & (bar <= last[:, None])
    expected = [np.mean(1 / indicator.sum(axis=0)[row]) for row in indicator]
    assert span_uniqueness(first, last, 20) == pytest.approx(np.array(expected))


def test_symbols_share_no_bars():
    index = pd.MultiIndex.from_product([["A", "B"], DAYS], names=["symbol", "ts"])
    alone = pd.Series(DAYS[[2, 3, 4, 5, 5, 5]], index=DAYS)
    both = average_uniqueness(pd.Series(np.tile(alone, 2), index=index))
    assert np.array_equal(both.loc["A"], average_uniqueness(alone))
    assert both.loc["B"].to_numpy() == pytest.approx(both.loc["A"].to_numpy())


def test_order_of_rows_changes_nothing_but_the_order():
    label_end = pd.Series(DAYS[[2, 3, 4, 5, 5, 5]], index=DAYS)
    pd.testing.assert_series_equal(average_uniqueness(label_end[::-1]), average_uniqueness(label_end)[::-1])


def test_ends_after_the_last_bar_count_the_bars_there_are():
    label_end = pd.Series([pd.NaT] * 5 + [DAYS[5] + pd.Timedelta(days=9)], index=DAYS)
    assert average_uniqueness(label_end).iloc[-1] == 1


def test_no_label_gives_no_uniqueness():
    assert average_uniqueness(pd.Series([pd.NaT] * 6, index=DAYS)).isna().all()


def test_a_label_that_ends_before_its_bar_is_refused():
    with pytest.raises(DataError, match="1 labels end before their own bar"):
        average_uniqueness(pd.Series([DAYS[3], DAYS[0]], index=DAYS[:2]))
