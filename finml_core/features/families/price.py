"""Returns, and the shape of a single bar."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression
from finml_core.features.feature import Feature
from finml_core.features.rolling import change, lag, ratio, relative
from finml_core.features.segment import Segment

CAMPBELL = "Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 1.4"
NISON = "Nison (1991), Japanese Candlestick Charting Techniques"


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `price`."""
    return [*_returns(config), *_bar_shape()]


def _returns(config: FeatureConfig) -> list[Feature]:
    simple = [
        Feature(
            name=f"simple_return_{window}",
            family="price",
            formula=f"close[t] / close[t-{window}] - 1",
            reference=CAMPBELL,
            lookback=window + 1,
            parameters={"window": window},
            rule=simple_return,
        )
        for window in config.return_windows
    ]
    logarithmic = [
        Feature(
            name=f"log_return_{window}",
            family="price",
            formula=f"log(close[t] / close[t-{window}])",
            reference=CAMPBELL,
            lookback=window + 1,
            parameters={"window": window},
            rule=measures.log_return,
        )
        for window in config.return_windows
    ]
    return simple + logarithmic


def _bar_shape() -> list[Feature]:
    shapes = {
        "high_low_ratio": ("high / low - 1", ("high", "low"), high_low_ratio),
        "close_open_ratio": ("close / open - 1", ("open", "close"), close_open_ratio),
        "bar_position": ("(close - low) / (high - low); 0.5 where high = low", ("high", "low", "close"), bar_position),
        "bar_body": ("(close - open) / (high - low); 0 where high = low", ("open", "high", "low", "close"), bar_body),
        "upper_shadow": ("high / max(open, close) - 1", ("open", "high", "close"), upper_shadow),
        "lower_shadow": ("1 - low / min(open, close)", ("open", "low", "close"), lower_shadow),
    }
    bars = [
        Feature(name=name, family="price", formula=formula, reference=NISON, lookback=1, inputs=inputs, rule=rule)
        for name, (formula, inputs, rule) in shapes.items()
    ]
    gap = Feature(
        name="overnight_gap",
        family="price",
        formula="open[t] / close[t-1] - 1",
        reference=CAMPBELL,
        lookback=2,
        inputs=("open", "close"),
        rule=overnight_gap,
    )
    return [*bars, gap]


def simple_return(segment: Segment, window: int) -> Expression:
    """Return over `window` bars, as a fraction."""
    return change(segment.close, window)


def high_low_ratio(segment: Segment) -> Expression:
    """Range of the bar over its low."""
    return relative(segment.high, segment.low)


def close_open_ratio(segment: Segment) -> Expression:
    """Return within the bar."""
    return relative(segment.close, segment.open)


def bar_position(segment: Segment) -> Expression:
    """Where in its range the bar closed, from 0 to 1."""
    return ratio(segment.close - segment.low, segment.high - segment.low, empty=0.5)


def bar_body(segment: Segment) -> Expression:
    """Body of the candle as a signed share of its range."""
    return ratio(segment.close - segment.open, segment.high - segment.low, empty=0.0)


def upper_shadow(segment: Segment) -> Expression:
    """Wick above the body."""
    return relative(segment.high, np.maximum(segment.open, segment.close))


def lower_shadow(segment: Segment) -> Expression:
    """Wick below the body."""
    return 1 - segment.low / np.minimum(segment.open, segment.close)


def overnight_gap(segment: Segment) -> Expression:
    """Return from the last close to this open."""
    return relative(segment.open, lag(segment.close, 1))
