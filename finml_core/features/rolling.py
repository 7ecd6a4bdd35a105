"""Lags, quotients, and rolling and exponential statistics down the rows, as expressions.

None reads a later row. The first `window - 1` rows of a rolling statistic are missing, and so is every window that
holds a missing value.
"""

import math

import numpy as np

from finml_core.features.expression import Expression

ROUNDING = 1e-12  # two prices nearer than this share of them are the same, one of them rounded
SETTLED = 1e-8  # share of a recursive indicator's seed that may remain when its warm-up ends


def lag(x: Expression, n_bars: int) -> Expression:
    """The value `n_bars` earlier; missing in the first `n_bars` rows."""
    return Expression("lag", x, numbers=(n_bars,))


def hide(x: Expression, first: int, stop: int) -> Expression:
    """The same, but missing in the rows `first` to `stop - 1`."""
    return Expression("hide", x, numbers=(first, stop))


def ratio(numerator: Expression | float, denominator: Expression, *, empty: Expression | float) -> Expression:
    """Quotient that is `empty` wherever the denominator is 0, and missing wherever either is missing."""
    return Expression("ratio", numerator, denominator, empty)


def relative(x: Expression, y: Expression) -> Expression:
    """x / y - 1."""
    return x / y - 1


def change(x: Expression, n_bars: int) -> Expression:
    """x over its value `n_bars` earlier, less 1; missing in the first `n_bars` rows."""
    return relative(x, lag(x, n_bars))


def log_change(x: Expression, n_bars: int) -> Expression:
    """Logarithm of x over its value `n_bars` earlier; missing in the first `n_bars` rows."""
    return np.log(x / lag(x, n_bars))


def rolling_sum(x: Expression, window: int) -> Expression:
    """Sum of the last `window` values."""
    return Expression("sum", x, numbers=(window,))


def rolling_mean(x: Expression, window: int) -> Expression:
    """Mean of the last `window` values."""
    return rolling_sum(x, window) / window


def rolling_max(x: Expression, window: int) -> Expression:
    """Highest of the last `window` values."""
    return Expression("max", x, numbers=(window,))


def rolling_min(x: Expression, window: int) -> Expression:
    """Lowest of the last `window` values."""
    return Expression("min", x, numbers=(window,))


def bars_since_max(x: Expression, window: int) -> Expression:
    """Age in bars of the highest of the last `window` values; of equal ones the latest counts."""
    return Expression("age_of_max", x, numbers=(window,))


def bars_since_min(x: Expression, window: int) -> Expression:
    """Age in bars of the lowest of the last `window` values; of equal ones the latest counts."""
    return Expression("age_of_min", x, numbers=(window,))


def rolling_moments(x: Expression, window: int) -> tuple[Expression, Expression]:
    """Mean, and sum of squared deviations from it; the latter is exactly 0 in a constant window."""
    mean, squares = _parts("moments", 2, x, numbers=(window,))
    return mean, squares


def rolling_std(x: Expression, window: int, *, ddof: int) -> Expression:
    """Standard deviation of the last `window` values."""
    return np.sqrt(rolling_moments(x, window)[1] / (window - ddof))


def rolling_comoments(x: Expression, y: Expression, window: int) -> tuple[Expression, Expression, Expression]:
    """xx, xy, yy: sums of squares and products of deviations over the last `window` pairs."""
    xx, xy, yy = _parts("comoments", 3, x, y, numbers=(window,))
    return xx, xy, yy


def rolling_autocomoment(x: Expression, lags: int, window: int) -> Expression:
    """Sum of products of deviations of the last `window` values and of those `lags` bars before them, each from its own
    mean; missing in the first `window + lags - 1` rows.
    """
    return Expression("autocomoment", x, numbers=(window, lags))


def rolling_trend(y: Expression, window: int) -> tuple[float, Expression, Expression]:
    """tt, ty, yy: sums of squares and products of deviations of the bar number and the last `window` values."""
    ty, yy = _parts("trend", 2, y, numbers=(window,))
    return window * (window**2 - 1) / 12, ty, yy


def mean_deviation(x: Expression, centre: Expression, window: int) -> Expression:
    """Mean absolute distance of the last `window` values from `centre` at the row."""
    return Expression("mean_deviation", x, centre, numbers=(window,))


def exponential_mean(x: Expression, span: int) -> Expression:
    """Exponential mean with weight 2/(span+1), seeded by the mean of the first `span` values."""
    return _smoothed(x, 2.0 / (span + 1), span, span)


def wilder_mean(x: Expression, window: int) -> Expression:
    """Wilder's smoothing: exponential mean with weight 1/window, seeded by the mean of the first `window` values."""
    return _smoothed(x, 1.0 / window, window, window)


def wilder_movement(x: Expression, window: int) -> Expression:
    """Wilder's smoothing as directional movement has it: seeded by the first window-1 values, over `window`."""
    return _smoothed(x, 1.0 / window, window - 1, window)


def decayed_mean(x: Expression, decay: float, seed_count: int) -> Expression:
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


def _smoothed(x: Expression, alpha: float, seed_count: int, seed_divisor: int) -> Expression:
    return Expression("exponential_mean", x, numbers=(alpha, seed_count, seed_divisor))


def _parts(operation: str, count: int, *sources: Expression, numbers: tuple[float, ...]) -> list[Expression]:
    return [Expression(operation, *sources, numbers=numbers, part=part) for part in range(count)]
