"""What counts as another trial, and what does not."""

from dataclasses import replace

import pytest

from finml_core.experiments import ExperimentConfig, SplitConfig, fingerprint
from finml_core.experiments.trials import run_trials, trial_identity
from finml_core.models import ModelType

NAMES = (
    "naive",
    "logistic",
    "lightgbm",
    "lstm",
    "moving_average_cross",
    "zscore_reversion",
    "arbitrated",
    "equal_weight",
)
BASE = ExperimentConfig()


def changed(config: ExperimentConfig) -> set[str]:
    """Names whose trial is another one than under the default configuration."""
    return {
        name
        for name in NAMES
        if fingerprint(trial_identity(config, "bars", name)) != fingerprint(trial_identity(BASE, "bars", name))
    }


def barriers(**settings) -> ExperimentConfig:
    return replace(BASE, label=replace(BASE.label, kind="triple_barrier", **settings))


def model(**settings) -> ExperimentConfig:
    return replace(BASE, model=replace(BASE.model, **settings))


MODELS = {"naive", "logistic", "lightgbm", "lstm"}
BOTH = {"arbitrated", "equal_weight"}
ALL = set(NAMES)
CASES = {
    "name": (replace(BASE, name="another"), set()),
    "threads": (model(lightgbm=replace(BASE.model.lightgbm, n_jobs=2)), set()),
    "device": (model(train=replace(BASE.model.train, device="cpu")), set()),
    "settings of a model that is not there": (model(gru=replace(BASE.model.gru, hidden_dim=8)), set()),
    "width of the interval": (replace(BASE, calibration=replace(BASE.calibration, alpha=0.2)), set()),
    "sizes of the other splitter": (replace(BASE, split=replace(BASE.split, train_size=99)), set()),
    "barriers of another label": (replace(BASE, label=replace(BASE.label, take_profit=1.0)), set()),
    "order of models": (replace(BASE, models=BASE.models[::-1]), set()),
    "seed": (model(seed=1), {"lightgbm", "lstm"} | BOTH),
    "epochs": (model(train=replace(BASE.model.train, epochs=3)), {"lstm"} | BOTH),
    "penalty": (model(logistic=replace(BASE.model.logistic, C=1.0)), {"logistic"} | BOTH),
    "company": (replace(BASE, models=BASE.models[:3]), BOTH),
    "a baseline less": (replace(BASE, models=BASE.models[1:]), set()),
    "cross": (replace(BASE, rules=replace(BASE.rules, fast=10)), {"moving_average_cross"} | BOTH),
    "reversion": (replace(BASE, rules=replace(BASE.rules, entry=2.0)), {"zscore_reversion"} | BOTH),
    "regimes": (replace(BASE, regimes=replace(BASE.regimes, trend_window=90)), {"arbitrated"}),
    "arbitration": (replace(BASE, arbitration=replace(BASE.arbitration, temperature=2.0)), {"arbitrated"}),
    "calibrator": (replace(BASE, calibration=replace(BASE.calibration, method="isotonic")), MODELS | BOTH),
    "feature within the longest lookback": (
        replace(BASE, features=replace(BASE.features, roc_windows=(5, 10))),
        MODELS | BOTH,
    ),
    "longer lookback, so a later first decision": (
        replace(BASE, features=replace(BASE.features, trend_windows=(5, 400))),
        ALL,
    ),
    "split": (replace(BASE, split=SplitConfig(kind="walk_forward")), ALL),
    "horizon": (replace(BASE, label=replace(BASE.label, horizon=10)), ALL),
    "kind of label": (barriers(), ALL),
    "weights of labels": (replace(BASE, label=replace(BASE.label, weights="uniqueness")), MODELS | BOTH),
    "decay without decayed weights": (replace(BASE, label=replace(BASE.label, oldest_weight=0.1)), set()),
    "first calibrated bar": (replace(BASE, calibration=replace(BASE.calibration, min_samples=999)), ALL),
    "cap": (replace(BASE, sizing=replace(BASE.sizing, cap=0.5)), ALL),
    "costs": (
        replace(
            BASE,
            backtest=replace(BASE.backtest, costs=replace(BASE.backtest.costs, commission_bps=9.0)),
        ),
        ALL,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_trial_is_another_one_exactly_when_its_returns_may_be(case):
    config, expected = CASES[case]
    assert changed(config) == expected


def test_the_barriers_count_where_the_label_is_made_of_them():
    for name in NAMES:
        assert trial_identity(barriers(), "bars", name) != trial_identity(barriers(take_profit=1.0), "bars", name)


def test_other_bars_are_other_trials():
    for name in NAMES:
        assert trial_identity(BASE, "one", name) != trial_identity(BASE, "other", name)


def test_a_run_that_fails_leaves_the_trials_that_it_would_have_made():
    planned = run_trials(BASE, "bars", None, 252.0)
    assert [trial.name for trial in planned] == list(NAMES)
    assert all(trial.returns is None for trial in planned)
    assert len({trial.trial_id for trial in planned}) == len(NAMES)
    assert planned[0].kind == "model"
    assert ModelType.NAIVE in BASE.models
