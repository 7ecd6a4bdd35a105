"""An uploaded file of bars: kept on disk for the ingest, mapped, and its report shown."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from finml_core.bars import IngestReport, source_columns
from pages._ui import text

REQUIRED = ("ts", "open", "high", "low", "close")
FIELDS = ("symbol", *REQUIRED, "volume", "adj_close", "bid", "ask")
ABSENT = "(none)"


def keep(file: Any) -> Path:
    """Write the upload to a file of this session's own folder, once, under its own name."""
    if "upload_folder" not in st.session_state:
        st.session_state["upload_folder"] = tempfile.TemporaryDirectory(prefix="finml-upload-")
    content = file.getvalue()
    folder = Path(st.session_state["upload_folder"].name) / hashlib.sha256(content).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    path = folder / Path(file.name).name
    if not path.exists():
        path.write_bytes(content)
    return path


@st.cache_data(max_entries=16, show_spinner=False)
def columns(path: Path) -> list[str]:
    """The column names that the file has."""
    return list(source_columns(path))


def mapping_form(found: list[str], guessed: dict[str, str]) -> dict[str, str]:
    """One selectbox a field, set to the guess; fields left at none are not in the answer."""
    chosen = {}
    cells = st.columns(5)
    for number, field in enumerate(FIELDS):
        guess = guessed.get(field)
        options = [ABSENT, *found]
        mark = " *" if field in REQUIRED else ""
        picked = cells[number % 5].selectbox(
            f"{field}{mark}", options, options.index(guess) if guess in options else 0, key=f"ingest_map_{field}"
        )
        if picked != ABSENT:
            chosen[field] = picked
    return chosen


def show(report: IngestReport) -> None:
    """What an ingest did, in one sentence and a line a reason."""
    quarantined = sum(report.quarantined.values())
    verb = "would be stored" if report.dry_run else "stored"
    st.success(
        f"{text.thousands(report.rows_read)} rows read: {text.thousands(report.inserted)} {verb}, "
        f"{text.thousands(report.replaced)} replaced, {text.thousands(report.skipped)} skipped, "
        f"{text.thousands(quarantined)} quarantined, in {report.seconds:.2f} s.",
        icon=":material/check_circle:",
    )
    for reason, count in report.quarantined.items():
        st.caption(f"Quarantined: {text.thousands(count)} {reason}")
    for note in report.notes:
        st.caption(f"Note: {note}")
