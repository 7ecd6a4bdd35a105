"""Real files of many kinds, where a developer has them: their known defects are found."""

import os
from pathlib import Path

import pytest

from finml_core.bars import BarStore, quality_report, session_counts

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


def test_known_defects_of_real_files_are_found(tmp_path):
    store = BarStore(tmp_path / "m.duckdb")
    store.ingest(source("sp500_daily"))
    findings = store.quality().set_index(["check", "symbol"])
    assert findings.loc[("zero volume", "AMCR"), "count"] == 1371
    assert findings.loc[("stale closes", "AMCR"), "count"] > 300
    store.ingest(source("gbpusd_minute_quotes"))
    quotes = quality_report(store.load("GBPUSD")).set_index("check")
    assert quotes.loc["crossed quotes", "count"] == 347
    assert quotes.loc["missing volume", "count"] == 30_117


def test_raw_hourly_prices_show_their_splits(tmp_path):
    store = BarStore(tmp_path / "m.duckdb")
    store.ingest(source("us_equity_hourly"), mapping={"adj_close": None})
    splits = store.quality().query("check == 'unadjusted splits'")
    assert {"AAPL", "AIG", "VXX"} <= set(splits["symbol"])


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
