"""Which column of a source is which: guessed from names that vendors use, and overridable."""

import re
from collections.abc import Iterable, Mapping

from finml_core.checks import check_choice
from finml_core.errors import DataError
from finml_core.schemas import BARS, OPTIONAL_BARS

CLOCK = "time"  # a second column with the time of day, beside a column of dates
TARGETS = (*BARS, *OPTIONAL_BARS, CLOCK)
REQUIRED = ("ts", "open", "high", "low", "close", "volume")
# the first name that a source has wins
NAMES = {
    "ts": ("ts", "timestamp", "datetime", "date_time", "date", "day", "time", "open_time", "bar_time"),
    "symbol": ("symbol", "ticker", "sym", "instrument", "asset", "code", "name"),
    "open": ("open", "o", "open_price", "px_open"),
    "high": ("high", "h", "max", "high_price", "px_high"),
    "low": ("low", "l", "min", "low_price", "px_low"),
    "close": ("close", "c", "last", "close_price", "settle", "px_last", "close_last"),
    "volume": ("volume", "v", "vol", "qty", "quantity", "volume_total", "total_volume", "tick_volume", "tickvol"),
    "adj_close": ("adj_close", "adjclose", "adjusted_close", "close_adj", "close_adjusted", "adj"),
    "bid": ("bid", "bid_close", "b", "bid_price"),
    "ask": ("ask", "ask_close", "a", "offer", "ask_price"),
}
DATE_NAMES = ("date", "day")


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """Columns of a source by the names that bars use: {"ts": "Date", "close": "Close", ...}.

    Only what is recognised is in the answer. A column of dates beside a column of times of day gives both `ts` and
    `time`, which are read together.
    """
    plain: dict[str, str] = {}
    for column in columns:
        plain.setdefault(_plain(column), column)
    mapping = {}
    for target, names in NAMES.items():
        found = next((name for name in names if name in plain), None)
        if found is not None:
            mapping[target] = plain[found]
    if "time" in plain and _plain(mapping["ts"]) in DATE_NAMES:
        mapping[CLOCK] = plain["time"]
    return mapping


def resolve_mapping(columns: Iterable[str], mapping: Mapping[str, str | None] | None, *, what: str) -> dict[str, str]:
    """The guess with the user's say on top of it, checked against the columns that are there.

    Parameters
    ----------
    columns : names in the source
    mapping : {bar column: source column}, or the other way round if its values are names of bars
        None as the source column says that there is none (`{"volume": None}` for spot FX).

    Raises
    ------
    ConfigError
        For an unknown bar column.
    DataError
        For a column that the source does not have, or a required one that is neither guessed nor given.
    """
    columns = list(columns)
    given = _orient(dict(mapping or {}))
    for target, column in given.items():
        check_choice("the column to map to", target, TARGETS)
        if column is not None and column not in columns:
            raise DataError(f"{what} has no column {column!r} for {target}; it has {_listed(columns)}.")
    resolved = {**guess_mapping(columns), **given}
    if "ts" in given and CLOCK not in given:
        resolved.pop(CLOCK, None)
    missing = [target for target in REQUIRED if target not in resolved]
    if missing:
        raise DataError(
            f"{what} has no column for {', '.join(missing)}; it has {_listed(columns)}. "
            + ("Map it by hand" if len(missing) == 1 else "Map them by hand")
            + (", or map volume to nothing if these bars have none." if "volume" in missing else ".")
        )
    needed = [target for target in REQUIRED if resolved[target] is None and target != "volume"]
    if needed:
        raise DataError(f"{what} is mapped without {', '.join(needed)}; bars need it.")
    return {target: column for target, column in resolved.items() if column is not None}


def _orient(mapping: dict[str, str | None]) -> dict[str, str | None]:
    if not set(mapping) <= set(TARGETS) and set(mapping.values()) <= set(TARGETS):
        return {target: column for column, target in mapping.items()}
    return mapping


def _plain(column: str) -> str:
    """Lower case, words joined by one underscore, leading numbers gone: '1. Open' is 'open'."""
    return re.sub(r"^[\d_]+", "", re.sub(r"[^0-9a-z]+", "_", str(column).casefold())).strip("_")


def _listed(columns: list[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:20])
    return shown + (f" and {len(columns) - 20} more" if len(columns) > 20 else "") if columns else "none"
