"""Which weather the market is in, from data up to each bar."""

from finml_core.lazy import lazy_exports
from finml_core.regimes.config import RuleConfig
from finml_core.regimes.labels import expected_durations, label_regimes, transition_matrix
from finml_core.vocabulary import RegimeState, RegimeType

LAZY = {
    "RuleRegimeDetector": "finml_core.regimes.rules",
    "regime_measures": "finml_core.regimes.rules",
    "regime_scores": "finml_core.regimes.rules",
}

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

__getattr__ = lazy_exports(__name__, LAZY)
