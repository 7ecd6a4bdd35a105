"""Volatility from open, high, low and close, more precise than from closes alone."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.feature import Feature
from finml_core.features.rolling import lag, log_ratio, rolling_mean, rolling_moments, rolling_sum
from finml_core.features.segment import Segment, shared
from finml_core.typing import FloatArray

PARKINSON = "Parkinson (1980), Journal of Business 53(1), 61-65"
GARMAN = "Garman and Klass (1980), Journal of Business 53(1), 67-78"
ROGERS = "Rogers and Satchell (1991), Annals of Applied Probability 1(4), 504-512"
YANG = "Yang and Zhang (2000), Journal of Business 73(3), 477-492"
OHLC = ("open", "high", "low", "close")


def range_features(config: FeatureConfig) -> list[Feature]:
    """Four estimators for each of the range windows."""
    made = []
    for window in config.range_windows:
        mean = f"root of the mean over {window} bars of"
        common = {"family": "volatility", "parameters": {"window": window}}
        made += [
            Feature(
                name=f"parkinson_{window}",
                formula=f"{mean} log(high/low)^2 / (4 log 2)",
                reference=PARKINSON,
                lookback=window,
                inputs=("high", "low"),
                rule=parkinson,
                **common,
            ),
            Feature(
                name=f"garman_klass_{window}",
                formula=f"{mean} log(high/low)^2 / 2 - (2 log 2 - 1) log(close/open)^2",
                reference=GARMAN,
                lookback=window,
                inputs=OHLC,
                rule=garman_klass,
                **common,
            ),
            Feature(
                name=f"rogers_satchell_{window}",
                formula=f"{mean} log(high/open) log(high/close) + log(low/open) log(low/close)",
                reference=ROGERS,
                lookback=window,
                inputs=OHLC,
                rule=rogers_satchell,
                **common,
            ),
            Feature(
                name=f"yang_zhang_{window}",
                formula="root of overnight variance + k open-to-close variance + (1-k) Rogers-Satchell "
                f"over {window} bars, k = 0.34 / (1.34 + (n+1)/(n-1))",
                reference=YANG,
                lookback=window + 1,
                inputs=OHLC,
                rule=yang_zhang,
                **common,
            ),
        ]
    return made


def parkinson(segment: Segment, window: int) -> FloatArray:
    """From the range alone."""
    return _root_mean(measures.log_range_squared(segment), 4 * np.log(2), window)


def garman_klass(segment: Segment, window: int) -> FloatArray:
    """From the range and the return within the bar."""
    return _root_mean(_garman_klass(segment), 1.0, window)


def rogers_satchell(segment: Segment, window: int) -> FloatArray:
    """Unbiased with any drift."""
    return _root_mean(_drift_free(segment), 1.0, window)


def yang_zhang(segment: Segment, window: int) -> FloatArray:
    """Unbiased with drift and with jumps between bars."""
    k = 0.34 / (1.34 + (window + 1) / (window - 1))
    variance = rolling_moments(_overnight(segment), window)[1]
    within = rolling_moments(measures.body(segment), window)[1]
    within *= k
    variance += within
    variance /= window - 1
    rest = rolling_mean(_drift_free(segment), window)
    np.maximum(rest, 0, out=rest)
    rest *= 1 - k
    variance += rest
    return np.sqrt(variance, out=variance)


@shared
def _overnight(segment: Segment) -> FloatArray:
    return log_ratio(segment.open, lag(segment.close, 1))


@shared
def _garman_klass(segment: Segment) -> FloatArray:
    body = measures.body(segment)
    return measures.log_range_squared(segment) / 2 - (2 * np.log(2) - 1) * body * body


@shared
def _drift_free(segment: Segment) -> FloatArray:
    high, low = log_ratio(segment.high, segment.open), log_ratio(segment.low, segment.open)
    body = measures.body(segment)
    return high * (high - body) + low * (low - body)


def _root_mean(variance: FloatArray, divisor: float, window: int) -> FloatArray:
    mean = rolling_sum(variance, window)
    mean /= window * divisor
    np.maximum(mean, 0, out=mean)
    return np.sqrt(mean, out=mean)
