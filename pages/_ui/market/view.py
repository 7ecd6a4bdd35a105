"""The candles of one symbol: chosen, moved and narrowed by buttons, by dragging and by the line below them."""

from functools import partial
from typing import Any

import streamlit as st

from finml_core import charts
from pages._ui import load, text
from pages._ui.frame import download_table, show_errors
from pages._ui.market import reads, windows
from pages._ui.market.reads import ACTIVITY, RULES, SIZES, STORED, Look
from pages._ui.market.window import PERIODS, Window
from pages._ui.selection import Selection

MARGIN = 0.3  # of the window's width that is loaded on either side, seen while one drags
MOST_OPTIONS = 1000  # symbols in one list; more are searched for
MARKED_AT_ONCE = 300_000  # bars that are checked for splits and findings without being asked
RAW, ADJUSTED = "As supplied", "Adjusted"
# Charts are drawn anew by each move; without this, what stands below them would jump.
STEADY = """<style>
.st-key-market_hero {min-height: 362px}
.st-key-market_navigator {min-height: 122px}
@media (max-width: 640px) {.st-key-market_hero {min-height: 262px}}
</style>"""


@st.fragment
def show(selection: Selection) -> None:
    """The hero of the page; a move redraws this part only."""
    st.html(STEADY)
    with show_errors():
        symbol = _symbol(selection)
        known = reads.whole(symbol)
        if known is None:
            st.info(f"{symbol} has no bars.")
            return
        whole, n_bars = known
        look = _look(symbol)
        window = windows.current(symbol, whole, n_bars, selection)
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            _buttons(whole)
            is_marked = _is_marked(n_bars)
        _draw(look, window, whole, is_marked=is_marked)


def _symbol(selection: Selection) -> str:
    """One symbol out of all: from a list, or searched for where a list would be too long."""
    known = load.symbols()
    with st.grid(4, min_column_width=200):
        if len(known) > MOST_OPTIONS:
            words = st.text_input(
                "Find a symbol", key="market_search", placeholder=f"Part of a name, of {text.thousands(len(known))}"
            )
            options = reads.matching(words) or list(selection.symbols)
        else:
            options = known
        linked = st.session_state.get("market_symbol", st.query_params.get("market_symbol", ""))
        first = linked if linked in known else selection.symbols[0]
        options = options if first in options else [first, *options]
        st.session_state["market_symbol"] = first
        symbol = st.selectbox("Symbol", options, key="market_symbol", bind="query-params")
        size = st.selectbox("Bars", SIZES, key="market_size", bind="query-params")
        st.segmented_control(
            "Prices", (RAW, ADJUSTED), default=RAW, required=True, key="market_prices", bind="query-params",
            help="Adjusted: times adj_close / close, so that splits and dividends leave no step",
        )  # fmt: skip
        if size in RULES:
            _session_controls()
        elif size in ACTIVITY:
            st.select_slider("About so many bars", (100, 250, 500, 1000, 2500, 5000, 10_000), 1000, key="market_count")
    return symbol


def _session_controls() -> None:
    with st.popover("Sessions", icon=":material/schedule:"):
        st.text_input("Sessions open at", "00:00", key="market_open", placeholder="09:30")
        st.text_input("on the clock of", "UTC", key="market_zone", placeholder="America/New_York")
        st.markdown(
            "Hours, days and weeks are counted from the open. A bar is stamped with its last part, never later."
        )


def _look(symbol: str) -> Look:
    state = st.session_state
    size = state["market_size"]
    return Look(
        symbol=symbol,
        is_adjusted=state["market_prices"] == ADJUSTED,
        size=size,
        session_open=state.get("market_open", "00:00") if size in RULES else "00:00",
        time_zone=state.get("market_zone", "UTC") if size in RULES else "UTC",
        activity=reads.activity_for(symbol, size, state["market_count"]) if size in ACTIVITY else 1.0,
    )


def _buttons(whole: Window) -> None:
    """Every move that the mouse can make, as a button."""
    presses = (
        ("Earlier", "chevron_left", lambda window: window.moved(-windows.STEP)),
        ("Later", "chevron_right", lambda window: window.moved(windows.STEP)),
        ("Closer", "zoom_in", lambda window: window.scaled(windows.CLOSER)),
        ("Wider", "zoom_out", lambda window: window.scaled(1 / windows.CLOSER)),
        *((name, None, lambda window, period=period: whole.last(period)) for name, period in PERIODS.items()),
        ("All", None, lambda window: whole),
    )
    for name, icon, press in presses:
        st.button(
            name,
            key=f"market_go_{name.lower().replace(' ', '_')}",
            icon=f":material/{icon}:" if icon else None,
            on_click=windows.press,
            args=(press,),
        )


def _is_marked(n_bars: int) -> bool:
    few = n_bars <= MARKED_AT_ONCE
    return st.toggle(
        "Splits and findings",
        value=few,
        help=f"Marked on the candles; the first time all {text.thousands(n_bars)} bars are checked",
        key=f"market_marks_{'few' if few else 'many'}",
    )


def _draw(look: Look, window: Window, whole: Window, *, is_marked: bool) -> None:
    loaded = window.margins(MARGIN).cut(whole)
    view = reads.view(look, window, loaded)
    with st.container(key="market_hero"):
        key = windows.key("market_candles")
        st.altair_chart(
            _candles(look, window, loaded, is_marked, load.data_version()),
            width="stretch",
            alt=f"Candles and volume of {look.symbol}",
            key=key,
            on_select=partial(windows.dragged, key),
            selection_mode="zoom",
        )
    st.caption(_sentence(look, window, view))
    with st.container(key="market_navigator"):
        key = windows.key("market_window")
        st.altair_chart(
            _line(look.symbol, look.is_adjusted, window, load.data_version()),
            width="stretch",
            alt=f"The whole history of {look.symbol} with the stretch in view, which can be dragged",
            key=key,
            on_select=partial(windows.chosen, key),
        )
    download_table(view.candles, f"candles_{look.symbol}")


@st.cache_resource(max_entries=64, show_spinner=False)
def _candles(look: Look, window: Window, loaded: Window, is_marked: bool, version: int) -> Any:
    """The chart, built once: a new line below it makes this part run twice for each move. Never changed."""
    splits = findings = None
    if is_marked:
        splits = reads.splits((look.symbol,))
        splits = splits[splits["ts"].between(loaded.start, loaded.end)]
        findings = reads.marks(look.symbol, loaded)
    candles = reads.view(look, window, loaded).candles
    return charts.candles(candles, span=(window.start, window.end), splits=splits, findings=findings)


@st.cache_resource(max_entries=64, show_spinner=False)
def _line(symbol: str, is_adjusted: bool, window: Window, version: int) -> Any:
    return charts.window_line(reads.overview(symbol, is_adjusted), span=(window.start, window.end))


def _sentence(look: Look, window: Window, view: reads.View) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M}".removesuffix(" 00:00") for moment in (window.start, window.end))
    if not view.n_shown:
        return f"{look.symbol} has no bars from {start} to {end}."
    bars = (
        "stored bar" if look.size == STORED else f"bar of {look.size}" if look.size in RULES else look.size[:-1].lower()
    )
    merged = (
        f"{text.counted(view.n_shown, 'candle')} of up to {text.counted(view.per_candle, bars)} each, "
        f"{text.thousands(view.n_bars)} in view"
        if view.per_candle > 1
        else f"{text.counted(view.n_shown, 'candle')}, one a {bars}"
    )
    inside = view.candles[view.candles["ts"].between(window.start, window.end)]
    kind = "adjusted" if look.is_adjusted else "as supplied: an unadjusted split shows as a step"
    return (
        f"{look.symbol} went from {inside['open'].iloc[0]:,.2f} to {inside['close'].iloc[-1]:,.2f} between {start} and "
        f"{end}, {kind}. {merged}. Drag to move, Ctrl and wheel to zoom, double click for all."
    )
