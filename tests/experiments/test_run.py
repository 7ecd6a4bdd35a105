"""One whole run: its tables keep their contracts, and nothing in it knows the future."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.experiments import (
    ExperimentCancelled,
    ExperimentConfig,
    SplitConfig,
    per_unit,
    rebacktest,
    run_experiment,
)
from finml_core.models import LSTMConfig, ModelConfig, ModelType, TrainConfig
from finml_core.schemas import PREDICTIONS
from finml_core.splits import PurgedKFold


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


def test_every_bar_from_the_first_test_block_on_is_predicted(result, market):
    stamps = market["ts"].drop_duplicates().sort_values()
    predicted = result.predictions["ts"].drop_duplicates().sort_values()
    assert predicted.tolist() == stamps[stamps >= predicted.min()].tolist()
    # 300 + 3 x 150 of some 930 samples fit into whole blocks: the rest is scored too, by the last fold's model
    after = result.predictions["ts"] > result.tables["diagnostics"]["test_end"].max()
    assert result.predictions.loc[after, "y_true"].notna().any()
    assert set(result.predictions.loc[after, "fold"]) == {result.predictions["fold"].max()}


def test_the_champion_has_the_least_calibrated_log_loss_among_trained_models(result):
    board = result.tables["leaderboard"].set_index("model")
    assert result.metrics["champion"] == "logistic"
    assert board.loc["logistic", "log_loss_cal"] > 0


def test_what_a_model_earns_does_not_depend_on_its_company(result, small, market):
    alone = run_experiment(replace(small, models=(ModelType.LOGISTIC,)), market)
    for one, other in zip(of_trial(alone, "logistic"), of_trial(result, "logistic"), strict=True):
        pd.testing.assert_series_equal(one, other)


def of_trial(result, name):
    return [trial.returns for trial in result.trials if trial.name == name]


def test_the_same_experiment_twice_gives_the_same_bits(small, market):
    tiny = ModelConfig(lstm=LSTMConfig(hidden_dim=4), train=TrainConfig(epochs=1, device="cpu"), sequence_length=5)
    config = replace(small, models=(ModelType.LIGHTGBM, ModelType.LSTM), model=tiny)
    once = run_experiment(config, market)
    again = run_experiment(config, market.sample(frac=1.0, random_state=0))  # bars may come in any order
    for name in ("predictions", "decisions", "strategy_weights", "equity"):
        pd.testing.assert_frame_equal(once.tables[name], again.tables[name], check_exact=True)
    assert once.tables["history"]["train_loss"].tolist() == again.tables["history"]["train_loss"].tolist()
    assert [trial.trial_id for trial in once.trials] == [trial.trial_id for trial in again.trials]


def test_too_little_history_to_calibrate_is_said_with_its_number(small, market):
    eager = replace(small, calibration=replace(small.calibration, min_samples=5000))
    with pytest.raises(DataError, match=r"no test block has 5000 outcomes known before it, only \d+"):
        run_experiment(eager, market)


@pytest.mark.parametrize("shortcut", ["unpurged", "trained on the tested rows"])
def test_a_leaking_split_fails_the_audit(small, market, monkeypatch, shortcut):
    config = replace(
        small, models=(ModelType.NAIVE,), split=SplitConfig(kind="purged_kfold", n_splits=4, embargo_pct=0.0)
    )
    assert run_experiment(config, market).tables["audits"]["passed"].all()
    honest = PurgedKFold.split

    def leaking(self, X, y=None, groups=None):
        for _, test in honest(self, X, y, groups):
            rows = np.arange(len(X))
            yield (np.setdiff1d(rows, test) if shortcut == "unpurged" else rows), test

    monkeypatch.setattr(PurgedKFold, "split", leaking)
    result = run_experiment(config, market)
    assert not result.tables["audits"].set_index("check").loc["purge", "passed"]
    assert not result.metrics["audit_passed"]


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
    np.testing.assert_allclose(per_unit(again)["equity"], stored, rtol=1e-9)
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
        ("split: {kind: walk_forward, test_size: 100, step_size: 50}", r"step_size is 50, below test_size, 100"),
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
