"""What the page Market data reads, cached by small values and the version of the store."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from finml_core.bars import activity_bars, resample, session_counts
from finml_core.charts.grammar import buckets
from finml_core.charts.market import MOST_CANDLES, MOST_LOADED
from finml_core.schemas import adjusted
from pages._ui import load
from pages._ui.market.window import Window

OVERVIEW_POINTS = 400
MOST_FOUND = 50
MOST_MARKED = 40
STORED = "As stored"
RULES = {"1 hour": "1h", "1 day": "1d", "1 week": "1w"}
ACTIVITY = {"Dollar bars": "dollar", "Volume bars": "volume", "Tick bars": "tick"}
SIZES = (STORED, *RULES, *ACTIVITY)


@dataclass(frozen=True, kw_only=True)
class Look:
    """Which bars of one symbol are looked at, and how they are put together."""

    symbol: str
    is_adjusted: bool = False
    size: str = STORED
    session_open: str = "00:00"  # of hours, days and weeks
    time_zone: str = "UTC"
    activity: float = 1.0  # of one bar, where bars are of equal activity: money, units or stored bars


@dataclass(frozen=True, kw_only=True)
class View:
    """Candles in and around the window, and of how many bars they are."""

    candles: pd.DataFrame
    n_shown: int  # candles inside the window
    n_bars: int  # bars inside them
    per_candle: int  # bars of one candle, at most


def whole(symbol: str) -> tuple[Window, int] | None:
    """All the time that a symbol has bars for, and how many; None where there are none."""
    table = load.coverage()
    row = table.loc[table["symbol"] == symbol] if len(table) else table
    if row.empty:
        return None
    first, last, n_bars = row[["first", "last", "n_bars"]].iloc[0]
    return Window(first, max(last, first + pd.Timedelta(seconds=1))), int(n_bars)


def view(look: Look, window: Window, loaded: Window) -> View:
    """About `MOST_CANDLES` candles in the window, and as dense ones beside it as far as is loaded, merged in the store.

    Never more than `MOST_LOADED`, which a browser draws without a wait.
    """
    n = min(MOST_LOADED, round(MOST_CANDLES * (loaded.width / window.width)))
    candles = _candles(look, loaded, n, load.data_version())
    inside = candles[candles["ts"].between(window.start, window.end)]
    return View(
        candles=candles,
        n_shown=len(inside),
        n_bars=int(inside["n_bars"].sum()),
        per_candle=int(candles["n_bars"].max()) if len(candles) else 0,
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _candles(look: Look, window: Window, n: int, version: int) -> pd.DataFrame:
    if look.size == STORED:
        return load.bar_store().candles(look.symbol, window.start, window.end, n, adjusted=look.is_adjusted)
    bars = _longer(look, version)
    return buckets(bars[bars["ts"].between(window.start, window.end)].assign(n_bars=1), n)


@st.cache_data(max_entries=8, show_spinner="Putting bars together", show_time=True)
def _longer(look: Look, version: int) -> pd.DataFrame:
    bars = load.bar_store().load(look.symbol)
    bars = adjusted(bars) if look.is_adjusted else bars
    if look.size in RULES:
        return resample(bars, RULES[look.size], session_open=look.session_open, time_zone=look.time_zone)
    return activity_bars(bars, ACTIVITY[look.size], look.activity)


@st.cache_data(max_entries=64, show_spinner=False)
def _activity_of(symbol: str, kind: str, version: int) -> float:
    bars = load.bar_store().load(symbol)
    if kind == "tick":
        return float(len(bars))
    return float((bars["volume"] if kind == "volume" else bars["volume"] * bars["close"]).sum())


def activity_for(symbol: str, size: str, n_bars: int) -> float:
    """The activity of one bar when a symbol's whole history gives about so many."""
    return max(_activity_of(symbol, ACTIVITY[size], load.data_version()) / n_bars, 1e-9)


@st.cache_data(max_entries=32, show_spinner=False)
def _overview(symbol: str, is_adjusted: bool, version: int) -> pd.DataFrame:
    return load.bar_store().candles(symbol, max_points=OVERVIEW_POINTS, adjusted=is_adjusted)[["ts", "close"]]


def overview(symbol: str, is_adjusted: bool) -> pd.DataFrame:
    """ts and close of a symbol's whole history in a few hundred points."""
    return _overview(symbol, is_adjusted, load.data_version())


@st.cache_data(max_entries=64, show_spinner="Checking the bars", show_time=True)
def _findings(symbols: tuple[str, ...] | None, version: int) -> pd.DataFrame:
    return load.bar_store().quality(symbols)


def findings(symbols: tuple[str, ...] | None) -> pd.DataFrame:
    """What looks wrong in the bars of these symbols, or of all."""
    return _findings(symbols, load.data_version())


@st.cache_data(max_entries=32, show_spinner="Checking the bars", show_time=True)
def _marks(symbol: str, version: int) -> pd.DataFrame:
    parts = []
    for row in _findings((symbol,), version).itertuples():
        bars = finding_bars(row.check, symbol, 0, MOST_MARKED)
        parts.append(bars[["ts"]].assign(check=row.check, severity=row.severity, example=row.example))
    columns = ["ts", "check", "severity", "example"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def marks(symbol: str, window: Window) -> pd.DataFrame:
    """Bars in a window that a check concerns, the gravest findings first: ts, check, severity, example."""
    found = _marks(symbol, load.data_version())
    return found.loc[found["ts"].between(window.start, window.end)].head(MOST_MARKED)


@st.cache_data(max_entries=64, show_spinner="Looking for the bars", show_time=True)
def _finding_bars(check: str, symbol: str, context: int, n: int, version: int) -> pd.DataFrame:
    return load.bar_store().finding_bars(check, symbol, context=context, limit=n)


def finding_bars(check: str, symbol: str, context: int, n: int) -> pd.DataFrame:
    """The `n` gravest bars of a finding, each with its neighbours."""
    return _finding_bars(check, symbol, context, n, load.data_version())


@st.cache_data(max_entries=32, show_spinner=False)
def _matching(words: str, version: int) -> list[str]:
    return load.bar_store().search_symbols(words, limit=MOST_FOUND)


def matching(words: str) -> list[str]:
    """Symbols whose name holds the words, the closest first, at most a few dozen."""
    return _matching(words.strip(), load.data_version()) if words.strip() else []


@st.cache_data(max_entries=16, show_spinner="Counting sessions", show_time=True)
def _sessions(symbol: str, calendar: str | None, version: int) -> pd.DataFrame:
    return session_counts(load.bar_store().load(symbol), calendar=calendar)


def sessions(symbol: str, calendar: str | None = None) -> pd.DataFrame:
    """session, n_bars, expected_bars of one symbol by its own calendar or an exchange's."""
    return _sessions(symbol, calendar, load.data_version())


@st.cache_data(max_entries=16, show_spinner=False)
def _months(symbols: tuple[str, ...], version: int) -> pd.DataFrame:
    return load.bar_store().coverage_by_month(list(symbols))


def months(symbols: tuple[str, ...]) -> pd.DataFrame:
    """symbol, month, n_bars of some symbols."""
    return _months(symbols, load.data_version())


@st.cache_data(max_entries=64, show_spinner=False)
def _splits(symbols: tuple[str, ...] | None, version: int) -> pd.DataFrame:
    applied = load.bar_store().splits()
    applied = applied[applied["reverted_at"].isna()].assign(state="applied")
    if symbols is not None:
        applied = applied[applied["symbol"].isin(symbols)]
    proposed = load.bar_store().propose_splits(symbols).assign(state="proposed")
    columns = ["symbol", "ts", "ratio", "state"]
    return pd.concat([applied[[*columns, "split_id"]], proposed[columns]], ignore_index=True)


def splits(symbols: tuple[str, ...] | None) -> pd.DataFrame:
    """symbol, ts, ratio, state (applied or proposed), split_id of the applied ones."""
    return _splits(symbols, load.data_version())


@st.cache_data(max_entries=32, show_spinner=False)
def _proposals(symbol: str, version: int) -> pd.DataFrame:
    return load.bar_store().propose_splits(symbol)


def proposals(symbol: str) -> pd.DataFrame:
    """Steps of a symbol that look like splits, with their evidence."""
    return _proposals(symbol, load.data_version())
