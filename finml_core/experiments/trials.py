"""What a run adds to the count of trials."""

from typing import Any

import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.decide import HOLDING, Decisions
from finml_core.experiments.plain import to_plain
from finml_core.experiments.score import strategy_kind
from finml_core.experiments.trial import Trial
from finml_core.models import ModelType

MODELS = frozenset(member.value for member in ModelType)


def run_trials(
    config: ExperimentConfig, bars_id: str, decisions: Decisions | None, periods_per_year: float
) -> tuple[Trial, ...]:
    """Every model and strategy that the run scores; the benchmark was not chosen by anybody and is no trial.

    Without decisions (a run that failed on its way) the same trials come without returns.
    """
    names = [model.value for model in config.models]
    names += ["moving_average_cross", "zscore_reversion", "arbitrated", "equal_weight"]
    if decisions is not None:
        names = [name for name in decisions.results if name != HOLDING]
    return tuple(
        Trial(
            name=name,
            kind=strategy_kind(name),
            identity=trial_identity(config, bars_id, name),
            returns=None if decisions is None else _returns(decisions, name),
            periods_per_year=periods_per_year,
        )
        for name in names
    )


def trial_identity(config: ExperimentConfig, bars_id: str, name: str) -> dict[str, Any]:
    """What makes this trial distinct; a setting that it does not depend on is no part of it."""
    plain = to_plain(config)
    parts: dict[str, Any] = {"bars": bars_id, "label_horizon": config.label.horizon, "backtest": plain["backtest"]}
    if name in MODELS:
        keys = ("features", "label", "split", "calibration", "sizing")
        return {**parts, **{key: plain[key] for key in keys}, "model": _model_identity(config, name)}
    if name in ("moving_average_cross", "zscore_reversion"):
        return {**parts, "strategy": name, "rules": plain["rules"], "cap": config.sizing.cap}
    keys = ("features", "label", "split", "models", "model", "calibration", "regimes", "rules", "arbitration", "sizing")
    return {**parts, "strategy": name, **{key: plain[key] for key in keys}}


def _model_identity(config: ExperimentConfig, name: str) -> dict[str, Any]:
    """Only what this model depends on: its own settings, and the loop's where it is a network."""
    model = config.model
    identity = {"type": name, "seed": model.seed, **to_plain(getattr(model, name, {}))}
    if ModelType(name).is_sequence:
        train = {key: value for key, value in to_plain(model.train).items() if key not in ("device", "seed")}
        identity |= {"train": train, "sequence_length": model.sequence_length}
    return identity


def _returns(decisions: Decisions, name: str) -> pd.Series:
    return decisions.results[name].bars["net_return"]
