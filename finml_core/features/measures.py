"""Series that several features are made of, computed once a block of symbols."""

import numpy as np

from finml_core.features.rolling import (
    exponential_mean,
    lag,
    log_change,
    log_ratio,
    ratio,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_moments,
    rolling_trend,
    wilder_mean,
)
from finml_core.features.segment import Segment, shared
from finml_core.typing import FloatArray


@shared
def log_close(segment: Segment) -> FloatArray:
    """Natural logarithm of the adjusted close."""
    return np.log(segment.close)


@shared
def log_return(segment: Segment, window: int) -> FloatArray:
    """log close[t] / close[t-window]."""
    return log_change(segment.close, window)


@shared
def body(segment: Segment) -> FloatArray:
    """log close / open: the return within the bar."""
    return log_ratio(segment.close, segment.open)


@shared
def log_range_squared(segment: Segment) -> FloatArray:
    """Square of log high / low."""
    spread = log_ratio(segment.high, segment.low)
    spread *= spread
    return spread


@shared
def close_change(segment: Segment) -> FloatArray:
    """Sign of the change of the close, -1, 0 or 1."""
    return np.sign(segment.close - lag(segment.close, 1))


@shared
def mean_close(segment: Segment, window: int) -> FloatArray:
    """Simple moving average of the close."""
    return rolling_mean(segment.close, window)


@shared
def exponential_close(segment: Segment, span: int) -> FloatArray:
    """Exponential moving average of the close."""
    return exponential_mean(segment.close, span)


@shared
def close_moments(segment: Segment, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (ddof 0) of the close."""
    mean, squares = rolling_moments(segment.close, window)
    squares /= window
    return mean, np.sqrt(squares, out=squares)


@shared
def return_moments(segment: Segment, lags: int, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean, and sum of squared deviations, of the last `window` log returns over `lags` bars each."""
    return rolling_moments(log_return(segment, lags), window)


@shared
def return_deviation(segment: Segment, window: int) -> FloatArray:
    """Standard deviation (ddof 1) of one-bar log returns."""
    variance = return_moments(segment, 1, window)[1] / (window - 1)
    return np.sqrt(variance, out=variance)


@shared
def scaled_return(segment: Segment, window: int) -> FloatArray:
    """One-bar log return over its deviation; 0 where nothing moves."""
    return ratio(log_return(segment, 1), return_deviation(segment, window), empty=0.0)


@shared
def close_trend(segment: Segment, window: int) -> tuple[float, FloatArray, FloatArray]:
    """tt, ty, yy of the regression of log close on the bar number."""
    return rolling_trend(log_close(segment), window)


@shared
def typical_price(segment: Segment) -> FloatArray:
    """(high + low + close) / 3."""
    return (segment.high + segment.low + segment.close) / 3


@shared
def true_range(segment: Segment) -> FloatArray:
    """Range of the bar joined to the last close; missing in the first row."""
    before = lag(segment.close, 1)
    return np.maximum(segment.high, before) - np.minimum(segment.low, before)


@shared
def average_true_range(segment: Segment, window: int) -> FloatArray:
    """Wilder's mean of the true range."""
    return wilder_mean(true_range(segment), window)


@shared
def highest_high(segment: Segment, window: int) -> FloatArray:
    """Highest high of the last `window` bars."""
    return rolling_max(segment.high, window)


@shared
def lowest_low(segment: Segment, window: int) -> FloatArray:
    """Lowest low of the last `window` bars."""
    return rolling_min(segment.low, window)
