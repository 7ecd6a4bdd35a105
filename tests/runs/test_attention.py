"""The attention of a saved network, asked in a process of its own, is that of the network in this one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.bars import BarStore, load_snapshot
from finml_core.errors import RunError
from finml_core.experiments import ExperimentConfig, make_dataset
from finml_core.features import FeatureConfig
from finml_core.models import GRUConfig, ModelConfig, ModelFactory, ModelType, TrainConfig, TransformerConfig
from finml_core.runs import RunStore
from finml_core.runs.attention import attention_of, has_attention
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


@pytest.fixture
def run(tmp_path, panel):
    """Home, run and features of a run whose Transformer is trained here and kept as a worker keeps it."""
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    store = RunStore(tmp_path)
    run_id = store.submit(CONFIG, launch=False)
    data = make_dataset(CONFIG, load_snapshot(tmp_path / "snapshots", store.status(run_id).snapshot))
    model = ModelFactory.create_model(ModelType.TRANSFORMER, CONFIG.model)
    model.fit(data.samples.X, data.samples.y, context=data.features)
    FolderCheckpoint(tmp_path / "runs" / run_id).keep_model("transformer", 2, model)
    return tmp_path, run_id, model, data


def test_the_saved_network_looks_where_the_trained_one_does(run):
    home, run_id, model, data = run
    row = data.samples.X.iloc[[-1]]
    symbol, ts = row.index[0]
    table = attention_of(home, run_id, "transformer", 2, symbol, ts)
    weights = model.attention_weights(row, context=data.features)[0]
    np.testing.assert_allclose(table["weight"].to_numpy().reshape(weights.shape), weights, atol=1e-6)
    assert table["bar"].tolist() == [-4, -3, -2, -1, 0] * 2
    assert table["ts"].iloc[-1] == ts
    assert table.groupby("head")["ts"].is_monotonic_increasing.all()


def test_what_cannot_be_looked_at_is_told_in_words(run):
    home, run_id, _, data = run
    first = data.features.index[0]
    with pytest.raises(RunError, match=r"no full window of 5 bars; choose a later bar"):
        attention_of(home, run_id, "transformer", 2, *first)
    with pytest.raises(RunError, match=r"has no bar of S0 at 1999-01-04"):
        attention_of(home, run_id, "transformer", 2, "S0", pd.Timestamp("1999-01-04"))
    with pytest.raises(RunError, match="model 'transformer' of fold 7"):
        attention_of(home, run_id, "transformer", 7, *first)


def test_which_models_weigh_their_bars():
    assert has_attention(CONFIG, "transformer")
    assert not has_attention(CONFIG, "gru")
    assert not has_attention(CONFIG, "logistic")
    dot = replace(CONFIG, model=replace(CONFIG.model, gru=GRUConfig(attention="dot")))
    assert has_attention(dot, ModelType.GRU)
