"""Candles for a chart: any span of one symbol thinned inside the store, no extreme lost."""

import duckdb
import pandas as pd

from finml_core.bars.selection import Moment, where_selected
from finml_core.checks import check_integer

FEW = 200_000  # bars that are numbered one by one; more are summed up in cells of equal time first
CELLS = 4  # cells for each candle: a candle is off its share of the bars by less than one cell
SUMMARY = """min(first) AS first, max(ts) AS ts, arg_min(open, first) AS open, max(high) AS high, min(low) AS low,
    arg_max(close, ts) AS close, sum(volume) AS volume, CAST(sum(n_bars) AS BIGINT) AS n_bars"""


def thinned(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    symbol: str,
    start: Moment,
    end: Moment,
    max_points: int,
    *,
    is_adjusted: bool,
) -> pd.DataFrame:
    """At most `max_points` candles of consecutive bars: equally many each (the last may have fewer) up to `FEW` bars.

    Beyond that they are about equally many: numbering a million bars costs ten times what summing them up does.
    """
    check_integer("max_points", max_points, 1)
    where, values = where_selected(symbol, start, end)
    query = f"SELECT count(*), epoch_us(min(ts)), epoch_us(max(ts)) FROM {relation} {where}"
    n_bars, first, last = connection.execute(query, values).fetchall()[0]
    size = max(-(-n_bars // max_points), 1)
    factor = "coalesce(adj_close / close, 1)" if is_adjusted else "1"
    prices = ", ".join(f"{price} * {factor} AS {price}" for price in ("open", "high", "low", "close"))
    rows = f"SELECT ts AS first, ts, {prices}, volume, 1 AS n_bars FROM {relation} {where}"
    if n_bars <= FEW:
        parts = f"SELECT *, row_number() OVER (ORDER BY ts) - 1 AS place FROM ({rows})"
    else:
        width = (last - first) // (max_points * CELLS) + 1
        cells = f"SELECT {SUMMARY} FROM ({rows}) AS rows GROUP BY (epoch_us(rows.ts) - {first}) // {width}"
        parts = f"SELECT *, CAST(sum(n_bars) OVER (ORDER BY ts) - n_bars AS BIGINT) AS place FROM ({cells})"
    return connection.execute(f"SELECT {SUMMARY} FROM ({parts}) GROUP BY place // {size} ORDER BY ts", values).df()
