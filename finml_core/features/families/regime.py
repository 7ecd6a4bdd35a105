"""In what state the market is: how straight prices go, how wild they are for this symbol, how deep under their high."""

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.distributions import rolling_rank
from finml_core.features.expression import Expression
from finml_core.features.feature import Feature
from finml_core.features.rolling import ROUNDING, bars_since_max, lag, ratio, rolling_max, rolling_sum
from finml_core.features.segment import Segment

KAUFMAN = "Kaufman (1995), Smarter Trading, chapter 6"
PENA = "de la Pena, Lai and Shao (2009), Self-Normalized Processes, chapter 1"
BURGHARDT = "Burghardt and Lane (1990), Journal of Portfolio Management 16(2), 72-78"
MAGDON = "Magdon-Ismail and Atiya (2004), Risk 17(10), 99-102"
DEPTHS = (-0.2, -0.1, -0.05)  # drawdowns at which the state goes from 3 (bear market) to 0 (near the high)


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `regime`."""
    return [*_straightness(config), _wildness(*config.volatility_regime), *_depth(config.drawdown_window)]


def _straightness(config: FeatureConfig) -> list[Feature]:
    strengths = [
        Feature(
            name=f"trend_strength_{window}",
            family="regime",
            formula=f"|log_return_{window}| / root of the sum of log_return_1^2 over {window} bars; 0 if constant",
            reference=PENA,
            lookback=window + 1,
            parameters={"window": window},
            rule=trend_strength,
        )
        for window in config.strength_windows
    ]
    efficiencies = [
        Feature(
            name=f"efficiency_ratio_{window}",
            family="regime",
            formula=f"|close[t] - close[t-{window}]| / sum of |close changes| over {window} bars; 0 if constant",
            reference=KAUFMAN,
            lookback=window + 1,
            parameters={"window": window},
            rule=efficiency_ratio,
        )
        for window in config.efficiency_windows
    ]
    return [*strengths, *efficiencies]


def _wildness(window: int, history: int) -> Feature:
    return Feature(
        name=f"volatility_regime_{window}_{history}",
        family="regime",
        formula=f"share of the last {history} values of realized_volatility_{window} below this one, equal ones half",
        reference=BURGHARDT,
        lookback=window + history,
        parameters={"window": window, "history": history},
        rule=volatility_regime,
    )


def _depth(window: int) -> list[Feature]:
    common = {"family": "regime", "reference": MAGDON, "lookback": window, "parameters": {"window": window}}
    steps = ", ".join(f"{depth:.0%}" for depth in reversed(DEPTHS))
    return [
        Feature(
            name=f"drawdown_state_{window}",
            formula=f"how many of {steps} close / highest close of {window} bars - 1 is below",
            rule=drawdown_state,
            **common,
        ),
        Feature(
            name=f"drawdown_age_{window}",
            formula=f"bars since the highest close of {window} bars, over {window}; of equal closes the latest counts",
            rule=drawdown_age,
            **common,
        ),
    ]


def trend_strength(segment: Segment, window: int) -> Expression:
    """Size of the return against what as many steps of either sign would give, 0 to root of `window`."""
    change = measures.log_return(segment, 1)
    return ratio(np.abs(measures.log_return(segment, window)), np.sqrt(rolling_sum(change * change, window)), empty=0.0)


def efficiency_ratio(segment: Segment, window: int) -> Expression:
    """Share of the way that was progress: 1 on a straight line, near 0 in a range."""
    path = rolling_sum(np.abs(segment.close - lag(segment.close, 1)), window)
    return np.minimum(ratio(np.abs(segment.close - lag(segment.close, window)), path, empty=0.0), 1.0)


def volatility_regime(segment: Segment, window: int, history: int) -> Expression:
    """Volatility among its own past values, 0 to 1."""
    return rolling_rank(measures.return_deviation(segment, window), history)


def drawdown_state(segment: Segment, window: int) -> Expression:
    """0 near the high, 1 pullback, 2 correction, 3 bear market."""
    drawdown = segment.close / rolling_max(segment.close, window) - 1
    return sum(drawdown < depth - ROUNDING for depth in DEPTHS) + 0 * drawdown


def drawdown_age(segment: Segment, window: int) -> Expression:
    """How long ago the high was, as a share of the window."""
    return bars_since_max(segment.close, window) / window
