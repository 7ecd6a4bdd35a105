"""Which stored bars are meant: bound SQL conditions, and the frame that they select."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from finml_core.errors import ConfigError
from finml_core.schemas import BARS, OHLCV, OPTIONAL_BARS, in_order

Moment = str | date | datetime | pd.Timestamp | None  # of a selection's edge, UTC; None: open


def where_selected(symbols: str | Iterable[str] | None, start: Moment, end: Moment) -> tuple[str, list[Any]]:
    """WHERE clause and its bound values; both edges are included, and a pure date as `end` is that whole day."""
    conditions: list[str] = []
    values: list[Any] = []
    if symbols is not None:
        names = [symbols] if isinstance(symbols, str) else [str(symbol) for symbol in symbols]
        conditions.append(f"symbol IN ({', '.join('?' * len(names))})" if names else "false")
        values += names
    if start is not None:
        conditions.append("ts >= ?")
        values.append(moment_of("start", start).to_pydatetime())
    if end is not None:
        last = moment_of("end", end)
        is_day = _is_pure_date(end)
        conditions.append("ts < ?" if is_day else "ts <= ?")
        values.append((last + pd.Timedelta(days=1) if is_day else last).to_pydatetime())
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), values


def select_bars(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    where: str,
    values: list[Any],
    *,
    optional: Sequence[str] = OPTIONAL_BARS,
) -> pd.DataFrame:
    """The selected bars of a relation as the frame that stages exchange; `optional` columns are looked at.

    They mostly lie in order: looking whether they do is ten times faster than having the database sort them.
    """
    query = f"SELECT {', '.join((*BARS, *optional))} FROM {relation} {where}"
    table = connection.sql(query, params=values).to_arrow_table()
    columns = {name: np.require(table[name].to_numpy(), requirements="W") for name in table.column_names[1:]}
    symbols = pd.array(table["symbol"], dtype="str")
    bars = typed(pd.DataFrame({"symbol": symbols, **columns}, copy=False))
    bars = bars.drop(columns=[column for column in optional if bars[column].isna().all()])
    if not in_order(bars):
        bars = bars.sort_values(["symbol", "ts"], kind="stable", ignore_index=True)
    return bars


def typed(bars: pd.DataFrame) -> pd.DataFrame:
    """The same bars with the types that `schemas` promises."""
    numbers = [column for column in (*OHLCV, *OPTIONAL_BARS) if column in bars.columns]
    types = {"symbol": "str", "ts": "datetime64[us]", **dict.fromkeys(numbers, "float64")}
    return bars.astype(types)


def moment_of(name: str, value: Any) -> pd.Timestamp:
    """A naive UTC stamp from what a user gave as `name`."""
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigError(f"{name} is {value!r}, which is no date; write one such as '2015-01-31'.") from error
    if moment is pd.NaT:
        raise ConfigError(f"{name} is missing; leave it out or give a date.")
    return moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment


def _is_pure_date(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"\d{4}-?\d\d-?\d\d", value.strip()) is not None
    return isinstance(value, date) and not isinstance(value, datetime)
