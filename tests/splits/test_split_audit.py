import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit

from finml_core.errors import ConfigError, DataError, SplitError
from finml_core.splits import CombinatorialPurgedCV, LabelSpans, PurgedKFold, WalkForwardCV, audit_splits
from tests.splits.rows import labelled_rows, random_rows

CLEAN = ["overlapping_pairs", "leaking_rows", "embargo_violations", "duplicated_rows"]


def slow_fold(label_end, train, test, embargo):
    """Pairs, leaking rows and embargo violations by comparing every row with every other."""
    ts = label_end.index.get_level_values("ts")
    stamps = np.sort(ts.unique())
    touched = [sum(ts[i] <= label_end.iloc[j] and ts[j] <= label_end.iloc[i] for j in test) for i in train]
    tested = sorted({int(np.searchsorted(stamps, ts[j].to_datetime64())) for j in test})
    resting = set()
    for block in np.split(tested, np.flatnonzero(np.diff(tested) > 1) + 1):
        block_stamps = stamps[block]
        latest = max(label_end.iloc[j] for j in test if ts[j].to_datetime64() in block_stamps)
        resting |= set(stamps[stamps > latest.to_datetime64()][:embargo])
    rests = [ts[i].to_datetime64() in resting and not n for i, n in zip(train, touched)]
    return sum(touched), sum(n > 0 for n in touched), sum(rests), touched, rests


@given(label_end=random_rows(), embargo=st.integers(0, 5), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_any_row_numbers_are_audited_as_two_loops_do(label_end, embargo, seed):
    generator = np.random.default_rng(seed)
    rows = generator.permutation(len(label_end))
    n_test = generator.integers(1, len(rows))
    train, test = rows[n_test:], rows[:n_test]
    audit = audit_splits([(train, test)], label_end, label_end, embargo=embargo, most_offenders=10_000)
    pairs, leaking, violations, touched, rests = slow_fold(label_end, train, test, embargo)
    fold = audit.folds.iloc[0]
    assert list(fold[CLEAN]) == [pairs, leaking, violations, 0]
    assert audit.n_offenders == len(audit.offenders) == leaking + violations
    assert audit.passed == (audit.n_offenders == 0)
    expected = {row: n for row, n, rest in zip(train, touched, rests) if n or rest}
    assert dict(zip(audit.offenders["row"], audit.offenders["n_touched"])) == expected
    assert audit.offenders["ts"].is_monotonic_increasing
    ts = label_end.index.get_level_values("ts")
    for offender in audit.offenders[audit.offenders["kind"] == "overlap"].itertuples():
        partner = offender.test_row
        assert partner in test
        assert (offender.ts, offender.label_end) == (ts[offender.row], label_end.iloc[offender.row])
        assert (offender.test_ts, offender.test_label_end) == (ts[partner], label_end.iloc[partner])
        assert offender.ts <= offender.test_label_end
        assert offender.test_ts <= offender.label_end


@given(
    label_end=st.builds(
        labelled_rows,
        n_stamps=st.integers(50, 70),
        n_symbols=st.integers(1, 3),
        longest=st.integers(0, 9),
        seed=st.integers(0, 10_000),
        shuffled=st.booleans(),
    ),
    embargo_pct=st.sampled_from([0.0, 0.03, 0.06]),
)
@settings(max_examples=25, deadline=None)
def test_our_splitters_pass(label_end, embargo_pct):
    n_stamps = len(label_end.index.get_level_values("ts").unique())
    for splitter in (
        PurgedKFold(3, embargo_pct=embargo_pct),
        CombinatorialPurgedCV(4, 1, embargo_pct=embargo_pct),
        WalkForwardCV(25, 8, embargo_pct=embargo_pct, expanding=True),
    ):
        audit = audit_splits(splitter, label_end, label_end, embargo=splitter.embargo(n_stamps))
        assert audit.passed
        assert audit.offenders.empty


def test_spans_may_stand_for_the_rows():
    label_end = labelled_rows(60, 3, 6, seed=4)
    spans = LabelSpans(label_end.index, label_end)
    for splitter in (PurgedKFold(4), KFold(4, shuffle=True, random_state=0)):
        of_rows, of_spans = audit_splits(splitter, label_end, label_end), audit_splits(splitter, spans)
        pd.testing.assert_frame_equal(of_rows.folds, of_spans.folds)
        pd.testing.assert_frame_equal(of_rows.offenders, of_spans.offenders)


def test_a_row_on_both_sides_or_twice_on_one_is_named():
    label_end = labelled_rows(100, 1, 0, seed=0)
    pairs = [(np.r_[0:50, 3, 3, 60], np.r_[60:70])]
    audit = audit_splits(pairs, label_end, label_end)
    assert audit.folds.loc[0, "duplicated_rows"] == 3
    assert dict(zip(audit.offenders["row"], audit.offenders["kind"])) == {3: "twice", 60: "both sides"}
    assert audit.n_offenders == 3  # row 3 counts for each time that it comes again
    assert not audit.passed


def test_the_drift_of_classes_is_measured_between_both_sides():
    label_end = labelled_rows(100, 1, 0, seed=0)
    y = np.repeat([0.0, 1.0, 2.0], [50, 30, 20])
    fold = audit_splits([(np.arange(60), np.arange(60, 100))], label_end, label_end, y).folds.iloc[0]
    # training: 50 zeros, 10 ones; test: 20 ones, 20 twos
    assert fold["class_drift"] == pytest.approx(1.5 - 10 / 60)
    assert (fold["train_mean"], fold["test_mean"]) == pytest.approx((10 / 60, 1.5))
    assert fold["class_distance"] == pytest.approx(50 / 60)
    many = audit_splits([(np.arange(60), np.arange(60, 100))], label_end, label_end, np.arange(100.0)).folds.iloc[0]
    assert np.isnan(many["class_distance"])
    assert many["class_drift"] == pytest.approx(50)


def test_sides_may_be_masks_or_lists_of_arrays():
    label_end = labelled_rows(50, 1, 3, seed=1)
    mask = np.arange(50) >= 40
    by_mask = audit_splits([(~mask, mask)], label_end, label_end)
    by_rows = audit_splits([(list(range(40)), [np.arange(40, 45), np.arange(45, 50)])], label_end, label_end)
    pd.testing.assert_frame_equal(by_mask.folds, by_rows.folds)


def test_a_splitter_that_asks_for_groups_gets_them():
    label_end = labelled_rows(40, 3, 4, seed=2)
    symbols = label_end.index.get_level_values("symbol")
    audit = audit_splits(GroupKFold(3), label_end, label_end, groups=symbols)
    assert (audit.folds["overlapping_pairs"] > 0).all()  # whole symbols apart, but at the same time


def test_few_offenders_are_listed_and_all_are_counted():
    label_end = labelled_rows(200, 2, 5, seed=3)
    audit = audit_splits(KFold(4, shuffle=True, random_state=0), label_end, label_end, most_offenders=3)
    assert list(audit.offenders.groupby("fold").size()) == [3] * 4
    assert audit.n_offenders == audit.folds[["leaking_rows", "embargo_violations"]].sum().sum() > 300
    whole = audit_splits(KFold(4, shuffle=True, random_state=0), label_end, label_end, most_offenders=10_000)
    first = whole.offenders.groupby("fold").head(3).reset_index(drop=True)
    pd.testing.assert_frame_equal(audit.offenders, first)
    none = audit_splits(KFold(4), label_end, label_end, most_offenders=0)
    assert none.offenders.empty
    assert none.n_offenders > 0


def test_mistakes_are_answered():
    label_end = labelled_rows(20, 1, 2, seed=0)
    with pytest.raises(DataError, match="names row 20, but there are 20 rows"):
        audit_splits([([0, 1], [20])], label_end, label_end)
    with pytest.raises(DataError, match="a mask of 3 rows"):
        audit_splits([(np.ones(3, dtype=bool), [1])], label_end, label_end)
    with pytest.raises(SplitError, match="TimeSeriesSplit cannot split these 20 rows: Cannot have"):
        audit_splits(TimeSeriesSplit(30), label_end, label_end)
    with pytest.raises(DataError, match="yields no fold"):
        audit_splits([], label_end, label_end)
    with pytest.raises(DataError, match="pass the label ends"):
        audit_splits(PurgedKFold(2), label_end.to_frame())
    with pytest.raises(DataError, match="y has shape"):
        audit_splits(PurgedKFold(2), label_end, label_end, np.zeros(3))
    with pytest.raises(ConfigError, match="embargo"):
        audit_splits(PurgedKFold(2), label_end, label_end, embargo=-1)


def test_every_fold_of_a_combinatorial_split_is_worth_less_than_its_rows():
    label_end = labelled_rows(120, 2, 4, seed=6)
    folds = audit_splits(CombinatorialPurgedCV(5, 2), label_end, label_end).folds
    assert (folds["effective_sample_size"] < folds["n_train"]).all()
    assert (folds["effective_test_size"] < folds["n_test"]).all()
