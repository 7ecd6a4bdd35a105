from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import ConfigError, DataError, SplitError
from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, WalkForwardCV
from tests.splits.rows import labelled_rows, random_rows, two_loops

FEW = settings(max_examples=40, deadline=None)


def stamps_of(label_end, rows):
    return np.sort(label_end.index.get_level_values("ts")[rows].unique())


@given(label_end=random_rows(), n_splits=st.integers(2, 4), embargo_pct=st.sampled_from([0.0, 0.05, 0.1]))
@FEW
def test_purged_kfold_agrees_with_two_loops(label_end, n_splits, embargo_pct):
    stamps = np.sort(label_end.index.get_level_values("ts").unique())
    blocks = np.array_split(stamps, n_splits)
    expected = [two_loops(label_end, block, stamps, int(len(stamps) * embargo_pct))[0] for block in blocks]
    splitter = PurgedKFold(n_splits, embargo_pct=embargo_pct)
    if not all(expected):
        with pytest.raises(SplitError, match="no training rows left"):
            list(splitter.split(label_end.to_frame(), groups=label_end))
        return
    for (train, test), block, rows in zip(splitter.split(label_end.to_frame(), groups=label_end), blocks, expected):
        assert set(train) == rows
        assert np.array_equal(stamps_of(label_end, test), block)
        assert train.dtype == test.dtype == np.int64
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()


@given(label_end=random_rows(), expanding=st.booleans(), step=st.integers(1, 4))
@FEW
def test_walk_forward_agrees_with_two_loops(label_end, expanding, step):
    stamps = np.sort(label_end.index.get_level_values("ts").unique())
    splitter = WalkForwardCV(6, 3, step, embargo_pct=0.1, expanding=expanding)
    starts = range(6, len(stamps) - 3 + 1, step)
    assert splitter.get_n_splits(label_end.to_frame()) == len(starts)
    expected = []
    for start in starts:
        past = stamps[0 if expanding else start - 6 : start]
        expected.append(two_loops(label_end, stamps[start : start + 3], past, 0)[0])
    if not all(expected):
        with pytest.raises(SplitError, match="no training rows left"):
            list(splitter.split(label_end.to_frame(), groups=label_end))
        return
    folds = list(splitter.split(label_end.to_frame(), groups=label_end))
    assert len(folds) == len(starts)
    for (train, test), start, rows in zip(folds, starts, expected):
        assert set(train) == rows
        assert np.array_equal(stamps_of(label_end, test), stamps[start : start + 3])
        ts = label_end.index.get_level_values("ts")
        assert label_end.iloc[train].max() < ts[test].min()


@given(
    label_end=random_rows(),
    choice=st.sampled_from([(5, 2), (4, 3), (6, 1)]),
    embargo_pct=st.sampled_from([0.0, 0.03, 0.08]),
)
@FEW
def test_combinatorial_splits_agree_with_two_loops(label_end, choice, embargo_pct):
    stamps = np.sort(label_end.index.get_level_values("ts").unique())
    blocks = np.array_split(stamps, choice[0])
    splitter = CombinatorialPurgedCV(*choice, embargo_pct=embargo_pct)
    embargo = int(len(stamps) * embargo_pct)
    chosen = [np.concatenate([blocks[number] for number in picked]) for picked in splitter.test_blocks]
    expected = [two_loops(label_end, block, stamps, embargo)[0] for block in chosen]
    folds = splitter.split(label_end.to_frame(), groups=label_end)
    for block, rows in zip(chosen, expected):
        if not rows:
            with pytest.raises(SplitError):
                next(folds)
            return
        train, test = next(folds)
        assert set(train) == rows
        assert np.array_equal(stamps_of(label_end, test), block)


def test_the_gap_stands_in_where_label_ends_are_unknown():
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=20))
    folds = list(PurgedKFold(4, purge_gap=2, embargo_pct=0.05).split(X))
    assert list(folds[1][1]) == [5, 6, 7, 8, 9]
    assert list(folds[1][0]) == [0, 1, 2, *range(13, 20)]  # two before, two after and one under the embargo


def test_given_label_ends_the_gap_is_ignored():
    label_end = labelled_rows(30, 2, 2, seed=3)
    narrow, wide = (PurgedKFold(3, purge_gap=gap).split(label_end.to_frame(), groups=label_end) for gap in (0, 9))
    for (train, _), (other, _) in zip(narrow, wide):
        assert np.array_equal(train, other)


# number of folds and paths: (6, 2), (10, 2) and (10, 8) of AFML section 12.4
@pytest.mark.parametrize(("n", "k", "n_folds", "n_paths"), [(6, 2, 15, 5), (10, 2, 45, 9), (10, 8, 45, 36)])
def test_paths_are_counted_as_in_the_book(n, k, n_folds, n_paths):
    splitter = CombinatorialPurgedCV(n, k)
    paths = splitter.paths()
    assert splitter.get_n_splits() == n_folds == comb(n, k)
    assert splitter.n_paths == n_paths
    assert paths.shape == (n_paths, n)
    for path in paths:
        for block, fold in enumerate(path):
            assert block in splitter.test_blocks[fold]
    used = [(fold, block) for path in paths for block, fold in enumerate(path)]
    assert len(set(used)) == len(used) == n_folds * k  # each tested block serves one path


def test_each_path_covers_every_row_once_out_of_sample():
    label_end = labelled_rows(40, 2, 2, seed=5, shuffled=True)
    splitter = CombinatorialPurgedCV(4, 2)
    folds = list(splitter.split(label_end.to_frame(), groups=label_end))
    series = splitter.path_series(
        label_end.to_frame(), [np.full(len(test), number) for number, (_, test) in enumerate(folds)]
    )
    assert series.shape == (3, len(label_end))
    for path in series:
        for row, fold in enumerate(path.astype(int)):
            assert row in folds[fold][1]
            assert row not in folds[fold][0]
    with pytest.raises(DataError, match="give one a fold"):
        splitter.path_series(label_end.to_frame(), [])
    with pytest.raises(DataError, match="fold 0 has 1 predictions"):
        splitter.path_series(label_end.to_frame(), [np.zeros(1)] * 6)


def test_a_fold_without_training_rows_says_how_to_mend_it():
    stamps = pd.date_range("2020-01-01", periods=250)
    X = pd.DataFrame({"x": 0.0}, index=stamps)
    with pytest.raises(SplitError) as caught:
        list(PurgedKFold(2, purge_gap=130).split(X))
    assert str(caught.value) == (
        "fold 1 of 2 has no training rows left: 250 rows, horizon 130, embargo 2.\n"
        "Use fewer folds, a shorter embargo, or more history."
    )


@pytest.mark.parametrize("splitter", [PurgedKFold(5), CombinatorialPurgedCV(5), WalkForwardCV(3, 1)])
def test_too_short_a_history_is_refused(splitter):
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=3))
    with pytest.raises(SplitError, match="or more history"):
        list(splitter.split(X))


@pytest.mark.parametrize(
    "make",
    [
        lambda: PurgedKFold(1),
        lambda: PurgedKFold(2.5),
        lambda: PurgedKFold(purge_gap=-1),
        lambda: PurgedKFold(embargo_pct=1.5),
        lambda: WalkForwardCV(0, 5),
        lambda: WalkForwardCV(5, 0),
        lambda: WalkForwardCV(5, 5, 0),
        lambda: CombinatorialPurgedCV(4, 4),
        lambda: CombinatorialPurgedCV(4, 0),
    ],
)
def test_settings_that_cannot_work_are_refused_when_made(make):
    with pytest.raises(ConfigError):
        make()


def test_walk_forward_needs_rows_to_count_its_folds():
    with pytest.raises(ConfigError, match="without X"):
        WalkForwardCV(5, 5).get_n_splits()
