"""Folds and seeds: averaged for the decision, spread in the scores, trained together where that is faster."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError
from finml_core.experiments import ExperimentCancelled, fitting, run_experiment
from finml_core.experiments.trials import trial_identity
from finml_core.models import GRUConfig, LightGBMConfig, ModelConfig, ModelType, TrainConfig

TWO = ("SYN00", "SYN01")
FEW_TREES = ModelConfig(lightgbm=LightGBMConfig(n_estimators=10))
TINY = ModelConfig(
    gru=GRUConfig(hidden_dim=4), train=TrainConfig(epochs=2, batch_size=128, device="cpu"), sequence_length=4
)


@pytest.fixture(scope="module")
def trees(small):
    return replace(small, symbols=TWO, models=(ModelType.LOGISTIC, ModelType.LIGHTGBM), model=FEW_TREES)


@pytest.fixture(scope="module")
def network(small):
    return replace(small, symbols=TWO, models=(ModelType.GRU,), model=TINY, n_seeds=2)


@pytest.fixture(scope="module")
def trained(network, market):
    """The network's run, with what it told of its progress."""
    events = []
    return run_experiment(network, market, progress=events.append), events


class Memory:
    """A checkpoint that counts what it is given."""

    def __init__(self):
        self.frames, self.trained = {}, []

    def load(self, key):
        return self.frames.get(key)

    def save(self, key, frame):
        self.frames[key] = frame

    def keep_model(self, name, fold, model):
        self.trained.append((name, fold))


def p_raw(result, model):
    rows = result.predictions.query("model == @model").set_index(["symbol", "ts"])
    return rows["p_raw"].sort_index()


def test_the_decision_uses_the_mean_of_the_seeds_and_scores_keep_their_spread(trees, market):
    whole = run_experiment(replace(trees, n_seeds=3), market)
    alone = [run_experiment(replace(trees, model=replace(FEW_TREES, seed=seed)), market) for seed in range(3)]
    mean = pd.concat([p_raw(each, "lightgbm") for each in alone], axis=1).mean(axis=1)
    np.testing.assert_allclose(p_raw(whole, "lightgbm"), mean, atol=1e-12)
    assert p_raw(alone[0], "lightgbm").sub(p_raw(alone[1], "lightgbm")).abs().max() > 1e-3  # seeds do differ

    scores = np.array([each.tables["folds"].query("model == 'lightgbm'")["auc"] for each in alone])
    row = whole.tables["leaderboard"].set_index("model").loc["lightgbm"]
    assert (row["n_folds"], row["n_seeds"]) == (scores.shape[1], 3)
    assert row["auc_mean"] == pytest.approx(scores.mean())
    assert row["auc_deviation"] == pytest.approx(scores.std(ddof=1))
    assert row["auc_seed_deviation"] == pytest.approx(scores.mean(axis=1).std(ddof=1))


def test_a_model_that_draws_nothing_is_trained_once(trees, market):
    tables = run_experiment(replace(trees, n_seeds=2), market).tables
    assert tables["times"].groupby("model")["seed"].nunique().to_dict() == {"lightgbm": 2, "logistic": 1}
    row = tables["leaderboard"].set_index("model").loc["logistic"]
    assert row["n_seeds"] == 1
    assert np.isnan(row["auc_seed_deviation"])


def test_one_seed_changes_no_identity_and_several_are_another_trial(trees):
    def identity(n_seeds, name):
        return trial_identity(replace(trees, n_seeds=n_seeds), "bars", name)

    assert "n_seeds" not in identity(1, "lightgbm")["model"]
    assert identity(2, "lightgbm")["model"]["n_seeds"] == 2
    assert identity(2, "logistic") == identity(1, "logistic")
    with pytest.raises(ConfigError, match="n_seeds is 0"):
        replace(trees, n_seeds=0)


def test_folds_and_seeds_in_one_program_answer_as_separate_trainings(trained, network, market, monkeypatch):
    together, _ = trained
    monkeypatch.setattr(fitting, "AT_ONCE", 1)
    separate = run_experiment(network, market)
    np.testing.assert_allclose(p_raw(together, "gru"), p_raw(separate, "gru"), atol=1e-3)
    key = ["model", "fold", "seed", "epoch"]
    histories = [each.tables["history"].sort_values(key, ignore_index=True) for each in (together, separate)]
    pd.testing.assert_frame_equal(*histories, atol=1e-3)


def test_progress_goes_by_fold_seed_and_epoch(trained):
    result, events = trained
    epochs = [event for event in events if "epoch" in event]
    told = {(event["fold"], event["seed"], event["epoch"]) for event in epochs}
    assert told == set(result.tables["history"][["fold", "seed", "epoch"]].itertuples(index=False, name=None))
    assert any("2 seeds, epoch 2 of 2" in event["message"] for event in epochs)
    fractions = [event["fraction"] for event in events]
    assert fractions == sorted(fractions)
    assert len({event["fraction"] for event in epochs}) > 10  # grows within a fold


def test_the_times_tell_what_was_trained_where(trained):
    times = trained[0].tables["times"]
    assert set(times["device"]) == {"cpu"}
    assert (times["windows_per_second"] > 100).all()
    assert (times["n_windows"] < times["n_rows"]).all()  # the tail that stops the training is left out
    assert times["n_parameters"].min() == times["n_parameters"].max() > 100
    assert times["memory_mib"].between(50, 100_000).all()


def test_a_program_that_was_stopped_goes_on_from_the_folds_it_finished(trained, network, market, monkeypatch):
    monkeypatch.setattr(fitting, "AT_ONCE", 3)
    kept = Memory()
    with pytest.raises(ExperimentCancelled, match="training gru"):
        run_experiment(network, market, checkpoint=kept, should_stop=lambda: len(kept.trained) >= 3)
    first = list(kept.trained)
    assert len(first) == 3
    again = run_experiment(network, market, checkpoint=kept)
    assert len(set(kept.trained)) == len(kept.trained) == 2 * again.tables["folds"]["fold"].nunique()
    np.testing.assert_allclose(p_raw(again, "gru"), p_raw(trained[0], "gru"), atol=1e-3)
