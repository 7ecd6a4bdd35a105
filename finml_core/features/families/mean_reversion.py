"""How far prices are from where they were, and how fast they tend to come back."""

import math

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression, where
from finml_core.features.feature import Feature
from finml_core.features.rolling import (
    lag,
    ratio,
    relative,
    rolling_autocomoment,
    rolling_max,
    rolling_min,
    rolling_moments,
)
from finml_core.features.segment import Segment

CHAN = "Chan (2013), Algorithmic Trading, chapter 2"
GEORGE = "George and Hwang (2004), Journal of Finance 59(5), 2145-2176"
LO = "Lo and MacKinlay (1988), Review of Financial Studies 1(1), 41-66"
SMALLEST, LARGEST = np.finfo(float).tiny, np.finfo(float).max  # the former stands for 0 before a logarithm
HURST = "Di Matteo, Aste and Dacorogna (2005), Journal of Banking & Finance 29(4), 827-851"


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `mean_reversion`."""
    return [*_distances(config), _half_life(config.half_life_window), *_scaling(config)]


def _distances(config: FeatureConfig) -> list[Feature]:
    scores = [
        Feature(
            name=f"zscore_{window}",
            family="mean_reversion",
            formula=f"(close - mean) / standard deviation (ddof 0) over {window} bars; 0 if constant",
            reference=CHAN,
            lookback=window,
            parameters={"window": window},
            rule=zscore,
        )
        for window in config.zscore_windows
    ]
    extremes = []
    for window in config.extreme_windows:
        common = {"family": "mean_reversion", "reference": GEORGE, "lookback": window}
        chosen = {"parameters": {"window": window}}
        below, above = (f"close / {end} close of {window} bars - 1" for end in ("highest", "lowest"))
        extremes += [
            Feature(name=f"distance_from_max_{window}", formula=below, rule=from_max, **chosen, **common),
            Feature(name=f"distance_from_min_{window}", formula=above, rule=from_min, **chosen, **common),
        ]
    return [*scores, *extremes]


def _half_life(window: int) -> Feature:
    return Feature(
        name=f"half_life_{window}",
        family="mean_reversion",
        formula=f"-log 2 / log b, b from log close[t] = a + b log close[t-1] over {window} bars; "
        f"0 where b <= 0, at most {window}, which also stands for a constant price",
        reference=CHAN,
        lookback=window + 1,
        parameters={"window": window},
        rule=half_life,
    )


def _scaling(config: FeatureConfig) -> list[Feature]:
    window, hurst_window = config.variance_ratio_window, config.hurst_window
    ratios = [
        Feature(
            name=f"variance_ratio_{lags}_{window}",
            family="mean_reversion",
            formula=f"variance of log_return_{lags} / ({lags} x that of log_return_1), {window} bars; 1 if constant",
            reference=LO,
            lookback=window + lags,
            parameters={"lags": lags, "window": window},
            rule=variance_ratio,
        )
        for lags in config.variance_ratio_lags
    ]
    lags = hurst_lags(hurst_window)
    hurst = Feature(
        name=f"hurst_{hurst_window}",
        family="mean_reversion",
        formula=f"slope of log deviation of log close changes on log lag, lags {', '.join(map(str, lags))}, "
        f"over {hurst_window} bars; 0.5 where a deviation is 0",
        reference=HURST,
        lookback=hurst_window + lags[-1],
        parameters={"window": hurst_window},
        rule=hurst_exponent,
    )
    return [*ratios, hurst]


def hurst_lags(window: int) -> tuple[int, ...]:
    """Powers of two up to a quarter of the window, at least 1 and 2, at most 16."""
    return tuple(lags for lags in (1, 2, 4, 8, 16) if lags <= max(window // 4, 2))


def zscore(segment: Segment, window: int) -> Expression:
    """Distance of the close from its mean in deviations."""
    mean, deviation = measures.close_moments(segment, window)
    return ratio(segment.close - mean, deviation, empty=0.0)


def from_max(segment: Segment, window: int) -> Expression:
    """Drop from the highest close, at most 0."""
    return relative(segment.close, rolling_max(segment.close, window))


def from_min(segment: Segment, window: int) -> Expression:
    """Rise from the lowest close, at least 0."""
    return relative(segment.close, rolling_min(segment.close, window))


def half_life(segment: Segment, window: int) -> Expression:
    """Bars in which half of a deviation is gone by the window's AR(1) fit, 0 to `window`."""
    price = measures.log_close(segment)
    squares = lag(rolling_moments(price, window)[1], 1)
    b = ratio(rolling_autocomoment(price, 1, window), squares, empty=1.0)
    bars = -math.log(2) / np.log(np.minimum(np.maximum(b, SMALLEST), 2 ** (-1 / window)))
    return where(b > 0, bars, 0 * b)


def variance_ratio(segment: Segment, lags: int, window: int) -> Expression:
    """Above 1 where returns follow each other, below 1 where they turn."""
    single = measures.return_moments(segment, 1, window)[1]
    longer = measures.return_moments(segment, lags, window)[1]
    return ratio(longer, lags * single, empty=1.0)


def hurst_exponent(segment: Segment, window: int) -> Expression:
    """Generalised Hurst exponent of order 2: 0.5 for a random walk."""
    lags = hurst_lags(window)
    log_lag = np.log(lags) - np.log(lags).mean()
    weights = log_lag / (log_lag @ log_lag) / 2
    variances = [measures.return_moments(segment, lag_, window)[1] for lag_ in lags]
    exponent = sum(weight * np.log(variance) for weight, variance in zip(weights, variances, strict=True))
    # where nothing moves, a logarithm is infinite; the longest lag reads all that the others read
    return where(np.abs(exponent) <= LARGEST, exponent, 0.5 + 0 * variances[-1])
