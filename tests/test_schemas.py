"""The door for bars: order, types, and the caller's frame."""

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.schemas import as_bars, in_order


@given(st.lists(st.tuples(st.sampled_from(["A", "B", "a", "É"]), st.integers(0, 5)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_rows_are_in_order_if_each_key_is_above_the_one_before(keys):
    frame = pd.DataFrame(keys, columns=["symbol", "day"])
    bars = pd.DataFrame(
        {
            "symbol": frame["symbol"].astype("str"),
            "ts": (pd.Timestamp("2020-01-01") + pd.to_timedelta(frame["day"].astype(int), unit="D")).astype(
                "datetime64[us]"
            ),
        }
    )
    assert in_order(bars) == all(before < after for before, after in pairwise(keys))


def test_sorted_and_shuffled_bars_come_out_the_same(panel):
    pd.testing.assert_frame_equal(as_bars(panel.sample(frac=1, random_state=3)), as_bars(panel))
    later = panel.iloc[700:900]
    assert as_bars(later).index.equals(pd.RangeIndex(200))


def test_what_comes_out_of_the_door_can_be_changed_without_harm(panel):
    before = panel.copy()
    bars = as_bars(panel)
    bars.loc[0, "close"] = -1.0
    bars["volume"] = np.nan
    pd.testing.assert_frame_equal(panel, before)
