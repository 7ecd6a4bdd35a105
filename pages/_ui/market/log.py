"""What came into the store and what was kept aside, and by whom it was decided."""

import json

import streamlit as st

from pages._ui import load, text
from pages._ui.frame import download_table
from pages._ui.market import writes

INGEST_COLUMNS = {
    "ingest_id": st.column_config.NumberColumn("Version"),
    "action": st.column_config.TextColumn("Action"),
    "written_at": st.column_config.DatetimeColumn("Written (UTC)", format="YYYY-MM-DD HH:mm"),
    "source": st.column_config.TextColumn("Source", width="medium"),
    "rows_read": st.column_config.NumberColumn("Read", format="localized"),
    "inserted": st.column_config.NumberColumn("Inserted", format="localized"),
    "replaced": st.column_config.NumberColumn("Replaced", format="localized"),
    "skipped": st.column_config.NumberColumn("Skipped", format="localized"),
    "quarantined": st.column_config.NumberColumn("Kept aside", format="localized"),
    "deleted": st.column_config.NumberColumn("Deleted", format="localized"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.2f"),
}
QUARANTINE_COLUMNS = {
    "row_number": st.column_config.NumberColumn("Row", help="Of the source; a broken line has minus its line number"),
    "reason": st.column_config.TextColumn("Reason"),
    "symbol": st.column_config.TextColumn("Symbol"),
    "ts": st.column_config.DatetimeColumn("Stamp", format="YYYY-MM-DD HH:mm"),
    "raw": st.column_config.TextColumn("As it came", width="large"),
}
MOST_ROWS = 1000


@st.fragment
def show() -> None:
    """The log, and the quarantine of the line that is chosen."""
    writes.redraw()
    writes.told()
    log = load.bar_store().ingests()
    if log.empty:
        st.caption("Nothing has come in yet.")
        return
    st.caption("Every ingest, deletion and mend raises the version. Choose a line to see what it kept aside and how.")
    event = st.dataframe(
        log,
        hide_index=True,
        width="stretch",
        column_order=list(INGEST_COLUMNS),
        column_config=INGEST_COLUMNS,
        placeholder=text.MISSING,
        on_select="rerun",
        selection_mode="single-row",
        key="market_log",
        alt="Ingests, deletions and mends, the latest first",
    )
    download_table(log, "ingests")
    chosen = [row for row in event.selection.rows if row < len(log)]
    line = log.iloc[chosen[0]] if chosen else None
    if line is not None:
        st.json(json.loads(line["details"]) if line["details"] else {}, expanded=False)
    rows = load.bar_store().quarantine(None if line is None else int(line["ingest_id"]), MOST_ROWS)
    what = "in all" if line is None else f"by version {line['ingest_id']}"
    st.markdown(f"**Kept aside {what}**")
    if rows.empty:
        st.caption("Nothing: every row that was read could be stored.")
        return
    st.caption(
        "Rows that were read but never stored, each with its reason."
        + (f" The first {text.thousands(MOST_ROWS)} are shown." if len(rows) == MOST_ROWS else "")
    )
    order = ["source", *QUARANTINE_COLUMNS] if line is None else list(QUARANTINE_COLUMNS)
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_order=order,
        column_config={"source": "Source"} | QUARANTINE_COLUMNS,
        placeholder=text.MISSING,
        alt="Rows kept aside, each with its reason",
    )
    download_table(rows, "quarantine")
