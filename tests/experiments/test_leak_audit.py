"""The leak audit: an honest pipeline passes, each kind of leak is caught, and the certificate says why."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.bars import SyntheticConfig, simulate_bars
from finml_core.errors import ConfigError
from finml_core.experiments import AuditConfig, SplitConfig, audit_settings, run_experiment
from finml_core.experiments import leak_controls as controls
from finml_core.experiments.data import make_dataset
from finml_core.experiments.leak_audit import LeakAudit, audit_pipeline
from finml_core.models import LightGBMConfig, ModelConfig, ModelType

TREES = ModelConfig(
    lightgbm=LightGBMConfig(
        n_estimators=60, learning_rate=0.2, num_leaves=31, max_depth=0, min_child_samples=5, reg_lambda=0.0
    )
)


@pytest.fixture(scope="module")
def honest(small, market):
    """Samples and purged folds of the small market."""
    config = replace(small, split=SplitConfig(n_splits=4))
    data = make_dataset(config, market)
    splits = list(config.split.build().split(data.samples.X, groups=data.samples.label_end))
    return config, data, splits


def logistic(samples, splits):
    return controls.make_predict(ModelType.LOGISTIC, ModelConfig())(samples, splits)


def verdicts(checks) -> dict[str, str]:
    return {check["check"]: check["verdict"] for check in checks}


def test_an_honest_pipeline_passes_every_control(honest):
    config, data, splits = honest
    checks = audit_pipeline(config, data, splits)
    assert verdicts(checks) == dict.fromkeys(
        ("features", "lookalikes", "fitted_inside_folds", "oracle", "no_skill", "shuffled_labels"), "passed"
    )
    assert all(check["reason"] for check in checks)


def test_ranks_taken_over_all_rows_are_caught(honest):
    _, data, splits = honest

    def leaky(samples, splits):
        return logistic(replace(samples, X=samples.X.rank(pct=True)), splits)

    check = controls.held_out_rows_teach_nothing(leaky, data.samples, splits)
    assert check["verdict"] == "failed"
    assert "something is fitted on them" in check["reason"]


def test_features_selected_on_all_outcomes_are_caught(honest):
    _, data, splits = honest

    def leaky(samples, splits):
        best = samples.X.corrwith(samples.y).abs().nlargest(4).index
        return logistic(replace(samples, X=samples.X[best]), splits)

    assert controls.held_out_rows_teach_nothing(leaky, data.samples, splits)["verdict"] == "failed"


def test_training_on_the_tested_rows_is_caught_by_shuffled_outcomes(honest):
    _, data, splits = honest
    trees = controls.make_predict(ModelType.LIGHTGBM, TREES)

    def leaky(samples, splits):
        everything = np.arange(len(samples))
        return trees(samples, [(everything, test) for _, test in splits])

    check = controls.shuffled_labels_have_no_skill(leaky, data.samples, splits, seed=0, n_repeats=1)
    assert check["verdict"] == "failed"
    assert check["value"] > 0.7
    blind = controls.noise_has_no_skill(leaky, data.samples, splits, seed=0, n_repeats=1)
    assert blind["verdict"] == "failed"


def test_a_feature_that_is_the_outcome_is_named(honest):
    data = honest[1]
    samples = replace(data.samples, X=data.samples.X.assign(tomorrow=data.samples.label_return))
    check = controls.no_feature_is_the_outcome(samples)
    assert check["verdict"] == "failed"
    assert "tomorrow" in check["reason"]


def test_a_pipeline_that_cannot_see_an_oracle_proves_nothing(honest):
    _, data, splits = honest

    def blind(samples, splits):
        table = logistic(samples, splits)
        return table.assign(p_raw=np.random.default_rng(0).uniform(size=len(table)))

    check = controls.outcome_is_seen(blind, data.samples, splits, seed=0)
    assert check["verdict"] == "failed"
    assert "could not see a leak" in check["reason"]


def test_a_run_that_audits_itself_keeps_a_certificate(small, market):
    told = []
    config = audit_settings(replace(small, split=SplitConfig(n_splits=4)), ablation=True)
    result = run_experiment(config, market, progress=told.append)
    plain = run_experiment(replace(config, audit=AuditConfig()), market)
    assert result.metrics["leak_audit"] == "passed"
    assert result.metrics["champion"] == plain.metrics["champion"]
    run_trials = len(plain.trials)
    assert [trial.trial_id for trial in result.trials[:run_trials]] == [trial.trial_id for trial in plain.trials]
    pd.testing.assert_frame_equal(
        result.tables["leaderboard"].drop(columns="seconds"), plain.tables["leaderboard"].drop(columns="seconds")
    )

    twins = result.tables["noise_twin"].set_index(["series", "model"])
    assert twins.loc[("real", "logistic"), "auc"] > 0.65
    assert abs(twins.loc[("twin 1", "logistic"), "auc"] - 0.5) < 0.1
    assert twins.loc[("twin 1", "logistic"), "auc_error"] == pytest.approx(0.04, abs=0.02)

    certificate = json.loads(json.dumps(result.documents["certificate"]))
    assert certificate["verdict"] == "passed"
    assert {"noise_twin", "oracle", "purge", "shuffled_labels"} <= {check["check"] for check in certificate["checks"]}
    assert len(certificate["checks"]) == len(result.tables["audits"])
    assert result.tables["audits"]["passed"].all()
    families = {"price", "momentum", "volatility"}
    assert set(result.tables["ablation"]["group"]) == families
    without = result.trials[run_trials:]  # their scores are shown, so they count
    assert {trial.identity["without"]["family"] for trial in without} == families
    assert len({trial.trial_id for trial in result.trials}) == run_trials + 3

    shares = [event["fraction"] for event in told]
    assert shares == sorted(shares)
    assert any("noise twin 1" in event["message"] for event in told)
    assert any("shuffling outcomes" in event["message"] for event in told)


def test_where_there_is_nothing_to_know_the_verdict_is_doubtful(small):
    nothing = simulate_bars(SyntheticConfig(n_symbols=4, n_bars=1000, seed=9, signal_strength=0.0)).bars
    config = audit_settings(replace(small, split=SplitConfig(n_splits=4)))
    result = run_experiment(config, nothing)
    assert result.metrics["leak_audit"] == "doubtful"
    (reason,) = result.documents["certificate"]["reasons"]
    assert "no more than noise would show" in reason
    assert result.metrics["audit_passed"]  # nothing leaks


def test_one_failed_check_fails_the_audit():
    rows = [("a", "passed"), ("b", "doubtful"), ("c", "failed")]
    checks = pd.DataFrame([{"check": c, "verdict": v, "value": 0.0, "reason": f"because {c}"} for c, v in rows])
    audit = LeakAudit(checks=checks, twins=pd.DataFrame())
    assert (audit.verdict, audit.reasons) == ("failed", ["because c"])
    milder = LeakAudit(checks=checks.iloc[:2], twins=pd.DataFrame())
    assert (milder.verdict, milder.reasons) == ("doubtful", ["because b"])


def test_settings_of_the_audit_are_checked_and_travel_as_yaml(small):
    config = audit_settings(small, n_twins=3)
    assert type(config).from_yaml(config.to_yaml()) == config
    with pytest.raises(ConfigError, match="n_twins"):
        AuditConfig(n_twins=0)


def test_the_probe_is_a_model_that_can_learn_rows_by_heart():
    assert controls.probe_of([ModelType.NAIVE, ModelType.LOGISTIC, ModelType.LIGHTGBM]) is ModelType.LIGHTGBM
    assert controls.probe_of([ModelType.NAIVE, ModelType.RIDGE, ModelType.LSTM]) is ModelType.RIDGE
    assert controls.probe_of([ModelType.NAIVE, ModelType.LSTM]) is ModelType.LOGISTIC
