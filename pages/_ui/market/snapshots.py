"""Bars that runs have pinned: which, by whom, and away with those that nobody needs."""

from collections import defaultdict

import streamlit as st

from finml_core.bars import delete_snapshot, list_snapshots
from finml_core.runs.home import home
from pages._ui import load, text
from pages._ui.market import writes

COLUMNS = {
    "snapshot_id": st.column_config.TextColumn("Snapshot", help="A hash of the content: equal bars, equal name"),
    "n_symbols": st.column_config.NumberColumn("Symbols", format="localized"),
    "n_bars": st.column_config.NumberColumn("Bars", format="localized"),
    "first": st.column_config.DatetimeColumn("First", format="YYYY-MM-DD"),
    "last": st.column_config.DatetimeColumn("Last", format="YYYY-MM-DD"),
    "bytes": st.column_config.NumberColumn("Size", format="bytes"),
    "written_at": st.column_config.DatetimeColumn("Written (UTC)", format="YYYY-MM-DD HH:mm"),
    "n_runs": st.column_config.NumberColumn("Runs"),
    "runs": st.column_config.TextColumn("Needed by", width="large"),
}


def used_by() -> dict[str, list[str]]:
    """The runs that need each snapshot, by its name."""
    users = defaultdict(list)
    for run in load.runs():
        if run.snapshot:
            users[run.snapshot].append(run.run_id)
    return dict(users)


def show() -> None:
    """The list; a chosen one can be deleted, unless a run needs it."""
    st.markdown("**Snapshots**")
    table = list_snapshots(home() / "snapshots", used_by())
    if table.empty:
        st.caption(
            "None yet: each run pins the bars that it was made from, so that it can be repeated to the last bit."
        )
        return
    spare = int((table["n_runs"] == 0).sum())
    needed = "each needed by a run" if not spare else f"{text.thousands(spare)} needed by no run"
    st.caption(f"{text.counted(len(table), 'set')} of bars pinned for runs, {needed}. Choose a line to delete it.")
    event = st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_order=list(COLUMNS),
        column_config=COLUMNS,
        placeholder=text.MISSING,
        on_select="rerun",
        selection_mode="single-row",
        key="market_snapshots",
        alt="Snapshots, the latest first, with the runs that need them",
    )
    rows = [row for row in event.selection.rows if row < len(table)]
    if rows:
        name = table["snapshot_id"].iloc[rows[0]]
        with st.popover(f"Delete {name[:8]}", icon=":material/delete:"):
            st.markdown("Delete this file of bars? A run that starts anew pins its bars anew.")
            st.button("Delete the snapshot", key="market_snapshot_delete", on_click=delete, args=(name,))


def delete(name: str) -> None:
    """Delete one, unless a run needs it at this moment."""
    writes.press(
        lambda _: delete_snapshot(home() / "snapshots", name, used_by=used_by().get(name, [])),
        lambda _: f"Snapshot {name[:8]} deleted.",
    )
