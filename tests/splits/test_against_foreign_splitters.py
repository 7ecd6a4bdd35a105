"""What other libraries' splitters leak on the same rows, by the audit that ours pass."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, WalkForwardCV, audit_splits

HORIZON, EMBARGO = 5, 3


@pytest.fixture(scope="module")
def one_asset():
    """Label ends of 100 days, each 5 days on."""
    stamps = pd.date_range("2020-01-01", periods=100 + HORIZON).as_unit("us")
    return pd.Series(stamps[HORIZON:], index=stamps[:100].rename("ts"))


@pytest.fixture(scope="module")
def panel_rows(one_asset):
    """The same days of three symbols, rows in order of time as these splitters want them."""
    index = pd.MultiIndex.from_product([one_asset.index, ["A", "B", "C"]], names=["ts", "symbol"])
    return pd.Series(np.repeat(one_asset.to_numpy(), 3), index=index)


def times(label_end):
    return {
        "prediction_times": pd.Series(label_end.index.get_level_values("ts")),
        "evaluation_times": label_end.reset_index(drop=True),
    }


def pairs(splitter, label_end):
    return list(audit_splits(splitter, label_end, label_end).folds["overlapping_pairs"])


def test_scikit_learn_knows_no_labels(one_asset):
    # closed spans of 5 days: the rows beside a block touch 1 .. 5 of its rows
    assert pairs(KFold(5), one_asset) == [15, 30, 30, 30, 15]
    assert pairs(TimeSeriesSplit(5), one_asset) == [15] * 5
    assert pairs(TimeSeriesSplit(5, gap=HORIZON - 1), one_asset) == [1] * 5
    assert pairs(TimeSeriesSplit(5, gap=HORIZON), one_asset) == [0] * 5
    shuffled = audit_splits(KFold(5, shuffle=True, random_state=0), one_asset, one_asset)
    assert (shuffled.folds["leaking_rows"] > 0.6 * shuffled.folds["n_train"]).all()


def test_a_gap_in_rows_is_too_short_on_a_panel(panel_rows):
    # five rows are less than two days of three symbols: 10 rows leak into each test block, and its first day is cut
    folds = audit_splits(TimeSeriesSplit(6, gap=HORIZON), panel_rows, panel_rows).folds
    assert list(folds["leaking_rows"]) == [10] * 6
    assert (folds["overlapping_pairs"] > 60).all()


def test_skfolio_is_clean_where_its_fixed_purge_covers_the_label(one_asset, panel_rows):
    skfolio = pytest.importorskip("skfolio.model_selection", reason="skfolio is not installed (requirements-dev.txt)")
    assert set(pairs(skfolio.CombinatorialPurgedCV(6, 2, purged_size=HORIZON), one_asset)) == {0}
    short = audit_splits(skfolio.CombinatorialPurgedCV(6, 2, purged_size=HORIZON - 1), one_asset, one_asset)
    assert list(short.folds["overlapping_pairs"]) == [1, 3, 3, 3, 2, 2, 4, 4, 3, 2, 4, 3, 2, 3, 1]
    assert set(short.offenders["kind"]) == {"overlap"}
    by_rows = audit_splits(skfolio.CombinatorialPurgedCV(6, 2, purged_size=HORIZON), panel_rows, panel_rows)
    assert (by_rows.folds["overlapping_pairs"] > 0).all()  # the purge counts rows, three of which make a day


def test_skfolio_leaks_labels_of_varying_length(one_asset):
    skfolio = pytest.importorskip("skfolio.model_selection", reason="skfolio is not installed (requirements-dev.txt)")
    length = np.random.default_rng(0).integers(1, 12, len(one_asset))
    label_end = pd.Series(one_asset.index + pd.to_timedelta(length, unit="D"), index=one_asset.index)
    mean = skfolio.CombinatorialPurgedCV(6, 2, purged_size=6)
    assert sum(pairs(mean, label_end)) > 0
    assert sum(pairs(CombinatorialPurgedCV(6, 2), label_end)) == 0


def test_purgedcv_takes_an_end_that_meets_a_start_for_no_overlap(one_asset):
    # its spans are half open, those of AFML closed: one row is left at each border of a test block
    purgedcv = pytest.importorskip("purgedcv", reason="purgedcv is not installed (requirements-dev.txt)")
    assert pairs(purgedcv.PurgedKFold(5, **times(one_asset)), one_asset) == [1, 2, 2, 2, 1]
    assert pairs(purgedcv.WalkForwardSplit(4, 15, **times(one_asset)), one_asset) == [1] * 4
    combinatorial = purgedcv.CombinatorialPurgedCV(6, 2, **times(one_asset))
    assert pairs(combinatorial, one_asset) == [1, 3, 3, 3, 2, 2, 4, 4, 3, 2, 4, 3, 2, 3, 1]
    padded = purgedcv.PurgedKFold(5, purge_horizon=pd.Timedelta(days=1), **times(one_asset))
    assert pairs(padded, one_asset) == [0] * 5


def test_an_embargo_counted_from_the_block_is_used_up_by_the_purge(one_asset):
    purgedcv = pytest.importorskip("purgedcv", reason="purgedcv is not installed (requirements-dev.txt)")
    counted = purgedcv.PurgedKFold(5, embargo_observations=EMBARGO, **times(one_asset))
    folds = audit_splits(counted, one_asset, one_asset, embargo=EMBARGO).folds
    assert list(folds["embargo_violations"]) == [EMBARGO] * 4 + [0]


def test_purgedcv_cuts_a_panel_inside_a_day(panel_rows):
    # 300 rows in 7 blocks: some days lie on both sides, and nine pairs of symbols meet at each border
    purgedcv = pytest.importorskip("purgedcv", reason="purgedcv is not installed (requirements-dev.txt)")
    audit = audit_splits(purgedcv.PurgedKFold(7, **times(panel_rows)), panel_rows, panel_rows)
    assert list(audit.folds["leaking_rows"]) == [3, 6, 6, 6, 6, 6, 3]
    assert (audit.folds["overlapping_pairs"] >= 3).all()


@pytest.mark.parametrize(
    "splitter",
    [PurgedKFold(7, embargo_pct=0.03), CombinatorialPurgedCV(6, 2, embargo_pct=0.03), WalkForwardCV(30, 15)],
    ids=lambda splitter: type(splitter).__name__,
)
@pytest.mark.parametrize("rows", ["one_asset", "panel_rows"])
def test_ours_leak_nothing_on_the_same_rows(splitter, rows, request):
    label_end = request.getfixturevalue(rows)
    embargo = 0 if isinstance(splitter, WalkForwardCV) else EMBARGO
    audit = audit_splits(splitter, label_end, label_end, embargo=embargo)
    assert audit.passed
    assert (audit.folds["overlapping_pairs"] == 0).all()
