"""How numbers and names read on a page: digits by kind, a real minus sign, the uncertainty beside the number."""

import math
from typing import Any

import pandas as pd

from finml_core.charts.theme import words

MINUS, THIN, MISSING = "\u2212", "\u202f", "\u2014"  # minus sign, thin space that does not break, dash
_ARROWS = {1: "▲ Long", -1: "▼ Short", 0: "● Neutral"}
_SIGNS = {"LONG": 1, "SHORT": -1, "NEUTRAL": 0}


def number(value: float | None, digits: int = 2) -> str:
    """A ratio such as a Sharpe: two decimals, a real minus sign."""
    return MISSING if _unknown(value) else _minus(f"{_no_minus_zero(float(value), digits):.{digits}f}")


def signed(value: float | None, digits: int = 2) -> str:
    """A difference: its sign is always shown."""
    return MISSING if _unknown(value) else _minus(f"{_no_minus_zero(float(value), digits):+.{digits}f}")


def probability(value: float | None) -> str:
    """Three decimals, 0 to 1."""
    return number(value, 3)


def p_value(value: float | None) -> str:
    """Three decimals, never 0.000."""
    return "< 0.001" if not _unknown(value) and value < 0.001 else number(value, 3)


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as per cent: 0.0123 is 1.2 %."""
    return MISSING if _unknown(value) else f"{number(100 * float(value), digits)}{THIN}%"


def thousands(value: float | None) -> str:
    """A count or money without cents: groups of three, set apart by a thin space."""
    return MISSING if _unknown(value) else _minus(f"{round(float(value)):,}".replace(",", THIN))


def compact(value: float | None) -> str:
    """A value of unknown size: four significant digits."""
    return MISSING if _unknown(value) else _minus(f"{float(value):.4g}")


def counted(n: int, noun: str) -> str:
    """A count with its noun: 1 bar, 2 bars."""
    return f"{thousands(n)} {noun}{'' if n == 1 else 's'}"


def money(value: float | None, currency: str = "") -> str:
    """Money in whole units, the currency behind it."""
    shown = thousands(value)
    return f"{shown}{THIN}{currency}" if currency and shown != MISSING else shown


def plus_minus(value: float | None, error: float | None, digits: int = 2) -> str:
    """A number with its uncertainty: 0.84 ± 0.31; an unknown uncertainty says so."""
    return number(value, digits) if _unknown(value) else f"{number(value, digits)} ± {number(error, digits)}"


def name(value: object) -> str:
    """A model, strategy, regime or column as a reader sees it."""
    return words(value)


def arrow(signal: object) -> str:
    """A signal as arrow and word, never as colour alone; takes LONG, SHORT, NEUTRAL or a number."""
    if isinstance(signal, str):
        return _ARROWS[_SIGNS.get(str(signal), 0)]
    if _unknown(signal):
        return MISSING
    return _ARROWS[int(float(signal) > 0) - int(float(signal) < 0)]  # type: ignore[arg-type]


def changed(previous_signal: object, signal: object, previous_p: float | None, p: float | None) -> str:
    """What the last bar changed, in one line."""
    moved = "" if _unknown(previous_p) or _unknown(p) else f"P {signed(float(p) - float(previous_p), 3)}"
    if _unknown(previous_signal):
        return "First signal" if not moved else f"First signal, {moved} since the bar before"
    if str(previous_signal) == str(signal):
        return f"Same signal as a bar ago{', ' + moved if moved else ''}"
    return f"Was {arrow(previous_signal).split()[-1].lower()} a bar ago{', ' + moved if moved else ''}"


def before_after(measures: pd.DataFrame, measure: str) -> tuple[str, str, str]:
    """Label, value and reading of one measure before and after calibration.

    `measures` has measure, series (raw or calibrated), value, lower, upper.
    """
    rows = measures[measures["measure"] == measure].set_index("series")
    raw, calibrated = rows.loc["raw"], rows.loc["calibrated"]
    value = f"{number(raw['value'], 3)} → {number(calibrated['value'], 3)}"
    if _unknown(calibrated["lower"]):
        return measure, value, "after: too few rows, or one probability for all"
    return measure, value, f"90{THIN}%: {number(calibrated['lower'], 3)} to {number(calibrated['upper'], 3)} after"


def _unknown(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _no_minus_zero(value: float, digits: int) -> float:
    return 0.0 if round(value, digits) == 0 else value


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
