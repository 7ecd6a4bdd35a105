"""The order of the stages: an experiment's configuration and its run."""

from finml_core.experiments.config import (
    CalibrationConfig,
    ExperimentConfig,
    RuleStrategyConfig,
    SizingConfig,
    SplitConfig,
)
from finml_core.experiments.decide import HOLDING
from finml_core.experiments.progress import ExperimentCancelled
from finml_core.experiments.rebacktest import rebacktest
from finml_core.experiments.run import CODE_VERSION, ExperimentResult, run_experiment
from finml_core.experiments.score import per_unit, score_strategies
from finml_core.experiments.trial import Trial, bars_fingerprint, fingerprint

__all__ = [
    "HOLDING",
    "CODE_VERSION",
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
