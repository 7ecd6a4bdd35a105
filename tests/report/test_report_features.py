"""Tables of the page Features, against plain counting."""

import numpy as np
import pandas as pd
import pytest

from finml_core.features import select_features
from finml_core.report import features as report
from finml_core.schemas import key_index
from finml_core.splits import audit_features


@pytest.fixture(scope="module")
def close(panel):
    return pd.Series(panel["close"].to_numpy(), index=key_index(panel))


def test_the_histogram_counts_what_lies_between_its_quantiles():
    values = pd.Series(np.r_[np.random.default_rng(0).normal(size=5000), [1e6, np.nan]])
    table = report.histogram(values, 20)
    low, high = np.nanquantile(values, [0.005, 0.995])
    assert table["count"].sum() == values.between(low, high).sum()
    assert table["left"].iloc[0] == pytest.approx(low)
    assert table["right"].iloc[-1] == pytest.approx(high)
    assert (table["right"].to_numpy()[:-1] == table["left"].to_numpy()[1:]).all()
    assert report.histogram(pd.Series([2.0, 2.0])).query("count > 0")["count"].tolist() == [2]
    assert report.histogram(pd.Series([np.nan])).empty


def test_the_catalogue_keeps_the_boards_order_and_what_was_not_tested_is_missing():
    board = pd.DataFrame({"name": ["b", "a"], "ic": [0.2, 0.1]})
    metadata = pd.DataFrame({"name": ["a", "b", "c"], "family": ["x", "y", "z"]})
    tests = pd.DataFrame({"name": ["a"], "adf_rejects": [1.0], "kpss_rejects": [0.0], "verdict": ["stationary"]})
    audit = pd.DataFrame({"feature": ["b"], "passed": [True], "verdict": ["passed"]})
    table = report.catalogue(board, metadata, tests, audit)
    assert table["name"].tolist() == ["b", "a"]
    assert table["family"].tolist() == ["y", "x"]
    assert table["stationary"].tolist()[1] == "stationary"
    assert table["causal"].tolist()[0] is True
    assert pd.isna(table["causal"][1])


def test_pairs_come_both_ways_and_in_order():
    matrix = pd.DataFrame([[1, 0.5], [0.5, 1]], index=["a", "b"], columns=["a", "b"])
    pairs = report.correlation_pairs(matrix, ["b", "a"])
    assert list(zip(pairs["a"], pairs["b"], pairs["correlation"], strict=True)) == [
        ("b", "b", 1), ("b", "a", 0.5), ("a", "b", 0.5), ("a", "a", 1),
    ]  # fmt: skip


def test_the_equal_weight_index_moves_by_the_mean_return(close):
    index = report.equal_weight_bars(close)
    changes = pd.concat([close[s].pct_change() for s in ("S0", "S1", "S2")], axis=1).mean(axis=1)
    np.testing.assert_allclose(index["close"].pct_change()[1:], changes[1:])
    assert index["close"].iloc[0] == 100
    assert isinstance(index.index, pd.DatetimeIndex)
    late = close.drop(close.loc[["S1"]].index[:300])
    assert report.equal_weight_bars(late)["close"].notna().all()


def test_rows_are_complete_and_what_is_seldom_there_is_left_out():
    frame = pd.DataFrame({"a": np.arange(10.0), "b": [np.nan] * 5 + [1.0, 2, 3, 4, 5], "c": 1.0, "d": np.arange(10.0)})
    frame.loc[0, "d"] = np.nan
    rows, left_out = report.complete_columns(frame)
    assert list(rows.columns) == ["a", "d"]
    assert left_out == ["b", "c"]
    assert len(rows) == 9


def test_a_choice_over_folds_counts_how_often_and_follows_the_share_of_false_ones():
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(600, 4)), columns=list("abcd"))
    y = X["b"] + generator.normal(size=600)
    folds = {k: select_features(X, y, rows=np.arange(600) % 3 != k, method="f_test") for k in range(3)}
    table = report.selection_over_folds(folds, 0.05)
    assert table["name"][0] == "b"
    assert table["chosen"][0] == 1.0
    assert table["n_folds"].tolist() == [3] * 4
    expected = pd.concat(folds.values()).groupby("name")["selected"].mean()
    assert table.set_index("name")["chosen"].sort_index().tolist() == expected.sort_index().tolist()
    assert (report.selection_over_folds(folds, 1.0)["chosen"] == 1).all()


def test_the_certificate_names_every_feature_and_the_first_offence(panel):
    def feature(bars):
        close = bars.groupby("symbol")["close"]
        return pd.DataFrame({"past": close.pct_change(3), "future": close.shift(-1)})

    audit = audit_features(feature, panel, n_cuts=1)
    text = report.certificate(audit, {"bars": "1,800 of 3 symbols"})
    assert "- bars: 1,800 of 3 symbols" in text
    assert "1 passed, 0 doubtful, 1 failed" in text
    assert "| past | passed |" in text
    assert "| future | failed | truncation, append | 20" in text
    assert text.index("| future |") < text.index("| past |")
