import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from finml_core.concurrency import average_uniqueness
from finml_core.errors import SplitError
from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, split_diagnostics, split_timeline
from tests.splits.rows import labelled_rows, random_rows, two_loops

SPLITTER = PurgedKFold(3, embargo_pct=0.05)


@given(label_end=random_rows())
@settings(max_examples=25, deadline=None)
def test_counts_agree_with_two_loops(label_end):
    stamps = np.sort(label_end.index.get_level_values("ts").unique())
    table = split_diagnostics(SPLITTER, label_end.to_frame(), label_end)
    for row, block in zip(table.itertuples(), np.array_split(stamps, 3)):
        train, purged, embargoed = two_loops(label_end, block, stamps, int(len(stamps) * 0.05))
        assert (row.n_train, row.n_purged, row.n_embargoed) == (len(train), len(purged), len(embargoed))
        assert row.n_test == len(label_end) - len(train) - len(purged) - len(embargoed)
        assert row.overlapping_pairs == 0
        assert (row.test_start, row.test_end) == (block[0], block[-1])


def test_the_effective_sample_size_is_the_sum_of_uniqueness():
    label_end = labelled_rows(60, 2, 6, seed=2)
    table = split_diagnostics(SPLITTER, label_end.to_frame(), label_end)
    train, _ = next(SPLITTER.split(label_end.to_frame(), groups=label_end))
    chosen = label_end.where(np.isin(np.arange(len(label_end)), train))
    assert table["effective_sample_size"][0] == pytest.approx(average_uniqueness(chosen).sum())
    assert (table["effective_sample_size"] < table["n_train"]).all()


def test_without_label_ends_leaks_are_unknown():
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=60))
    table = split_diagnostics(SPLITTER, X)
    assert table["overlapping_pairs"].isna().all()
    assert list(table["n_purged"]) == [5, 10, 5]


@pytest.mark.parametrize("splitter", [SPLITTER, CombinatorialPurgedCV(5, 2, embargo_pct=0.05)])
def test_spans_hold_every_row_once(splitter):
    label_end = labelled_rows(60, 3, 4, seed=7)
    spans = split_timeline(splitter, label_end.to_frame(), label_end)
    assert (spans.groupby("fold")["n_rows"].sum() == len(label_end)).all()
    assert (spans["start"] <= spans["end"]).all()
    assert set(spans["role"]) == {"train", "purged", "test", "embargo"}
    assert spans["start"].dtype == "datetime64[us]"
    table = split_diagnostics(splitter, label_end.to_frame(), label_end)
    by_role = spans.pivot_table(index="fold", columns="role", values="n_rows", aggfunc="sum")
    assert list(by_role["train"]) == list(table["n_train"])


def test_the_picture_of_a_fold_in_order():
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=20))
    spans = split_timeline(PurgedKFold(4, purge_gap=2, embargo_pct=0.05), X)
    second = spans[spans["fold"] == 1].sort_values("start")
    assert list(second["role"]) == ["train", "purged", "test", "purged", "embargo", "train"]
    assert list(second["n_rows"]) == [3, 2, 5, 2, 1, 7]


def test_too_many_folds_are_refused():
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=2))
    with pytest.raises(SplitError, match="3 folds cannot be made of 2"):
        split_timeline(SPLITTER, X)
