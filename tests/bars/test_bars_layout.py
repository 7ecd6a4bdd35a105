"""Both layouts hold the same bars after whatever happened, and stores of an earlier version are completed."""

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.errors import ConfigError


def layouts(store) -> list[pd.DataFrame]:
    with duckdb.connect(str(store.path), read_only=True) as connection:
        return [
            connection.execute(f"SELECT * FROM {name} ORDER BY symbol, ts").df() for name in ("bars", "bars_by_day")
        ]


def test_layouts_stay_equal_through_every_kind_of_write(store, panel):
    half = panel.iloc[::2]
    store.ingest(half)
    store.ingest(panel, on_conflict="skip")
    store.ingest(half.assign(volume=7.0), on_conflict="replace")
    store.delete("S1")
    by_symbol, by_day = layouts(store)
    assert_frame_equal(by_symbol, by_day)
    assert len(by_symbol) == 1200
    assert (by_symbol["volume"] == 7).sum() == 600


def test_a_cross_section_is_the_day_of_every_symbol(store, panel):
    store.ingest(panel)
    day = panel["ts"].iloc[40]
    expected = panel[panel["ts"] == day].reset_index(drop=True)
    assert_frame_equal(store.cross_section(day), expected)
    assert_frame_equal(store.cross_section(str(day.date())), expected)
    assert store.cross_section("1990-01-01").empty
    with pytest.raises(ConfigError, match="ts is missing"):
        store.cross_section(None)


def test_a_store_of_an_earlier_version_is_read_and_completed_at_the_next_write(store, panel):
    store.ingest(panel)
    with duckdb.connect(str(store.path)) as connection:
        for table in ("bars_by_day", "splits", "reviews"):
            connection.execute(f"DROP TABLE {table}")
    assert_frame_equal(store.load(), panel)
    assert len(store.cross_section(panel["ts"].iloc[3])) == 3
    store.delete("S0")
    by_symbol, by_day = layouts(store)
    assert_frame_equal(by_symbol, by_day)
    assert len(by_day) == 1200


def test_rows_in_any_order_come_out_sorted(store, panel):
    store.ingest(panel.sort_values(["ts", "symbol"]))
    assert_frame_equal(store.load(), panel)
