"""The log of a store: what came in, went out or was decided; its length is the store's version."""

import json
from datetime import UTC, datetime
from typing import Any

import duckdb


def log_decision(
    connection: duckdb.DuckDBPyConnection, action: str, symbol: str, details: dict[str, Any], **counts: int
) -> int:
    """A line of the log, so that the version grows and no cache keeps the bars of before; gives its number."""
    number = next_id(connection)
    text = json.dumps(details, ensure_ascii=False)
    log(connection, ingest_id=number, action=action, source=symbol[:200], details=text, **counts)
    return number


def log(connection: duckdb.DuckDBPyConnection, **row: Any) -> None:
    """Add a row to the log; its keys are column names of the table `ingests`, all written in this package."""
    row["written_at"] = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(
        f"INSERT INTO ingests ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


def next_id(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the next line."""
    return int(connection.execute("SELECT coalesce(max(ingest_id), 0) + 1 FROM ingests").fetchone()[0])
