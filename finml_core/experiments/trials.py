"""What a run adds to the count of trials."""

from typing import Any

import pandas as pd

from finml_core.experiments.bets import PRIMARY
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.decide import ARBITRATED, EQUAL_WEIGHT, HOLDING, Decisions
from finml_core.experiments.plain import to_plain
from finml_core.experiments.primary import SETTINGS as PRIMARY_SETTINGS
from finml_core.experiments.score import strategy_kind
from finml_core.experiments.trial import Trial
from finml_core.features.registry import make_registry
from finml_core.models import ModelType

MODELS = frozenset(member.value for member in ModelType)
RULE_SETTINGS = {"moving_average_cross": ("fast", "slow"), "zscore_reversion": ("window", "entry")}
LABEL_SETTINGS = {
    "triple_barrier": ("take_profit", "stop_loss", "volatility_span"),
    "trend_scanning": ("shortest_trend",),
}
SPLIT_SETTINGS = {
    "purged_kfold": ("n_splits", "embargo_pct"),
    "walk_forward": ("train_size", "test_size", "step_size", "expanding"),
    "combinatorial": ("n_splits", "n_test_splits", "embargo_pct"),
}


def run_trials(
    config: ExperimentConfig, bars_id: str, decisions: Decisions | None, periods_per_year: float
) -> tuple[Trial, ...]:
    """Every model and strategy that the run scores; the benchmark was not chosen by anybody and is no trial.

    Without decisions (a run that failed on its way) the same trials come without returns.
    """
    names = [model.value for model in config.models]
    names += [*RULE_SETTINGS, *([PRIMARY] if config.primary.is_there else []), ARBITRATED, EQUAL_WEIGHT]
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
    """What makes this trial distinct; a setting that its returns do not depend on is no part of it."""
    parts: dict[str, Any] = {"bars": bars_id, "backtest": to_plain(config.backtest)}
    if name in RULE_SETTINGS:
        rules = {key: getattr(config.rules, key) for key in RULE_SETTINGS[name]}
        return {**parts, "strategy": name, "rules": rules, "cap": config.sizing.cap, "judged": _judged(config)}
    if name == PRIMARY:
        bets = {"label": _label_identity(config), "judged": _judged(config)}
        return {**parts, "strategy": name, **bets, "cap": config.sizing.cap}
    parts |= _sized_probability(config)
    if name in MODELS:
        return {**parts, "model": _model_identity(config, name)}
    voices = sorted(model.value for model in config.models if not model.is_baseline)
    parts |= {
        "strategy": name,
        "models": [_model_identity(config, model) for model in voices],
        "rules": to_plain(config.rules),
    }
    if name == ARBITRATED:
        parts |= {"regimes": to_plain(config.regimes), "arbitration": to_plain(config.arbitration)}
    return parts


def _sized_probability(config: ExperimentConfig) -> dict[str, Any]:
    """All between bars and positions that is not the model itself."""
    return {
        "features": to_plain(config.features),
        "label": _label_identity(config) | _weight_identity(config),
        "split": _split_identity(config),
        "calibration": {"method": config.calibration.method, "min_samples": config.calibration.min_samples},
        "sizing": to_plain(config.sizing),
    }


def _judged(config: ExperimentConfig) -> dict[str, Any]:
    """What decides from which bar on a run keeps the score, which is where a rule's returns begin."""
    features = make_registry(config.features).values()
    return {
        "lookback": max(each.lookback for each in features if config.features.include_levels or not each.is_level),
        "horizon": config.label.horizon,
        **({} if config.label.kind == "direction" and not config.is_sparse else {"label": _label_identity(config)}),
        "split": _split_identity(config),
        "min_samples": config.calibration.min_samples,
    }


def _label_identity(config: ExperimentConfig) -> dict[str, Any]:
    """What the outcome is, of which bars: settings that came later are named only where they are used."""
    label, primary = config.label, config.primary
    keys = {"kind": None, "horizon": None, **dict.fromkeys(LABEL_SETTINGS.get(label.kind, ()))}
    if label.sampling != "every_bar":
        keys |= dict.fromkeys(("sampling", "event_width", "volatility_span"))
    found: dict[str, Any] = {key: getattr(label, key) for key in keys}
    if primary.is_there:
        own = ("rule", "min_return", *PRIMARY_SETTINGS[primary.rule])
        found["primary"] = {key: getattr(primary, key) for key in own}
    return found


def _weight_identity(config: ExperimentConfig) -> dict[str, Any]:
    label = config.label
    if not label.is_decayed:
        return {"weights": label.weights}
    named = "time_decay" if label.weights == "uniqueness" else label.weights  # the same by another name
    decay = {} if named == "time_decay" else {"decay": True}
    return {"weights": named, "oldest_weight": label.oldest_weight, **decay}


def _split_identity(config: ExperimentConfig) -> dict[str, Any]:
    kind = config.split.kind
    return {"kind": kind, **{key: getattr(config.split, key) for key in SPLIT_SETTINGS[kind]}}


def _model_identity(config: ExperimentConfig, name: str) -> dict[str, Any]:
    """Only what this model depends on: its own settings, the seed where it draws, the loop's where it is a network."""
    model, kind = config.model, ModelType(name)
    identity = {"type": name, **_without(getattr(model, name, {}), "n_jobs")}
    if identity.get("row_draws") == "uniform":  # as it was before there was a choice
        del identity["row_draws"]
    if kind.draws:
        identity["seed"] = model.seed
        if config.n_seeds > 1:
            identity["n_seeds"] = config.n_seeds
    if kind.is_sequence:
        windows = {"sequence_length": model.sequence_length, "longest_gap": model.longest_gap}
        identity |= {"train": _without(model.train, "device", "seed"), **windows}
    return identity


def _without(settings: Any, *names: str) -> dict[str, Any]:
    return {key: value for key, value in to_plain(settings).items() if key not in names}


def _returns(decisions: Decisions, name: str) -> pd.Series:
    return decisions.results[name].bars["net_return"]
