"""Which weather the market is in, from data up to each bar."""

from finml_core.regimes.labels import expected_durations, label_regimes, transition_matrix
from finml_core.regimes.rules import RuleConfig, RuleRegimeDetector, regime_measures, regime_scores
from finml_core.vocabulary import RegimeState, RegimeType

__all__ = [
    "RegimeState",
    "RegimeType",
    "RuleConfig",
    "RuleRegimeDetector",
    "expected_durations",
    "label_regimes",
    "regime_measures",
    "regime_scores",
    "transition_matrix",
]
