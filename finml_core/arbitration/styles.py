"""Which style of strategy suits which regime."""

from collections.abc import Mapping

from finml_core.vocabulary import RegimeType

STYLES: Mapping[str, str] = {
    "trend": "Follows the direction of past prices over weeks and months",
    "mean_reversion": "Bets on the way back after a departure from the mean",
    "momentum": "Buys what has risen more than it usually does",
    "volatility": "Lives on large moves of either sign",
    "model": "A trained model, for all regimes alike",
}
MULTIPLIERS: Mapping[str, Mapping[str, float]] = {
    "trend": {
        "BULL_TREND": 1.5,
        "BEAR_TREND": 1.3,
        "TRENDING": 1.4,
        "RANGING": 0.5,
        "HIGH_VOLATILITY": 0.7,
        "CRISIS": 0.3,
    },
    "mean_reversion": {
        "RANGING": 1.5,
        "LOW_VOLATILITY": 1.4,
        "BULL_TREND": 0.6,
        "BEAR_TREND": 0.5,
        "TRENDING": 0.4,
        "CRISIS": 0.2,
    },
    "momentum": {"BULL_TREND": 1.4},
    "volatility": {"HIGH_VOLATILITY": 1.5},
    "model": {},
}  # all else is 1


def regime_multiplier(
    multipliers: Mapping[str, Mapping[str, float]], style: str, regime: RegimeType | str | None
) -> float:
    """Factor on the score of a strategy of this style in this regime; 1 where the table says nothing."""
    return 1.0 if regime is None else float(multipliers.get(style, {}).get(str(regime), 1.0))
