"""Volatility from open, high, low and close, more precise than from closes alone."""

import numpy as np

from finml_core.features.config import FeatureConfig
from finml_core.features.feature import Feature
from finml_core.features.rolling import lag, rolling_mean, rolling_moments
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
    return _root_mean(np.log(segment.high / segment.low) ** 2 / (4 * np.log(2)), window)


def garman_klass(segment: Segment, window: int) -> FloatArray:
    """From the range and the return within the bar."""
    spread = np.log(segment.high / segment.low)
    body = np.log(segment.close / segment.open)
    return _root_mean(spread**2 / 2 - (2 * np.log(2) - 1) * body**2, window)


def rogers_satchell(segment: Segment, window: int) -> FloatArray:
    """Unbiased with any drift."""
    return _root_mean(_drift_free(segment), window)


def yang_zhang(segment: Segment, window: int) -> FloatArray:
    """Unbiased with drift and with jumps between bars."""
    overnight = np.log(segment.open / lag(segment.close, 1))
    body = np.log(segment.close / segment.open)
    k = 0.34 / (1.34 + (window + 1) / (window - 1))
    overnight_variance = rolling_moments(overnight, window)[1] / (window - 1)
    body_variance = rolling_moments(body, window)[1] / (window - 1)
    rest = np.maximum(rolling_mean(_drift_free(segment), window), 0)
    return np.sqrt(overnight_variance + k * body_variance + (1 - k) * rest)


@shared
def _drift_free(segment: Segment) -> FloatArray:
    high, low = np.log(segment.high / segment.open), np.log(segment.low / segment.open)
    body = np.log(segment.close / segment.open)
    return high * (high - body) + low * (low - body)


def _root_mean(variance: FloatArray, window: int) -> FloatArray:
    return np.sqrt(np.maximum(rolling_mean(variance, window), 0))
