"""How many bars each session has, against what the symbol's own calendar leads one to expect."""

import pandas as pd

from finml_core.bars.connection import connect_utc
from finml_core.checks import check_columns
from finml_core.errors import ConfigError
from finml_core.schemas import KEY

# the usual number is of the symbol's own year, since trading hours change; a session of fewer bars is short
COUNTS = """
    WITH counted AS (
        SELECT symbol, CAST(date_trunc('day', ts) AS TIMESTAMP) AS session, count(*) AS n_bars,
               min(ts) AS first, max(ts) AS last
        FROM keys GROUP BY ALL),
    usual AS (SELECT symbol, year(session) AS year, mode(n_bars) AS expected_bars FROM counted GROUP BY ALL),
    lives AS (SELECT symbol, min(session) AS born, max(session) AS died FROM counted GROUP BY symbol),
    open_days AS ($open_days),
    wanted AS (
        SELECT symbol, session FROM lives JOIN open_days ON session BETWEEN born AND died
        UNION SELECT symbol, session FROM counted)
    SELECT wanted.symbol, wanted.session, coalesce(n_bars, 0) AS n_bars,
           CAST(ceil(coalesce(expected_bars, 1) * coalesce(share, 1)) AS BIGINT) AS expected_bars, first, last
    FROM wanted LEFT JOIN counted USING (symbol, session) LEFT JOIN open_days USING (session)
    LEFT JOIN usual ON usual.symbol = wanted.symbol AND usual.year = year(wanted.session)
    ORDER BY wanted.symbol, wanted.session
"""
INFERRED = """
    SELECT session, 1.0 AS share FROM (SELECT session, count(*) AS n FROM counted GROUP BY session) AS days
    WHERE 2 * n >= (SELECT count(*) FROM lives WHERE days.session BETWEEN born AND died)"""


def session_counts(bars: pd.DataFrame, *, calendar: str | None = None) -> pd.DataFrame:
    """Bars of each symbol and session, against the bars' own calendar or that of an exchange.

    Parameters
    ----------
    calendar : name of an exchange of the optional package exchange_calendars, such as "XNYS"
        None infers the sessions: the UTC dates on which at least half of the symbols then alive have a bar.

    Returns
    -------
    DataFrame with `symbol, session, n_bars, expected_bars, first, last`
        `session` is a date. `expected_bars` is the symbol's most frequent number in that year, less in proportion where
        an exchange closes early; `n_bars` 0 and missing stamps tell of a session without a bar.

    Raises
    ------
    ConfigError
        If the package is not installed, or it knows no such exchange.
    """
    import pyarrow as pa

    check_columns(bars, KEY, what="the frame of bars")
    with connect_utc() as connection:
        if calendar is not None and len(bars):
            sessions = exchange_sessions(calendar, bars["ts"].min(), bars["ts"].max())
            connection.register("exchange", pa.Table.from_pandas(sessions, preserve_index=False))
        connection.register("given", pa.Table.from_pandas(bars[list(KEY)], preserve_index=False))
        connection.execute("CREATE TEMP TABLE keys AS SELECT symbol::VARCHAR AS symbol, ts::TIMESTAMP AS ts FROM given")
        open_days = "SELECT session, share FROM exchange" if calendar is not None and len(bars) else INFERRED
        counts = connection.execute(COUNTS.replace("$open_days", open_days)).df()
    stamps = dict.fromkeys(("session", "first", "last"), "datetime64[us]")
    return counts.astype({"symbol": "str", "n_bars": "int64", "expected_bars": "int64", **stamps})


def exchange_sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Sessions of an exchange from `first` to `last`: `session` (a date) and `share` of the usual trading hours."""
    try:
        from exchange_calendars import errors, get_calendar
    except ImportError as error:
        raise ConfigError(
            f"calendar is {calendar!r}, but the package exchange_calendars is not installed; install it, or leave "
            "calendar out to infer the sessions from the bars."
        ) from error
    try:
        schedule = get_calendar(calendar, start=first.normalize(), end=last.normalize()).schedule
    except errors.InvalidCalendarName as error:
        raise ConfigError(f"calendar is {calendar!r}, which is no exchange; write one such as 'XNYS'.") from error
    hours = (schedule["close"] - schedule["open"]) / pd.Timedelta(hours=1)
    sessions = pd.DatetimeIndex(schedule.index).astype("datetime64[us]")
    return pd.DataFrame({"session": sessions, "share": (hours / hours.mode().iloc[0]).clip(upper=1.0).to_numpy()})
