"""Rolling and exponential statistics of one symbol's array; the compiled loops are loaded at the first call."""

import math
from functools import cache
from types import ModuleType

import numpy as np

from finml_core.numerics import divide
from finml_core.typing import FloatArray

SETTLED = 1e-8  # share of a recursive indicator's seed that may remain when its warm-up ends


def lag(x: FloatArray, n_bars: int) -> FloatArray:
    """The value `n_bars` earlier; missing in the first `n_bars` rows."""
    out = np.full(x.size, np.nan)
    if n_bars < x.size:
        out[n_bars:] = x[: x.size - n_bars]
    return out


def ratio(numerator: FloatArray, denominator: FloatArray, *, empty: float) -> FloatArray:
    """Quotient that is `empty` wherever the denominator is 0, and missing wherever either is missing."""
    quotient = divide(numerator, denominator, empty=empty)
    quotient[np.isnan(numerator)] = np.nan
    return quotient


def rolling_sum(x: FloatArray, window: int) -> FloatArray:
    """Sum of the last `window` values."""
    return _kernels().rolling_sum(x, window)


def rolling_mean(x: FloatArray, window: int) -> FloatArray:
    """Mean of the last `window` values."""
    return _kernels().rolling_sum(x, window) / window


def rolling_max(x: FloatArray, window: int) -> FloatArray:
    """Highest of the last `window` values."""
    return _kernels().rolling_max(x, window)


def rolling_min(x: FloatArray, window: int) -> FloatArray:
    """Lowest of the last `window` values."""
    return -_kernels().rolling_max(-x, window)


def bars_since_max(x: FloatArray, window: int) -> FloatArray:
    """Age in bars of the highest of the last `window` values; of equal ones the latest counts."""
    return _kernels().bars_since_max(x, window)


def bars_since_min(x: FloatArray, window: int) -> FloatArray:
    """Age in bars of the lowest of the last `window` values; of equal ones the latest counts."""
    return _kernels().bars_since_max(-x, window)


def rolling_moments(x: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean, and sum of squared deviations from it; the latter is exactly 0 in a constant window."""
    return _kernels().rolling_moments(x, window)


def rolling_std(x: FloatArray, window: int, *, ddof: int) -> FloatArray:
    """Standard deviation of the last `window` values."""
    return np.sqrt(rolling_moments(x, window)[1] / (window - ddof))


def rolling_comoments(x: FloatArray, y: FloatArray, window: int) -> FloatArray:
    """Rows xx, xy, yy: sums of squares and products of deviations over the last `window` pairs."""
    return _kernels().rolling_comoments(x, y, window)


def mean_deviation(x: FloatArray, centre: FloatArray, window: int) -> FloatArray:
    """Mean absolute distance of the last `window` values from `centre` at the row."""
    return _kernels().mean_deviation(x, centre, window)


def exponential_mean(x: FloatArray, span: int) -> FloatArray:
    """Exponential mean with weight 2/(span+1), seeded by the mean of the first `span` values."""
    return _kernels().exponential_mean(x, 2.0 / (span + 1), span, float(span))


def wilder_mean(x: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing: exponential mean with weight 1/window, seeded by the mean of the first `window` values."""
    return _kernels().exponential_mean(x, 1.0 / window, window, float(window))


def wilder_movement(x: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing as directional movement has it: seeded by the first window-1 values, over `window`."""
    return _kernels().exponential_mean(x, 1.0 / window, window - 1, float(window))


def decayed_mean(x: FloatArray, decay: float, seed_count: int) -> FloatArray:
    """Exponential mean with weight 1 - decay, seeded by the mean of the first `seed_count` values."""
    return _kernels().exponential_mean(x, 1.0 - decay, seed_count, float(seed_count))


def settling_bars(alpha: float, smoothings: int = 1) -> int:
    """Rows after its first value until an exponential mean has forgotten its seed to 1e-8 of it.

    `smoothings` counts means of means; each lets a term k alpha (1 - alpha)^k linger.
    """
    if alpha >= 1:
        return 0
    k = math.ceil(math.log(SETTLED) / math.log1p(-alpha))
    while (smoothings - 1) * math.log1p(alpha * k) + k * math.log1p(-alpha) > math.log(SETTLED):
        k += 1
    return k


@cache
def _kernels() -> ModuleType:
    from finml_core.features import kernels

    return kernels
