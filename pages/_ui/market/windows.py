"""The window of this reader: kept for the session and in the link, changed by buttons and by dragging."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import streamlit as st

from pages._ui.market.window import CLOSER, STEP, Window, read, shortest, shown_times
from pages._ui.selection import Selection

__all__ = ["CLOSER", "STEP", "chosen", "current", "dragged", "key", "press"]

STATE, SEEN, DRAWN = "market_window", "market_window_in_url", "market_window_drawn"
FROM, TO = "market_from", "market_to"


def current(symbol: str, whole: Window, n_bars: int, selection: Selection) -> Window:
    """What is in view: the link's stretch where it says something new, else what was moved to, else all or the dates
    of the sidebar."""
    asked = (st.query_params.get(FROM, ""), st.query_params.get(TO, ""))
    days = (selection.start, selection.end)
    if asked != st.session_state.get(SEEN, ("", "")):
        st.session_state[STATE] = (read(*asked), days)
    window, made_under = st.session_state.get(STATE, (None, days))
    if made_under != days:  # other dates were chosen in the sidebar
        window = None
    if window is None or window.end < whole.start or window.start > whole.end:
        window, is_moved = _of_days(whole, *days), False
    else:
        is_moved = True
    window = window.within(whole, shortest(whole, n_bars))
    _write(window, days, is_moved=is_moved)
    st.session_state[DRAWN] = (symbol, window, whole, n_bars, days)
    return window


def key(name: str) -> str:
    """The key of a chart: a new one where it must forget what was dragged in it."""
    return f"{name}_{st.session_state.get(f'{name}_fresh', 0)}"


def press(change: Callable[[Window], Window]) -> None:
    """A button: the window that is in view, changed."""
    _, window, *_ = st.session_state[DRAWN]
    _go(change(window))
    _forget("market_candles", "market_window")


def dragged(chart: str) -> None:
    """The candles were moved or zoomed; a double click shows all."""
    reported = st.session_state[chart].selection.get("zoom") or {}
    asked = _asked(reported)
    if asked is None:
        _, _, whole, _, _ = st.session_state[DRAWN]
        press(lambda _: whole)
        return
    _forget("market_window")
    if not _go(asked).is_near(asked):  # at an edge: the chart springs back
        _forget("market_candles")


def chosen(chart: str) -> None:
    """A stretch was chosen on the small line; it tells so too when it is drawn."""
    _, window, *_ = st.session_state[DRAWN]
    asked = _asked(st.session_state[chart].selection.get("window") or {})
    if asked is None:
        _forget("market_window")
        return
    if asked.is_near(window):
        return
    _forget("market_candles")
    if not _go(asked).is_near(asked):
        _forget("market_window")


def _asked(reported: dict[str, list[float] | None]) -> Window | None:
    """What a chart reports; None where a click has cleared it."""
    edges = reported.get("ts")
    return shown_times(edges, st.context.timezone) if edges else None


def _go(window: Window) -> Window:
    _, _, whole, n_bars, days = st.session_state[DRAWN]
    window = window.within(whole, shortest(whole, n_bars))
    _write(window, days, is_moved=True)
    return window


def _write(window: Window, days: tuple[date | None, date | None], *, is_moved: bool) -> None:
    texts = window.texts() if is_moved else ("", "")
    for name, value in zip((FROM, TO), texts, strict=True):
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        elif not value and name in st.query_params:
            del st.query_params[name]
    st.session_state[STATE] = (window if is_moved else None, days)
    st.session_state[SEEN] = texts


def _forget(*names: str) -> None:
    for name in names:
        st.session_state[f"{name}_fresh"] = st.session_state.get(f"{name}_fresh", 0) + 1


def _of_days(whole: Window, start: date | None, end: date | None) -> Window:
    first = whole.start if start is None else max(whole.start, pd.Timestamp(start))
    last = whole.end if end is None else min(whole.end, pd.Timestamp(end) + pd.Timedelta(days=1))
    return Window(first, last) if first < last else whole
