"""The tables of a store: bars in symbol order and again in day order, what was kept aside, and what was decided.

One symbol lies together in `bars`, one stamp of all symbols in `bars_by_day`; each question reads the layout in which
its rows are neighbours. Both hold the same rows, written in the same transaction, and so does `catalog`, the count and
span of each symbol.
"""

from typing import Any

import duckdb

from finml_core.schemas import OPTIONAL_BARS

BAR_COLUMNS = """
    symbol VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, open DOUBLE NOT NULL, high DOUBLE NOT NULL,
    low DOUBLE NOT NULL, close DOUBLE NOT NULL, volume DOUBLE, adj_close DOUBLE, bid DOUBLE, ask DOUBLE,
    ingest_id INTEGER NOT NULL"""
BY_SYMBOL = "bars"
BY_DAY = "bars_by_day"
LAYOUTS = (BY_SYMBOL, BY_DAY)
CATALOG = f"""
    SELECT symbol, count(*) AS n_bars, min(ts) AS first, max(ts) AS last, max(ingest_id) AS ingest_id,
           count(adj_close) AS n_adj_close, count(bid) AS n_bid, count(ask) AS n_ask
    FROM {BY_SYMBOL}"""
TABLES = f"""
    CREATE TABLE IF NOT EXISTS {BY_SYMBOL} ({BAR_COLUMNS});
    CREATE TABLE IF NOT EXISTS {BY_DAY} ({BAR_COLUMNS});
    CREATE TABLE IF NOT EXISTS catalog (
        symbol VARCHAR NOT NULL, n_bars BIGINT NOT NULL, first TIMESTAMP NOT NULL, last TIMESTAMP NOT NULL,
        ingest_id INTEGER NOT NULL, n_adj_close BIGINT NOT NULL, n_bid BIGINT NOT NULL, n_ask BIGINT NOT NULL);
    CREATE TABLE IF NOT EXISTS ingests (
        ingest_id INTEGER NOT NULL, action VARCHAR NOT NULL, written_at TIMESTAMP NOT NULL, source VARCHAR NOT NULL,
        on_conflict VARCHAR, rows_read BIGINT, inserted BIGINT, replaced BIGINT, skipped BIGINT, quarantined BIGINT,
        deleted BIGINT, seconds DOUBLE, details VARCHAR);
    CREATE TABLE IF NOT EXISTS quarantine (
        ingest_id INTEGER NOT NULL, row_number BIGINT NOT NULL, reason VARCHAR NOT NULL, symbol VARCHAR, ts TIMESTAMP,
        raw VARCHAR);
    CREATE TABLE IF NOT EXISTS splits (
        split_id INTEGER NOT NULL, symbol VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, ratio DOUBLE NOT NULL,
        applied_at TIMESTAMP NOT NULL, reverted_at TIMESTAMP);
    CREATE TABLE IF NOT EXISTS reviews (
        review_id INTEGER NOT NULL, check_name VARCHAR NOT NULL, symbol VARCHAR NOT NULL, decision VARCHAR NOT NULL,
        note VARCHAR NOT NULL, reviewed_at TIMESTAMP NOT NULL);
"""


def complete(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a store of an earlier version the tables that it lacks, filled from its bars."""
    present = tables_of(connection)
    if BY_SYMBOL in present and not {BY_DAY, "catalog", "splits", "reviews"} <= present:
        connection.execute(TABLES)
        if BY_DAY not in present:
            connection.execute(f"INSERT INTO {BY_DAY} SELECT * FROM {BY_SYMBOL} ORDER BY ts")
        if "catalog" not in present:
            connection.execute(f"INSERT INTO catalog {CATALOG} GROUP BY symbol ORDER BY symbol")


def refresh_catalog(connection: duckdb.DuckDBPyConnection, symbols: str, values: list[Any] | None = None) -> None:
    """Count the bars of some symbols anew; `symbols` is SQL that selects them, written in this package."""
    values = values or []
    connection.execute(f"DELETE FROM catalog WHERE symbol IN ({symbols})", values)
    connection.execute(
        f"INSERT INTO catalog {CATALOG} WHERE symbol IN ({symbols}) GROUP BY symbol ORDER BY symbol", values
    )


def catalog_relation(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL after FROM for the catalog; counted from the bars in a store of an earlier version."""
    return "catalog" if "catalog" in tables_of(connection) else f"({CATALOG} GROUP BY symbol)"


def tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables that the store has."""
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
    return {name for (name,) in connection.execute(query).fetchall()}


def bars_relation(connection: duckdb.DuckDBPyConnection, layout: str = BY_SYMBOL) -> str:
    """SQL after FROM for the bars of a layout, with `adj_close` as the splits that were applied make it.

    Without such splits it is the table itself. An earlier version's store has no day layout and no splits.
    """
    try:
        has_splits = connection.execute("SELECT 1 FROM splits WHERE reverted_at IS NULL LIMIT 1").fetchall()
    except duckdb.CatalogException:
        return BY_SYMBOL
    if not has_splits:
        return layout
    return f"""(
        SELECT {layout}.* REPLACE (CASE WHEN symbol IN (SELECT symbol FROM splits WHERE reverted_at IS NULL)
            THEN coalesce(adj_close, close) / coalesce((
                SELECT product(ratio) FROM splits
                WHERE reverted_at IS NULL AND splits.symbol = {layout}.symbol AND splits.ts > {layout}.ts), 1)
            ELSE adj_close END AS adj_close) FROM {layout})"""


def optional_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Optional columns that any bar may have a value in: by the catalog, and adj_close where a split was applied."""
    query = "SELECT sum(n_adj_close), sum(n_bid), sum(n_ask) FROM catalog"
    try:
        counts = list(connection.execute(query).fetchall()[0])
        counts[0] = counts[0] or connection.execute("SELECT count(*) FROM splits").fetchall()[0][0]
    except duckdb.CatalogException:  # a store of an earlier version
        return list(OPTIONAL_BARS)
    return [column for column, count in zip(OPTIONAL_BARS, counts, strict=True) if count]
