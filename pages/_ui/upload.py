"""Uploaded files of bars: kept on disk for the ingest, mapped, and what became of them shown."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from finml_core.bars import IngestOptions, IngestReport, source_columns
from finml_core.errors import FinmlError
from pages._ui import text

TYPES = ["csv", "txt", "tsv", "gz", "zip", "parquet", "pq", "feather", "arrow", "ipc"]
REQUIRED = ("ts", "open", "high", "low", "close")
FIELDS = ("symbol", *REQUIRED, "volume", "adj_close", "bid", "ask", "time")
ABSENT = "(none)"
CONFLICTS = {"error": "Refuse the file", "skip": "Keep the stored bar", "replace": "Take the file's bar"}
DATES = {"are not there": None, "day first": True, "month first": False}


def keep(files: Sequence[Any]) -> list[Path]:
    """Write each upload once to this session's own folder, under its own name; sorted by name."""
    if "upload_folder" not in st.session_state:
        st.session_state["upload_folder"] = tempfile.TemporaryDirectory(prefix="finml-upload-")
    paths = []
    for file in files:
        folder = Path(st.session_state["upload_folder"].name) / re.sub(r"\W", "", str(file.file_id))
        folder.mkdir(exist_ok=True)
        path = folder / Path(file.name).name
        if not path.exists():
            path.write_bytes(file.getbuffer())
        paths.append(path)
    return sorted(paths, key=lambda path: (path.name, path))


@st.cache_data(max_entries=16, show_spinner=False)
def columns(path: Path) -> list[str]:
    """The column names that the file has."""
    return list(source_columns(path))


def mapping_form(found: list[str], guessed: dict[str, str], key: str) -> dict[str, str | None]:
    """One selectbox a field, set to the guess; None for a field that the file shall not fill.

    A required field that was neither guessed nor chosen is left out, so that its lack is told.
    """
    chosen: dict[str, str | None] = {}
    with st.grid(len(FIELDS), min_column_width=150):
        for field in FIELDS:
            guess = guessed.get(field)
            options = [ABSENT, *found]
            picked = st.selectbox(
                f"{field}{' *' if field in REQUIRED else ''}",
                options,
                options.index(guess) if guess in options else 0,
                key=f"ingest_map_{key}_{field}",
                help="A second column, with the time of day" if field == "time" else None,
            )
            if picked != ABSENT:
                chosen[field] = picked
            elif field not in REQUIRED or guess is not None:
                chosen[field] = None
    return chosen


def options_form() -> IngestOptions | None:
    """How the file is to be read; None, and the reason shown, where the answers do not fit together."""
    first, second, third = st.columns(3)
    symbol = first.text_input("Symbol, if the file names none", key="ingest_symbol", placeholder="The file's name")
    zone = second.text_input("Time zone of stamps without one", "UTC", key="ingest_zone")
    dates = third.selectbox("Dates like 03/04/2020", list(DATES), key="ingest_dates")
    stamp = first.selectbox("A stamp marks the bar's", ["close", "open"], key="ingest_stamp")
    size = second.text_input("Bar size, if it marks the open", key="ingest_size", placeholder="15min")
    decimal = third.selectbox("Decimal sign", [".", ","], key="ingest_decimal")
    try:
        return IngestOptions(
            symbol=symbol.strip() or None,
            time_zone=zone.strip(),
            stamp=stamp,
            bar_size=size.strip() or None,
            day_first=DATES[dates],
            decimal=decimal,
        )
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")
        return None


def show(report: IngestReport) -> None:
    """What an ingest did or would do: one sentence, a line a reason, what was assumed."""
    verb = "would be stored" if report.dry_run else "stored"
    st.success(
        f"**{report.source}**: {text.thousands(report.rows_read)} rows read: {text.thousands(report.inserted)} {verb}, "
        f"{text.thousands(report.replaced)} replaced, {text.thousands(report.skipped)} skipped, "
        f"{text.thousands(report.n_quarantined)} quarantined, in {report.seconds:.2f} s."
        + (" Nothing has been changed." if report.dry_run else ""),
        icon=":material/check_circle:",
    )
    if report.quarantined:
        reasons = pd.DataFrame({"reason": list(report.quarantined), "rows": list(report.quarantined.values())})
        st.dataframe(
            reasons,
            hide_index=True,
            width="content",
            column_config={
                "reason": "Kept aside because",
                "rows": st.column_config.NumberColumn("Rows", format="localized"),
            },
            alt="Rows that are kept aside, by reason",
        )
    for note in report.notes:
        st.caption(f"Assumed: {note}.")
    if report.symbols:
        more = "" if len(report.symbols) <= 12 else f" and {len(report.symbols) - 12} more"
        st.caption(f"Symbols: {', '.join(report.symbols[:12])}{more}.")
