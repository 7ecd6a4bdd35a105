from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import DataError
from finml_core.purging import (
    EMBARGO,
    PURGED,
    TRAIN,
    Timeline,
    label_times,
    merged,
    overlap_counts,
    purged_train,
    row_roles,
    row_times,
)
from tests.splits.rows import labelled_rows, random_rows, two_loops

MINUTES = pd.date_range("2020-01-01", periods=12, freq="min").astype("datetime64[us]")
FOLDS = settings(max_examples=60, deadline=None)


def ten_minutes() -> Timeline:
    ts = MINUTES[:10].asi8
    return Timeline(ts, MINUTES[2:12].asi8)


@given(label_end=random_rows(), data=st.data())
@FOLDS
def test_purge_and_embargo_of_any_blocks_agree_with_two_loops(label_end, data):
    timeline = Timeline(row_times(label_end.index), label_times(label_end, label_end.index))
    n = len(timeline.stamps)
    edges = sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=6, unique=True)))
    blocks = list(pairwise(edges))[:: data.draw(st.integers(1, 2))]
    embargo = data.draw(st.integers(0, 6))
    stamps = timeline.stamps.view("datetime64[us]")
    test_stamps = np.concatenate([stamps[start:stop] for start, stop in blocks])
    train, purged, embargoed = two_loops(label_end, test_stamps, stamps, embargo)
    assert set(purged_train(timeline, blocks, embargo=embargo, window=(0, n))) == train
    role = row_roles(timeline, blocks, embargo=embargo, window=(0, n))
    assert set(np.flatnonzero(role == TRAIN)) == train
    assert set(np.flatnonzero(role == PURGED)) == purged
    assert set(np.flatnonzero(role == EMBARGO)) == embargoed


# AFML get_train_times: ten one-minute rows, each with a two-minute label; test spans given by their ends
@pytest.mark.parametrize(("first", "last", "left"), [(1, 2, range(3, 10)), (8, 11, range(6)), (6, 8, [0, 1, 2, 3, 9])])
def test_the_rows_left_by_a_test_span_are_those_of_the_book(first, last, left):
    start, end = MINUTES[:10].asi8, MINUTES[2:12].asi8
    touches = overlap_counts(start, end, MINUTES[[first]].asi8, MINUTES[[last]].asi8)
    assert list(np.flatnonzero(touches == 0)) == list(left)


def test_an_end_that_meets_a_start_is_an_overlap():
    timeline = ten_minutes()
    # rows 4 and 5 are tested, the later one's label ends at minute 7; row 2's label ends at minute 4
    assert list(purged_train(timeline, [(4, 6)], window=(0, 10))) == [0, 1, 8, 9]
    assert list(purged_train(timeline, [(4, 6)], embargo=1, window=(0, 10))) == [0, 1, 9]


def test_neighbouring_blocks_have_one_embargo():
    assert merged([(0, 2), (2, 5), (7, 9)]) == [(0, 5), (7, 9)]


def test_a_fixed_gap_takes_as_many_timestamps_on_both_sides():
    timeline = Timeline(MINUTES.asi8, purge_gap=2)
    assert list(purged_train(timeline, [(5, 7)], embargo=1, window=(0, 12))) == [0, 1, 2, 10, 11]


@given(seed=st.integers(0, 1000), n=st.integers(0, 12), m=st.integers(0, 12))
@FOLDS
def test_overlap_counts_agree_with_two_loops(seed, n, m):
    generator = np.random.default_rng(seed)
    start, other_start = generator.integers(0, 20, n), generator.integers(0, 20, m)
    end, other_end = start + generator.integers(0, 6, n), other_start + generator.integers(0, 6, m)
    slow = [sum(start[i] <= other_end[j] and other_start[j] <= end[i] for j in range(m)) for i in range(n)]
    assert list(overlap_counts(start, end, other_start, other_end)) == slow


def test_label_ends_are_aligned_on_the_rows():
    label_end = labelled_rows(15, 2, 3, seed=1)
    turned = label_times(label_end.iloc[::-1], label_end.index)
    assert list(turned) == list(label_times(label_end, label_end.index))


def test_aware_timestamps_are_converted_to_utc():
    index = MINUTES.tz_localize("UTC").tz_convert("America/New_York")
    assert list(row_times(index)) == list(MINUTES.asi8)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda ends: ends.where(np.arange(len(ends)) != 3), "label_end is missing in 1 of 20 rows"),
        (lambda ends: ends - pd.Timedelta(days=400), "before its own row in 20 rows"),
        (lambda ends: ends.iloc[:-1], "on another index"),
        (lambda ends: ends.to_numpy()[:-1], "19 label ends for 20 rows"),
        (lambda ends: ["soon"] * len(ends), "no timestamps"),
    ],
)
def test_label_ends_that_cannot_be_are_refused(spoil, text):
    label_end = labelled_rows(20, 1, 3, seed=0)
    with pytest.raises(DataError, match=text):
        label_times(spoil(label_end), label_end.index)


def test_rows_without_timestamps_are_refused():
    with pytest.raises(DataError, match="level `ts`"):
        row_times(pd.RangeIndex(5))
