"""The frame of every page: sidebar, title and question, sharing; and the few pieces that pages are made of."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from finml_core.charts.drawable import Drawable, trust_charts
from finml_core.charts.theme import DARK, LIGHT
from finml_core.errors import FinmlError
from pages._ui import selection as shared
from pages._ui.selection import Selection

__all__ = [
    "Headline",
    "Selection",
    "chart",
    "download_table",
    "empty_state",
    "headline",
    "how",
    "navigation",
    "open_page",
    "page_config",
    "page_link",
    "show_errors",
    "verdict",
]

ROOT = Path(__file__).resolve().parents[2]
ICON = Path(__file__).with_name("icon.png")
MOST_HEADLINES = 5
# Section -> (file name and URL path, title, icon, the question it answers).
PAGES: dict[str, list[tuple[str, str, str, str]]] = {
    "Start": [("overview", "Overview", "dashboard", "What does the evidence say today?")],
    "Data": [("market_data", "Market data", "candlestick_chart", "Which bars do I have, and are they sound?")],
    "Research": [
        ("features", "Features", "function", "Which features carry information?"),
        ("validation", "Validation", "rule", "Is this test fair?"),
        ("models", "Models", "model_training", "Which model learns something?"),
        ("calibration", "Calibration", "straighten", "Do the stated probabilities come true?"),
        ("luck", "Luck", "casino", "Could chance have done this?"),
    ],
    "Decide": [
        ("regimes", "Regimes", "routine", "What weather is it?"),
        ("arbitration", "Arbitration", "balance", "Whom do we listen to?"),
        ("backtest", "Backtest", "show_chart", "What is left after costs?"),
    ],
    "Work": [("runs", "Runs", "list_alt", "What has the team tried?")],
}
_VERDICTS = {
    "passed": ("green", "check_circle", "Passed"),
    "doubtful": ("orange", "help", "Doubtful"),
    "failed": ("red", "cancel", "Failed"),
}
# Streamlit writes white on the primary colour, unreadable on the dark theme's pale one, and fades captions below 4.5:1.
# A popover hangs outside the app and does not know its theme: there everything takes the colour of its text.
_STYLE = f"""<style>
.stApp [data-tag], .stApp [data-testid="stBaseButton-primary"] p {{
  color: light-dark({LIGHT["background"]}, {DARK["background"]}) !important;
}}
.stApp [data-testid="stCaptionContainer"], .stApp [data-testid="stCaptionContainer"] p {{
  opacity: 1;
  color: light-dark({LIGHT["muted"]}, {DARK["muted"]}) !important;
}}
[data-testid="stPopoverBody"] [data-testid="stCaptionContainer"],
[data-testid="stPopoverBody"] [data-testid="stCaptionContainer"] p {{
  opacity: 1;
  color: inherit !important;
}}
[data-testid="stPopoverBody"] [data-tag] {{
  background: none !important;
  border: 1px solid currentColor;
  color: inherit !important;
}}
</style>"""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Where the first download of a page goes: top right, beside Share.
_download_slot: ContextVar[Any] = ContextVar("download_slot", default=None)


@dataclass(frozen=True)
class Headline:
    """One number with its uncertainty or comparison inside `value`, and what it means in one line."""

    label: str
    value: str
    reading: str
    help: str | None = None


# -- the frame ----------------------------------------------------------------------------------------------------


def page_config() -> None:
    """Wide, with an icon of our own: a bundled one would be fetched from the internet."""
    st.set_page_config(page_title="FinML", page_icon=_icon(), layout="wide", initial_sidebar_state="auto")


@cache
def _icon() -> str:
    """The icon inside the page itself: as a file of the session it may be gone when the browser asks for it."""
    return f"data:image/png;base64,{b64encode(ICON.read_bytes()).decode()}"


def navigation() -> Any:
    """The menu; the same for `app.py` and for a page that was opened first."""
    return st.navigation({section: [_page(*row) for row in rows] for section, rows in PAGES.items()}, expanded=True)


def open_page(title: str, question: str) -> Selection:
    """Draw the frame and say what the page is asked about. The first line of every page.

    A page opened by its own link before the menu exists (a fresh server, a test) announces the menu once and runs
    again.
    """
    if not st.session_state.get("routed"):
        st.session_state["routed"] = True
        page_config()
        navigation()
        st.rerun()
    with show_errors(stop=True):
        shown = shared.current()
        shared.write_url(shown)
        shared.sidebar(shown)
    st.html(_STYLE)
    head = st.container(horizontal=True, vertical_alignment="center", key="page_head")
    with head:
        with st.container(width="stretch", gap=None):
            st.title(title, anchor=False)
            st.markdown(question)
        with st.container(horizontal=True, width="content", key="page_actions"):
            _share()
            _download_slot.set(st.container(width="content"))
    unknown = st.session_state.get("selection_unknown", ())
    if unknown:
        st.warning(
            f"This link names what is not here: {', '.join(unknown)}. The rest is shown.", icon=":material/link_off:"
        )
    return shown


def page_link(name: str, label: str) -> None:
    """A link to another page by its file name."""
    row = next(row for rows in PAGES.values() for row in rows if row[0] == name)
    st.page_link(_page(*row), label=label)


def _page(name: str, title: str, icon: str, question: str) -> Any:
    return st.Page(
        str(ROOT / "pages" / f"{name}.py"),
        title=title,
        icon=f":material/{icon}:",
        url_path=name,
        default=name == "overview",
        help=question,
    )


def _share() -> None:
    """The full address of what is on the screen, with a button that copies it."""
    with st.popover("Share", icon=":material/share:"):
        st.markdown("This link shows the same symbols, dates, run and settings to whoever can reach this server.")
        query = urlencode(st.query_params.to_dict(), safe=",")
        st.code(f"{(st.context.url or '').split('?')[0]}{'?' + query if query else ''}", language=None, wrap_lines=True)


# -- the pieces ---------------------------------------------------------------------------------------------------


def headline(numbers: Sequence[Headline]) -> None:
    """At most five numbers in a row, each with its reading below; two a row on a phone."""
    shown = list(numbers)[:MOST_HEADLINES]
    with st.grid(max(1, len(shown)), min_column_width=150):
        for item in shown:
            with st.container(gap=None):
                st.metric(item.label, item.value, help=item.help)
                st.caption(item.reading)


def chart(alt_chart: Any, caption: str, alt: str, key: str) -> None:
    """A chart over the full width, the sentence that reads it, and its text for those who cannot see it."""
    trust_charts()
    st.altair_chart(Drawable(alt_chart), width="stretch", alt=alt, key=key)
    st.caption(caption)


def how(title: str, markdown: str) -> None:
    """Formula, parameters and reference, folded away at the end of a page."""
    with st.expander(title or "How this is computed", icon=":material/info:"):
        st.markdown(markdown)


def download_table(frame: pd.DataFrame, name: str) -> None:
    """A button that saves the table behind a chart; a page's first one stands top right."""
    slot = _download_slot.get()
    _download_slot.set(None)
    with slot if slot is not None else st.container():
        st.download_button(
            "Download" if slot is not None else f"Download {name.replace('_', ' ')}",
            data=lambda: to_csv(frame),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"download_{name}",
        )


def to_csv(frame: pd.DataFrame) -> bytes:
    """CSV in which no text can act as a formula when a spreadsheet opens it."""
    guarded = frame.copy()
    guarded.columns = [_guard(column) for column in guarded.columns]
    for column in guarded.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in guarded.dtypes]]:
        guarded[column] = guarded[column].map(_guard, na_action="ignore")
    return guarded.to_csv(index=False).encode("utf-8")


def empty_state(sentence: str, button_label: str, action: Callable[[], Any]) -> None:
    """Nothing to show yet: what is missing, and the button that mends it."""
    with st.container(border=True):
        st.markdown(sentence)
        st.button(button_label, type="primary", on_click=action, key="empty_state")


def verdict(state: str, text: str) -> None:
    """Passed, doubtful or failed, told by shape and word as well as by colour, with its reason."""
    color, icon, word = _VERDICTS[state]
    st.markdown(f":{color}[:material/{icon}: **{word}**]  \n{text}")


@contextmanager
def show_errors(*, stop: bool = False) -> Iterator[None]:
    """A mistake that a reader can mend is shown in its own words; any other stays loud."""
    try:
        yield
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")
        if stop:
            st.stop()


def _guard(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
