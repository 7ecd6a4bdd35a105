"""How much prices move: from closes, from ranges, and against their own past."""

from itertools import pairwise

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression
from finml_core.features.families import ranges
from finml_core.features.feature import Feature
from finml_core.features.rolling import decayed_mean, ratio, rolling_mean, rolling_std, settling_bars
from finml_core.features.segment import Segment

ANDERSEN = "Andersen and Bollerslev (1998), International Economic Review 39(4), 885-905"
WILDER = "Wilder (1978), New Concepts in Technical Trading Systems, section III"
BOLLINGER = "Bollinger (2001), Bollinger on Bollinger Bands"
RISKMETRICS = "J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, section 5.2"
SORTINO = "Sortino and van der Meer (1991), Journal of Portfolio Management 17(4), 27-31"
CORSI = "Corsi, Mittnik, Pigorsch and Pigorsch (2008), Econometric Reviews 27, 46-78"
EWMA_SEED = 20  # returns in the mean that starts the exponential variance


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `volatility`; volatilities are fractions per bar, not annualised."""
    return [
        *_realised(config),
        *ranges.range_features(config),
        *_true_range(config.atr_window),
        *_bollinger(config.bollinger_window, config.bollinger_width),
        *_decayed(config.ewma_decay),
    ]


def _realised(config: FeatureConfig) -> list[Feature]:
    made = []
    for window in config.volatility_windows:
        common = {"family": "volatility", "parameters": {"window": window}}
        made += [
            Feature(
                name=f"realized_volatility_{window}",
                formula=f"standard deviation (ddof 1) of log_return_1 over {window} bars",
                reference=ANDERSEN,
                lookback=window + 1,
                rule=measures.return_deviation,
                **common,
            ),
            Feature(
                name=f"downside_volatility_{window}",
                formula=f"root of the mean of min(log_return_1, 0)^2 over {window} bars",
                reference=SORTINO,
                lookback=window + 1,
                rule=downside,
                **common,
            ),
            Feature(
                name=f"volatility_of_volatility_{window}",
                formula=f"standard deviation (ddof 1) of realized_volatility_{window} over {window} bars",
                reference=CORSI,
                lookback=2 * window,
                rule=volatility_of_volatility,
                **common,
            ),
        ]
    ratios = [
        Feature(
            name=f"volatility_ratio_{short}_{long}",
            family="volatility",
            formula=f"realized_volatility_{short} / realized_volatility_{long}; 1 where both are 0",
            reference=ANDERSEN,
            lookback=long + 1,
            parameters={"short": short, "long": long},
            rule=volatility_ratio,
        )
        for short, long in pairwise(sorted(config.volatility_windows))
    ]
    return made + ratios


def _true_range(window: int) -> list[Feature]:
    common = {
        "family": "volatility",
        "reference": WILDER,
        "lookback": window + 1,
        "warm_up": settling_bars(1 / window),
        "inputs": ("high", "low", "close"),
        "parameters": {"window": window},
    }
    mean = f"Wilder's mean of the true range over {window} bars"
    return [
        Feature(name=f"atr_{window}", formula=mean, is_level=True, rule=measures.average_true_range, **common),
        Feature(name=f"atr_ratio_{window}", formula=f"atr_{window} / close", rule=atr_ratio, **common),
    ]


def _bollinger(window: int, width: float) -> list[Feature]:
    common = {
        "family": "volatility",
        "reference": BOLLINGER,
        "lookback": window,
        "parameters": {"window": window, "width": width},
    }
    bands = f"mean +- {width:g} standard deviations (ddof 0) of close over {window} bars"
    position = f"(close - lower) / (upper - lower) of {bands}; 0.5 if constant"
    return [
        Feature(
            name=f"bollinger_width_{window}",
            formula=f"(upper - lower) / mean of {bands}",
            rule=bollinger_width,
            **common,
        ),
        Feature(name=f"bollinger_position_{window}", formula=position, rule=bollinger_position, **common),
    ]


def _decayed(decay: float) -> list[Feature]:
    return [
        Feature(
            name=f"ewma_volatility_{round(1000 * decay):03d}".removesuffix("0"),
            family="volatility",
            formula=f"root of v = {decay:g} v + {1 - decay:.6g} log_return_1^2, seeded by the mean of {EWMA_SEED}",
            reference=RISKMETRICS,
            lookback=EWMA_SEED + 1,
            warm_up=settling_bars(1 - decay),
            parameters={"decay": decay},
            rule=ewma_volatility,
        )
    ]


def downside(segment: Segment, window: int) -> Expression:
    """Root mean square of the losses."""
    return np.sqrt(rolling_mean(_squared_loss(segment), window))


def _squared_loss(segment: Segment) -> Expression:
    loss = np.minimum(measures.log_return(segment, 1), 0)
    return loss * loss


def volatility_of_volatility(segment: Segment, window: int) -> Expression:
    """Deviation of the rolling deviation."""
    return rolling_std(measures.return_deviation(segment, window), window, ddof=1)


def volatility_ratio(segment: Segment, short: int, long: int) -> Expression:
    """Recent volatility against that of a longer window."""
    return ratio(measures.return_deviation(segment, short), measures.return_deviation(segment, long), empty=1.0)


def atr_ratio(segment: Segment, window: int) -> Expression:
    """Average true range as a fraction of the close."""
    return measures.average_true_range(segment, window) / segment.close


def bollinger_width(segment: Segment, window: int, width: float) -> Expression:
    """Distance between the bands as a fraction of the mean."""
    mean, deviation = measures.close_moments(segment, window)
    return 2 * width * deviation / mean


def bollinger_position(segment: Segment, window: int, width: float) -> Expression:
    """Place of the close between the bands: 0 at the lower, 1 at the upper one."""
    mean, deviation = measures.close_moments(segment, window)
    return 0.5 + ratio(segment.close - mean, 2 * width * deviation, empty=0.0)


def ewma_volatility(segment: Segment, decay: float) -> Expression:
    """Root of the exponentially weighted mean of squared returns."""
    change = measures.log_return(segment, 1)
    return np.sqrt(decayed_mean(change * change, decay, EWMA_SEED))
