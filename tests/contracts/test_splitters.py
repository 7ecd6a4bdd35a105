"""What every splitter promises, whatever it tests."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from finml_core.purging import label_times, overlap_counts, row_times
from finml_core.splits import SPLITTERS, split_diagnostics, split_timeline

SETTINGS = {
    "purged_kfold": {"n_splits": 4},
    "walk_forward": {"train_size": 150, "test_size": 75},
    "combinatorial": {"n_splits": 5, "n_test_splits": 2},
}


@pytest.fixture(params=sorted(SPLITTERS))
def splitter(request):
    return SPLITTERS[request.param](**SETTINGS[request.param])


@pytest.fixture(scope="module")
def rows(panel):
    """Features, outcome and label ends of a panel in which symbols start and stop at different bars."""
    panel = panel.drop(index=[*range(40), *range(1150, 1200), 900, 901])
    label_end = panel.groupby("symbol")["ts"].shift(-5)
    known = label_end.notna()
    index = pd.MultiIndex.from_frame(panel.loc[known, ["symbol", "ts"]])
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(len(index), 3)), index=index, columns=["a", "b", "c"])
    y = pd.Series(generator.integers(0, 2, len(index)).astype(float), index=index)
    return X, y, label_end[known].set_axis(index)


def test_sides_are_disjoint_and_time_decides_the_side(splitter, rows):
    X, y, label_end = rows
    ts = X.index.get_level_values("ts")
    for train, test in splitter.split(X, y, label_end):
        assert len(np.intersect1d(train, test)) == 0
        assert not set(ts[train]) & set(ts[test])
        tested = np.isin(ts, ts[test].unique())
        assert np.array_equal(np.flatnonzero(tested), test)  # all symbols of a tested timestamp


def test_no_training_span_meets_a_test_span(splitter, rows):
    X, y, label_end = rows
    start, end = row_times(X.index), label_times(label_end, X.index)
    for train, test in splitter.split(X, y, label_end):
        assert overlap_counts(start[train], end[train], start[test], end[test]).sum() == 0


def test_the_number_of_folds_is_as_announced(splitter, rows):
    X, y, label_end = rows
    assert sum(1 for _ in splitter.split(X, y, label_end)) == splitter.get_n_splits(X, y, label_end)


def test_order_of_rows_changes_nothing(splitter, rows):
    X, _, label_end = rows
    order = np.random.default_rng(1).permutation(len(X))
    folds = zip(splitter.split(X, groups=label_end), splitter.split(X.iloc[order], groups=label_end), strict=True)
    for (train, test), (moved_train, moved_test) in folds:
        assert np.array_equal(train, np.sort(order[moved_train]))
        assert np.array_equal(test, np.sort(order[moved_test]))


def test_splitting_twice_gives_the_same_folds_and_leaves_the_rows_alone(splitter, rows):
    X, y, label_end = rows
    before = X.copy(), label_end.copy()
    for first, second in zip(splitter.split(X, y, label_end), splitter.split(X, y, label_end), strict=True):
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_series_equal(label_end, before[1])


def test_label_ends_may_be_an_array(splitter, rows):
    X, y, label_end = rows
    for series, array in zip(splitter.split(X, y, label_end), splitter.split(X, y, label_end.to_numpy()), strict=True):
        assert np.array_equal(series[0], array[0])


def test_scikit_learn_takes_it_with_label_ends_as_groups(splitter, rows):
    X, y, label_end = rows
    model = LogisticRegression()
    scores = cross_val_score(model, X, y, cv=splitter, groups=label_end)
    assert len(scores) == splitter.get_n_splits(X)
    search = GridSearchCV(model, {"C": [0.1, 1.0]}, cv=splitter).fit(X, y, groups=label_end)
    assert search.n_splits_ == len(scores)


def test_diagnostics_and_timeline_tell_of_the_same_rows(splitter, rows):
    X, y, label_end = rows
    table = split_diagnostics(splitter, X, label_end)
    spans = split_timeline(splitter, X, label_end)
    for fold, (train, test) in enumerate(splitter.split(X, y, label_end)):
        assert (table["n_train"][fold], table["n_test"][fold]) == (len(train), len(test))
        of_fold = spans[spans["fold"] == fold].groupby("role")["n_rows"].sum()
        assert (of_fold["train"], of_fold["test"]) == (len(train), len(test))
    assert (table["overlapping_pairs"] == 0).all()


@pytest.mark.parametrize("name", ["purged_kfold", "combinatorial"])
def test_folds_cover_each_row_equally_often(name, rows):
    X, y, label_end = rows
    splitter = SPLITTERS[name](**SETTINGS[name])
    tested = np.zeros(len(X), dtype=int)
    for _, test in splitter.split(X, y, label_end):
        tested[test] += 1
    assert set(tested) == {getattr(splitter, "n_paths", 1)}


def test_its_text_names_its_settings(splitter):
    assert repr(splitter).startswith(f"{type(splitter).__name__}(")
    assert "embargo_pct=0.01" in repr(splitter)
