"""A question asked of a run: its text, its tables, and the trials whose scores it shows."""

from dataclasses import replace

import pandas as pd
import pytest

from finml_core.errors import ConfigError
from finml_core.experiments import (
    CalibrationConfig,
    ExperimentCancelled,
    LearningConfig,
    SplitConfig,
    StudyConfig,
    ablate,
    audit_settings,
    make_dataset,
    rebacktest,
    run_experiment,
    run_study,
    study_of,
)
from finml_core.experiments.run import calibrate
from finml_core.models import ModelFactory, ModelType

TWO = ("SYN00", "SYN01")


@pytest.fixture(scope="module")
def pair(small):
    return replace(small, symbols=TWO)


@pytest.fixture(scope="module")
def families(pair, market):
    return run_study(study_of("run", pair, "families", "logistic"), market)


def test_a_question_is_read_as_it_was_written(pair):
    asked = study_of("run-1", replace(pair, start="2011-01-03"), "learning_curve", "logistic")
    asked = replace(asked, learning=LearningConfig(n_lengths=4))
    assert StudyConfig.from_yaml(asked.to_yaml()) == asked
    assert asked.name == "Learning curve of small, logistic"


def test_what_a_run_asks_of_its_own_audit_makes_no_other_question(pair):
    assert study_of("r", audit_settings(pair), "families", "logistic") == study_of("r", pair, "families", "logistic")


def test_a_question_that_has_no_answer_is_refused(pair):
    with pytest.raises(ConfigError, match="naive learns nothing"):
        study_of("r", pair, "families", "naive")
    with pytest.raises(ConfigError, match="lstm reads windows"):
        study_of("r", pair, "features", "lstm")
    with pytest.raises(ConfigError, match="choose one of"):
        study_of("r", pair, "guess", "logistic")
    with pytest.raises(ConfigError, match="unknown key 'pace'"):
        StudyConfig.from_yaml(study_of("r", pair, "families", "logistic").to_yaml() + "pace: 3\n")
    with pytest.raises(ConfigError, match="no YAML"):
        StudyConfig.from_yaml("kind: [")


def test_each_family_left_out_is_a_trial_with_what_it_would_have_earned(pair, market, families):
    table = families.tables["ablation"]
    data = make_dataset(pair, market)
    splits = list(pair.split.build().split(data.samples.X, groups=data.samples.label_end))
    pd.testing.assert_frame_equal(table, ablate(pair, data, splits))
    assert [trial.name for trial in families.trials] == [
        f"logistic without {family}" for family in ("price", "momentum", "volatility")
    ]
    assert len({trial.trial_id for trial in families.trials}) == 3
    assert families.metrics["n_trials"] == 3

    columns = [c for c in data.samples.X if c not in _family(pair, data, "momentum")]
    parts = []
    for fold, (train, test) in enumerate(splits):
        model = ModelFactory.create_model("logistic", pair.model)
        model.fit(data.samples.X[columns].iloc[train], data.samples.y.iloc[train])
        part = data.samples.X.iloc[test].index.to_frame(index=False)
        outcomes = {"y_true": "y", "label_return": "label_return", "label_end": "label_end"}
        outcomes = {name: getattr(data.samples, own).iloc[test].to_numpy() for name, own in outcomes.items()}
        p_raw = model.predict_proba(data.samples.X[columns].iloc[test])[:, 1]
        parts.append(part.assign(fold=fold, path=0, model="logistic", p_raw=p_raw, **outcomes))
    by_hand, _ = rebacktest(pair, market, calibrate(pair, pd.concat(parts, ignore_index=True)), "logistic")
    trial = next(trial for trial in families.trials if "momentum" in trial.name)
    pd.testing.assert_series_equal(trial.returns, by_hand.bars["net_return"])


def test_the_trials_of_a_study_are_none_of_the_run(pair, market, families):
    run = run_experiment(pair, market)
    curve = run_study(study_of("run", pair, "learning_curve", "logistic"), market)
    ids = [trial.trial_id for result in (run, families, curve) for trial in result.trials]
    assert len(set(ids)) == len(ids)
    shown = curve.tables["learning_curve"]
    assert [trial.name for trial in curve.trials] == [f"logistic on {share:.0%} of history" for share in shown["share"]]
    starts = {trial.returns.index[0] for trial in curve.trials}
    assert len(starts) == 1  # every length is judged on the same bars
    again = run_study(study_of("another", pair, "learning_curve", "logistic"), market)
    assert [trial.trial_id for trial in again.trials] == [trial.trial_id for trial in curve.trials]


def test_over_a_combinatorial_split_each_group_is_judged_on_every_path(pair, market):
    split = SplitConfig(kind="combinatorial", n_splits=4, n_test_splits=2)
    many = replace(pair, split=split)
    result = run_study(study_of("run", many, "families", "logistic"), market)
    assert (result.tables["ablation"]["score"] > 0.5).all()
    assert all(trial.returns is not None for trial in result.trials)
    curve = run_study(study_of("run", many, "learning_curve", "logistic"), market)
    own = run_study(study_of("run", pair, "learning_curve", "logistic"), market)
    pd.testing.assert_frame_equal(curve.tables["learning_curve"], own.tables["learning_curve"])
    for one, other in zip(curve.trials, own.trials, strict=True):
        pd.testing.assert_series_equal(one.returns, other.returns)  # its tests are the same blocks


def test_a_score_that_cannot_be_backtested_counts_without_returns(pair, market):
    hungry = replace(pair, calibration=CalibrationConfig(min_samples=5000))
    result = run_study(study_of("run", hungry, "families", "logistic"), market)
    assert [trial.returns for trial in result.trials] == [None] * 3


def test_a_study_stops_when_asked(pair, market):
    events = []
    with pytest.raises(ExperimentCancelled):
        run_study(
            study_of("run", pair, "families", ModelType.LOGISTIC),
            market,
            progress=events.append,
            should_stop=lambda: len(events) > 5,
        )
    assert events[-1]["message"].startswith("leaving out")


def _family(config, data, name):
    from finml_core.experiments.ablation import feature_families

    return feature_families(config, data.samples.X)[name]
