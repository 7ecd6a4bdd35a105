"""Lengths of time written as text."""

import pandas as pd

from finml_core.errors import ConfigError


def check_duration(name: str, value: str) -> None:
    """Raise ConfigError unless `value` reads as a length of time above 0, such as "10D" or "90min"."""
    try:
        length = pd.Timedelta(value)
    except ValueError as error:
        raise ConfigError(f"{name} is {value!r}, which is no length of time; write it as '10D' or '90min'.") from error
    if not length > pd.Timedelta(0):
        raise ConfigError(f"{name} is {value!r}, but must be longer than nothing.")
