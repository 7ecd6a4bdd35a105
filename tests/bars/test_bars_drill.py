"""From a finding to its bars, out of the store and back again."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore
from finml_core.errors import ConfigError, DataError


def layouts(store: BarStore) -> list[pd.DataFrame]:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        return [connection.execute(f"FROM {name} ORDER BY symbol, ts").df() for name in ("bars", "bars_by_day")]


@pytest.fixture
def dirty(panel):
    """S1 (rows 600 to 1199) with defects that a store keeps."""
    bars = panel.assign(bid=panel["close"] * 0.999, ask=panel["close"] * 1.001)
    bars.loc[[620, 630, 640], "volume"] = 0.0
    bars.loc[700:706, "close"] = 80.0
    bars.loc[700:706, ["high", "low"]] = [1000.0, 1.0]
    bars.loc[[750, 760], "bid"] = bars["ask"] * 1.01
    bars.loc[770, "bid"] = bars.loc[770, "ask"]
    bars.loc[780, "volume"] = np.nan
    bars.loc[900:1199, ["open", "high", "low", "close"]] /= 2
    return bars.drop(index=[800, 801]).reset_index(drop=True)


EXPECTED = {"zero volume": 0.0, "stale closes": 7.0, "locked quotes": 0.0, "missing sessions": 0.0}


@pytest.mark.parametrize(
    "check",
    ["zero volume", "missing volume", "stale closes", "crossed quotes", "locked quotes", "unadjusted splits",
     "missing sessions", "outliers"],
)  # fmt: skip
def test_a_finding_leads_to_its_bars_and_their_neighbours(check, store, dirty):
    store.ingest(dirty)
    finding = store.findings().query("check == @check and symbol == 'S1'").iloc[0]
    bars = store.finding_bars(check, "S1", context=2)
    concerned = bars[bars["concerned"]]
    assert len(concerned) == finding["count"]
    assert (concerned["ts"].iloc[0], concerned["ts"].iloc[-1]) == (finding["first"], finding["last"])
    assert bars["ts"].is_monotonic_increasing
    assert not bars.duplicated("ts").any()
    assert set(bars["symbol"]) == {"S1"}
    assert bars.loc[~bars["concerned"], "measure"].isna().all()
    stored = bars[bars["close"].notna()].drop(columns=["concerned", "measure"]).reset_index(drop=True)
    of_symbol = dirty[dirty["symbol"] == "S1"].reset_index(drop=True)
    assert_frame_equal(stored, of_symbol[of_symbol["ts"].isin(stored["ts"])].reset_index(drop=True))
    places = of_symbol.index[of_symbol["ts"].isin(concerned["ts"])]
    if len(places):
        near = {place + step for place in places for step in range(-2, 3)} & set(range(len(of_symbol)))
        assert len(stored) == len(near)
    if check in EXPECTED:
        assert (concerned["measure"] == EXPECTED[check]).all()
    elif check == "crossed quotes":
        middle = (concerned["ask"] + concerned["bid"]) / 2
        np.testing.assert_allclose(concerned["measure"], 10_000 * (concerned["ask"] - concerned["bid"]) / middle)
    elif check == "unadjusted splits":
        assert concerned["measure"].iloc[0] == pytest.approx(-50, abs=2)


def test_a_session_that_lacks_is_a_row_without_prices(store, dirty):
    store.ingest(dirty)
    bars = store.finding_bars("missing sessions", "S1", context=1)
    assert bars["concerned"].tolist() == [False, True, True, False]
    assert bars.loc[bars["concerned"], "close"].isna().all()
    assert bars.loc[~bars["concerned"], "close"].notna().all()


def test_the_gravest_bars_are_shown_first_when_there_are_too_many(store, panel):
    bars = panel.copy()
    rows = [700, 750, 800, 850]
    bars.loc[rows, ["open", "high", "low", "close"]] *= np.array([1.15, 1.6, 1.18, 1.4])[:, None]
    store.ingest(bars)
    shown = store.finding_bars("outliers", "S1", context=0, limit=2)
    assert len(shown) == 2
    assert shown["ts"].min() >= bars.loc[750, "ts"]
    all_of_them = store.finding_bars("outliers", "S1", context=0)
    assert sorted(shown["measure"]) == sorted(all_of_them["measure"].nlargest(2))


def test_a_finding_that_is_not_there_has_no_bars(store, panel):
    store.ingest(panel)
    assert store.finding_bars("zero volume", "S1").empty
    assert store.finding_bars("zero volume", "nobody").empty
    assert store.finding_bars("unsorted rows", "S1").empty
    with pytest.raises(ConfigError, match="choose one of"):
        store.finding_bars("bad luck", "S1")


def test_excluded_bars_are_kept_aside_and_can_be_put_back(store, dirty):
    store.ingest(dirty)
    before = layouts(store)
    number = store.exclude_finding("zero volume", "S1", note="not traded")
    assert len(store.load("S1")) == len(before[0].query("symbol == 'S1'")) - 3
    assert store.findings().query("check == 'zero volume'").empty
    assert store.coverage().set_index("symbol").loc["S1", "n_bars"] == len(store.load("S1"))
    aside = store.quarantine(number)
    assert aside["reason"].unique().tolist() == ["excluded: zero volume"]
    assert len(aside) == 3
    log = store.ingests().iloc[0]
    assert (log["action"], log["deleted"], log["quarantined"]) == ("exclude", 3, 3)
    assert "not traded" in log["details"]
    assert_frame_equal(*layouts(store))
    assert store.restore(number) == 3
    for now, then in zip(layouts(store), before):
        assert_frame_equal(now, then)
    assert store.quarantine().empty
    assert store.version() == 3
    with pytest.raises(DataError, match="no exclusion whose bars are still aside"):
        store.restore(number)


@settings(max_examples=6, deadline=None)
@given(price=st.floats(1e-300, 1e300), adjusted=st.none() | st.floats(5e-324, 1.7e308), quote=st.floats(1e-10, 1e10))
def test_restored_bars_are_the_same_to_the_last_digit(tmp_path_factory, price, adjusted, quote):
    store = BarStore(tmp_path_factory.mktemp("digits") / "m.duckdb")
    ts = pd.date_range("2020-01-01 00:00:00.000001", periods=3)
    bars = pd.DataFrame({"symbol": "'; é☃", "ts": ts.astype("datetime64[us]"), "open": price, "high": price})
    bars = bars.assign(low=price, close=price, volume=[1.0, 0.0, 2.0], adj_close=adjusted, bid=quote, ask=quote)
    store.ingest(bars.astype({"adj_close": "float64"}))
    before = layouts(store)
    store.restore(store.exclude_finding("zero volume", "'; é☃"))
    for now, then in zip(layouts(store), before):
        assert_frame_equal(now, then, check_exact=True)


def test_exclusions_that_cannot_be_are_refused(store, panel):
    store.ingest(panel)
    with pytest.raises(DataError, match="has no finding 'zero volume'"):
        store.exclude_finding("zero volume", "S0")
    with pytest.raises(ConfigError, match="not mended by leaving bars out"):
        store.exclude_finding("unadjusted splits", "S0")
    with pytest.raises(DataError, match="99 is no exclusion"):
        store.restore(99)
    with pytest.raises(DataError, match="1 is no exclusion"):
        store.restore(1)
    store.ingest(panel.assign(volume=0.0), on_conflict="replace")
    with pytest.raises(DataError, match="all 600 bars of S0; delete the symbol"):
        store.exclude_finding("zero volume", "S0")
    assert store.version() == 2


def test_bars_that_came_in_again_are_not_restored_over(store, dirty):
    store.ingest(dirty)
    number = store.exclude_finding("zero volume", "S1")
    store.ingest(dirty, on_conflict="skip")
    with pytest.raises(DataError, match="3 of the 3 bars"):
        store.restore(number)
    assert len(store.quarantine(number)) == 3
