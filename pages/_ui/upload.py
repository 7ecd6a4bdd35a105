"""An uploaded file of bars: kept on disk for the ingest, mapped, and its report shown."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from finml_core.bars import IngestOptions, IngestReport, source_columns
from finml_core.errors import FinmlError
from pages._ui import text

REQUIRED = ("ts", "open", "high", "low", "close")
FIELDS = ("symbol", *REQUIRED, "volume", "adj_close", "bid", "ask")
ABSENT = "(none)"
CONFLICTS = {"error": "Refuse the file", "skip": "Keep the stored bar", "replace": "Take the file's bar"}
DATES = {"are not there": None, "day first": True, "month first": False}


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


def options_form() -> IngestOptions | None:
    """How the file is to be read; None, and the reason shown, where the answers do not fit together."""
    first, second, third = st.columns(3)
    symbol = first.text_input("Symbol, if the file names none", key="ingest_symbol")
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
