"""How far and how evenly prices have gone: rates of change and oscillators."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression, where
from finml_core.features.feature import Feature
from finml_core.features.rolling import (
    change,
    lag,
    mean_deviation,
    ratio,
    relative,
    rolling_mean,
    rolling_moments,
    settling_bars,
    wilder_mean,
)
from finml_core.features.segment import Segment

MURPHY = "Murphy (1999), Technical Analysis of the Financial Markets, chapter 10"
WILDER = "Wilder (1978), New Concepts in Technical Trading Systems, section VI"
LANE = "Lane (1984), Technical Analysis of Stocks & Commodities 2(3)"
WILLIAMS = "Williams (1979), How I Made One Million Dollars"
LAMBERT = "Lambert (1980), Commodities 10(10)"
JEGADEESH = "Jegadeesh and Titman (1993), Journal of Finance 48(1), 65-91"
MOSKOWITZ = "Moskowitz, Ooi and Pedersen (2012), Journal of Financial Economics 104(2), 228-250"
RANGE = ("high", "low", "close")


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `momentum`."""
    return [*_changes(config), *_strengths(config), *_oscillators(config)]


def _changes(config: FeatureConfig) -> list[Feature]:
    rates = [
        Feature(
            name=f"roc_{window}",
            family="momentum",
            formula=f"100 (close[t] / close[t-{window}] - 1)",
            reference=MURPHY,
            lookback=window + 1,
            parameters={"window": window},
            rule=rate_of_change,
        )
        for window in config.roc_windows
    ]
    accelerations = [
        Feature(
            name=f"acceleration_{window}",
            family="momentum",
            formula=f"log_return_{window}[t] - log_return_{window}[t-{window}]",
            reference=MURPHY,
            lookback=2 * window + 1,
            parameters={"window": window},
            rule=acceleration,
        )
        for window in config.acceleration_windows
    ]
    skip, window = config.momentum
    months = Feature(
        name=f"momentum_{skip}_{window}",
        family="momentum",
        formula=f"close[t-{skip}] / close[t-{window}] - 1",
        reference=JEGADEESH,
        lookback=window + 1,
        parameters={"skip": skip, "window": window},
        rule=skipped_momentum,
    )
    return [*rates, *accelerations, months]


def _strengths(config: FeatureConfig) -> list[Feature]:
    relative = [
        Feature(
            name=f"rsi_{window}",
            family="momentum",
            formula=f"100 gain / (gain + loss), Wilder's means over {window} bars; 50 where neither",
            reference=WILDER,
            lookback=window + 1,
            warm_up=settling_bars(1 / window),
            parameters={"window": window},
            rule=relative_strength,
        )
        for window in config.rsi_windows
    ]
    per_window = []
    for window in config.roc_windows:
        if window < 2:
            continue
        common = {"family": "momentum", "lookback": window + 1, "parameters": {"window": window}}
        trend = f"mean of log_return_1 over {window} bars / its standard deviation (ddof 1); 0 if constant"
        share = f"share of the last {window} bars that closed higher, less that of those that closed lower"
        per_window += [
            Feature(name=f"scaled_momentum_{window}", formula=trend, reference=MOSKOWITZ, rule=scaled, **common),
            Feature(name=f"up_balance_{window}", formula=share, reference=MURPHY, rule=up_balance, **common),
        ]
    return [*relative, *per_window]


def _oscillators(config: FeatureConfig) -> list[Feature]:
    window, smoothing = config.stochastic_window, config.stochastic_smoothing
    common = {"family": "momentum", "inputs": RANGE}
    k = f"100 (close - low) / (high - low) with the extremes of {window} bars; 50 where they are equal"
    smooth = {"window": window, "smoothing": smoothing}
    cci_window = config.cci_window
    cci = f"(typical - mean) / (0.015 mean absolute deviation) over {cci_window} bars; 0 if constant"
    return [
        Feature(
            name=f"stochastic_k_{window}",
            formula=k,
            reference=LANE,
            lookback=window,
            parameters={"window": window},
            rule=stochastic_k,
            **common,
        ),
        Feature(
            name=f"stochastic_d_{window}",
            formula=f"mean of stochastic_k_{window} over {smoothing} bars",
            reference=LANE,
            lookback=window + smoothing - 1,
            parameters=smooth,
            rule=stochastic_d,
            **common,
        ),
        Feature(
            name=f"williams_r_{window}",
            formula=f"-100 (high - close) / (high - low) with the extremes of {window} bars; -50 where they are equal",
            reference=WILLIAMS,
            lookback=window,
            parameters={"window": window},
            rule=williams_r,
            **common,
        ),
        Feature(
            name=f"cci_{cci_window}",
            formula=cci,
            reference=LAMBERT,
            lookback=cci_window,
            parameters={"window": cci_window},
            rule=commodity_channel,
            **common,
        ),
    ]


def rate_of_change(segment: Segment, window: int) -> Expression:
    """Return over `window` bars, in per cent."""
    return 100 * change(segment.close, window)


def acceleration(segment: Segment, window: int) -> Expression:
    """Change of the log return from the window before."""
    moved = measures.log_return(segment, window)
    return moved - lag(moved, window)


def skipped_momentum(segment: Segment, skip: int, window: int) -> Expression:
    """Return from t - window to t - skip."""
    return relative(lag(segment.close, skip), lag(segment.close, window))


def relative_strength(segment: Segment, window: int) -> Expression:
    """Wilder's relative strength index, 0 to 100."""
    gain, loss = (wilder_mean(move, window) for move in _moves(segment))
    return 100 * ratio(gain, gain + loss, empty=0.5)


def scaled(segment: Segment, window: int) -> Expression:
    """Mean one-bar log return in units of its deviation."""
    mean, squares = measures.return_moments(segment, 1, window)
    return ratio(mean, np.sqrt(squares / (window - 1)), empty=0.0)


def up_balance(segment: Segment, window: int) -> Expression:
    """Rising bars less falling bars, as a share."""
    return rolling_mean(measures.close_change(segment), window)


def stochastic_k(segment: Segment, window: int) -> Expression:
    """Place of the close between the window's extremes, 0 to 100."""
    low, high = measures.lowest_low(segment, window), measures.highest_high(segment, window)
    return 100 * ratio(segment.close - low, high - low, empty=0.5)


def stochastic_d(segment: Segment, window: int, smoothing: int) -> Expression:
    """Smoothed %K."""
    return rolling_mean(stochastic_k(segment, window), smoothing)


def williams_r(segment: Segment, window: int) -> Expression:
    """Place of the close below the window's high, -100 to 0."""
    return stochastic_k(segment, window) - 100


def commodity_channel(segment: Segment, window: int) -> Expression:
    """Distance of the typical price from its mean in mean absolute deviations."""
    typical = measures.typical_price(segment)
    mean, squares = rolling_moments(typical, window)
    deviation = where(np.equal(squares, 0), 0, 0.015 * mean_deviation(typical, mean, window))
    return ratio(typical - mean, deviation, empty=0.0)


def _moves(segment: Segment) -> tuple[Expression, Expression]:
    """Gain and loss of the close since the last bar, both at least 0."""
    change = segment.close - lag(segment.close, 1)
    return np.maximum(change, 0), np.maximum(-change, 0)
