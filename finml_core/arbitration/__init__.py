"""Whom do we listen to: strategies' opinions weighed by what they earned and by the weather."""

from finml_core.arbitration.arbitrator import StrategyArbitrator
from finml_core.arbitration.combine import agreement_confidence
from finml_core.arbitration.config import ArbitratorConfig
from finml_core.arbitration.history import ArbitrationHistory, arbitrate
from finml_core.arbitration.meta_learner import meta_features
from finml_core.arbitration.rules import momentum, moving_average_cross, zscore_reversion
from finml_core.arbitration.signals import ArbitrationResult, StrategySignal
from finml_core.arbitration.styles import MULTIPLIERS, STYLES, regime_multiplier
from finml_core.vocabulary import RegimeState, RegimeType, SignalType

__all__ = [
    "ArbitrationHistory",
    "ArbitrationResult",
    "ArbitratorConfig",
    "MULTIPLIERS",
    "RegimeState",
    "RegimeType",
    "STYLES",
    "SignalType",
    "StrategyArbitrator",
    "StrategySignal",
    "agreement_confidence",
    "arbitrate",
    "meta_features",
    "momentum",
    "moving_average_cross",
    "regime_multiplier",
    "zscore_reversion",
]
