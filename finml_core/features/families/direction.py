"""Directional movement and Aroon: which way, how strongly, and since when."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression, where
from finml_core.features.feature import Feature
from finml_core.features.rolling import (
    bars_since_max,
    bars_since_min,
    hide,
    lag,
    ratio,
    settling_bars,
    wilder_mean,
    wilder_movement,
)
from finml_core.features.segment import Segment

WILDER = "Wilder (1978), New Concepts in Technical Trading Systems, section IV"
CHANDE = "Chande (1995), Technical Analysis of Stocks & Commodities 13(9)"


def direction_features(config: FeatureConfig) -> list[Feature]:
    """ADX with its two directional indicators, and Aroon."""
    return [*_directional(config.adx_window), *_aroon(config.aroon_window)]


def _directional(window: int) -> list[Feature]:
    common = {
        "family": "trend",
        "reference": WILDER,
        "inputs": ("high", "low", "close"),
        "parameters": {"window": window},
    }
    single = {"lookback": window + 1, "warm_up": settling_bars(1 / window)}
    double = {"lookback": 2 * window, "warm_up": settling_bars(1 / window, smoothings=2)}
    share = f"100 x Wilder's mean of {{}} movement / mean of true range over {window} bars; 0 without range"
    return [
        Feature(
            name=f"adx_{window}",
            formula=f"Wilder's mean of 100 |+DI - -DI| / (+DI + -DI) over {window} bars; 0 where nothing moves",
            rule=adx,
            **double,
            **common,
        ),
        Feature(name=f"plus_di_{window}", formula=share.format("upward"), rule=plus_di, **single, **common),
        Feature(name=f"minus_di_{window}", formula=share.format("downward"), rule=minus_di, **single, **common),
    ]


def _aroon(window: int) -> list[Feature]:
    age = f"100 x ({window} - bars since the {{}} of {window + 1} bars) / {window}"
    rules = {
        "aroon_up": (age.format("highest high"), ("high",), aroon_up),
        "aroon_down": (age.format("lowest low"), ("low",), aroon_down),
        "aroon_oscillator": ("aroon_up - aroon_down", ("high", "low"), aroon_oscillator),
    }
    return [
        Feature(
            name=f"{name}_{window}",
            family="trend",
            formula=formula,
            reference=CHANDE,
            lookback=window + 1,
            inputs=inputs,
            parameters={"window": window},
            rule=rule,
        )
        for name, (formula, inputs, rule) in rules.items()
    ]


def plus_di(segment: Segment, window: int) -> Expression:
    """Share of the range that was upward movement, in per cent."""
    up, _, true_ranges = _moves(segment)
    return _share_of_range(up, true_ranges, window)


def minus_di(segment: Segment, window: int) -> Expression:
    """Share of the range that was downward movement, in per cent."""
    _, down, true_ranges = _moves(segment)
    return _share_of_range(down, true_ranges, window)


def adx(segment: Segment, window: int) -> Expression:
    """Wilder's mean of the directional index."""
    plus, minus = plus_di(segment, window), minus_di(segment, window)
    return wilder_mean(ratio(100 * np.abs(plus - minus), plus + minus, empty=0.0), window)


def aroon_up(segment: Segment, window: int) -> Expression:
    """100 at a new high, 0 when the high is `window` bars old."""
    return 100 * (window - bars_since_max(segment.high, window + 1)) / window


def aroon_down(segment: Segment, window: int) -> Expression:
    """100 at a new low, 0 when the low is `window` bars old."""
    return 100 * (window - bars_since_min(segment.low, window + 1)) / window


def aroon_oscillator(segment: Segment, window: int) -> Expression:
    """Aroon up less Aroon down."""
    return aroon_up(segment, window) - aroon_down(segment, window)


def _moves(segment: Segment) -> tuple[Expression, Expression, Expression]:
    """Upward and downward movement (Wilder, 1978), and true range; missing in the first row, and where any price is."""
    true_range = measures.true_range(segment)
    higher, lower = segment.high - lag(segment.high, 1), lag(segment.low, 1) - segment.low
    known = 0 * (true_range + higher + lower)  # 0, or missing
    up, down = where(higher > lower, np.maximum(higher, 0), 0), where(lower > higher, np.maximum(lower, 0), 0)
    return up + known, down + known, true_range + known


def _share_of_range(movement: Expression, true_ranges: Expression, window: int) -> Expression:
    share = ratio(wilder_movement(movement, window), wilder_movement(true_ranges, window), empty=0.0)
    return hide(100 * share, window - 1, window)  # the seed itself is no value: Wilder starts one bar later
