"""Bid-ask spreads: quoted, and estimated from the highs, lows and closes of bars, as fractions of the price."""

import math

import numpy as np

from finml_core.features import measures
from finml_core.features.expression import Expression
from finml_core.features.feature import Feature
from finml_core.features.rolling import ROUNDING, lag, ratio, rolling_autocomoment, rolling_mean
from finml_core.features.segment import Segment

DEMSETZ = "Demsetz (1968), Quarterly Journal of Economics 82(1), 33-53"
ROLL = "Roll (1984), Journal of Finance 39(4), 1127-1139"
CORWIN = "Corwin and Schultz (2012), Journal of Finance 67(2), 719-760"
ABDI = "Abdi and Ranaldo (2017), Review of Financial Studies 30(12), 4437-4480"
QUOTES = ("bid", "ask")
RANGE = ("high", "low", "close")


def quote_features(window: int) -> list[Feature]:
    """Features of bid and ask."""
    common = {"family": "microstructure", "reference": DEMSETZ, "inputs": QUOTES}
    crossed = "0 where quotes cross"
    return [
        Feature(
            name="quoted_spread",
            formula=f"ask - bid as supplied; {crossed}",
            lookback=1,
            is_level=True,
            rule=quoted_spread,
            **common,
        ),
        Feature(
            name="relative_spread",
            formula=f"(ask - bid) / their mean; {crossed}",
            lookback=1,
            rule=relative_spread,
            **common,
        ),
        Feature(
            name=f"spread_ratio_{window}",
            formula=f"relative_spread / its mean over {window} bars; 1 where both are 0",
            lookback=window,
            parameters={"window": window},
            rule=spread_ratio,
            **common,
        ),
    ]


def spread_features(windows: tuple[int, ...]) -> list[Feature]:
    """Three estimators for each window, with a flag where Roll's does not exist."""
    made = []
    for window in windows:
        common = {"family": "microstructure", "parameters": {"window": window}}
        covariance = f"covariance (ddof 1) of log_return_1[t] and log_return_1[t-1] over {window} pairs"
        made += [
            Feature(
                name=f"roll_spread_{window}",
                formula=f"2 root of -c, c = {covariance}; 0 where c is above 0",
                reference=ROLL,
                lookback=window + 2,
                rule=roll_spread,
                **common,
            ),
            Feature(
                name=f"roll_undefined_{window}",
                formula=f"1 where the {covariance} is above 0, else 0",
                reference=ROLL,
                lookback=window + 2,
                rule=roll_undefined,
                **common,
            ),
            Feature(
                name=f"corwin_schultz_{window}",
                formula=f"mean over {window} pairs of bars of 2 (exp a - 1) / (exp a + 1), at least 0; a = (root 2b - "
                "root b) / (3 - 2 root 2) - root(g / (3 - 2 root 2)), b: sum of both log(high/low)^2, g: that of the "
                "pair, gaps between the bars removed",
                reference=CORWIN,
                lookback=window + 1,
                inputs=RANGE,
                rule=corwin_schultz,
                **common,
            ),
            Feature(
                name=f"abdi_ranaldo_{window}",
                formula=f"2 root of the mean over {window} bars of (c[t-1] - m[t-1]) (c[t-1] - m[t]), at least 0; "
                "c: log close, m: mean of log high and log low",
                reference=ABDI,
                lookback=window + 1,
                inputs=RANGE,
                rule=abdi_ranaldo,
                **common,
            ),
        ]
    return made


def quoted_spread(segment: Segment) -> Expression:
    """Price of a round trip of one unit."""
    return np.maximum(segment.raw_ask - segment.raw_bid, 0)


def relative_spread(segment: Segment) -> Expression:
    """Price of a round trip as a fraction of the price."""
    return np.maximum(segment.raw_ask - segment.raw_bid, 0) / ((segment.raw_ask + segment.raw_bid) / 2)


def spread_ratio(segment: Segment, window: int) -> Expression:
    """Spread against its mean."""
    spread = relative_spread(segment)
    return ratio(spread, rolling_mean(spread, window), empty=1.0)


def roll_spread(segment: Segment, window: int) -> Expression:
    """Spread between which prices would bounce to turn as often as they do."""
    return 2 * np.sqrt(np.maximum(-_bounce(segment, window), 0))


def roll_undefined(segment: Segment, window: int) -> Expression:
    """Where returns follow each other, so that no bounce explains them."""
    covariance, deviation = _bounce(segment, window), measures.return_deviation(segment, window)
    return (covariance > ROUNDING * deviation * deviation) + 0 * covariance


def corwin_schultz(segment: Segment, window: int) -> Expression:
    """Mean of the spreads that each pair of bars shows."""
    return rolling_mean(_spread_of_pairs(segment), window)


def abdi_ranaldo(segment: Segment, window: int) -> Expression:
    """Spread from how far closes lie from the middle of their own and the next bar's range."""
    return 2 * np.sqrt(np.maximum(rolling_mean(_off_the_middle(segment), window), 0))


def _spread_of_pairs(segment: Segment) -> Expression:
    """Spread that makes the range of two bars narrower than two bars' volatility would, at least 0.

    As (root 2 - 1)^2 = 3 - 2 root 2, the difference of Corwin and Schultz's fractions is (root(b) - root(g)) over
    root 2 - 1.
    """
    high, low, before = _log_high(segment), _log_low(segment), lag(measures.log_close(segment), 1)
    gap = np.maximum(low - before, 0) + np.minimum(high - before, 0)  # moved to touch the close before
    earlier_high, earlier_low = lag(high, 1), lag(low, 1)
    of_pair = np.maximum(high - gap, earlier_high) - np.minimum(low - gap, earlier_low)
    width, earlier_width = high - low, earlier_high - earlier_low
    alpha = np.maximum((np.sqrt(width * width + earlier_width * earlier_width) - of_pair) / (math.sqrt(2) - 1), 0)
    return 2 * np.tanh(alpha / 2)  # tanh(a/2) = (exp a - 1) / (exp a + 1)


def _log_high(segment: Segment) -> Expression:
    return np.log(segment.high)


def _log_low(segment: Segment) -> Expression:
    return np.log(segment.low)


def _off_the_middle(segment: Segment) -> Expression:
    middle = (_log_high(segment) + _log_low(segment)) / 2
    close, before = lag(measures.log_close(segment), 1), lag(middle, 1)
    return (close - before) * (close - middle)


def _bounce(segment: Segment, window: int) -> Expression:
    return rolling_autocomoment(measures.log_return(segment, 1), 1, window) / (window - 1)
