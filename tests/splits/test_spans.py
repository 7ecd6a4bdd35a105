import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.concurrency import average_uniqueness
from finml_core.errors import ConfigError
from finml_core.splits import CombinatorialPurgedCV, LabelSpans, PurgedKFold, split_diagnostics, split_timeline
from tests.splits.rows import labelled_rows, random_rows

FEW = settings(max_examples=40, deadline=None)


@given(label_end=random_rows(), seed=st.integers(0, 1000))
@FEW
def test_spans_touch_as_many_test_rows_as_two_loops_count(label_end, seed):
    spans = LabelSpans(label_end.index, label_end)
    test = np.flatnonzero(np.random.default_rng(seed).random(len(label_end)) < 0.3)
    touched = spans.touched(spans.counted(test))[spans.of_row]
    ts = label_end.index.get_level_values("ts")
    for row in range(len(label_end)):
        slow = sum(ts[row] <= label_end.iloc[j] and ts[j] <= label_end.iloc[row] for j in test)
        assert touched[row] == slow


@given(label_end=random_rows(), share=st.sampled_from([0.0, 0.3, 0.8, 1.0]), seed=st.integers(0, 1000))
@FEW
def test_the_worth_of_any_rows_is_the_sum_of_their_uniqueness(label_end, share, seed):
    spans = LabelSpans(label_end.index, label_end)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(label_end)) < share)
    chosen = label_end.where(np.isin(np.arange(len(label_end)), rows))
    assert spans.effective_sample_size(spans.counted(rows), rows) == pytest.approx(average_uniqueness(chosen).sum())


@given(label_end=random_rows(), cut=st.floats(0, 1))
@FEW
def test_whole_spans_are_worth_the_same_by_patterns_as_row_by_row(label_end, cut):
    spans = LabelSpans(label_end.index, label_end)
    rows = np.flatnonzero(spans.position[spans.of_row] < cut * len(spans.stamps))  # all symbols of a stretch of time
    chosen = label_end.where(np.isin(np.arange(len(label_end)), rows))
    assert spans.effective_sample_size(spans.counted(rows)) == pytest.approx(average_uniqueness(chosen).sum())


def test_a_panel_of_many_symbols_has_few_spans():
    stamps = pd.date_range("2020-01-01", periods=206).as_unit("us")
    index = pd.MultiIndex.from_product([[f"S{n}" for n in range(50)], stamps[:200]], names=["symbol", "ts"])
    spans = LabelSpans(index, pd.Series(np.tile(stamps[5:205], 50), index=index))
    assert len(spans) == 10_000
    assert len(spans.count) == 200
    assert (spans.count == 50).all()


def test_spans_stand_for_the_rows():
    label_end = labelled_rows(60, 3, 6, seed=4, shuffled=True)
    spans = LabelSpans(label_end.index, label_end)
    for splitter in (PurgedKFold(4, embargo_pct=0.05), CombinatorialPurgedCV(5, 2)):
        for make in (split_diagnostics, split_timeline):
            pd.testing.assert_frame_equal(make(splitter, spans), make(splitter, label_end.to_frame(), label_end))
    with pytest.raises(ConfigError, match="one of the two"):
        split_diagnostics(PurgedKFold(), spans, label_end)


@pytest.mark.parametrize("gap", [0, 2, 5])
def test_a_fixed_gap_is_diagnosed_with_what_it_leaks(gap):
    label_end = labelled_rows(60, 2, 6, seed=9)
    splitter = PurgedKFold(4, purge_gap=gap, embargo_pct=0)
    table = split_diagnostics(splitter, label_end.to_frame(), label_end, purge_by_end=False)
    ts = label_end.index.get_level_values("ts")
    for row, (train, test) in zip(table.itertuples(), splitter.split(label_end.to_frame()), strict=True):
        assert (row.n_train, row.n_test) == (len(train), len(test))
        slow = sum(ts[i] <= label_end.iloc[j] and ts[j] <= label_end.iloc[i] for i in train for j in test)
        assert row.overlapping_pairs == slow
    assert table["overlapping_pairs"].any() == (gap < 5)


def test_a_stretch_ends_with_its_latest_label():
    stamps = pd.date_range("2020-01-01", periods=26).as_unit("us")
    label_end = pd.Series(stamps[3:23], index=stamps[:20].rename("ts"))
    spans = split_timeline(PurgedKFold(4, embargo_pct=0), label_end.to_frame(), label_end)
    tested = spans[spans["role"] == "test"]
    assert list(tested["label_end"]) == list(stamps[[7, 12, 17, 22]])
    assert (spans["label_end"] >= spans["end"]).all()
