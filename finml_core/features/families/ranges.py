"""Volatility from open, high, low and close, more precise than from closes alone."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression
from finml_core.features.feature import Feature
from finml_core.features.rolling import lag, rolling_mean, rolling_moments, rolling_sum
from finml_core.features.segment import Segment

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


def parkinson(segment: Segment, window: int) -> Expression:
    """From the range alone."""
    return _root_mean(measures.log_range_squared(segment), 4 * np.log(2), window)


def garman_klass(segment: Segment, window: int) -> Expression:
    """From the range and the return within the bar."""
    return _root_mean(_garman_klass(segment), 1.0, window)


def rogers_satchell(segment: Segment, window: int) -> Expression:
    """Unbiased with any drift."""
    return _root_mean(_drift_free(segment), 1.0, window)


def yang_zhang(segment: Segment, window: int) -> Expression:
    """Unbiased with drift and with jumps between bars."""
    k = 0.34 / (1.34 + (window + 1) / (window - 1))
    variance = rolling_moments(_overnight(segment), window)[1]
    within = rolling_moments(measures.body(segment), window)[1]
    rest = np.maximum(rolling_mean(_drift_free(segment), window), 0)
    return np.sqrt((variance + k * within) / (window - 1) + (1 - k) * rest)


def _overnight(segment: Segment) -> Expression:
    return np.log(segment.open / lag(segment.close, 1))


def _garman_klass(segment: Segment) -> Expression:
    body = measures.body(segment)
    return measures.log_range_squared(segment) / 2 - (2 * np.log(2) - 1) * body * body


def _drift_free(segment: Segment) -> Expression:
    high, low = np.log(segment.high / segment.open), np.log(segment.low / segment.open)
    body = measures.body(segment)
    return high * (high - body) + low * (low - body)


def _root_mean(variance: Expression, divisor: float, window: int) -> Expression:
    return np.sqrt(np.maximum(rolling_sum(variance, window) / (window * divisor), 0))
