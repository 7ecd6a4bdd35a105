"""A lake of Parquet files is read where it lies, checked like an ingest."""

import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import lake_symbols, read_lake
from finml_core.errors import DataError


@pytest.fixture
def lake(tmp_path, panel):
    for symbol, part in panel.groupby("symbol"):
        folder = tmp_path / "lake" / f"symbol={symbol}"
        folder.mkdir(parents=True)
        part.drop(columns="symbol").iloc[:200].to_parquet(folder / "a.parquet")
        part.drop(columns="symbol").iloc[200:].to_parquet(folder / "b.parquet")
    return tmp_path / "lake"


def test_a_partitioned_lake_gives_the_same_bars_as_the_store(lake, panel):
    assert lake_symbols(lake) == ["S0", "S1", "S2"]
    assert_frame_equal(read_lake(lake).bars, panel)
    one = read_lake(lake, "S1", start=panel["ts"].iloc[10], end=panel["ts"].iloc[20])
    expected = panel[(panel["symbol"] == "S1") & panel["ts"].between(panel["ts"].iloc[10], panel["ts"].iloc[20])]
    assert_frame_equal(one.bars, expected.reset_index(drop=True))
    assert not one.left_out


def test_bad_rows_of_a_lake_are_counted_never_loaded(lake, panel):
    part = panel[panel["symbol"] == "S0"].drop(columns="symbol").iloc[:3].copy()
    part.iloc[2, part.columns.get_loc("close")] = -1.0
    part.to_parquet(lake / "symbol=S0" / "c.parquet")
    read = read_lake(lake)
    assert read.left_out == {"duplicate": 2, "price not above 0": 1}
    assert_frame_equal(read.bars, panel)


def test_stamps_that_cannot_be_read_are_counted_in_any_span(tmp_path, panel):
    part = panel[panel["symbol"] == "S0"].iloc[:30].assign(ts=lambda bars: bars["ts"].astype("str"))
    part.loc[[3, 7], "ts"] = ["soon", None]
    (tmp_path / "lake").mkdir()
    part.to_parquet(tmp_path / "lake" / "a.parquet")
    expected = {"missing timestamp": 1, "unreadable timestamp": 1}
    assert read_lake(tmp_path / "lake").left_out == expected
    some = read_lake(tmp_path / "lake", start=panel["ts"].iloc[10], end=panel["ts"].iloc[20])
    assert some.left_out == expected
    assert_frame_equal(some.bars, panel.iloc[10:21].reset_index(drop=True))


@pytest.mark.parametrize("symbol", ["'; DROP TABLE x; --", "none"])
def test_an_unknown_symbol_of_a_lake_has_no_bars(lake, symbol):
    assert read_lake(lake, [symbol]).bars.empty


def test_a_lake_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        read_lake(tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read"):
        read_lake(tmp_path)


def test_a_remote_lake_without_httpfs_is_answered(monkeypatch):
    monkeypatch.setenv("HOME", "/nowhere")
    with pytest.raises(DataError, match=r"httpfs|cannot be read"):
        lake_symbols("s3://bucket/lake")
