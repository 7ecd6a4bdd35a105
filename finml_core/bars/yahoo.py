"""Bars from Yahoo Finance by yfinance, where that optional package and a network are at hand."""

import socket
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pandas as pd

from finml_core.bars.selection import Moment, moment_of
from finml_core.checks import check_choice
from finml_core.errors import DataError
from finml_core.schemas import BARS

HOST = ("query1.finance.yahoo.com", 443)
REACH_S = 3.0
INTERVALS = ("1d", "1wk", "1mo")  # their stamps name sessions; intraday ones mark opens and reach back days only
COLUMNS = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Adj Close": "adj_close", "Volume": "volume"}


def download_bars(
    symbols: str | Iterable[str], start: Moment = None, end: Moment = None, *, interval: str = "1d"
) -> pd.DataFrame:
    """Raw bars with adj_close, as they came, for `BarStore.ingest`, which checks them.

    Raises
    ------
    DataError
        At once if yfinance is not installed or its host cannot be reached; if a symbol has no bars.
    """
    check_choice("interval", interval, INTERVALS)
    names = [symbols] if isinstance(symbols, str) else [str(symbol) for symbol in symbols]
    if not names:
        raise DataError("no symbol was given to download.")
    source = _yfinance()
    _check_reachable()
    span = {
        "start": None if start is None else moment_of("start", start),
        # the package leaves out the end, bars include it
        "end": None if end is None else moment_of("end", end) + pd.Timedelta(days=1),
    }
    if start is None:
        span["period"] = "max"
    frame = source.download(
        names, interval=interval, auto_adjust=False, actions=False, progress=False, group_by="ticker", **span
    )
    return _long(frame, names)


def _yfinance() -> Any:
    try:
        return import_module("yfinance")
    except ImportError as error:
        raise DataError("yfinance is not installed; run `pip install yfinance`, or ingest a file.") from error


def _check_reachable() -> None:
    try:
        socket.create_connection(HOST, timeout=REACH_S).close()
    except OSError as error:
        raise DataError(f"{HOST[0]} cannot be reached ({error}); without a network, ingest a file.") from error


def _long(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    parts, empty = [], []
    for name in names:
        known = isinstance(frame.columns, pd.MultiIndex) and name in frame.columns.get_level_values(0)
        part = frame[name].dropna(how="all") if known else pd.DataFrame()
        if part.empty:
            empty.append(name)
            continue
        part = part.rename(columns=COLUMNS).rename_axis("ts").reset_index()
        columns = [column for column in (*BARS, "adj_close") if column in part.columns or column == "symbol"]
        parts.append(part.assign(symbol=name)[columns])
    if empty:
        raise DataError(f"Yahoo has no bars of {', '.join(empty)} in that span; check the spelling.")
    return pd.concat(parts, ignore_index=True)
