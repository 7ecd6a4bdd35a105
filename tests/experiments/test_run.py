"""One whole run: its tables keep their contracts, and nothing in it knows the future."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.experiments import ExperimentCancelled, ExperimentConfig, SplitConfig, rebacktest, run_experiment
from finml_core.experiments import run as run_module
from finml_core.models import ModelType
from finml_core.schemas import PREDICTIONS
from finml_core.splits import PurgedKFold

CUT = pd.Timestamp("2018-06-29")


@pytest.fixture(scope="module")
def result(small, market):
    return run_experiment(small, market, run_id="r1")


class MemoryCheckpoint:
    """Keeps what a run saves, and counts what it trains."""

    def __init__(self):
        self.frames, self.trained = {}, []

    def load(self, key):
        return self.frames.get(key)

    def save(self, key, frame):
        self.frames[key] = frame

    def keep_model(self, name, fold, model):
        self.trained.append((name, fold))


def test_the_predictions_table_has_its_columns_and_is_out_of_sample(result, small, market):
    table = result.predictions
    assert tuple(table.columns) == PREDICTIONS
    assert not table.duplicated(["model", "path", "symbol", "ts"]).any()
    assert set(table["model"]) == {"naive", "logistic"}
    assert (table["run_id"] == "r1").all()
    known = table.dropna(subset=["y_true"])
    assert (known["label_end"] > known["ts"]).all()
    assert table["p_raw"].between(0, 1).all()
    assert table["p_cal"].dropna().between(0, 1).all()


def test_the_last_bars_are_predicted_though_their_outcome_is_unknown(result, market):
    last = result.predictions.loc[result.predictions["ts"] == market["ts"].max()]
    assert len(last) == 2 * market["symbol"].nunique()
    assert last["y_true"].isna().all()
    assert last["p_cal"].notna().all()


def test_no_probability_is_calibrated_before_there_is_something_to_learn_from(result):
    table = result.predictions
    first = table.loc[table["fold"] == 0]
    assert first["p_cal"].isna().all()
    assert table.loc[table["fold"] > 0, "p_cal"].notna().all()


def test_equity_is_made_of_its_returns_and_costs(result):
    for _, bars in result.tables["equity"].groupby("model"):
        np.testing.assert_allclose(bars["gross_return"] - bars["cost"], bars["net_return"], atol=1e-12)
        np.testing.assert_allclose(np.cumprod(1 + bars["net_return"]), bars["equity"], rtol=1e-9)
        np.testing.assert_allclose(bars["cash"] + bars["position_value"], bars["equity"], rtol=1e-9)


def test_strategy_weights_sum_to_one_over_the_active(result):
    weights = result.tables["strategy_weights"]
    total = weights.groupby(["symbol", "ts"])["weight"].sum()
    assert ((total - 1).abs().lt(1e-9) | total.eq(0)).all()
    assert (weights.loc[weights["silenced"], "weight"] == 0).all()


def test_every_audit_passes_and_every_score_is_a_trial(result):
    assert result.tables["audits"]["passed"].all()
    names = {trial.name for trial in result.trials}
    assert names == {"naive", "logistic", "moving_average_cross", "zscore_reversion", "arbitrated", "equal_weight"}
    assert len({trial.trial_id for trial in result.trials}) == len(names)


def test_a_trial_is_the_same_when_only_what_it_does_not_depend_on_changes(result, small, market):
    other = replace(small, name="another", rules=replace(small.rules, fast=10))
    again = {trial.name: trial.trial_id for trial in run_experiment(other, market).trials}
    first = {trial.name: trial.trial_id for trial in result.trials}
    assert again["logistic"] == first["logistic"]
    assert again["moving_average_cross"] != first["moving_average_cross"]
    assert again["arbitrated"] != first["arbitrated"]


def earlier(result, cut, end):
    """Everything that was decided before `cut`, from predictions to money; `end` bounds what folds may differ in."""
    tables = result.tables
    predictions = tables["predictions"].loc[lambda table: table["ts"] < cut]
    columns = ["model", "symbol", "ts", "p_raw", "p_cal", "lower", "upper", "regime", "target_weight"]
    decisions = tables["decisions"].loc[lambda table: table["ts"] < cut]
    equity = tables["equity"].loc[lambda table: table["ts"] < cut]
    sort = {"by": ["model", "symbol", "ts"], "ignore_index": True}
    return (
        predictions[columns].sort_values(**sort),
        decisions.sort_values(["symbol", "ts"], ignore_index=True),
        equity.sort_values(["model", "ts"], ignore_index=True),
    )


def truncated(small, market, whole):
    """The same experiment on bars that end at the end of a test block, and what both decided before it."""
    blocks = whole.tables["diagnostics"]
    end = blocks["test_end"].iloc[1]
    # the cut keeps the labels of the second block whole: bars up to the block's last label end
    label_end = whole.predictions.loc[whole.predictions["fold"] == 1, "label_end"].max()
    part = run_experiment(small, market.loc[market["ts"] <= label_end])
    return part, end


def assert_same_past(first, second):
    for one, other in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-7, atol=1e-9)


def test_cutting_off_the_future_changes_nothing_before(small, market, result):
    part, end = truncated(small, market, result)
    assert len(earlier(part, end, end)[0]) > 1000
    assert_same_past(earlier(part, end, end), earlier(result, end, end))


def calibrate_in_sample(rows, method, *, min_samples):
    from finml_core.calibration import make_calibrator

    known = rows.dropna(subset=["y_true"])
    return pd.Series(
        make_calibrator(method).fit(known["p_raw"], known["y_true"]).transform(rows["p_raw"]), index=rows.index
    ).where(rows["fold"] > 0)


def test_a_calibrator_fitted_in_sample_is_caught_by_the_truncation(small, market, monkeypatch):
    monkeypatch.setattr(run_module, "cross_fit_calibrate", calibrate_in_sample)
    whole = run_experiment(small, market)
    part, end = truncated(small, market, whole)
    with pytest.raises(AssertionError):
        assert_same_past(earlier(part, end, end), earlier(whole, end, end))


def test_regimes_read_with_hindsight_are_caught_by_the_truncation(small, market, monkeypatch):
    filtered = run_module.RuleRegimeDetector.filter

    def smoothed(self, bars):
        return filtered(self, bars).groupby(level="symbol").shift(-5).ffill()

    monkeypatch.setattr(run_module.RuleRegimeDetector, "filter", smoothed)
    whole = run_experiment(small, market)
    part, end = truncated(small, market, whole)
    with pytest.raises(AssertionError):
        assert_same_past(earlier(part, end, end), earlier(whole, end, end))


def test_an_unpurged_split_fails_the_audit(small, market, monkeypatch):
    from finml_core.splits import base

    config = replace(small, split=SplitConfig(kind="purged_kfold", n_splits=4, embargo_pct=0.0))
    assert run_experiment(config, market).tables["audits"]["passed"].all()
    honest = base.PurgedSplitter.split

    def unpurged(self, X, y=None, groups=None):
        for _, test in honest(self, X, y, groups):
            yield np.setdiff1d(np.arange(len(X)), test), test

    monkeypatch.setattr(PurgedKFold, "split", unpurged, raising=False)
    audits = run_experiment(config, market).tables["audits"].set_index("check")
    assert not audits.loc["purge", "passed"]


def test_an_interrupted_run_goes_on_from_its_finished_folds(small, market, result):
    checkpoint, calls = MemoryCheckpoint(), []

    def stop():
        calls.append(1)
        return len(calls) > 9

    with pytest.raises(ExperimentCancelled):
        run_experiment(small, market, checkpoint=checkpoint, should_stop=stop)
    first = list(checkpoint.trained)
    assert first
    again = run_experiment(small, market, checkpoint=checkpoint, run_id="r1")
    assert len(set(checkpoint.trained)) == len(checkpoint.trained)
    pd.testing.assert_frame_equal(again.predictions, result.predictions)


def test_progress_only_grows_and_ends_near_one(small, market):
    fractions = []
    run_experiment(small, market, progress=lambda event: fractions.append(event["fraction"]))
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] >= 0.95


def test_a_backtest_under_the_runs_own_settings_is_the_runs(small, market, result):
    again, trial = rebacktest(small, market, result.predictions, "logistic")
    stored = result.tables["equity"].query("model == 'logistic'").set_index("ts")["equity"]
    np.testing.assert_allclose(again.bars["equity"], stored, rtol=1e-9)
    own = {made.name: made.trial_id for made in result.trials}
    assert trial.trial_id == own["logistic"]
    cheaper = replace(small, sizing=replace(small.sizing, scale=2.0))
    assert rebacktest(cheaper, market, result.predictions, "logistic")[1].trial_id != own["logistic"]
    with pytest.raises(ConfigError, match="'lstm' has no predictions"):
        rebacktest(small, market, result.predictions, "lstm")


def test_a_symbol_without_bars_is_named(small, market):
    with pytest.raises(DataError, match="no bars of NOPE"):
        run_experiment(replace(small, symbols=("SYN00", "NOPE")), market)


def test_the_default_configuration_survives_yaml():
    config = ExperimentConfig()
    assert ExperimentConfig.from_yaml(config.to_yaml()) == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sybmols: [A]", "unknown key 'sybmols'"),
        ("split: {n_splits: 1}", r"split: n_splits is 1"),
        ("split: {kind: shuffled}", "'shuffled'; choose one of"),
        ("symbols: []", "symbols is empty"),
        ("models: [gpt]", "'gpt'; choose one of"),
        ("start: 2012-13-45x", "start is"),
        ("start: '2013-01-01'\nend: '2012-01-01'", "not before end"),
        ("calibration: {method: magic}", "'magic'"),
        ("a: [", "no YAML"),
    ],
)
def test_a_wrong_experiment_file_is_answered_by_name(text, words):
    with pytest.raises(ConfigError, match=words):
        ExperimentConfig.from_yaml(text)


def test_all_models_are_offered_by_the_default():
    assert set(ExperimentConfig().models) == {ModelType.NAIVE, ModelType.LOGISTIC, ModelType.LIGHTGBM, ModelType.LSTM}
