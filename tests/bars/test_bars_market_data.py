"""Real files of many kinds, where a developer has them: their known defects are found."""

import os
from pathlib import Path

import pandas as pd
import pytest

from finml_core.bars import BarStore, session_counts

FOLDER = os.environ.get("FINML_MARKET_DATA", "")
pytestmark = [
    pytest.mark.skipif(
        not FOLDER or not Path(FOLDER).is_dir(), reason="FINML_MARKET_DATA names no folder of market data"
    ),
    pytest.mark.slow,
]
# file -> rows, symbols, extra columns
FILES = {
    "sp500_daily": (1_190_469, 496, {"adj_close"}),
    "us_equity_hourly": (211_868, 6, {"adj_close"}),
    "us_equity_minute_quotes": (20_311, 10, {"bid", "ask"}),
    "fx_hourly_quotes": (148_890, 2, {"bid", "ask"}),
    "gbpusd_minute_quotes": (30_117, 1, {"bid", "ask"}),
}


def source(name: str) -> Path:
    path = Path(FOLDER) / f"{name}.parquet"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in FINML_MARKET_DATA")
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_comes_in_whole(name, tmp_path):
    n_rows, n_symbols, extra = FILES[name]
    store = BarStore(tmp_path / "m.duckdb")
    report = store.ingest(source(name))
    assert (report.rows_read, report.inserted, report.n_quarantined) == (n_rows, n_rows, 0)
    assert len(store.symbols()) == n_symbols
    assert extra <= set(store.load(store.symbols()[0]).columns)


def findings_of(name: str, tmp_path: Path, **options) -> tuple[BarStore, pd.DataFrame]:
    store = BarStore(tmp_path / "m.duckdb")
    report = store.ingest(source(name), **options)
    assert report.seconds < 10
    return store, store.findings().set_index(["check", "symbol"])


def test_zero_volumes_and_stale_runs_of_daily_stocks_are_found(tmp_path):
    store, findings = findings_of("sp500_daily", tmp_path)
    assert findings.loc[("zero volume", "AMCR"), ["count", "severity"]].tolist() == [1371, "medium"]
    assert findings.loc["zero volume", "count"].sum() == 1436
    runs = store.finding_bars("stale closes", "AMCR", context=0, limit=10_000)
    assert runs["measure"].max() == 80
    bars = pd.read_parquet(source("sp500_daily"), columns=["symbol", "ts", "close"])
    length = bars.groupby(["symbol", (bars["close"] != bars.groupby("symbol")["close"].shift()).cumsum()]).size()
    assert length[length >= 6].size == 78  # the figure in the notes on this file
    assert findings.loc["stale closes", "count"].sum() == length[length >= 5].sum()
    assert not {"missing sessions", "missing volume", "crossed quotes"} & set(findings.index.get_level_values(0))


def test_crossed_and_locked_quotes_of_minutes_are_found(tmp_path):
    _, findings = findings_of("gbpusd_minute_quotes", tmp_path)
    counts = findings.xs("GBPUSD", level="symbol")["count"]
    assert counts[["crossed quotes", "locked quotes", "missing volume"]].tolist() == [347, 306, 30_117]
    assert findings.loc[("missing volume", "GBPUSD"), "severity"] == "low"


def test_locked_quotes_and_the_split_of_stock_minutes_are_found(tmp_path):
    store, findings = findings_of("us_equity_minute_quotes", tmp_path)
    assert findings.loc["locked quotes", "count"].sum() == 213
    assert "crossed quotes" not in findings.index.get_level_values("check")
    proposed = store.propose_splits()
    assert proposed[["symbol", "ratio"]].to_numpy().tolist() == [["AAPL", 7.0]]
    assert findings.loc[("unadjusted splits", "AAPL"), "severity"] == "high"


def test_currencies_have_no_volume_and_no_other_defect(tmp_path):
    _, findings = findings_of("fx_hourly_quotes", tmp_path)
    assert findings.loc["missing volume", "count"].to_dict() == {"EURUSD": 74_439, "NZDUSD": 74_451}
    assert set(findings.index.get_level_values("check")) == {"missing volume", "outliers"}


def test_raw_hourly_prices_show_their_splits(tmp_path):
    store, findings = findings_of("us_equity_hourly", tmp_path, mapping={"adj_close": None})
    assert (findings.loc["unadjusted splits", "severity"] == "high").all()
    proposed = store.propose_splits()
    found = {(row.symbol, row.ts.year, round(row.ratio, 4)) for row in proposed.query("opens_on_it").itertuples()}
    reverse = {("VXX", year, 0.25) for year in (2010, 2012, 2013, 2016, 2017)} | {("AIG", 2009, 0.05)}
    forward = {("AAPL", 2000, 2), ("AAPL", 2005, 2), ("AAPL", 2014, 7), ("BAC", 2004, 2), ("IBM", 1999, 2)}
    assert reverse | forward <= found
    sure = proposed.query("confidence == 'high'")
    assert {("AAPL", 7), ("BAC", 2), ("IBM", 2), ("VXX", 0.25)} <= set(zip(sure["symbol"], sure["ratio"]))
    crashes = proposed[(proposed["symbol"] == "AAPL") & (proposed["ts"].dt.month == 9)]
    assert crashes["confidence"].tolist() == ["low"]


def test_splits_of_raw_hourly_prices_are_proposed_and_mended(tmp_path):
    store = BarStore(tmp_path / "m.duckdb")
    store.ingest(source("us_equity_hourly"), mapping={"adj_close": None})
    proposed = store.propose_splits(["AAPL", "AIG"]).query("opens_on_it")
    ratios = {(row.symbol, row.ts.year, round(row.ratio, 3)) for row in proposed.itertuples()}
    assert {("AAPL", 2014, 7), ("AAPL", 2005, 2), ("AIG", 2009, 0.05)} <= ratios
    split = proposed.query("symbol == 'AAPL' and ratio == 7").iloc[0]
    store.apply_split("AAPL", split["ts"], split["ratio"])
    left = store.propose_splits("AAPL")
    assert 7 not in left["ratio"].tolist()


def test_sessions_of_real_hours_are_known(tmp_path):
    store = BarStore(tmp_path / "m.duckdb")
    store.ingest(source("us_equity_hourly"))
    counts = session_counts(store.load(["SPY", "VXX"], "2019-01-01", "2019-12-31"))
    assert (counts.query("symbol == 'SPY'")["expected_bars"] == 7).all()
    assert (counts.query("symbol == 'VXX'")["n_bars"] == 0).sum() > 50
