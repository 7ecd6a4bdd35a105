"""What a run is said to cost is what it then has: rows, windows, weights; time grows with what is measured."""

from dataclasses import replace

import pytest

from finml_core.experiments import SplitConfig, run_experiment
from finml_core.experiments.cost import Pace, estimate_cost
from finml_core.models import LSTMConfig, ModelConfig, ModelType, TrainConfig

TINY = ModelConfig(lstm=LSTMConfig(hidden_dim=4), train=TrainConfig(epochs=1, device="cpu"), sequence_length=4)


@pytest.fixture(scope="module")
def config(small):
    return replace(small, symbols=("SYN00", "SYN01"), models=(ModelType.NAIVE, ModelType.LSTM), model=TINY)


def costs(config, paces=None):
    return estimate_cost(config, dict.fromkeys(config.symbols, 1000), paces or {}).set_index("model")


@pytest.mark.parametrize("kind", ["walk_forward", "purged_kfold"])
def test_rows_windows_weights_and_trainings_are_those_of_the_run(config, market, kind):
    config = replace(config, split=replace(config.split, kind=kind))
    times = run_experiment(config, market).tables["times"].query("model == 'lstm'")
    said = costs(config).loc["lstm"]
    assert said["trainings"] == len(times)
    assert said["rows"] == pytest.approx(times["n_rows"].mean(), rel=0.05)
    assert said["windows"] == pytest.approx(times["n_windows"].mean(), rel=0.08)
    assert said["parameters"] == times["n_parameters"].iloc[0]


def test_time_is_missing_until_measured_and_grows_with_epochs_weights_and_seeds(config):
    assert costs(config)["seconds"].isna().all()
    first = costs(config)
    work = first.loc["lstm", "parameters"] * config.model.sequence_length
    paces = {
        "naive": Pace(seconds_per_row=1e-6),
        "lstm": Pace(seconds_per_row=1.0, windows_per_second=1000.0, window_work=work),
    }
    seconds = costs(config, paces)["seconds"]
    assert seconds["lstm"] == pytest.approx(first.loc["lstm", "windows"] * first.loc["lstm", "trainings"] / 1000)
    assert seconds["naive"] == pytest.approx(1e-6 * first.loc["naive", "rows"] * first.loc["naive", "trainings"])
    longer = replace(TINY, train=replace(TINY.train, epochs=3), sequence_length=8)
    assert costs(replace(config, model=longer), paces)["seconds"]["lstm"] == pytest.approx(6 * seconds["lstm"])
    seeded = costs(replace(config, n_seeds=4), paces)["seconds"]
    assert seeded["lstm"] == pytest.approx(4 * seconds["lstm"])
    assert seeded["naive"] == pytest.approx(seconds["naive"])


def test_too_few_bars_cost_nothing(config):
    few = replace(config, split=SplitConfig(kind="walk_forward", train_size=5000))
    assert costs(few)["trainings"].tolist() == [0, 0]
