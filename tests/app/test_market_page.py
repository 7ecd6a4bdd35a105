"""The parts of Market data, each from the page's own file: what they show, what they write, what they refuse."""

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from finml_core.bars import BarStore, IngestOptions
from finml_core.errors import DataError
from tests.conftest import random_bars

N_MINUTES = 3000


@pytest.fixture
def home(tmp_path):
    """Two symbols of days, of which S0 halves one day without a word, and one of minutes."""
    store = BarStore(tmp_path / "market.duckdb")
    days = random_bars(2, 300)
    later = (days["symbol"] == "S0") & (days["ts"] >= days["ts"].iloc[150])
    days.loc[later, ["open", "high", "low", "close"]] /= 2
    store.ingest(days, options=IngestOptions(source="days"))
    close = 50 + np.sin(np.arange(N_MINUTES) / 50)
    ts = pd.date_range("2015-01-05 00:01", periods=N_MINUTES, freq="min")
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    store.ingest(pd.DataFrame({"symbol": "MINUTES", "ts": ts, **prices, "volume": 10.0}))
    return tmp_path


def hero(app) -> str:
    """The sentence below the candles, or the error in their place."""
    found = [str(one.value) for one in (*app.caption, *app.error) if "Drag to move" in str(one.value)]
    return found[0] if found else " ".join(str(one.value) for one in app.error)


def said(app) -> str:
    return " ".join(str(one.value) for one in app.success)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("As stored", "3\u202f000 in view"),
        ("1 hour", "50 candles, one a bar of 1 hour"),
        ("1 day", "3 candles, one a bar of 1 day"),
        ("Tick bars", "100 candles, one a tick bar"),
        ("Volume bars", "100 candles, one a volume bar"),
        ("Dollar bars", "candles, one a dollar bar"),
    ],
)
def test_minutes_are_put_together_as_asked(open_at, home, size, expected):
    app = open_at("market_data", home, market_symbol="MINUTES")
    app.selectbox(key="market_size").set_value(size).run()
    if "bars" in size:
        app.select_slider(key="market_count").set_value(100).run()
    assert not app.exception
    assert expected in hero(app)


def test_days_cannot_be_cut_into_hours_and_the_page_says_so(open_at, home):
    app = open_at("market_data", home, market_symbol="S1", market_size="1 hour")
    assert not app.exception
    assert "choose a longer rule" in hero(app)
    assert app.button(key="market_go_all")


def test_buttons_move_the_view_and_never_out_of_the_bars(open_at, home):
    app = open_at("market_data", home, market_symbol="MINUTES")
    whole = hero(app)
    for _ in range(12):
        app.button(key="market_go_closer").click().run()
    assert "candles, one a stored bar" in hero(app)
    for _ in range(3):
        app.button(key="market_go_later").click().run()
        assert not app.exception
    app.button(key="market_go_all").click().run()
    assert hero(app) == whole


def test_a_link_opens_its_stretch_and_a_broken_one_all(open_at, home):
    asked = {"market_from": "2015-01-05T10:00:00", "market_to": "2015-01-05T12:00:00"}
    app = open_at("market_data", home, market_symbol="MINUTES", **asked)
    assert "between 2015-01-05 10:00 and 2015-01-05 12:00" in hero(app)
    broken = open_at("market_data", home, market_symbol="MINUTES", market_from="soon", market_to="later")
    assert "3\u202f000 in view" in hero(broken)


def test_more_symbols_than_a_list_holds_are_searched_for(open_at, home, monkeypatch):
    from pages._ui.market import view

    monkeypatch.setattr(view, "MOST_OPTIONS", 2)
    app = open_at("market_data", home, symbols="S0")
    assert app.selectbox(key="market_symbol").options == ["S0"]
    app.text_input(key="market_search").set_value("inu").run()
    assert app.selectbox(key="market_symbol").options == ["S0", "MINUTES"]
    app.selectbox(key="market_symbol").set_value("MINUTES").run()
    assert "MINUTES went from" in hero(app)


def test_what_was_mended_is_listed_with_the_way_back(open_at, home):
    store = BarStore(home / "market.duckdb")
    step = store.propose_splits("S0").iloc[0]
    number = store.apply_split("S0", step["ts"], step["ratio"])
    store.review_finding("outliers", "S1", decision="accepted", note="earnings")
    app = open_at("market_data", home)
    shown = " ".join(str(one.value) for one in (*app.markdown, *app.caption))
    assert f"Split {number}: S0, 2 for 1" in shown
    assert "Accepted: outliers of S1" in shown
    assert "earnings" in shown
    app.button(key=f"market_revert_{number}").click().run()
    assert not app.exception
    assert "of S0 reverted" in said(app)
    assert store.splits()["reverted_at"].notna().all()


def test_bars_left_out_can_be_put_back_once(open_at, home):
    store = BarStore(home / "market.duckdb")
    bad = random_bars(1, 300, seed=3).assign(symbol="BAD", volume=lambda bars: bars["volume"].where(bars.index != 9, 0))
    store.ingest(bad, options=IngestOptions(source="bad"))
    number = store.exclude_finding("zero volume", "BAD", "no trade")
    app = open_at("market_data", home)
    app.button(key=f"market_restore_{number}").click().run()
    assert "1 bar of BAD put back" in said(app)
    assert len(store.load("BAD")) == 300
    assert not [button for button in app.button if button.key and button.key.startswith("market_restore")]


def test_nothing_is_deleted_without_a_word_of_consent(open_at, home):
    store = BarStore(home / "market.duckdb")
    app = open_at("market_data", home, market_tab="Coverage")
    app.multiselect(key="market_delete_symbols").set_value(["S1"]).run()
    assert app.button(key="market_delete").disabled
    app.checkbox(key="market_delete_sure").check().run()
    app.button(key="market_delete").click().run()
    assert "300 bars deleted" in said(app)
    assert store.symbols() == ["MINUTES", "S0"]


def test_a_synthetic_market_is_stored_with_the_settings_of_its_sliders(open_at, home):
    app = open_at("market_data", home, market_tab="Synthetic market")
    app.text_input(key="market_syn_name").set_value("LOUD")
    app.selectbox(key="market_syn_size").set_value("30min")
    app.slider(key="market_syn_symbols").set_value(2)
    app.select_slider(key="market_syn_bars").set_value(250)
    app.slider(key="market_syn_jumps").set_value(50).run()
    assert not app.exception
    app.button(key="market_syn_store").click().run()
    assert "500 stored" in said(app)
    bars = BarStore(home / "market.duckdb").load("LOUD01")
    assert len(bars) == 250
    assert bars["ts"].diff().min() == pd.Timedelta("30min")


def test_a_synthetic_market_needs_a_plain_name(open_at, home):
    app = open_at("market_data", home, market_tab="Synthetic market")
    for name in ("", "1X", "A B", "x'; DROP"[:8]):
        app.text_input(key="market_syn_name").set_value(name).run()
        assert not app.exception
        assert not [button for button in app.button if button.key == "market_syn_store"]


def test_impossible_settings_are_answered_in_words(open_at, home):
    app = open_at("market_data", home, market_tab="Synthetic market")
    app.slider(key="market_syn_alpha").set_value(0.3)
    app.slider(key="market_syn_beta").set_value(0.9).run()
    assert not app.exception
    assert "add up to 1 or more" in " ".join(str(one.value) for one in app.error)


def test_a_lake_is_off_until_a_root_is_named_and_read_only_below_it(open_at, home, tmp_path, monkeypatch):
    monkeypatch.delenv("FINML_LAKE_ROOT", raising=False)
    off = open_at("market_data", home, market_tab="Sources")
    assert "FINML_LAKE_ROOT" in " ".join(str(one.value) for one in off.caption)
    assert not [box for box in off.selectbox if box.key == "market_lake_path"]
    lake = tmp_path / "lake"
    for symbol, bars in random_bars(2, 50).groupby("symbol"):
        folder = lake / "daily" / f"symbol=LAKE{symbol}"
        folder.mkdir(parents=True)
        bars.drop(columns="symbol").to_parquet(folder / "bars.parquet")
    monkeypatch.setenv("FINML_LAKE_ROOT", str(lake))
    app = open_at("market_data", home, market_tab="Sources")
    app.selectbox(key="market_lake_path").set_value("daily").run()
    app.text_input(key="market_lake_symbols").set_value("LAKES1").run()
    assert not app.exception
    assert "50 bars read in place" in " ".join(str(one.value) for one in app.caption)
    app.button(key="market_lake_store").click().run()
    assert "50 stored" in said(app)
    assert len(BarStore(home / "market.duckdb").load("LAKES1")) == 50


def test_no_path_leads_out_of_the_root_of_the_lake(tmp_path):
    from pages._ui.market.sources import entries_below, inside

    root, outside = tmp_path / "lake", tmp_path / "secret"
    (root / "daily").mkdir(parents=True)
    outside.mkdir()
    (root / "link").symlink_to(outside)
    for asked in ("../secret", "/etc", "daily/../../secret", "link", "a\0b", "s3://other/bucket", "missing"):
        with pytest.raises(DataError):
            inside(str(root), asked)
    assert inside(str(root), "daily") == str((root / "daily").resolve())
    assert inside("s3://bucket/bars/", "daily") == "s3://bucket/bars/daily"
    with pytest.raises(DataError, match="no path below the root"):
        inside("s3://bucket/bars", "../other")
    assert entries_below(str(root)) == []


def test_a_snapshot_that_a_run_needs_stays_and_a_spare_one_goes(open_at, home, monkeypatch):
    from pages._ui.market import snapshots

    name = BarStore(home / "market.duckdb").snapshot(["S0"], folder=home / "snapshots")
    app = open_at("market_data", home, market_tab="Sources")
    assert "1 set of bars pinned for runs, 1 needed by no run" in " ".join(str(one.value) for one in app.caption)
    needed = {name: ["run-1"]}
    for users, is_there in ((needed, True), ({}, False)):
        monkeypatch.setattr(snapshots, "used_by", lambda users=users: users)
        snapshots.delete(name)
        assert (home / "snapshots" / f"{name}.parquet").exists() is is_there
        assert ("run-1" in st.session_state.get("market_failed", "")) is is_there
        st.session_state.clear()


def test_the_log_shows_what_was_kept_aside(open_at, home):
    dirty = random_bars(1, 20).assign(symbol="DIRTY")
    dirty.loc[3, "high"] = dirty.loc[3, "low"] / 2
    BarStore(home / "market.duckdb").ingest(dirty, options=IngestOptions(source="dirty"))
    app = open_at("market_data", home, market_tab="Log")
    assert not app.exception
    log, rows = (table.value for table in app.dataframe[-2:])
    assert log["source"].iloc[0] == "dirty"
    assert rows["reason"].tolist() == ["high below low"]
