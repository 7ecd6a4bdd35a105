"""Checks at the border where a value comes in; inside, values are trusted."""

import math
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd

from finml_core.errors import ConfigError, DataError


def check_at_least(name: str, value: float, least: float) -> None:
    """Raise ConfigError unless `value` is a finite number of at least `least`."""
    _check_number(name, value)
    if value < least:
        raise ConfigError(f"{name} is {value}, but must be at least {least}.")


def check_positive(name: str, value: float) -> None:
    """Raise ConfigError unless `value` is a finite number above 0."""
    _check_number(name, value)
    if value <= 0:
        raise ConfigError(f"{name} is {value}, but must be above 0.")


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError unless low <= value <= high."""
    _check_number(name, value)
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}, but must be between {low} and {high}.")


def check_integer(name: str, value: Any, least: int) -> None:
    """Raise ConfigError unless `value` is a whole number (no bool) of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{name} is {value!r}, but must be a whole number.")
    check_at_least(name, value, least)


def check_choice(name: str, value: Any, choices: Collection[Any]) -> None:
    """Raise ConfigError unless `value` is one of `choices`; the text lists them."""
    if value not in choices:
        listed = ", ".join(sorted(str(choice) for choice in choices))
        raise ConfigError(f"{name} is {value!r}; choose one of: {listed}.")


def check_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str = "the frame") -> None:
    """Raise DataError unless `frame` has every one of `columns`; the text names the missing ones."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        found = ", ".join(map(repr, frame.columns)) or "none"
        raise DataError(f"{what} has no column {', '.join(map(repr, missing))}; it has {found}.")


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{name} is {value!r}, but must be a finite number.")
