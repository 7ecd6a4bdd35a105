"""What every page is asked about: symbols, dates, run; kept for the session and in the URL, so links show the same."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from pages._ui import load

STATE, SEEN = "selection", "selection_in_url"  # non-widget keys: they outlive a change of page
LATEST = ""  # the choice that follows the newest finished run
PARAMETERS = ("symbols", "start", "end", "run", "model")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a page shows; `run_id` is the newest finished run unless one was chosen."""

    symbols: tuple[str, ...] = ()
    start: date | None = None  # None: from the first bar
    end: date | None = None  # None: to the last bar
    run_id: str | None = None
    model: str | None = None


def current() -> Selection:
    """The selection from the URL where it says something new, else from the session, with gaps filled."""
    stored = st.session_state.get(STATE, Selection())
    asked = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
    if asked != st.session_state.get(SEEN):
        stored = _from_url(stored, asked)
        st.session_state[STATE] = stored
    return _filled(stored)


def write_url(shown: Selection) -> None:
    """Make the URL say what is shown."""
    texts = {
        "symbols": ",".join(shown.symbols),
        "start": shown.start.isoformat() if shown.start else "",
        "end": shown.end.isoformat() if shown.end else "",
        "run": shown.run_id or "",
        "model": shown.model or "",
    }
    for name, value in texts.items():
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        elif not value and name in st.query_params:
            del st.query_params[name]
    st.session_state[SEEN] = {name: value for name, value in texts.items() if value}


def sidebar(shown: Selection) -> Selection:
    """Draw the shared controls; a change is kept before the page runs."""
    span = load.date_span(shown.symbols)
    symbols = load.symbols()
    known = set(symbols)
    runs = load.run_options()
    labels = {run_id: label for run_id, label, _ in runs}
    pinned = st.session_state.get(STATE, Selection()).run_id
    with st.sidebar:
        st.subheader("Selection", anchor=False)
        _put("selection_symbols", [symbol for symbol in shown.symbols if symbol in known])
        st.multiselect(
            "Symbols",
            symbols,
            key="selection_symbols",
            placeholder="The usual ones",
            on_change=_keep_symbols,
        )
        if span is not None:
            first, last = span
            _put("selection_dates", _inside(shown, first, last))
            st.date_input(
                "Dates",
                min_value=first,
                max_value=last,
                format="YYYY-MM-DD",
                key="selection_dates",
                on_change=_keep_dates,
                args=(first, last),
            )
        _put("selection_run", pinned if pinned in labels else LATEST)
        st.selectbox(
            "Run",
            [LATEST, *labels],
            format_func=lambda run_id: labels.get(run_id, "Latest finished run"),
            key="selection_run",
            on_change=_keep_run,
        )
        _as_of(shown.run_id)
    return shown


def _from_url(stored: Selection, asked: dict[str, str]) -> Selection:
    """The stored selection with what the URL asks for; what it cannot mean is named and left out."""
    changes: dict[str, Any] = {}
    unknown: list[str] = []
    if "symbols" in asked:
        known = set(load.symbols())
        wanted = [symbol for symbol in asked["symbols"].split(",") if symbol]
        unknown += [symbol for symbol in wanted if symbol not in known]
        changes["symbols"] = tuple(dict.fromkeys(symbol for symbol in wanted if symbol in known))
    for name in ("start", "end"):
        if name in asked:
            try:
                changes[name] = date.fromisoformat(asked[name])
            except ValueError:
                unknown.append(asked[name])
    if "run" in asked:
        if asked["run"] in {run_id for run_id, _, _ in load.run_options()}:
            changes["run_id"] = asked["run"]
        else:
            unknown.append(f"run {asked['run']}")
    if "model" in asked:
        changes["model"] = asked["model"]
    st.session_state["selection_unknown"] = tuple(text[:40] for text in unknown)
    return replace(stored, **changes)


def _filled(stored: Selection) -> Selection:
    known = set(load.symbols())
    symbols = tuple(symbol for symbol in stored.symbols if symbol in known) or load.default_symbols()
    run_ids = {run_id for run_id, _, _ in load.run_options()}
    run_id = stored.run_id if stored.run_id in run_ids else load.latest_run()
    start, end = stored.start, stored.end
    if start is not None and end is not None and start > end:
        start, end = end, start
    return replace(stored, symbols=tuple(symbols), start=start, end=end, run_id=run_id)


def _put(key: str, value: Any) -> None:
    """Give a widget the kept value: Streamlit forgets it whenever the page changes."""
    st.session_state[key] = value


def _inside(shown: Selection, first: date, last: date) -> tuple[date, date]:
    start = min(max(shown.start or first, first), last)
    return start, min(max(shown.end or last, start), last)


def _keep(**changes: Any) -> None:
    stored = replace(st.session_state.get(STATE, Selection()), **changes)
    st.session_state[STATE] = stored
    write_url(_filled(stored))


def _keep_symbols() -> None:
    _keep(symbols=tuple(st.session_state["selection_symbols"]))


def _keep_dates(first: date, last: date) -> None:
    """A range of two days; the whole span is kept as open ends, so that it grows with new bars."""
    chosen = st.session_state["selection_dates"]
    if isinstance(chosen, tuple) and len(chosen) == 2:
        start, end = chosen
        _keep(start=None if start <= first else start, end=None if end >= last else end)


def _keep_run() -> None:
    _keep(run_id=st.session_state["selection_run"] or None)


def _as_of(run_id: str | None) -> None:
    versions = load.as_of(run_id)
    st.caption(
        f"As of data version {versions['data_version']}  \nRun {versions['run']}  \nCode {versions['code_version']}"
    )
