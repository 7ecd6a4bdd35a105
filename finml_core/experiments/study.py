"""Questions asked of a finished run: its own configuration trained again with less history, or with features left out.

A study shows scores of settings that nobody ran, so each of them is a trial as soon as it is shown. It is shown when
the study is done: one that fails or is cancelled has shown nothing, and adds none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import yaml

from finml_core.checks import check_choice
from finml_core.errors import ConfigError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.learning_curve import LearningConfig, learning_curve
from finml_core.experiments.plain import from_plain, to_plain
from finml_core.experiments.progress import Checkpoint, Progress, Report, ShouldStop, within
from finml_core.experiments.trial import Trial
from finml_core.features import FeatureCache
from finml_core.models import ModelType

if TYPE_CHECKING:
    from finml_core.experiments.data import Dataset

STUDY = (0.05, 0.9)  # the shares of the work between which the study itself runs


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """One question about one model of a run."""

    kind: Literal["learning_curve", "families", "features"]
    run_id: str
    model: ModelType
    experiment: ExperimentConfig  # that the run was started with
    learning: LearningConfig = field(default_factory=LearningConfig)

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, tuple(STUDIES))
        if self.model.is_baseline:
            raise ConfigError(f"{self.model.value} learns nothing from features; choose another model.")
        if self.kind != "learning_curve" and self.model.is_sequence:
            raise ConfigError(f"features are left out of models that read rows, and {self.model.value} reads windows.")

    @property
    def name(self) -> str:
        """As it is queued and logged."""
        return f"{STUDIES[self.kind].words} of {self.experiment.name}, {self.model.value}"

    def to_yaml(self) -> str:
        """The whole question as text."""
        return yaml.safe_dump(to_plain(self), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> "StudyConfig":
        """Read what `to_yaml` wrote.

        Raises
        ------
        ConfigError
            If the text is no YAML mapping, holds an unknown key or an impossible value.
        """
        try:
            plain = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"this is no YAML: {' '.join(str(error).split())}.") from error
        return from_plain(cls, plain, "study")


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """What a study leaves: plain tables, and the trials whose scores it shows."""

    tables: Mapping[str, pd.DataFrame]
    trials: tuple[Trial, ...]
    metrics: Mapping[str, Any] = field(default_factory=dict)


def run_study(
    config: StudyConfig,
    bars: pd.DataFrame,
    *,
    progress: Report | None = None,
    should_stop: ShouldStop | None = None,
    checkpoint: Checkpoint | None = None,
    cache: FeatureCache | None = None,
) -> StudyResult:
    """Answer the question on the bars of the run.

    Parameters
    ----------
    config : StudyConfig
    bars : DataFrame
        Long bars that the run was made on.
    progress, should_stop, checkpoint, cache : as in `run_experiment`

    Returns
    -------
    StudyResult
        Tables `learning_curve` and `learning_scores` (see `LearningCurve`), or `ablation` (see `AblationTester.run`).
    """
    from finml_core.experiments.data import make_dataset

    tell = Progress(progress, should_stop)
    tell("features", 0.0, "computing features")
    data = make_dataset(config.experiment, bars, cache)
    return STUDIES[config.kind].run(config, data, progress, should_stop, checkpoint)


def _run_learning(
    config: StudyConfig,
    data: "Dataset",
    progress: Report | None,
    should_stop: ShouldStop | None,
    checkpoint: Checkpoint | None,
) -> StudyResult:
    from finml_core.experiments.study_trials import learning_trial

    found = learning_curve(
        data,
        config.model,
        config.experiment,
        config.learning,
        progress=within(progress, STUDY),
        should_stop=should_stop,
        checkpoint=checkpoint,
    )
    tell = Progress(progress, should_stop)
    trials = []
    for share, rows in found.predictions.items():
        tell("trials", STUDY[1], "counting what is shown")
        trials.append(learning_trial(config, data.bars, rows, share))
    return StudyResult(
        tables={"learning_curve": found.curve, "learning_scores": found.scores},
        trials=tuple(trials),
        metrics={"model": config.model.value, "n_trials": len(trials)},
    )


def _run_ablation(
    config: StudyConfig,
    data: "Dataset",
    progress: Report | None,
    should_stop: ShouldStop | None,
    checkpoint: Checkpoint | None,
) -> StudyResult:
    from finml_core.experiments.ablation import ablate_and_keep
    from finml_core.experiments.study_trials import ablation_trial

    samples = data.samples
    splits = list(config.experiment.split.build().split(samples.X, groups=samples.label_end))
    by = "family" if config.kind == "families" else "feature"
    part = Progress(within(progress, STUDY), should_stop)
    table, forecasts = ablate_and_keep(config.experiment, data, splits, by=by, model=config.model, progress=part)
    tell = Progress(progress, should_stop)
    trials = []
    for number, (group, rows) in enumerate(forecasts.items()):
        done = STUDY[1] + (1 - STUDY[1]) * number / len(forecasts)
        tell("trials", done, f"counting what is shown, without {group}")
        trials.append(ablation_trial(config.experiment, config.model, data.bars, rows, by, group))
    return StudyResult(
        tables={"ablation": table}, trials=tuple(trials), metrics={"model": config.model.value, "n_trials": len(trials)}
    )


@dataclass(frozen=True)
class _Study:
    words: str
    run: Callable[..., StudyResult]


STUDIES = {
    "learning_curve": _Study("Learning curve", _run_learning),
    "families": _Study("Ablation of families", _run_ablation),
    "features": _Study("Ablation of single features", _run_ablation),
}


def study_of(run_id: str, experiment: ExperimentConfig, kind: str, model: ModelType | str) -> StudyConfig:
    """The question about one model of a run; what the run asked of its own audit is no part of it."""
    from finml_core.experiments.config import AuditConfig

    plain = replace(experiment, audit=AuditConfig())
    return StudyConfig(kind=kind, run_id=run_id, model=ModelType(model), experiment=plain)  # type: ignore[arg-type]
