"""The tables of a store: bars in symbol order and again in day order, what was kept aside, and what was decided.

One symbol lies together in `bars`, one stamp of all symbols in `bars_by_day`; each question reads the layout in which
its rows are neighbours. Both hold the same rows, written in the same transaction.
"""

import duckdb

BAR_COLUMNS = """
    symbol VARCHAR NOT NULL, ts TIMESTAMP NOT NULL, open DOUBLE NOT NULL, high DOUBLE NOT NULL,
    low DOUBLE NOT NULL, close DOUBLE NOT NULL, volume DOUBLE, adj_close DOUBLE, bid DOUBLE, ask DOUBLE,
    ingest_id INTEGER NOT NULL"""
BY_SYMBOL = "bars"
BY_DAY = "bars_by_day"
LAYOUTS = (BY_SYMBOL, BY_DAY)
TABLES = f"""
    CREATE TABLE IF NOT EXISTS {BY_SYMBOL} ({BAR_COLUMNS});
    CREATE TABLE IF NOT EXISTS {BY_DAY} ({BAR_COLUMNS});
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
    """Give a store of an earlier version the tables that it lacks, the day layout filled from its bars."""
    present = tables_of(connection)
    if "bars" in present and not {BY_DAY, "splits", "reviews"} <= present:
        connection.execute(TABLES)
        if BY_DAY not in present:
            connection.execute(f"INSERT INTO {BY_DAY} SELECT * FROM {BY_SYMBOL} ORDER BY ts")


def tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables that the store has."""
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
    return {name for (name,) in connection.execute(query).fetchall()}


def bars_relation(connection: duckdb.DuckDBPyConnection, layout: str = BY_SYMBOL) -> str:
    """SQL after FROM for the bars of a layout, with `adj_close` as the splits that were applied make it.

    Without such splits it is the table itself. An earlier version's store has no day layout and no splits.
    """
    try:
        has_splits = connection.execute("SELECT 1 FROM splits WHERE reverted_at IS NULL LIMIT 1").fetchone()
    except duckdb.CatalogException:
        return BY_SYMBOL
    if has_splits is None:
        return layout
    return f"""(
        SELECT {layout}.* REPLACE (CASE WHEN symbol IN (SELECT symbol FROM splits WHERE reverted_at IS NULL)
            THEN coalesce(adj_close, close) / coalesce((
                SELECT product(ratio) FROM splits
                WHERE reverted_at IS NULL AND splits.symbol = {layout}.symbol AND splits.ts > {layout}.ts), 1)
            ELSE adj_close END AS adj_close) FROM {layout})"""
