"""The short part of an ingest, inside the one transaction: checked rows move from the staging file into the store."""

import json
import time
from dataclasses import asdict

import duckdb

from finml_core.bars.layout import BY_DAY, BY_SYMBOL, LAYOUTS, refresh_catalog
from finml_core.bars.log import log
from finml_core.bars.options import IngestOptions, IngestReport
from finml_core.bars.parse import PARSED
from finml_core.bars.staging import Staged
from finml_core.errors import DataError


def count_conflicts(connection: duckdb.DuckDBPyConnection, rows: Staged, on_conflict: str) -> int:
    """How many checked rows are stored already; an error under "error"."""
    query = "SELECT count(*), min(symbol), min(ts) FROM staging.good SEMI JOIN bars USING (symbol, ts)"
    count, symbol, ts = connection.execute(query).fetchone()
    if count and on_conflict == "error":
        raise DataError(
            f"{count} of {rows.n_good} usable rows of {rows.label} are stored already (such as {symbol}, from {ts}). "
            "Nothing was stored; skip them or replace the stored ones (on_conflict)."
        )
    return int(count)


def move_in(connection: duckdb.DuckDBPyConnection, ingest_id: int, n_stored: int, on_conflict: str) -> None:
    """Checked rows into both layouts, bad ones into the quarantine, and the catalog after them."""
    columns = ", ".join(PARSED)
    source = "staging.good"
    if n_stored and on_conflict == "replace":
        for layout in LAYOUTS:
            connection.execute(f"DELETE FROM {layout} USING staging.good AS new WHERE {_same_key(layout)}")
    elif n_stored and on_conflict == "skip":
        source = "new_bars"
        connection.execute(
            f"""CREATE TEMP TABLE new_bars AS SELECT {columns} FROM staging.good
                ANTI JOIN bars USING (symbol, ts) ORDER BY symbol, ts"""
        )
    for layout, order in ((BY_SYMBOL, ""), (BY_DAY, "ORDER BY ts")):
        connection.execute(
            f"INSERT INTO {layout} ({columns}, ingest_id) SELECT {columns}, ? FROM {source} {order}", [ingest_id]
        )
    connection.execute(
        "INSERT INTO quarantine SELECT ?, row_number, reason, symbol, ts, raw FROM staging.bad ORDER BY row_number",
        [ingest_id],
    )
    refresh_catalog(connection, "SELECT DISTINCT symbol FROM staging.good")


def _same_key(layout: str) -> str:
    return f"{layout}.symbol = new.symbol AND {layout}.ts = new.ts"


def report(rows: Staged, n_stored: int, on_conflict: str, started: float, *, ingest_id: int | None) -> IngestReport:
    """What the ingest says about itself."""
    return IngestReport(
        source=rows.label,
        rows_read=rows.rows_read,
        inserted=rows.n_good - n_stored,
        replaced=n_stored if on_conflict == "replace" else 0,
        skipped=n_stored if on_conflict == "skip" else 0,
        quarantined=rows.quarantined,
        seconds=time.perf_counter() - started,
        ingest_id=ingest_id,
        dry_run=ingest_id is None,
        symbols=rows.symbols,
        notes=rows.notes,
    )


def log_ingest(
    connection: duckdb.DuckDBPyConnection, report: IngestReport, rows: Staged, options: IngestOptions, on_conflict: str
) -> None:
    """The ingest's line of the log."""
    details = {
        "mapping": rows.mapping,
        "options": asdict(options),
        "quarantined": dict(report.quarantined),
        "notes": report.notes,
    }
    log(
        connection,
        ingest_id=report.ingest_id,
        action="ingest",
        source=report.source,
        on_conflict=on_conflict,
        rows_read=report.rows_read,
        inserted=report.inserted,
        replaced=report.replaced,
        skipped=report.skipped,
        quarantined=report.n_quarantined,
        deleted=0,
        seconds=report.seconds,
        details=json.dumps(details, ensure_ascii=False),
    )
