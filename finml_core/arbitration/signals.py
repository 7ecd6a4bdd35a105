"""What a strategy says at one bar, and what the arbitrator answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from finml_core.checks import check_between
from finml_core.vocabulary import RegimeType, SignalType


@dataclass(frozen=True)
class StrategySignal:
    """One strategy's opinion, known at the close of `timestamp`."""

    strategy_id: str
    timestamp: pd.Timestamp
    signal: SignalType
    confidence: float  # 0 to 1
    expected_return: float | None = None  # over the strategy's horizon, as a fraction
    volatility: float | None = None  # of that return
    regime: RegimeType | None = None  # that the strategy believes in
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_between("confidence", float(self.confidence), 0.0, 1.0)
        object.__setattr__(self, "signal", SignalType(self.signal))


@dataclass(frozen=True, kw_only=True)
class ArbitrationResult:
    """The combined opinion at one bar, and how it came about."""

    timestamp: pd.Timestamp | None
    signal: SignalType
    confidence: float  # 0 to 1
    weighted_signal: float  # -1 to 1
    signal_strength: float  # size of `weighted_signal`
    consensus_ratio: float  # weight of the active strategies that share the sign of `weighted_signal`
    n_active_strategies: int
    regime: RegimeType | None
    regime_confidence: float  # 0 where the regime is unknown
    strategy_breakdown: Mapping[
        str, Mapping[str, Any]
    ]  # by strategy: signal, confidence, score, weight, silenced, reason
    meta_probability: float | None = None  # of a rise, once a meta-learner is trained
