"""How many bars each session has, against what the symbol's own calendar leads one to expect."""

import pandas as pd

from finml_core.bars.connection import connect_utc
from finml_core.checks import check_columns
from finml_core.schemas import KEY

# the usual number is of the symbol's own year, since trading hours change; a session of fewer bars is short
COUNTS = """
    WITH counted AS (
        SELECT symbol, CAST(date_trunc('day', ts) AS TIMESTAMP) AS session, count(*) AS n_bars,
               min(ts) AS first, max(ts) AS last
        FROM keys GROUP BY ALL),
    usual AS (SELECT symbol, year(session) AS year, mode(n_bars) AS expected_bars FROM counted GROUP BY ALL),
    lives AS (SELECT symbol, min(session) AS born, max(session) AS died FROM counted GROUP BY symbol),
    open_days AS (
        SELECT session FROM (SELECT session, count(*) AS n FROM counted GROUP BY session) AS days
        WHERE 2 * n >= (SELECT count(*) FROM lives WHERE days.session BETWEEN born AND died)),
    wanted AS (
        SELECT symbol, session FROM lives JOIN open_days ON session BETWEEN born AND died
        UNION SELECT symbol, session FROM counted)
    SELECT wanted.symbol, wanted.session, coalesce(n_bars, 0) AS n_bars, coalesce(expected_bars, 1) AS expected_bars,
           first, last
    FROM wanted LEFT JOIN counted USING (symbol, session)
    LEFT JOIN usual ON usual.symbol = wanted.symbol AND usual.year = year(wanted.session)
    ORDER BY wanted.symbol, wanted.session
"""


def session_counts(bars: pd.DataFrame) -> pd.DataFrame:
    """Bars of each symbol and session, inferred from the bars themselves.

    A session is a UTC date on which at least half of the symbols then alive have a bar.

    Returns
    -------
    DataFrame with `symbol, session, n_bars, expected_bars, first, last`
        `expected_bars` is the symbol's most frequent number in that year; `n_bars` 0 and missing stamps tell of a
        session that only the others have.
    """
    import pyarrow as pa

    check_columns(bars, KEY, what="the frame of bars")
    with connect_utc() as connection:
        connection.register("given", pa.Table.from_pandas(bars[list(KEY)], preserve_index=False))
        connection.execute("CREATE TEMP TABLE keys AS SELECT symbol::VARCHAR AS symbol, ts::TIMESTAMP AS ts FROM given")
        counts = connection.execute(COUNTS).df()
    stamps = dict.fromkeys(("session", "first", "last"), "datetime64[us]")
    return counts.astype({"symbol": "str", "n_bars": "int64", "expected_bars": "int64", **stamps})
