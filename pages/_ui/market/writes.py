"""What the page writes: done once, told once, and followed by a redraw of all that reads bars."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from finml_core.bars import BarStore, IngestReport
from finml_core.errors import FinmlError
from pages._ui import load, text, upload

SAID, FAILED, REPORT, CHANGED = "market_said", "market_failed", "market_report", "market_changed"


def press(work: Callable[[BarStore], Any], said: Callable[[Any], str] | str) -> None:
    """A button's work on the store: what was done is told by the next drawing, or why it was not."""
    try:
        answer = work(load.bar_store())
    except FinmlError as error:
        st.session_state[FAILED] = str(error)
        return
    st.session_state[SAID] = said(answer) if callable(said) else said
    st.session_state[CHANGED] = True


def ingest(source: Any, label: str, **how: Any) -> None:
    """Check and store a source while the reader watches, then draw the whole page anew."""
    with st.status(f"Checking and storing {label}", expanded=True) as progress:
        report = load.bar_store().ingest(source, on_wait=lambda words: progress.write(f"In the queue: {words}"), **how)
        progress.update(label=f"{label} is stored", state="complete")
    st.session_state[REPORT] = report
    st.rerun()  # the sidebar and everything above know the new bars


def redraw() -> None:
    """The first line of a part of the page: after a change all is drawn anew, not this part alone."""
    if st.session_state.pop(CHANGED, False):
        st.rerun()


def told() -> None:
    """Say what became of the last press."""
    if message := st.session_state.pop(FAILED, None):
        st.error(message, icon=":material/error:")
    if message := st.session_state.pop(SAID, None):
        st.success(message, icon=":material/check_circle:")
    report: IngestReport | None = st.session_state.pop(REPORT, None)
    if report is not None:
        upload.show(report)
        if report.symbols:
            st.button(
                f"Look at {report.symbols[0]}",
                icon=":material/candlestick_chart:",
                on_click=look_at,
                args=(report.symbols[0],),
            )


def look_at(symbol: str) -> None:
    """Show a symbol's candles."""
    st.session_state["market_symbol"] = symbol
    st.session_state[CHANGED] = True


def deleted(n: int) -> str:
    """What a deletion did."""
    return f"{text.counted(n, 'bar')} deleted. Runs keep the bars that they were made from."
