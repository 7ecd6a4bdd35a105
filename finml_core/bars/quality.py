"""What looks wrong in bars that are kept: one SQL statement a check, over a whole panel at once."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd

from finml_core.bars.connection import connect_utc
from finml_core.bars.quality_checks import CHECKS
from finml_core.bars.quality_steps import CALENDAR, NO_REPEATS, RETURNS
from finml_core.bars.source import literal
from finml_core.checks import check_columns
from finml_core.schemas import BARS, DEFAULT_SYMBOL, OPTIONAL_BARS

SEVERITIES = ("high", "medium", "low")
COLUMNS = ("check", "severity", "symbol", "count", "first", "last", "example", "advice", "mend", "measure")


def quality_report(bars: pd.DataFrame) -> pd.DataFrame:
    """Findings on bars that may be dirty, the gravest first.

    Parameters
    ----------
    bars : DataFrame with `symbol, ts` and the columns of bars
        Duplicates, wrong order and missing values are findings, not errors. Returns are judged on adj_close where there
        is one, as they are used.

    Returns
    -------
    DataFrame with `check, severity, symbol, count, first, last, example, advice, mend, measure`
        One row a check and symbol, which is its key; `first` and `last` are the stamps between which it was found, and
        `example` shows the gravest. `mend` names what a store can do about it: "exclude" (`exclude_finding`),
        "apply_split", "accept" (`review_finding`) or nothing. `measure` says in words what is wrong with each bar.

    Raises
    ------
    DataError
        For a missing column.
    """
    import pyarrow as pa

    if isinstance(bars.index, pd.DatetimeIndex) and "ts" not in bars.columns:
        bars = bars.rename_axis("ts").reset_index()
        bars = bars if "symbol" in bars.columns else bars.assign(symbol=DEFAULT_SYMBOL)
    check_columns(bars, BARS, what="the frame of bars")
    optional = {column: float("nan") for column in OPTIONAL_BARS if column not in bars.columns}
    table = bars.assign(**optional)[[*BARS, *OPTIONAL_BARS]]
    with connect_utc() as connection:
        connection.register("given", pa.Table.from_pandas(table, preserve_index=False))
        numbers = ", ".join(
            f"CASE WHEN isnan({name}::DOUBLE) THEN NULL ELSE {name}::DOUBLE END AS {name}" for name in table.columns[2:]
        )
        connection.execute(
            f"""CREATE TEMP TABLE judged AS
                SELECT row_number() OVER () AS position, symbol::VARCHAR AS symbol, ts::TIMESTAMP AS ts, {numbers}
                FROM given"""
        )
        return judge(connection, "judged", is_stored=False)


def gather(connection: duckdb.DuckDBPyConnection, relation: str, where: str, values: list[Any]) -> None:
    """Make stored bars `judged`: a view of all of them, or a temporary table of those selected."""
    kind = "TABLE" if where else "VIEW"
    columns = ", ".join((*BARS, *OPTIONAL_BARS))
    query = f"SELECT 0 AS position, {columns} FROM {relation} {where}"
    connection.execute(f"CREATE TEMP {kind} judged AS {query}", values)


def make_tables(
    connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str], table: str, *, is_stored: bool
) -> None:
    """The helper tables of checks, for the bars in `table`."""
    for name, query in queries.items():
        query = NO_REPEATS if is_stored and name == "repeats" else query
        connection.execute(f"CREATE TEMP TABLE {name} AS {query.replace('$bars', table)}")


def judge(connection: duckdb.DuckDBPyConnection, table: str, *, is_stored: bool) -> pd.DataFrame:
    """Findings on a temporary table with `position` and the columns of bars; its name comes from this package.

    Of stored bars it is known that they have an order and no duplicates; `position` is not read.
    """
    make_tables(connection, {**RETURNS, **CALENDAR}, table, is_stored=is_stored)
    parts = [
        f"""SELECT {literal(check.name)} AS "check", severity, symbol, n AS "count", first, last, example,
                   {literal(check.advice)} AS advice, {literal(check.mend)} AS mend, {literal(check.measure)} AS measure
            FROM ({check.query.replace("$bars", table)})"""
        for check in CHECKS
        if not (is_stored and check.is_of_files)
    ]
    rank = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(SEVERITIES))
    findings = connection.execute(
        f'SELECT * FROM ({" UNION ALL ".join(parts)}) ORDER BY CASE severity {rank} END, "check", symbol'
    ).df()
    texts = ["check", "severity", "symbol", "example", "advice", "mend", "measure"]
    types = {**dict.fromkeys(texts, "str"), "count": "int64", "first": "datetime64[us]", "last": "datetime64[us]"}
    return findings[list(COLUMNS)].astype(types)
