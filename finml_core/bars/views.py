"""Questions that a page asks of the store, answered by aggregates in SQL."""

from typing import Any

from finml_core.bars.selection import Moment, where_selected
from finml_core.checks import check_integer

COVERAGE = """
    WITH counted AS (
        SELECT symbol, count(*) AS n_bars, min(ts) AS first, max(ts) AS last, max(ingest_id) AS ingest_id
        FROM bars GROUP BY symbol)
    SELECT symbol, n_bars, first, last, source FROM counted LEFT JOIN ingests USING (ingest_id) ORDER BY symbol
"""
COVERAGE_BY_MONTH = """
    SELECT symbol, CAST(date_trunc('month', ts) AS TIMESTAMP) AS month, count(*) AS n_bars
    FROM bars GROUP BY ALL ORDER BY symbol, month
"""
QUARANTINE = """
    SELECT ingest_id, source, row_number, reason, symbol, ts, raw
    FROM quarantine JOIN (SELECT ingest_id, source FROM ingests) USING (ingest_id)
    WHERE ?::INTEGER IS NULL OR ingest_id = ?::INTEGER
    ORDER BY ingest_id DESC, row_number LIMIT ?
"""


def candles_query(
    relation: str, symbol: str, start: Moment, end: Moment, max_points: int, *, adjusted: bool = False
) -> tuple[str, list[Any]]:
    """Query and values for at most `max_points` candles, each of equally many bars (the last may have fewer)."""
    check_integer("max_points", max_points, 1)
    where, values = where_selected(symbol, start, end)
    factor = "coalesce(adj_close / close, 1)" if adjusted else "1"
    query = f"""
        WITH selected AS (
            SELECT ts, open * {factor} AS open, high * {factor} AS high, low * {factor} AS low,
                   close * {factor} AS close, volume, row_number() OVER (ORDER BY ts) - 1 AS position,
                   CAST(ceil(count(*) OVER () / ?) AS BIGINT) AS size
            FROM {relation} {where})
        SELECT min(ts) AS first, max(ts) AS ts, arg_min(open, ts) AS open, max(high) AS high, min(low) AS low,
               arg_max(close, ts) AS close, sum(volume) AS volume, count(*) AS n_bars
        FROM selected GROUP BY position // size ORDER BY ts"""
    return query, [max_points, *values]
