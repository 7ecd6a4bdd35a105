"""Bars of a finding moved to the quarantine, and put back: the store can always tell what it left out and why."""

import json

import duckdb

from finml_core.bars.drill import select_concerned
from finml_core.bars.layout import BY_DAY, BY_SYMBOL, LAYOUTS, refresh_catalog
from finml_core.bars.log import log_decision, next_id
from finml_core.bars.parse import PARSED
from finml_core.bars.quality_checks import NAMES, check_of
from finml_core.checks import check_choice, check_integer
from finml_core.errors import ConfigError, DataError

ACTION = "exclude"
COLUMNS = ", ".join((*PARSED, "ingest_id"))
# a kept bar as JSON, whose numbers come back to the last digit
SHAPE = json.dumps({column: "DOUBLE" for column in PARSED if column not in ("symbol", "ts")} | {"ingest_id": "INTEGER"})
KEPT = f"""
    CREATE TEMP TABLE kept AS
    SELECT symbol, ts, unnest(from_json(raw, '{SHAPE}')) FROM (
        SELECT symbol, ts, raw FROM quarantine WHERE ingest_id = ?)"""


def exclude(connection: duckdb.DuckDBPyConnection, relation: str, check: str, symbol: str, note: str) -> int:
    """Move the bars that a finding is about out of both layouts; gives the number of this decision in the log."""
    check_choice("check", check, NAMES)
    if check_of(check).mend != ACTION:
        raise ConfigError(
            f"{check!r} is not mended by leaving bars out; accept it (review_finding) or mend the source."
        )
    select_concerned(connection, relation, check_of(check), symbol)
    n_concerned, n_bars = connection.execute(
        "SELECT (SELECT count(DISTINCT ts) FROM concerned), (SELECT count(*) FROM judged)"
    ).fetchall()[0]
    if not n_concerned:
        raise DataError(f"{symbol} has no finding {check!r}; nothing was left out.")
    if n_concerned == n_bars:
        raise DataError(f"{check!r} concerns all {n_bars} bars of {symbol}; delete the symbol instead.")
    number = next_id(connection)
    where = "WHERE symbol = ? AND ts IN (SELECT ts FROM concerned)"
    connection.execute(
        f"""INSERT INTO quarantine
            SELECT ?, row_number() OVER (ORDER BY ts), ?, symbol, ts, to_json(stored)::VARCHAR
            FROM (SELECT {COLUMNS} FROM {BY_SYMBOL} {where}) AS stored""",
        [number, f"excluded: {check}", symbol],
    )
    for layout in LAYOUTS:
        connection.execute(f"DELETE FROM {layout} {where}", [symbol])
    refresh_catalog(connection, "?", [symbol])
    details = {"check": check, "symbol": symbol, "note": note}
    return log_decision(connection, ACTION, symbol, details, deleted=n_concerned, quarantined=n_concerned)


def restore(connection: duckdb.DuckDBPyConnection, exclusion_id: int) -> int:
    """Move the bars of an exclusion back into both layouts; gives their number."""
    check_integer("exclusion_id", exclusion_id, 1)
    query = "SELECT source FROM ingests WHERE ingest_id = ? AND action = ?"
    found = connection.execute(query, [exclusion_id, ACTION]).fetchall()
    connection.execute(KEPT, [exclusion_id])
    n_kept, n_stored = connection.execute(
        f"SELECT count(*), count(*) FILTER ((symbol, ts) IN (SELECT (symbol, ts) FROM {BY_SYMBOL})) FROM kept"
    ).fetchall()[0]
    if not found or not n_kept:
        raise DataError(f"{exclusion_id} is no exclusion whose bars are still aside; ingests() lists them.")
    if n_stored:
        raise DataError(
            f"{n_stored} of the {n_kept} bars that exclusion {exclusion_id} moved aside are stored again since; "
            "delete those first or leave the exclusion as it is."
        )
    for layout, order in ((BY_SYMBOL, "symbol, ts"), (BY_DAY, "ts, symbol")):
        connection.execute(f"INSERT INTO {layout} ({COLUMNS}) SELECT {COLUMNS} FROM kept ORDER BY {order}")
    connection.execute("DELETE FROM quarantine WHERE ingest_id = ?", [exclusion_id])
    refresh_catalog(connection, "SELECT DISTINCT symbol FROM kept")
    log_decision(connection, "restore", found[0][0], {"exclusion_id": exclusion_id}, inserted=n_kept)
    return int(n_kept)
