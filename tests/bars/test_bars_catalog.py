"""The catalog of symbols is what the bars say, after every kind of write."""

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore, IngestOptions
from finml_core.bars.layout import CATALOG
from finml_core.errors import ConfigError


def catalogs(store: BarStore) -> list[pd.DataFrame]:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        queries = ("FROM catalog ORDER BY symbol", f"{CATALOG} GROUP BY symbol ORDER BY symbol")
        return [connection.execute(query).df() for query in queries]


def test_the_catalog_follows_the_bars(store, panel):
    zeros = panel.assign(adj_close=panel["close"])
    zeros.loc[5, "volume"] = 0.0
    writes = (
        lambda: store.ingest(panel.iloc[::2]),
        lambda: store.ingest(zeros, on_conflict="skip"),
        lambda: store.ingest(zeros, on_conflict="replace"),
        lambda: store.exclude_finding("zero volume", "S0"),
        lambda: store.restore(4),
        lambda: store.delete(["S1", "nobody"]),
    )
    for write in writes:
        write()
        assert_frame_equal(*catalogs(store))
    assert store.symbols() == ["S0", "S2"]


def test_a_store_without_a_catalog_answers_and_gets_one(store, panel):
    store.ingest(panel)
    coverage = store.coverage()
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("DROP TABLE catalog")
    assert store.symbols() == ["S0", "S1", "S2"]
    assert store.search_symbols("s1") == ["S1"]
    assert_frame_equal(store.coverage(), coverage)
    store.ingest(panel.assign(symbol="T" + panel["symbol"].str[1:]))
    assert_frame_equal(*catalogs(store))


@pytest.fixture
def many(store, plain):
    symbols = ["AAPL", "PAAP", "aa", "AA", "100%", "1000", "A_B", "AxB", "ÉTÉ", "O'N; --", "Z"]
    store.ingest(pd.concat([plain.assign(symbol=name) for name in symbols]).reset_index(names="ts"))
    return store


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aa", ["AA", "aa", "AAPL", "PAAP"]),
        ("0%", ["100%"]),
        ("A_", ["A_B"]),
        ("été", ["ÉTÉ"]),
        ("'N;", ["O'N; --"]),
        (" z ", ["Z"]),
        ("nothing", []),
        ("\\", []),
    ],
)
def test_symbols_are_found_by_a_part_of_their_name(many, text, found):
    assert many.search_symbols(text) == found


def test_a_search_gives_no_more_than_asked_for(many):
    assert many.search_symbols("", limit=3) == sorted(many.symbols())[:3]
    assert many.search_symbols("a", limit=1) == ["AA"]
    with pytest.raises(ConfigError, match="limit"):
        many.search_symbols("a", limit=0)


def test_coverage_by_month_of_chosen_symbols(store, panel, plain):
    store.ingest(panel)
    store.ingest(plain, options=IngestOptions(symbol="X"))
    months = store.coverage_by_month(["S1", "X"])
    assert set(months["symbol"]) == {"S1", "X"}
    whole = store.coverage_by_month()
    expected = whole[whole["symbol"].isin(["S1", "X"])].reset_index(drop=True)
    assert_frame_equal(months, expected)
    assert months["n_bars"].sum() == 660
    assert store.coverage_by_month([]).empty
