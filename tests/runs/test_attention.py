"""The attention of a saved network, asked in a process of its own, is that of the network in this one."""

from dataclasses import replace

import numpy as np
import pytest

from finml_core.bars import BarStore, load_snapshot
from finml_core.errors import RunError
from finml_core.experiments import ExperimentConfig, make_dataset
from finml_core.features import FeatureConfig
from finml_core.models import GRUConfig, ModelConfig, ModelFactory, ModelType, TrainConfig, TransformerConfig
from finml_core.runs import RunStore
from finml_core.runs.attention import attention_of, has_attention, look
from finml_core.runs.checkpoint import FolderCheckpoint

CONFIG = ExperimentConfig(
    name="looking",
    symbols=("S0", "S1"),
    features=FeatureConfig(families=("price", "momentum")),
    models=(ModelType.LOGISTIC, ModelType.TRANSFORMER, ModelType.GRU),
    model=ModelConfig(
        sequence_length=5,
        train=TrainConfig(epochs=1, device="cpu"),
        transformer=TransformerConfig(d_model=8, nhead=2, num_encoder_layers=1),
    ),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory, panel):
    """Home, run, both seeds' Transformers, trained here and kept as a worker keeps them, and the data."""
    tmp_path = tmp_path_factory.mktemp("looking")
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    store = RunStore(tmp_path)
    run_id = store.submit(CONFIG, launch=False)
    data = make_dataset(CONFIG, load_snapshot(tmp_path / "snapshots", store.status(run_id).snapshot))
    model = ModelFactory.create_model(ModelType.TRANSFORMER, CONFIG.model)
    model.fit(data.samples.X, data.samples.y, context=data.features)
    folder = FolderCheckpoint(tmp_path / "runs" / run_id)
    folder.keep_model("transformer", 2, model)
    second = ModelFactory.create_model(ModelType.TRANSFORMER, replace(CONFIG.model, seed=1))
    folder.keep_model("transformer-seed-1", 2, second.fit(data.samples.X, data.samples.y, context=data.features))
    return tmp_path, run_id, (model, second), data


def order(run, **changes):
    """What the process is asked: the last decision of the run's Transformer in fold 2, from the first seed."""
    home, run_id, _, data = run
    symbol, ts = data.samples.X.index[-1]
    asked = {"home": str(home), "run_id": run_id, "model": "transformer", "fold": 2, "seed": None}
    return {**asked, "symbol": symbol, "ts": str(ts), **changes}


@pytest.mark.parametrize(("seed", "which"), [(None, 0), (0, 0), (1, 1)])
def test_the_saved_network_of_a_seed_looks_where_the_trained_one_does(seed, which, run):
    _, _, models, data = run
    row = data.samples.X.iloc[[-1]]
    table = look(order(run, seed=seed))
    weights = models[which].attention_weights(row, context=data.features)[0]
    np.testing.assert_allclose(table["weight"].to_numpy().reshape(weights.shape), weights, atol=1e-6)
    p_up = models[which].predict_proba(row, context=data.features)[0, 1]
    np.testing.assert_allclose(table["p_up"], p_up, atol=1e-6)


def test_a_process_of_its_own_answers_the_same(run):
    home, run_id, _, data = run
    symbol, ts = data.samples.X.index[-1]
    table = attention_of(home, run_id, "transformer", 2, symbol, ts, seed=1)
    here = look(order(run, seed=1))
    np.testing.assert_allclose(table[["weight", "p_up"]], here[["weight", "p_up"]], atol=1e-6)
    assert table["bar"].tolist() == [-4, -3, -2, -1, 0] * 2
    assert table["ts"].iloc[-1] == ts
    assert table.groupby("head")["ts"].is_monotonic_increasing.all()


def test_a_process_that_cannot_look_says_why(run):
    home, run_id, _, data = run
    with pytest.raises(
        RunError, match=r"^run looking-\w+ is queued; model 'transformer-seed-5' of fold 2 is not there"
    ):
        attention_of(home, run_id, "transformer", 2, *data.features.index[0], seed=5)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda first: {"symbol": first[0], "ts": str(first[1])}, r"no full window of 5 bars; choose a later bar"),
        (lambda first: {"symbol": "S0", "ts": "1999-01-04"}, r"has no bar of S0 at 1999-01-04"),
        (lambda first: {"fold": 7}, r"model 'transformer' of fold 7"),
    ],
)
def test_what_cannot_be_looked_at_is_told_in_words(change, match, run):
    with pytest.raises(RunError, match=match):
        look(order(run, **change(run[3].features.index[0])))


def test_which_models_weigh_their_bars():
    assert has_attention(CONFIG, "transformer")
    assert not has_attention(CONFIG, "gru")
    assert not has_attention(CONFIG, "logistic")
    dot = replace(CONFIG, model=replace(CONFIG.model, gru=GRUConfig(attention="dot")))
    assert has_attention(dot, ModelType.GRU)
