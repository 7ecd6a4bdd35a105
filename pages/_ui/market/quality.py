"""The quality board: what looks wrong, the bars that it is about, and what can be done about it."""

from importlib.util import find_spec

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.bars.decisions import with_decisions
from pages._ui import load, text
from pages._ui.frame import chart, download_table, show_errors
from pages._ui.market import mending, reads, writes
from pages._ui.selection import Selection

DAY = "YYYY-MM-DD"
OWN, EXCHANGES = "Its own", ("XNYS", "XNAS", "XLON", "XETR", "XTKS")
CHOSEN, WHOLE = "The chosen symbols", "The whole store"
OPEN, EVERY = "Open", "All"
PACE = 400_000  # bars that are checked a second, about
MARKS = {"high": "▲ high", "medium": "◆ medium", "low": "● low"}
MENDS = {"apply_split": "Apply the split", "exclude": "Leave them out", "accept": "Accept", "": "Nothing to do"}
COLUMNS = {
    "severity": st.column_config.TextColumn("Severity", width="small"),
    "check": st.column_config.TextColumn("Finding"),
    "symbol": st.column_config.TextColumn("Symbol", width="small"),
    "count": st.column_config.NumberColumn("Bars", format="localized", width="small"),
    "first": st.column_config.DatetimeColumn("First", format=DAY),
    "last": st.column_config.DatetimeColumn("Last", format=DAY),
    "example": st.column_config.TextColumn("Example", width="medium"),
    "mend": st.column_config.TextColumn("Suggested"),
    "decision": st.column_config.TextColumn("State", width="small"),
    "advice": st.column_config.TextColumn("What to do", width="large"),
}


@st.fragment
def show(selection: Selection) -> None:
    """The board, and below it the finding that was chosen on it."""
    writes.redraw()
    writes.told()
    with show_errors():
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            scope = st.segmented_control(
                "Bars of", (CHOSEN, WHOLE), default=CHOSEN, required=True, key="market_scope", bind="query-params"
            )
            which = st.segmented_control("Findings", (OPEN, EVERY), default=OPEN, required=True, key="market_which")
        findings = _findings(scope, selection)
        shown = findings if which == EVERY else findings[findings["decision"] == "open"]
        shown = shown.reset_index(drop=True)
        if shown.empty:
            st.success(
                "No open finding: every check passed on these bars." if findings.empty else
                f"No open finding; {text.counted(len(findings), 'finding')} decided upon.",
                icon=":material/check_circle:",
            )  # fmt: skip
        else:
            _board(shown)
        mending.history()


def _findings(scope: str, selection: Selection) -> pd.DataFrame:
    if scope == WHOLE:
        n_bars = int(load.coverage()["n_bars"].sum())
        with st.spinner(
            f"Checking {text.thousands(n_bars)} bars, about {max(1, round(n_bars / PACE))} s the first time"
        ):
            found = reads.findings(None)
    else:
        found = reads.findings(selection.symbols)
    return with_decisions(found, load.bar_store().reviews())


def open_findings(symbols: tuple[str, ...]) -> pd.DataFrame:
    """Findings on these symbols that nobody has decided upon."""
    found = with_decisions(reads.findings(symbols), load.bar_store().reviews())
    return found[found["decision"] == "open"]


def _board(findings: pd.DataFrame) -> None:
    serious = int((findings["severity"] == "high").sum())
    st.caption(
        f"{text.counted(len(findings), 'finding')}, {serious} of high severity, on bars that are kept; what cannot be "
        "right was never stored and is in the log. Choose a line to see its bars and to mend it."
    )
    named = findings.assign(severity=findings["severity"].map(MARKS), mend=findings["mend"].map(_mend_words))
    event = st.dataframe(
        named,
        hide_index=True,
        width="stretch",
        column_order=list(COLUMNS),
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        key="market_findings",
        alt="Findings, the gravest first",
    )
    download_table(findings, "quality")
    rows = [row for row in event.selection.rows if row < len(findings)]
    if rows:
        _one(findings.iloc[rows[0]])


def _mend_words(mend: str | None) -> str:
    return MENDS.get(mend or "", mend or "")


def _one(finding: pd.Series) -> None:
    """The bars of one finding, what is wrong with each, and the buttons that mend."""
    check, symbol, n_all = finding["check"], finding["symbol"], int(finding["count"])
    with st.container(border=True, key="market_drill"):
        st.markdown(f"**{symbol}: {check}** in {text.counted(n_all, 'bar')}. {finding['advice']}")
        with st.container(horizontal=True, gap="medium"):
            n = st.slider("The gravest", 1, 30, 5, key="market_drill_n", width=220)
            context = st.slider("Neighbours on either side", 1, 20, 5, key="market_drill_context", width=220)
        bars = reads.finding_bars(check, symbol, context, n)
        chart(
            charts.finding_bars(bars, measure=finding["measure"].capitalize()),
            (
                "On the band: the bar concerned"
                if n_all == 1
                else f"On the bands: the {min(n, n_all)} gravest of {text.counted(n_all, 'bar')} concerned"
            )
            + f", by {finding['measure']}; beside it {text.counted(context, 'bar')} on either side. "
            f"The example: {finding['example']}.",
            alt=f"Bars of {symbol} that the check {check} concerns, with their neighbours",
            key="market_drill_chart",
        )
        with st.expander(f"These {text.counted(len(bars), 'bar')} as a table"):
            st.dataframe(
                bars,
                hide_index=True,
                width="stretch",
                column_config={
                    "ts": st.column_config.DatetimeColumn("Bar (UTC)", format="YYYY-MM-DD HH:mm"),
                    "concerned": st.column_config.CheckboxColumn("Concerned"),
                    "measure": st.column_config.NumberColumn(finding["measure"].capitalize(), format="%.4g"),
                },
                placeholder=text.MISSING,
                alt=f"Bars of {symbol} that the check {check} concerns, with their neighbours",
            )
            download_table(bars, "finding")
        mending.buttons(finding)
        if st.toggle(f"Bars a session of {symbol}, against its calendar", key="market_sessions"):
            sessions_of(symbol)


def sessions_of(symbol: str) -> None:
    """How many bars each session has, and which differ from what is usual."""
    calendar = OWN
    if find_spec("exchange_calendars") is not None:
        calendar = st.selectbox(
            "Calendar", (OWN, *EXCHANGES), key="market_calendar", accept_new_options=True, width=260,
            help="Its own, or that of an exchange by its ISO 10383 name",
        )  # fmt: skip
    sessions = reads.sessions(symbol, None if calendar == OWN else calendar)
    short = int(((sessions["n_bars"] < sessions["expected_bars"]) & (sessions["n_bars"] > 0)).sum())
    gone = int((sessions["n_bars"] == 0).sum())
    usual = int((sessions["n_bars"] == sessions["expected_bars"]).sum())
    chart(
        charts.session_bars(sessions),
        f"{text.thousands(usual)} of {text.counted(len(sessions), 'session')} have the usual number of bars of their "
        f"year, {text.thousands(short)} have fewer, {text.thousands(gone)} have none.",
        alt=f"Number of bars in each session of {symbol}",
        key="market_session_chart",
    )
    download_table(sessions, "sessions")
