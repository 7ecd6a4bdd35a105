"""Series that several features are made of."""

import numpy as np

from finml_core.features.expression import Expression
from finml_core.features.rolling import (
    exponential_mean,
    lag,
    log_change,
    ratio,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_moments,
    rolling_trend,
    wilder_mean,
)
from finml_core.features.segment import Segment


def log_close(segment: Segment) -> Expression:
    """Natural logarithm of the adjusted close."""
    return np.log(segment.close)


def log_return(segment: Segment, window: int) -> Expression:
    """log close[t] / close[t-window]."""
    return log_change(segment.close, window)


def body(segment: Segment) -> Expression:
    """log close / open: the return within the bar."""
    return np.log(segment.close / segment.open)


def log_range_squared(segment: Segment) -> Expression:
    """Square of log high / low."""
    spread = np.log(segment.high / segment.low)
    return spread * spread


def close_change(segment: Segment) -> Expression:
    """Sign of the change of the close, -1, 0 or 1."""
    return np.sign(segment.close - lag(segment.close, 1))


def mean_close(segment: Segment, window: int) -> Expression:
    """Simple moving average of the close."""
    return rolling_mean(segment.close, window)


def exponential_close(segment: Segment, span: int) -> Expression:
    """Exponential moving average of the close."""
    return exponential_mean(segment.close, span)


def close_moments(segment: Segment, window: int) -> tuple[Expression, Expression]:
    """Mean and standard deviation (ddof 0) of the close."""
    mean, squares = rolling_moments(segment.close, window)
    return mean, np.sqrt(squares / window)


def return_moments(segment: Segment, lags: int, window: int) -> tuple[Expression, Expression]:
    """Mean, and sum of squared deviations, of the last `window` log returns over `lags` bars each."""
    return rolling_moments(log_return(segment, lags), window)


def return_deviation(segment: Segment, window: int) -> Expression:
    """Standard deviation (ddof 1) of one-bar log returns."""
    return np.sqrt(return_moments(segment, 1, window)[1] / (window - 1))


def scaled_return(segment: Segment, window: int) -> Expression:
    """One-bar log return over its deviation; 0 where nothing moves."""
    return ratio(log_return(segment, 1), return_deviation(segment, window), empty=0.0)


def close_trend(segment: Segment, window: int) -> tuple[float, Expression, Expression]:
    """tt, ty, yy of the regression of log close on the bar number."""
    return rolling_trend(log_close(segment), window)


def typical_price(segment: Segment) -> Expression:
    """(high + low + close) / 3."""
    return (segment.high + segment.low + segment.close) / 3


def true_range(segment: Segment) -> Expression:
    """Range of the bar joined to the last close; missing in the first row."""
    before = lag(segment.close, 1)
    return np.maximum(segment.high, before) - np.minimum(segment.low, before)


def average_true_range(segment: Segment, window: int) -> Expression:
    """Wilder's mean of the true range."""
    return wilder_mean(true_range(segment), window)


def highest_high(segment: Segment, window: int) -> Expression:
    """Highest high of the last `window` bars."""
    return rolling_max(segment.high, window)


def lowest_low(segment: Segment, window: int) -> Expression:
    """Lowest low of the last `window` bars."""
    return rolling_min(segment.low, window)
