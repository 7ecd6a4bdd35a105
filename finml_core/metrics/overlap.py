"""Means of series whose neighbours share outcomes, with errors that know it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from finml_core.typing import FloatArray


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error and the two-sided p-value of its being zero."""

    value: float
    error: float
    p_value: float
    n: float  # summed weight

    @property
    def t(self) -> float:
        """Value over error; infinite for a value that never varies, missing without an error."""
        return float(np.divide(self.value, self.error)) if self.error > 0 else (np.inf if self.error == 0 else np.nan)


def lags_for(horizon: int, n: int) -> int:
    """Lags of the kernel for outcomes of `horizon` bars: thrice the overlap, at most a quarter of the series."""
    return int(min(3 * (horizon - 1), max(n // 4, 0)))


def overlapping_mean(total: FloatArray, weight: FloatArray, horizon: int) -> Mean:
    """sum(total) / sum(weight) over a time series whose outcomes overlap for `horizon` steps.

    The error is that of Newey & West (1987) for a ratio of sums with `lags_for` lags; its t is Student's with
    1.5 n / (lags + 1) degrees of freedom, the Bartlett kernel's equivalent, never more than n - 1. Totals are 0 where
    nothing is known. Everything is missing below 3 steps with weight; a value other than 0 that never varies has
    error 0 and p 0.

    References
    ----------
    Newey & West (1987), Econometrica 55(3), 703-708; Priestley (1981), Spectral Analysis and Time Series, table 6.1.
    """
    known = weight > 0
    n, mass = int(known.sum()), float(weight.sum())
    if n < 3:
        return Mean(np.nan, np.nan, np.nan, mass)
    value = float(total.sum() / mass)
    surprise = total - value * weight
    lags = lags_for(horizon, n)
    variance = float(surprise @ surprise)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(surprise[lag:] @ surprise[:-lag])
    variance *= n / (n - 1)
    if not variance > 1e-20 * float(total @ total):
        return Mean(value, 0.0, 0.0, mass) if value else Mean(value, np.nan, np.nan, mass)
    error = float(np.sqrt(variance) / mass)
    freedom = min(1.5 * n / (lags + 1), n - 1)
    return Mean(value, error, float(2 * stdtr(freedom, -abs(value / error))), mass)
