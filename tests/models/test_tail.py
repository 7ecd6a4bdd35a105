"""The tail that decides when to stop, against two loops."""

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.models.tail import purged_tail


def test_no_label_of_a_training_row_reaches_into_the_tail(world):
    is_train, is_tail = purged_tail(world.X.index, world.label_end, 0.15)
    ts = world.X.index.get_level_values("ts")
    start = ts[is_tail].min()
    assert len(ts[is_tail].unique()) == 30
    for row in range(len(ts)):
        assert is_tail[row] == (ts[row] >= start)
        assert is_train[row] == (ts[row] < start and world.label_end.iloc[row] < start)


def test_rows_may_come_in_any_order(world):
    shuffled = np.random.default_rng(0).permutation(len(world.X))
    plain = purged_tail(world.X.index, world.label_end, 0.15)
    other = purged_tail(world.X.index[shuffled], world.label_end.iloc[shuffled], 0.15)
    for expected, found in zip(plain, other):
        np.testing.assert_array_equal(found, expected[shuffled])


def test_there_is_no_tail_where_it_would_leave_nothing():
    index = pd.date_range("2020-01-01", periods=4)
    assert purged_tail(index, None, 0.0) is None
    assert purged_tail(index, None, 0.1) is None
    assert purged_tail(index, index + pd.Timedelta(days=30), 0.5) is None


def test_rows_without_timestamps_are_refused():
    with pytest.raises(DataError, match="no timestamps"):
        purged_tail(pd.RangeIndex(5), None, 0.2)
