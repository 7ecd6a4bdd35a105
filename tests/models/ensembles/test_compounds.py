"""Ensembles in a folder: every member on its own, and none may be changed."""

import json

import numpy as np
import pandas as pd
import pytest

from finml_core.models import (
    GRUConfig,
    LightGBMClassifier,
    LogisticClassifier,
    ModelError,
    MultiHorizonForecaster,
    RidgeRegressor,
    SeedEnsemble,
    SequenceClassifier,
    StackedEnsemble,
    TrainConfig,
    load_model,
    save_model,
)

NETWORK = SequenceClassifier(
    network=GRUConfig(hidden_dim=4), train=TrainConfig(epochs=1, device="cpu"), sequence_length=5
)
TREES = LightGBMClassifier(n_estimators=5, min_child_samples=20)


def both_horizons(world):
    return pd.DataFrame({1: world.y, 5: 1 - world.y})


CASES = {
    "stacked": (StackedEnsemble({"trees": TREES, "gru": NETWORK, "logistic": LogisticClassifier()}, n_splits=3), None),
    "seeds": (SeedEnsemble(TREES, n_seeds=2), None),
    "horizons, a network": (MultiHorizonForecaster(NETWORK, horizons=(1, 5)), both_horizons),
    "horizons, a model each": (MultiHorizonForecaster(RidgeRegressor(), horizons=(1, 5)), both_horizons),
}


@pytest.fixture(params=CASES)
def saved(request, world, tmp_path):
    model, outcomes = CASES[request.param]
    model.fit(world.X, world.y if outcomes is None else outcomes(world))
    save_model(model, tmp_path / "model")
    return model, tmp_path / "model"


def answers(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def test_a_loaded_ensemble_answers_alike_and_can_be_fitted_again(saved, world):
    model, folder = saved
    loaded = load_model(folder)
    assert type(loaded) is type(model)
    np.testing.assert_allclose(answers(loaded, world.X), answers(model, world.X), atol=1e-7)
    again = loaded.fit(world.X, both_horizons(world) if isinstance(model, MultiHorizonForecaster) else world.y)
    np.testing.assert_allclose(answers(again, world.X), answers(model, world.X), atol=1e-7)


def test_a_member_that_was_altered_or_is_gone_is_refused(saved, world, tmp_path):
    _, folder = saved
    payload = next(path for path in (folder / "members" / "0").iterdir() if path.name != "model.json")
    content = payload.read_bytes()
    payload.write_bytes(content[:-2])
    with pytest.raises(ModelError, match="checksum differs"):
        load_model(folder)
    payload.write_bytes(content)
    save_model(
        LogisticClassifier(C=5.0).fit(world.X, world.y), folder / "members" / "0"
    )  # a whole one of another model
    with pytest.raises(ModelError, match="checksum differs"):
        load_model(folder)
    (folder / "members" / "0" / "model.json").unlink()
    with pytest.raises(ModelError, match=r"has no file members/0/model\.json"):
        load_model(folder)


def test_the_manifest_is_all_that_names_members(saved):
    _, folder = saved
    manifest = json.loads((folder / "model.json").read_text())
    assert list(manifest["files"]) == [f"members/{n}/model.json" for n in range(len(manifest["files"]))]
