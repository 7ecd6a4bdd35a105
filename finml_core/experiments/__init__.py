"""The order of the stages: an experiment's configuration and its run; the stages load when it runs."""

from finml_core.experiments.config import (
    AuditConfig,
    CalibrationConfig,
    ExperimentConfig,
    RuleStrategyConfig,
    SizingConfig,
    SplitConfig,
    audit_settings,
)
from finml_core.experiments.primary import PrimaryConfig
from finml_core.experiments.progress import ExperimentCancelled
from finml_core.experiments.trial import Trial, bars_fingerprint, fingerprint
from finml_core.experiments.version import CODE_VERSION
from finml_core.lazy import lazy_exports

LAZY = {
    "HOLDING": "finml_core.experiments.decide",
    "LeakAudit": "finml_core.experiments.leak_audit",
    "ablate": "finml_core.experiments.ablation",
    "audit_pipeline": "finml_core.experiments.leak_audit",
    "noise_twin": "finml_core.experiments.twin",
    "LearningConfig": "finml_core.experiments.learning_curve",
    "StudyConfig": "finml_core.experiments.study",
    "run_study": "finml_core.experiments.study",
    "study_of": "finml_core.experiments.study",
    "ExperimentResult": "finml_core.experiments.run",
    "Pace": "finml_core.experiments.cost",
    "estimate_cost": "finml_core.experiments.cost",
    "label_bars": "finml_core.experiments.outcomes",
    "make_dataset": "finml_core.experiments.data",
    "per_unit": "finml_core.experiments.score",
    "PathBacktests": "finml_core.experiments.what_if",
    "rebacktest": "finml_core.experiments.what_if",
    "rebacktest_paths": "finml_core.experiments.what_if",
    "run_experiment": "finml_core.experiments.run",
    "score_strategies": "finml_core.experiments.score",
}

__all__ = [
    "CODE_VERSION",
    "HOLDING",
    "AuditConfig",
    "CalibrationConfig",
    "ExperimentCancelled",
    "ExperimentConfig",
    "ExperimentResult",
    "PrimaryConfig",
    "RuleStrategyConfig",
    "SizingConfig",
    "SplitConfig",
    "LeakAudit",
    "LearningConfig",
    "Pace",
    "PathBacktests",
    "StudyConfig",
    "Trial",
    "ablate",
    "audit_pipeline",
    "audit_settings",
    "bars_fingerprint",
    "estimate_cost",
    "fingerprint",
    "label_bars",
    "make_dataset",
    "noise_twin",
    "per_unit",
    "rebacktest",
    "rebacktest_paths",
    "run_experiment",
    "run_study",
    "score_strategies",
    "study_of",
]

__getattr__ = lazy_exports(__name__, LAZY)
