"""Rolling and exponential statistics down the rows of lanes; the compiled loops are loaded at the first call.

Every `x` is one symbol's array of shape (n_rows,) or a block of symbols side by side, (n_rows, n_lanes), and so is what
comes back. The first `window - 1` rows are missing, and so is every window that holds a missing value.
"""

import math
from functools import cache
from types import ModuleType

import numpy as np

from finml_core.typing import FloatArray

ROUNDING = 1e-12  # two prices nearer than this share of them are the same, one of them rounded
SETTLED = 1e-8  # share of a recursive indicator's seed that may remain when its warm-up ends


def lag(x: FloatArray, n_bars: int) -> FloatArray:
    """The value `n_bars` earlier; missing in the first `n_bars` rows."""
    out = np.empty_like(x, order="C")
    out[:n_bars] = np.nan
    out[n_bars:] = x[: max(len(x) - n_bars, 0)]
    return out


def ratio(numerator: FloatArray, denominator: FloatArray, *, empty: float) -> FloatArray:
    """Quotient that is `empty` wherever the denominator is 0, and missing wherever either is missing."""
    if np.shape(numerator) != np.shape(denominator):
        numerator, denominator = np.broadcast_arrays(numerator, denominator)
    return _kernels().ratio(_flat(numerator), _flat(denominator), empty).reshape(numerator.shape)


def relative(x: FloatArray, y: FloatArray) -> FloatArray:
    """x / y - 1."""
    return _kernels().relative(_flat(x), _flat(y)).reshape(x.shape)


def change(x: FloatArray, n_bars: int) -> FloatArray:
    """x over its value `n_bars` earlier, less 1; missing in the first `n_bars` rows."""
    out = _growth(x, n_bars)
    out -= 1
    return out


def log_change(x: FloatArray, n_bars: int) -> FloatArray:
    """Logarithm of x over its value `n_bars` earlier; missing in the first `n_bars` rows."""
    out = _growth(x, n_bars)
    return np.log(out, out=out)


def log_ratio(x: FloatArray, y: FloatArray) -> FloatArray:
    """log(x / y)."""
    out = x / y
    return np.log(out, out=out)


def rolling_sum(x: FloatArray, window: int) -> FloatArray:
    """Sum of the last `window` values."""
    return _kernels().rolling_sum(_flat(x), window, _lanes(x)).reshape(x.shape)


def rolling_mean(x: FloatArray, window: int) -> FloatArray:
    """Mean of the last `window` values."""
    total = rolling_sum(x, window)
    total /= window
    return total


def rolling_max(x: FloatArray, window: int) -> FloatArray:
    """Highest of the last `window` values."""
    return _kernels().rolling_extreme(_flat(x), window, _lanes(x), False).reshape(x.shape)


def rolling_min(x: FloatArray, window: int) -> FloatArray:
    """Lowest of the last `window` values."""
    return _kernels().rolling_extreme(_flat(x), window, _lanes(x), True).reshape(x.shape)


def bars_since_max(x: FloatArray, window: int) -> FloatArray:
    """Age in bars of the highest of the last `window` values; of equal ones the latest counts."""
    return _kernels().bars_since_extreme(_flat(x), window, _lanes(x), False).reshape(x.shape)


def bars_since_min(x: FloatArray, window: int) -> FloatArray:
    """Age in bars of the lowest of the last `window` values; of equal ones the latest counts."""
    return _kernels().bars_since_extreme(_flat(x), window, _lanes(x), True).reshape(x.shape)


def rolling_moments(x: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean, and sum of squared deviations from it; the latter is exactly 0 in a constant window."""
    mean, squares = _moments().rolling_moments(_flat(x), window, _lanes(x))
    return mean.reshape(x.shape), squares.reshape(x.shape)


def rolling_std(x: FloatArray, window: int, *, ddof: int) -> FloatArray:
    """Standard deviation of the last `window` values."""
    squares = rolling_moments(x, window)[1]
    squares /= window - ddof
    return np.sqrt(squares, out=squares)


def rolling_comoments(x: FloatArray, y: FloatArray, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """xx, xy, yy: sums of squares and products of deviations over the last `window` pairs; both arrays of one shape."""
    made = _moments().rolling_comoments(_flat(x), _flat(y), window, _lanes(x))
    return made[0].reshape(x.shape), made[1].reshape(x.shape), made[2].reshape(x.shape)


def rolling_autocomoment(x: FloatArray, lags: int, window: int) -> FloatArray:
    """Sum of products of deviations of the last `window` values and of those `lags` bars before them, each from its own
    mean; missing in the first `window + lags - 1` rows.
    """
    return _moments().rolling_autocomoment(_flat(x), lags, window, _lanes(x)).reshape(x.shape)


def rolling_trend(y: FloatArray, window: int) -> tuple[float, FloatArray, FloatArray]:
    """tt, ty, yy: sums of squares and products of deviations of the bar number and the last `window` values."""
    ty, yy = _moments().rolling_trend(_flat(y), window, _lanes(y))
    return window * (window**2 - 1) / 12, ty.reshape(y.shape), yy.reshape(y.shape)


def mean_deviation(x: FloatArray, centre: FloatArray, window: int) -> FloatArray:
    """Mean absolute distance of the last `window` values from `centre` at the row."""
    return _kernels().mean_deviation(_flat(x), _flat(centre), window, _lanes(x)).reshape(x.shape)


def exponential_mean(x: FloatArray, span: int) -> FloatArray:
    """Exponential mean with weight 2/(span+1), seeded by the mean of the first `span` values."""
    return _smoothed(x, 2.0 / (span + 1), span, span)


def wilder_mean(x: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing: exponential mean with weight 1/window, seeded by the mean of the first `window` values."""
    return _smoothed(x, 1.0 / window, window, window)


def wilder_movement(x: FloatArray, window: int) -> FloatArray:
    """Wilder's smoothing as directional movement has it: seeded by the first window-1 values, over `window`."""
    return _smoothed(x, 1.0 / window, window - 1, window)


def decayed_mean(x: FloatArray, decay: float, seed_count: int) -> FloatArray:
    """Exponential mean with weight 1 - decay, seeded by the mean of the first `seed_count` values."""
    return _smoothed(x, 1.0 - decay, seed_count, seed_count)


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


def _growth(x: FloatArray, n_bars: int) -> FloatArray:
    out = np.empty_like(x, order="C")
    out[:n_bars] = np.nan
    np.divide(x[n_bars:], x[: max(len(x) - n_bars, 0)], out=out[n_bars:])
    return out


def _smoothed(x: FloatArray, alpha: float, seed_count: int, seed_divisor: int) -> FloatArray:
    return _kernels().exponential_mean(_flat(x), _lanes(x), alpha, seed_count, float(seed_divisor)).reshape(x.shape)


def _flat(x: FloatArray) -> FloatArray:
    """All values in memory order; a copy only where they do not lie together or are not the caller's own."""
    flat = x.reshape(-1)
    return flat if flat.flags.writeable else flat.copy()


def _lanes(x: FloatArray) -> int:
    return 1 if x.ndim == 1 else x.shape[1]


@cache
def _kernels() -> ModuleType:
    from finml_core.features import kernels

    return kernels


@cache
def _moments() -> ModuleType:
    from finml_core.features import moments

    return moments
