"""An experiment that audits itself: the run, its noise twins, the controls, and the ablation if asked for."""

from dataclasses import replace
from typing import Any

import pandas as pd

from finml_core.experiments.ablation import ablate_and_keep
from finml_core.experiments.config import AuditConfig, ExperimentConfig
from finml_core.experiments.data import make_dataset
from finml_core.experiments.leak_audit import LeakAudit, audit_pipeline, judge_twins, with_audit
from finml_core.experiments.leak_controls import probe_of
from finml_core.experiments.progress import Checkpoint, Progress, Report, ShouldStop, within
from finml_core.experiments.run import ExperimentResult, run_experiment
from finml_core.experiments.study_trials import ablation_trial
from finml_core.experiments.twin import noise_twin
from finml_core.features import FeatureCache

RUNS_END = 0.8  # share of the work after which only controls are left
ABLATION = 0.9  # and after which only the ablation is


class _Apart:
    """A checkpoint whose keys are those of one twin; a twin's models are not kept."""

    def __init__(self, checkpoint: Checkpoint, name: str):
        self._checkpoint = checkpoint
        self._name = name

    def load(self, key: str) -> pd.DataFrame | None:
        return self._checkpoint.load(f"{self._name}-{key}")

    def save(self, key: str, frame: pd.DataFrame) -> None:
        self._checkpoint.save(f"{self._name}-{key}", frame)

    def keep_model(self, name: str, fold: int, model: Any) -> None:
        return None


def run_audited(
    config: ExperimentConfig,
    bars: pd.DataFrame,
    *,
    run_id: str = "",
    progress: Report | None = None,
    should_stop: ShouldStop | None = None,
    checkpoint: Checkpoint | None = None,
    cache: FeatureCache | None = None,
) -> ExperimentResult:
    """As `run_experiment`, then the leak audit that `config.audit` asks for.

    The twins are controls that nobody chooses by: they are no trials, and their features are not kept. What the
    ablation shows are scores that somebody may choose by: each family left out is one more trial.
    """
    plain = replace(config, audit=AuditConfig())
    settings = config.audit
    share = RUNS_END / (1 + settings.n_twins)

    def run(
        part: int, bars: pd.DataFrame, kept: Checkpoint | None, run_id: str = "", cache: FeatureCache | None = None
    ) -> ExperimentResult:
        report = within(progress, (part * share, (part + 1) * share))
        named = report if part == 0 or report is None else _twin_words(report, part)
        return run_experiment(
            plain, bars, run_id=run_id, progress=named, should_stop=should_stop, checkpoint=kept, cache=cache
        )

    real = run(0, bars, checkpoint, run_id, cache)
    data = make_dataset(plain, bars, cache)
    twins = [
        run(
            number,
            noise_twin(data.bars, seed=settings.seed + number),
            None if checkpoint is None else _Apart(checkpoint, f"twin{number}"),
        )
        for number in range(1, settings.n_twins + 1)
    ]
    splits = list(plain.split.build().split(data.samples.X, groups=data.samples.label_end))
    tell = Progress(within(progress, (RUNS_END, ABLATION)), should_stop)
    checks = audit_pipeline(config, data, splits, progress=tell)
    check, table = judge_twins(real, twins)
    result = with_audit(real, LeakAudit(checks=pd.DataFrame([*checks, check]), twins=table), config, data)
    if not settings.ablation:
        return result
    tell = Progress(within(progress, (ABLATION, 1.0)), should_stop)
    model = probe_of(config.models)
    table, forecasts = ablate_and_keep(plain, data, splits, by="family", model=model, progress=tell)
    without = [ablation_trial(plain, model, data.bars, rows, "family", group) for group, rows in forecasts.items()]
    return replace(result, tables={**result.tables, "ablation": table}, trials=(*result.trials, *without))


def _twin_words(report: Report, number: int) -> Report:
    return lambda event: report({**event, "message": f"noise twin {number}: {event['message']}", "epoch": None})
