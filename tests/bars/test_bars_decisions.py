"""A split is proposed, applied on request and taken back; the bars as supplied never change."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.errors import ConfigError, DataError
from finml_core.schemas import PRICES, adjusted


@pytest.fixture
def halved(panel):
    """S1 with an unadjusted split of 2 for 1 at its bar 300, and the stamp of that bar."""
    bars = panel.copy()
    bars.loc[900:1199, list(PRICES)] /= 2
    return bars, bars.loc[900, "ts"]


def test_a_split_is_proposed_with_its_ratio_and_date(store, halved):
    bars, ts = halved
    store.ingest(bars)
    proposals = store.propose_splits()
    assert proposals[["symbol", "ts", "ratio"]].to_numpy().tolist() == [["S1", ts, 2.0]]
    assert proposals.loc[0, "close_before"] / proposals.loc[0, "close_after"] == pytest.approx(2, rel=0.1)


def test_an_applied_split_mends_returns_and_leaves_prices(store, halved, panel):
    bars, ts = halved
    store.ingest(bars)
    assert store.apply_split("S1", ts, 2.0) == 1
    loaded = store.load()
    assert_frame_equal(loaded.drop(columns="adj_close"), bars)
    assert loaded["adj_close"].notna().equals(bars["symbol"] == "S1")
    mended = adjusted(loaded)
    truth = panel.groupby("symbol")["close"].pct_change()
    np.testing.assert_allclose(mended.groupby("symbol")["close"].pct_change(), truth, rtol=1e-9, atol=1e-12)
    assert_frame_equal(store.load(adjusted=True), mended)
    assert store.propose_splits().empty
    section = store.cross_section(bars.loc[700, "ts"]).set_index("symbol")
    assert section.loc["S1", "adj_close"] == pytest.approx(bars.loc[700, "close"] / 2)
    assert store.candles("S1", adjusted=True)["close"].iloc[0] == pytest.approx(bars.loc[600, "close"] / 2)


def test_two_splits_multiply_and_one_can_be_taken_back(store, panel):
    store.ingest(panel.assign(adj_close=panel["close"]))
    first, last = (store.apply_split("S0", panel.loc[row, "ts"], ratio) for row, ratio in ((100, 3.0), (200, 0.1)))
    factor = (store.load("S0")["adj_close"] / panel["close"].iloc[:600].to_numpy()).to_numpy()
    assert factor[[0, 99, 100, 199, 200]] == pytest.approx([1 / 0.3, 1 / 0.3, 10, 10, 1])
    store.revert_split(first)
    factor = (store.load("S0")["adj_close"] / panel["close"].iloc[:600].to_numpy()).to_numpy()
    assert factor[[0, 199, 200]] == pytest.approx([10, 10, 1])
    store.revert_split(last)
    assert_frame_equal(store.load(), panel.assign(adj_close=panel["close"]))
    assert store.splits()["reverted_at"].notna().all()
    assert store.ingests()["action"].tolist() == ["revert split", "revert split", "split", "split", "ingest"]
    assert store.version() == 5


def test_splits_that_cannot_be_are_refused(store, panel):
    store.ingest(panel)
    ts = panel.loc[50, "ts"]
    store.apply_split("S0", ts, 2.0)
    with pytest.raises(DataError, match="has split 1 at"):
        store.apply_split("S0", ts, 3.0)
    with pytest.raises(DataError, match="0 bars before"):
        store.apply_split("S0", panel.loc[0, "ts"], 2.0)
    with pytest.raises(ConfigError, match="splits nothing"):
        store.apply_split("S0", ts, 1.0)
    with pytest.raises(ConfigError, match="ratio is -1"):
        store.apply_split("S0", ts, -1.0)
    with pytest.raises(DataError, match="no split 9"):
        store.revert_split(9)
    assert len(store.splits()) == 1


def test_what_was_decided_about_a_finding_stands_beside_it(store, panel):
    dirty = panel.copy()
    dirty.loc[[5, 605], "volume"] = 0.0
    store.ingest(dirty)
    assert set(store.findings()["decision"]) == {"open"}
    store.review_finding("zero volume", "S0", decision="accepted", note="a holiday")
    store.review_finding("zero volume", decision="mended")
    found = store.findings().query("check == 'zero volume'").set_index("symbol")["decision"]
    assert found.to_dict() == {"S0": "accepted", "S1": "mended"}
    assert store.reviews()["note"].tolist() == ["a holiday", ""]
    with pytest.raises(ConfigError, match="choose one of"):
        store.review_finding("bad luck", decision="accepted")


def test_an_empty_store_has_no_decisions(store):
    frames = (store.splits(), store.reviews(), store.propose_splits(), store.findings())
    assert all(isinstance(frame, pd.DataFrame) and frame.empty for frame in frames)


def test_a_large_reverse_split_is_found_though_the_price_moved_besides(store, panel):
    bars = panel.copy()
    bars.loc[900:1199, list(PRICES)] *= 20 * 0.9
    store.ingest(bars)
    assert store.propose_splits()["ratio"].tolist() == [0.05]


def test_volume_that_moves_with_the_price_makes_a_split_surer(store, panel):
    bars = panel.copy()
    prices = list(PRICES)
    for symbol, ratio in (("S0", 2.0), ("S1", 2.0), ("S2", 0.25)):
        after = (bars["symbol"] == symbol) & (bars["ts"] >= bars["ts"].iloc[300])
        bars.loc[after, prices] /= ratio
        if symbol != "S1":
            bars.loc[after, "volume"] *= ratio
    store.ingest(bars.assign(volume=bars["volume"].where(bars["symbol"] != "S1", bars["volume"].median())))
    proposals = store.propose_splits().set_index("symbol")
    assert proposals["confidence"].to_dict() == {"S0": "high", "S1": "medium", "S2": "high"}
    around = bars[bars["symbol"] == "S0"].reset_index(drop=True)["volume"]
    expected = around.iloc[300:320].median() / around.iloc[280:300].median()
    assert proposals.loc["S0", "volume_ratio"] == pytest.approx(expected)
    assert proposals.loc["S1", "volume_ratio"] == 1
    assert set(store.findings()["severity"]) == {"high"}


def test_a_split_without_volume_is_proposed_all_the_same(store, halved):
    bars, ts = halved
    store.ingest(bars.assign(volume=np.nan))
    proposals = store.propose_splits()
    assert proposals[["symbol", "ts", "ratio", "confidence"]].to_numpy().tolist() == [["S1", ts, 2.0, "medium"]]
    assert proposals["volume_ratio"].isna().all()
