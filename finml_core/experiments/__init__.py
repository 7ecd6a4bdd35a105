"""The order of the stages: an experiment's configuration and its run; the stages load when it runs."""

from finml_core.experiments.config import (
    CalibrationConfig,
    ExperimentConfig,
    RuleStrategyConfig,
    SizingConfig,
    SplitConfig,
)
from finml_core.experiments.progress import ExperimentCancelled
from finml_core.experiments.trial import Trial, bars_fingerprint, fingerprint
from finml_core.experiments.version import CODE_VERSION
from finml_core.lazy import lazy_exports

LAZY = {
    "HOLDING": "finml_core.experiments.decide",
    "ExperimentResult": "finml_core.experiments.run",
    "per_unit": "finml_core.experiments.score",
    "rebacktest": "finml_core.experiments.what_if",
    "run_experiment": "finml_core.experiments.run",
    "score_strategies": "finml_core.experiments.score",
}

__all__ = [
    "CODE_VERSION",
    "HOLDING",
    "CalibrationConfig",
    "ExperimentCancelled",
    "ExperimentConfig",
    "ExperimentResult",
    "RuleStrategyConfig",
    "SizingConfig",
    "SplitConfig",
    "Trial",
    "bars_fingerprint",
    "fingerprint",
    "per_unit",
    "rebacktest",
    "run_experiment",
    "score_strategies",
]

__getattr__ = lazy_exports(__name__, LAZY)
