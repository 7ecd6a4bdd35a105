"""What a user may say about a source of bars, and what an ingest says back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from finml_core.checks import check_choice
from finml_core.errors import ConfigError

CONFLICTS = ("error", "skip", "replace")
STAMPS = ("close", "open")
DECIMALS = (".", ",")
UNITS = {"s": "seconds", "min": "minutes", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """How to read one source; what the source itself states (an offset in a stamp, a symbol column) wins."""

    symbol: str | None = None  # for a source without a symbol column; None: the file's stem
    time_zone: str = "UTC"  # of stamps without an offset; pure dates name sessions and are never shifted
    stamp: str = "close"  # what a stamp marks; "open" ones are moved to the bar's close
    bar_size: str | None = None  # needed when stamp is "open", below a day: "1min", "15min", "1h"
    day_first: bool | None = None  # of dates such as 03/04/2020; None: they are quarantined, not guessed
    decimal: str = "."  # "," reads 1.234,5 as 1234.5
    source: str | None = None  # shown in the log; None: the file's name, or "frame"

    def __post_init__(self) -> None:
        check_choice("stamp", self.stamp, STAMPS)
        check_choice("decimal", self.decimal, DECIMALS)
        check_choice("day_first", self.day_first, (None, True, False))
        if self.symbol is not None and not str(self.symbol).strip():
            raise ConfigError("symbol is empty; give a name or leave it out.")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
            raise ConfigError(
                f"time_zone is {self.time_zone!r}, which is no known zone; write one such as 'America/New_York'."
            ) from error
        if self.bar_size is not None:
            bar_length(self.bar_size)
        if self.stamp == "open" and self.bar_size is None:
            raise ConfigError("stamp is 'open', so bar_size is needed to find each close; give one such as '1min'.")
        if self.stamp == "open" and bar_length(self.bar_size) >= timedelta(days=1):
            raise ConfigError(
                f"bar_size is {self.bar_size!r} with stamp 'open', but bars of a day or more carry the date of their "
                "session; leave stamp at 'close'."
            )


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What became of every row of a source: rows_read = inserted + replaced + skipped + quarantined."""

    source: str
    rows_read: int
    inserted: int  # bars that are new
    replaced: int  # stored bars that gave way
    skipped: int  # rows left out because a stored bar stayed
    quarantined: Mapping[str, int]  # rows kept aside, by reason
    seconds: float
    ingest_id: int | None  # None after a dry run
    dry_run: bool = False
    symbols: tuple[str, ...] = ()  # of the usable rows, at most the first hundred
    notes: tuple[str, ...] = field(default=())  # what was assumed

    @property
    def n_quarantined(self) -> int:
        """Rows kept aside, over all reasons."""
        return sum(self.quarantined.values())

    def __str__(self) -> str:
        aside = ", ".join(f"{count} {reason}" for reason, count in self.quarantined.items())
        parts = [
            f"{self.source}: {self.rows_read:,} rows read",
            f"{self.inserted:,} inserted",
            f"{self.replaced:,} replaced" if self.replaced else "",
            f"{self.skipped:,} skipped" if self.skipped else "",
            f"{self.n_quarantined:,} quarantined" + (f" ({aside})" if aside else ""),
            f"{self.seconds:.2f} s",
            "dry run, nothing changed" if self.dry_run else "",
        ]
        return ", ".join(part for part in parts if part) + "."


def bar_length(text: str) -> timedelta:
    """Length of a bar from a text such as "1min", "15min", "4h" or "1d".

    Raises
    ------
    ConfigError
        For any other text, and for a length of 0.
    """
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|m|h|d)", str(text).strip().lower())
    if match is None or int(match[1]) == 0:
        raise ConfigError(f"bar_size is {text!r}; write a number and a unit: '30s', '1min', '4h' or '1d'.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})
