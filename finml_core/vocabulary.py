"""Words that several stages share: regimes and signals."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RegimeType(StrEnum):
    """The market's weather; the order is the order of columns and legends."""

    BULL_TREND = "BULL_TREND"
    BEAR_TREND = "BEAR_TREND"
    TRENDING = "TRENDING"
    RANGING = "RANGING"
    HIGH_VOLATILITY = "HIGH_VOLATILITY"
    LOW_VOLATILITY = "LOW_VOLATILITY"
    CRISIS = "CRISIS"


class SignalType(StrEnum):
    """A strategy's opinion on the next bars."""

    LONG = "LONG"
    SHORT = "SHORT"
    NEUTRAL = "NEUTRAL"

    @property
    def sign(self) -> int:
        """1 for LONG, -1 for SHORT, 0 for NEUTRAL."""
        return {"LONG": 1, "SHORT": -1, "NEUTRAL": 0}[self.value]


@dataclass(frozen=True, kw_only=True)
class RegimeState:
    """The regime at one bar, from data up to that bar."""

    regime: RegimeType
    confidence: float  # probability of `regime`, 0 to 1
    probabilities: Mapping[RegimeType, float]  # sums to 1
