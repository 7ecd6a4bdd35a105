"""The audit of features by other histories: each kind of leak is caught by the test that is meant for it."""

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.splits import audit_features
from finml_core.splits.feature_histories import N_APPENDED, appended


def by_symbol(bars):
    return bars.groupby("symbol")["close"]


def only(table: pd.DataFrame) -> pd.Series:
    assert len(table) == 1
    return table.iloc[0]


def test_a_causal_feature_passes_every_test(panel):
    row = only(audit_features(lambda bars: by_symbol(bars).pct_change(10), panel, n_cuts=2))
    assert row["verdict"] == "passed"
    assert row["failed_tests"] == ""
    assert row["max_difference"] == 0
    assert row["forgets_after"] == 10
    assert row["first_symbol"] is None
    assert pd.isna(row["first_offence"])


def test_what_cutting_cannot_show_appending_does(panel):
    """The highest close of the whole history, reached before the first cut: no cut changes it."""
    early = panel.copy()
    early.loc[early.groupby("symbol").cumcount() == 10, ["open", "high", "low", "close"]] = 1e4
    row = only(audit_features(lambda bars: bars["close"] / by_symbol(bars).transform("max"), early, n_cuts=3))
    assert row["failed_tests"] == "append, start"
    assert row["verdict"] == "failed"
    assert row["first_offence"] == panel["ts"].min()
    assert row["first_symbol"] == "S0"


def test_the_first_offending_bar_is_named_with_its_symbol(panel):
    def leaky(bars):
        value = bars["close"].copy()
        place = (bars["symbol"] == "S1") & (bars.groupby("symbol").cumcount() == 450)
        value[place] = float(len(bars))
        return value

    row = only(audit_features(leaky, panel, n_cuts=4))
    assert not row["passed"]
    assert row["first_symbol"] == "S1"
    assert row["first_offence"] == panel["ts"].unique()[450]


def test_a_feature_that_remembers_its_start_for_ever_is_doubtful(panel):
    row = only(audit_features(lambda bars: by_symbol(bars).transform("cumsum"), panel, n_cuts=2))
    assert row["passed"]
    assert row["verdict"] == "doubtful"
    assert row["failed_tests"] == "start"
    assert np.isnan(row["forgets_after"])


def test_a_recursion_forgets_and_may_not_take_longer_than_declared(panel):
    def smooth(bars):
        return by_symbol(bars).transform(lambda x: x.ewm(span=10, adjust=False).mean()).rename("ema")

    row = only(audit_features(smooth, panel, n_cuts=1))
    assert row["verdict"] == "passed"
    assert 40 < row["forgets_after"] < 120
    assert row["autocorrelation"] > 0.99
    assert only(audit_features(smooth, panel, n_cuts=1, warm_up=150))["verdict"] == "passed"
    assert only(audit_features(smooth, panel, n_cuts=1, warm_up={"ema": 20}))["failed_tests"] == "start"
    assert only(audit_features(smooth, panel, n_cuts=1, warm_up={"other": 20}))["failed_tests"] == ""


def test_chance_is_caught_by_asking_twice(panel):
    generator = np.random.default_rng(0)
    row = only(audit_features(lambda bars: generator.normal(size=len(bars)), panel, n_cuts=1))
    assert row["failed_tests"].startswith("repeat, truncation, append")


def test_tests_can_be_chosen(panel):
    row = only(audit_features(lambda bars: by_symbol(bars).shift(-1), panel, tests=("repeat",)))
    assert row["passed"]
    assert np.isnan(row["forgets_after"])
    with pytest.raises(ConfigError, match="a test is 'luck'; choose one of: append"):
        audit_features(lambda bars: bars["close"], panel, tests=("luck",))


def test_what_is_appended_comes_after_the_last_bar_and_is_consistent(panel):
    bars = panel.assign(adj_close=0.5 * panel["close"])
    longer = appended(bars)
    assert len(longer) == len(bars) + 3 * N_APPENDED
    fresh = longer[longer["ts"] > bars["ts"].max()]
    assert len(fresh) == 3 * N_APPENDED
    assert (fresh["low"] <= fresh[["open", "close"]].min(axis=1)).all()
    assert (fresh["high"] >= fresh[["open", "close"]].max(axis=1)).all()
    np.testing.assert_allclose(fresh["adj_close"], 0.5 * fresh["close"])
    assert longer.dtypes.equals(bars.dtypes)
    pd.testing.assert_frame_equal(longer[longer["ts"] <= bars["ts"].max()].reset_index(drop=True), bars)


def test_one_assets_plain_frame_goes_through_every_test(panel):
    plain = panel[panel["symbol"] == "S0"].drop(columns="symbol").set_index("ts")
    assert only(audit_features(lambda bars: bars["close"].rolling(5).mean(), plain, n_cuts=1))["verdict"] == "passed"
    row = only(audit_features(lambda bars: bars["close"] / bars["close"].iloc[-1], plain, n_cuts=1))
    assert row["failed_tests"] == "truncation, append"
    assert row["first_symbol"] == ""


def test_features_that_are_no_numbers_or_of_another_length_are_refused(panel):
    with pytest.raises(DataError, match=r"shape \(10,\) for 1800 bars; return one row a bar"):
        audit_features(lambda bars: np.zeros(10), panel)
    with pytest.raises(DataError, match=r"shape \(\) for 1800 bars"):
        audit_features(lambda bars: None, panel)
    with pytest.raises(DataError, match="'symbol' is of type"):
        audit_features(lambda bars: bars["symbol"], panel)
