"""Moving averages, regression slopes and measures of how strongly prices trend."""

from itertools import pairwise

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression
from finml_core.features.families.direction import direction_features
from finml_core.features.feature import Feature
from finml_core.features.rolling import (
    ROUNDING,
    exponential_mean,
    hide,
    lag,
    ratio,
    relative,
    rolling_mean,
    settling_bars,
)
from finml_core.features.segment import Segment

MURPHY = "Murphy (1999), Technical Analysis of the Financial Markets, chapter 9"
APPEL = "Appel (2005), Technical Analysis: Power Tools for Active Investors"
DRAPER = "Draper and Smith (1998), Applied Regression Analysis, chapter 1"
MOST_EXACT = 1 - 1e-12  # a fit without any residual counts as this R2, so that its t-value is finite


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `trend`."""
    return [*_averages(config), *_regressions(config), *_macd(config), *direction_features(config), *_crosses(config)]


def _averages(config: FeatureConfig) -> list[Feature]:
    made = []
    for window in config.trend_windows:
        settling = settling_bars(2 / (window + 1))
        common = {"family": "trend", "reference": MURPHY, "lookback": window}
        mean, span = {"parameters": {"window": window}}, {"parameters": {"span": window}, "warm_up": settling}
        formula = f"mean of close over {window} bars"
        weighted = f"exponential mean of close, weight 2/{window + 1}, seeded by the mean of {window} bars"
        made += [
            Feature(name=f"sma_{window}", formula=formula, is_level=True, rule=measures.mean_close, **mean, **common),
            Feature(
                name=f"ema_{window}", formula=weighted, is_level=True, rule=measures.exponential_close, **span, **common
            ),
            Feature(name=f"price_to_sma_{window}", formula=f"close / sma_{window} - 1", rule=to_mean, **mean, **common),
            Feature(
                name=f"price_to_ema_{window}",
                formula=f"close / ema_{window} - 1",
                rule=to_exponential,
                **span,
                **common,
            ),
        ]
    return made


def _regressions(config: FeatureConfig) -> list[Feature]:
    made = []
    for window in config.trend_windows:
        common = {
            "family": "trend",
            "reference": DRAPER,
            "lookback": window,
            "parameters": {"window": window},
        }
        line = f"the least-squares line through log close over {window} bars"
        t_value = f"slope over its standard error of {line}; 0 if constant, R2 at most 1 - 1e-12"
        made += [
            Feature(name=f"slope_{window}", formula=f"slope a bar of {line}", rule=slope, **common),
            Feature(name=f"slope_t_{window}", formula=t_value, rule=slope_t, **common),
            Feature(name=f"trend_r2_{window}", formula=f"R2 of {line}; 0 if constant", rule=trend_r2, **common),
        ]
    return made


def _macd(config: FeatureConfig) -> list[Feature]:
    fast, slow, signal = config.macd
    label = f"{fast}_{slow}_{signal}"
    first = {"lookback": slow, "warm_up": settling_bars(2 / (slow + 1))}
    slowest = 2 / (max(slow, signal) + 1)
    second = {"lookback": slow + signal - 1, "warm_up": settling_bars(slowest, smoothings=2)}
    common = {"family": "trend", "reference": APPEL, "parameters": {"fast": fast, "slow": slow}}
    smooth = {**common, "parameters": {"fast": fast, "slow": slow, "signal": signal}}
    line = f"ema_{fast} - ema_{slow}, both seeded so that they start together"
    mean = f"exponential mean of macd over {signal} bars"
    rest = "macd less its signal"
    return [
        Feature(name=f"macd_{label}", formula=line, is_level=True, rule=macd, **first, **common),
        Feature(name=f"macd_signal_{label}", formula=mean, is_level=True, rule=macd_signal, **second, **smooth),
        Feature(name=f"macd_histogram_{label}", formula=rest, is_level=True, rule=macd_histogram, **second, **smooth),
        Feature(name=f"macd_ratio_{label}", formula=f"({line}) / close", rule=macd_ratio, **first, **common),
        Feature(
            name=f"macd_signal_ratio_{label}", formula=f"({mean}) / close", rule=macd_signal_ratio, **second, **smooth
        ),
        Feature(
            name=f"macd_histogram_ratio_{label}",
            formula=f"({rest}) / close",
            rule=macd_histogram_ratio,
            **second,
            **smooth,
        ),
    ]


def _crosses(config: FeatureConfig) -> list[Feature]:
    ratios = [
        Feature(
            name=f"sma_ratio_{short}_{long}",
            family="trend",
            formula=f"sma_{short} / sma_{long} - 1; it changes sign where the means cross",
            reference=MURPHY,
            lookback=long,
            parameters={"short": short, "long": long},
            rule=sma_ratio,
        )
        for short, long in pairwise(sorted(config.trend_windows))
    ]
    window = config.crossing_window
    crossings = Feature(
        name=f"crossings_{window}",
        family="trend",
        formula=f"share of the last {window} bars in which close moved to the other side of sma_{window}",
        reference=MURPHY,
        lookback=2 * window,
        parameters={"window": window},
        rule=crossings_share,
    )
    return [*ratios, crossings]


def to_mean(segment: Segment, window: int) -> Expression:
    """Distance of the close from its mean, as a fraction."""
    return relative(segment.close, measures.mean_close(segment, window))


def to_exponential(segment: Segment, span: int) -> Expression:
    """Distance of the close from its exponential mean, as a fraction."""
    return relative(segment.close, measures.exponential_close(segment, span))


def slope(segment: Segment, window: int) -> Expression:
    """Growth a bar of the fitted line."""
    tt, ty, _ = measures.close_trend(segment, window)
    return ty / tt


def trend_r2(segment: Segment, window: int) -> Expression:
    """Share of the variance of log close that the line explains."""
    return np.minimum(_explained(segment, window), 1.0)


def _explained(segment: Segment, window: int) -> Expression:
    tt, ty, yy = measures.close_trend(segment, window)
    return ratio(ty * ty, tt * yy, empty=0.0)


def slope_t(segment: Segment, window: int) -> Expression:
    """t-value of the slope with window - 2 degrees of freedom."""
    ty = measures.close_trend(segment, window)[1]
    r2 = np.minimum(_explained(segment, window), MOST_EXACT)
    return np.copysign(np.sqrt(r2 * (window - 2) / (1 - r2)), ty)


def macd(segment: Segment, fast: int, slow: int) -> Expression:
    """Difference of two exponential means; the fast one is seeded by the bars just before the first value."""
    late = hide(segment.close, 0, slow - fast)
    return exponential_mean(late, fast) - measures.exponential_close(segment, slow)


def macd_signal(segment: Segment, fast: int, slow: int, signal: int) -> Expression:
    """Exponential mean of the line."""
    return exponential_mean(macd(segment, fast, slow), signal)


def macd_histogram(segment: Segment, fast: int, slow: int, signal: int) -> Expression:
    """Line less signal."""
    return macd(segment, fast, slow) - macd_signal(segment, fast, slow, signal)


def macd_ratio(segment: Segment, fast: int, slow: int) -> Expression:
    """Line as a fraction of the close."""
    return macd(segment, fast, slow) / segment.close


def macd_signal_ratio(segment: Segment, fast: int, slow: int, signal: int) -> Expression:
    """Signal as a fraction of the close."""
    return macd_signal(segment, fast, slow, signal) / segment.close


def macd_histogram_ratio(segment: Segment, fast: int, slow: int, signal: int) -> Expression:
    """Histogram as a fraction of the close."""
    return macd_histogram(segment, fast, slow, signal) / segment.close


def sma_ratio(segment: Segment, short: int, long: int) -> Expression:
    """Short mean over long mean, less 1."""
    return relative(measures.mean_close(segment, short), measures.mean_close(segment, long))


def crossings_share(segment: Segment, window: int) -> Expression:
    """How often the close changed sides of its mean."""
    mean = measures.mean_close(segment, window)
    gap = segment.close - mean
    side = np.sign(gap) * (np.abs(gap) > ROUNDING * mean)
    moved = np.minimum(side * lag(side, 1), 0)  # -1 where the sides differ and neither is the mean itself
    return rolling_mean(-moved, window)
