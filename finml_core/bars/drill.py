"""The bars that a finding is about, and those around them."""

import duckdb
import pandas as pd

from finml_core.bars.quality import gather, make_tables
from finml_core.bars.quality_checks import NAMES, Check, check_of
from finml_core.bars.selection import typed, where_selected
from finml_core.checks import check_choice, check_integer
from finml_core.schemas import BARS, OPTIONAL_BARS

MAX_CONTEXT = 1000
# a session that lacks has no bar and thus no place of its own; it lies between two
BARS_OF_FINDING = f"""
    WITH placed AS (SELECT *, row_number() OVER (ORDER BY ts, position) AS place FROM judged),
    worst AS (SELECT ts, min(measure) AS measure, min(rank) AS rank FROM concerned GROUP BY ts
              ORDER BY min(rank), ts LIMIT $limit),
    middles AS (
        SELECT placed.place, CAST(worst.ts > placed.ts AS INTEGER) AS is_between
        FROM worst ASOF JOIN placed ON worst.ts >= placed.ts),
    near AS (
        SELECT DISTINCT unnest(range(place - $context + is_between, place + $context + 1)) AS place FROM middles),
    shown AS (
        SELECT placed.* EXCLUDE (place, position), worst.ts IS NOT NULL AS concerned, worst.measure
        FROM placed SEMI JOIN near USING (place) LEFT JOIN worst USING (ts)
        UNION ALL BY NAME
        SELECT $symbol AS symbol, ts, true AS concerned, measure FROM worst ANTI JOIN judged USING (ts))
    SELECT {", ".join((*BARS, *OPTIONAL_BARS))}, concerned, measure FROM shown ORDER BY ts
"""


def bars_of_finding(
    connection: duckdb.DuckDBPyConnection, relation: str, check: str, symbol: str, *, context: int, limit: int
) -> pd.DataFrame:
    """The frame that `BarStore.finding_bars` promises, from the bars of `relation`."""
    check_choice("check", check, NAMES)
    check_integer("context", context, 0)
    check_integer("limit", limit, 1)
    select_concerned(connection, relation, check_of(check), symbol)
    values = {"symbol": symbol, "context": min(context, MAX_CONTEXT), "limit": limit}
    bars = connection.execute(BARS_OF_FINDING, values).df()
    empty = [column for column in OPTIONAL_BARS if bars[column].isna().all()]
    return typed(bars.drop(columns=empty)).astype({"concerned": "bool", "measure": "float64"})


def select_concerned(connection: duckdb.DuckDBPyConnection, relation: str, check: Check, symbol: str) -> None:
    """Fill the temporary tables `judged` (the symbol's bars) and `concerned` (`ts, measure, rank` of the finding)."""
    where, values = where_selected(symbol, None, None)
    gather(connection, relation, where, values)
    make_tables(connection, check.needs, relation if check.is_of_panel else "judged", is_stored=True)
    rows = check.rows.replace("$bars", "judged")
    condition = "symbol = ?" + (" AND false" if check.is_of_files else "")
    connection.execute(
        f"CREATE TEMP TABLE concerned AS SELECT ts, measure, rank FROM ({rows}) WHERE {condition}", values
    )
