import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

from finml_core.errors import DataError
from finml_core.schemas import key_index
from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, audit_features, audit_leakage
from tests.splits.rows import labelled_rows


def one_asset(n_bars: int = 100, horizon: int = 5) -> pd.Series:
    ts = pd.date_range("2020-01-01", periods=n_bars + horizon).astype("datetime64[us]")
    return pd.Series(ts[horizon:], index=ts[:n_bars].rename("ts"))


def slow_pairs(label_end, train, test):
    ts = label_end.index.get_level_values("ts")
    return sum(ts[i] <= label_end.iloc[j] and ts[j] <= label_end.iloc[i] for i in train for j in test)


def test_our_splitters_do_not_leak():
    label_end = labelled_rows(80, 3, 6, seed=0)
    for splitter in (PurgedKFold(4), CombinatorialPurgedCV(5, 2)):
        table = audit_leakage(splitter, label_end, embargo=0)
        assert (table[["overlapping_pairs", "leaking_rows", "embargo_violations", "duplicated_rows"]] == 0).all(
            axis=None
        )


@pytest.mark.parametrize("splitter", [KFold(5), TimeSeriesSplit(4), KFold(3, shuffle=True, random_state=0)])
def test_a_splitter_that_knows_no_labels_is_caught_with_the_true_count(splitter):
    label_end = labelled_rows(40, 2, 5, seed=1)
    table = audit_leakage(splitter, label_end)
    for row, (train, test) in zip(table.itertuples(), splitter.split(label_end.to_frame()), strict=True):
        assert row.overlapping_pairs == slow_pairs(label_end, train, test) > 0


def test_unpurged_folds_leak_the_horizon_on_each_side():
    # closed spans of 5 bars: each of the 5 rows before the block touches 1 .. 5 of its rows, and after it likewise
    table = audit_leakage(KFold(5), one_asset())
    assert list(table["leaking_rows"]) == [5, 10, 10, 10, 5]
    assert list(table["overlapping_pairs"]) == [15, 30, 30, 30, 15]
    purged = audit_leakage(TimeSeriesSplit(4, gap=5), one_asset())
    assert (purged["overlapping_pairs"] == 0).all()
    assert (audit_leakage(TimeSeriesSplit(4, gap=4), one_asset())["overlapping_pairs"] == 1).all()


def test_the_embargo_is_audited_after_each_block():
    splitter = CombinatorialPurgedCV(5, 2, embargo_pct=0.03)
    assert (audit_leakage(splitter, one_asset(), embargo=3)["embargo_violations"] == 0).all()
    table = audit_leakage(splitter, one_asset(), embargo=5)
    # blocks 0 and 2 are each followed by training rows, of which two lie in the longer embargo
    assert table["embargo_violations"][splitter.test_blocks.index((0, 2))] == 4
    assert table["embargo_violations"][splitter.test_blocks.index((0, 1))] == 2


def test_a_list_of_pairs_is_audited_too():
    pairs = [(np.r_[0:50, 3], [np.arange(60, 70), np.arange(45, 48)])]
    table = audit_leakage(pairs, one_asset(), y=pd.Series(np.arange(100) >= 50, index=one_asset().index))
    assert table["duplicated_rows"][0] == 4
    assert table["n_test"][0] == 13
    assert table["class_drift"][0] == pytest.approx(10 / 13)


def causal(bars):
    close = bars.groupby("symbol")["close"]
    return pd.DataFrame(
        {"return_3": close.pct_change(3), "mean_5": close.rolling(5).mean().reset_index(level=0, drop=True)}
    )


def test_causal_features_pass(panel):
    table = audit_features(causal, panel)
    assert list(table["feature"]) == ["return_3", "mean_5"]
    assert table["passed"].all()
    assert table["first_offence"].isna().all()
    assert (table["max_difference"] == 0).all()


def test_features_that_look_ahead_are_named(panel):
    def leaky(bars):
        close = bars.groupby("symbol")["close"]
        scaled = (bars["close"] - bars["close"].mean()) / bars["close"].std()
        return causal(bars).assign(oracle=close.shift(-1) / bars["close"] - 1, scaled=scaled)

    table = audit_features(leaky, panel, n_cuts=4).set_index("feature")
    assert list(table.index[~table["passed"]]) == ["oracle", "scaled"]
    assert table.loc["oracle", "max_difference"] == np.inf  # missing at the cut, known later
    assert table.loc["scaled", "first_offence"] == panel["ts"].min()
    first_cut = panel["ts"].drop_duplicates().iloc[600 // 3]
    assert table.loc["oracle", "first_offence"] == first_cut


def test_features_may_come_on_keys_or_as_an_array(panel):
    on_keys = audit_features(lambda bars: causal(bars).set_axis(key_index(bars)), panel)
    as_array = audit_features(lambda bars: causal(bars).to_numpy(), panel)
    assert on_keys["passed"].all()
    assert as_array["passed"].all()


def test_a_plain_frame_of_one_asset_is_audited(panel):
    plain = panel[panel["symbol"] == "S0"].drop(columns="symbol").set_index("ts")
    table = audit_features(lambda bars: bars["close"].pct_change(), plain)
    assert table["passed"].all()
    table = audit_features(lambda bars: bars["close"].pct_change(-1), plain)
    assert not table["passed"].any()


def test_features_that_match_no_bar_are_refused(panel):
    with pytest.raises(DataError, match="one row a bar"):
        audit_features(lambda bars: pd.DataFrame({"x": [1.0]}, index=["elsewhere"]), panel)
    with pytest.raises(DataError, match="at least 3 timestamps"):
        audit_features(causal, panel[panel["ts"] < panel["ts"].unique()[2]])
