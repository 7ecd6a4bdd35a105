"""Which bars do I have, and are they sound?"""

import streamlit as st

from finml_core import charts
from finml_core.bars import guess_mapping, preview
from finml_core.errors import FinmlError
from pages._ui import jobs, load, text, upload
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors
from pages._ui.market import view

DAY = "YYYY-MM-DD"
FINDING_COLUMNS = {
    "severity": st.column_config.TextColumn("Severity"),
    "check": st.column_config.TextColumn("Finding"),
    "symbol": st.column_config.TextColumn("Symbol"),
    "count": st.column_config.NumberColumn("Bars"),
    "first": st.column_config.DatetimeColumn("First", format=DAY),
    "last": st.column_config.DatetimeColumn("Last", format=DAY),
    "example": st.column_config.TextColumn("Example", width="medium"),
    "advice": st.column_config.TextColumn("What to do", width="large"),
}
COVERAGE_COLUMNS = {
    "symbol": st.column_config.TextColumn("Symbol"),
    "n_bars": st.column_config.NumberColumn("Bars", format="localized"),
    "first": st.column_config.DatetimeColumn("First", format=DAY),
    "last": st.column_config.DatetimeColumn("Last", format=DAY),
    "source": st.column_config.TextColumn("Source"),
}
INGEST_COLUMNS = {
    "ingest_id": st.column_config.NumberColumn("Version"),
    "action": st.column_config.TextColumn("Action"),
    "written_at": st.column_config.DatetimeColumn("Written (UTC)", format="YYYY-MM-DD HH:mm"),
    "source": st.column_config.TextColumn("Source"),
    "rows_read": st.column_config.NumberColumn("Read", format="localized"),
    "inserted": st.column_config.NumberColumn("Inserted", format="localized"),
    "replaced": st.column_config.NumberColumn("Replaced"),
    "skipped": st.column_config.NumberColumn("Skipped"),
    "quarantined": st.column_config.NumberColumn("Quarantined"),
    "deleted": st.column_config.NumberColumn("Deleted"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.2f"),
}


def ingest_wizard() -> None:
    """Upload, map the columns, look at the checks, commit."""
    file = st.file_uploader(
        "A file of bars",
        type=["csv", "txt", "parquet", "feather", "arrow"],
        key="ingest_file",
        help="One row a bar: a time, open, high, low, close, volume, and a symbol where the file holds several.",
    )
    if file is None:
        st.caption("CSV, Parquet or Feather. The columns are guessed and can be changed before anything is stored.")
        return
    path = upload.keep(file)
    options = upload.options_form()
    if options is None:
        return
    columns = upload.columns(path)
    mapping = upload.mapping_form(columns, guess_mapping(columns))
    conflict = st.selectbox(
        "Where a bar is stored already", list(upload.CONFLICTS), format_func=upload.CONFLICTS.get, key="ingest_conflict"
    )
    st.markdown("**As it would be stored**")
    st.dataframe(preview(path, mapping, options, n=8), hide_index=True, width="stretch")
    check, commit = st.columns(2)
    if check.button("Check only", key="ingest_dry", width="stretch"):
        upload.show(load.bar_store().ingest(path, mapping=mapping, options=options, on_conflict=conflict, dry_run=True))
    if commit.button("Check and store", type="primary", key="ingest_commit", width="stretch"):
        report = load.bar_store().ingest(path, mapping=mapping, options=options, on_conflict=conflict)
        st.session_state["market_report"] = report
        st.rerun()  # the sidebar and everything above know the new bars


def delete_symbols() -> None:
    """Delete the bars that were named, or say why not."""
    try:
        deleted = load.bar_store().delete(st.session_state["market_delete_symbols"])
        st.session_state["market_said"] = f"{text.thousands(deleted)} bars deleted."
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def deletion() -> None:
    """Delete with confirmation; runs keep the bars that they were made from."""
    with st.popover("Delete symbols"):
        chosen = st.multiselect("Symbols to delete", load.symbols(), key="market_delete_symbols")
        st.caption("Their bars leave the store. Runs keep the bars that they were made from.")
        st.button(
            "Delete their bars", key="market_delete", type="primary", disabled=not chosen, on_click=delete_symbols
        )
    if said := st.session_state.pop("market_said", None):
        st.success(said)


selection = open_page("Market data", "Which bars do I have, and are they sound?")
jobs.show_error()
if report := st.session_state.pop("market_report", None):
    upload.show(report)
has_bars = bool(load.symbols())
if not has_bars:
    empty_state(
        "There are no bars yet. Load the bundled ones, or add a file of your own below.",
        "Load the bundled bars",
        jobs.start_first,
    )

with show_errors():
    if has_bars:
        covered = load.coverage()
        findings = load.quality(selection.symbols, selection.start, selection.end)
        serious = int((findings["severity"] == "high").sum())
        chosen = load.bars(selection.symbols, selection.start, selection.end)
        headline(
            [
                Headline("Symbols chosen", f"{len(selection.symbols)}", f"{text.thousands(len(covered))} in the store"),
                Headline(
                    "Bars chosen",
                    text.thousands(len(chosen)),
                    f"{text.thousands(covered['n_bars'].sum())} in the store",
                ),
                Headline("From", f"{chosen['ts'].min():%Y-%m-%d}", f"to {chosen['ts'].max():%Y-%m-%d}"),
                Headline("Open findings", f"{len(findings)}", f"{serious} of high severity"),
            ]
        )
        view.show(selection)
    names = ["Quality", "Coverage", "Add a file", "Ingests", "Quarantine"]
    quality, coverage, add, ingests, quarantine = st.tabs(names, default="Quality" if has_bars else "Add a file")
    with quality:
        if has_bars:
            st.caption("Findings are on bars that are kept; bars that cannot be right are in quarantine.")
            st.dataframe(
                findings,
                hide_index=True,
                width="stretch",
                column_order=list(FINDING_COLUMNS),
                column_config=FINDING_COLUMNS,
            )
            download_table(findings, "quality")
    with coverage:
        if has_bars:
            months = load.coverage_by_month()
            months = months.loc[months["symbol"].isin(selection.symbols)]
            chart(
                charts.coverage_heatmap(months),
                f"Between {months['n_bars'].min()} and {months['n_bars'].max()} bars a symbol and month; "
                "a gap in a row is a month without bars.",
                alt="Number of bars by symbol and month",
                key="market_coverage",
            )
            st.dataframe(covered, hide_index=True, width="stretch", column_config=COVERAGE_COLUMNS)
            download_table(covered, "coverage")
            deletion()
    with add, show_errors():
        ingest_wizard()
    with ingests:
        log = load.bar_store().ingests()
        st.dataframe(
            log, hide_index=True, width="stretch", column_order=list(INGEST_COLUMNS), column_config=INGEST_COLUMNS
        )
        download_table(log, "ingests")
    with quarantine:
        rows = load.bar_store().quarantine()
        st.caption(
            "Rows that were read but never stored, each with its reason." if len(rows) else "Nothing is in quarantine."
        )
        st.dataframe(rows, hide_index=True, width="stretch")
        download_table(rows, "quarantine")
    how(
        "How this is computed",
        """Bars are stored as supplied: one row a symbol and timestamp, the stamp being the bar's close. An ingest
is one transaction: all of it or nothing. Rows with a price that is no positive number, a high below the low or a
negative volume go to quarantine; of duplicates the first stays. Findings: outliers by a robust z of log returns,
stale runs of equal closes, sessions that other symbols have, returns near a split ratio. Elsewhere returns are made
of adjusted prices, adj_close / close. Candles are merged in the database, first open, highest high, lowest low,
last close, so that none is lost.""",
    )
