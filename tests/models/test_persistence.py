"""Saved, loaded elsewhere, alike; tampered with, refused."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from finml_core.models import (
    LSTMConfig,
    ModelConfig,
    ModelError,
    ModelFactory,
    ModelType,
    NaiveClassifier,
    TrainConfig,
    load_model,
    save_model,
)

CONFIG = ModelConfig(
    lstm=LSTMConfig(hidden_dim=8, num_layers=2, attention="additive", bidirectional=True),
    train=TrainConfig(epochs=2, device="cpu"),
    sequence_length=5,
)
FRESH = """
import sys
from pathlib import Path
import numpy, pandas
from finml_core.models import load_model
home = Path(sys.argv[1])
X = pandas.read_parquet(home / "X.parquet")
for folder in home.glob("model-*"):
    model = load_model(folder)
    answers = model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)
    numpy.save(home / f"{folder.name}.npy", answers)
"""
NO_XGBOOST = importlib.util.find_spec("xgboost") is None
NEEDS_XGBOOST = pytest.mark.skipif(NO_XGBOOST, reason="xgboost is not installed: pip install -r requirements.txt")


def cases():
    for model_type in ModelType:
        marks = NEEDS_XGBOOST if model_type is ModelType.XGBOOST else ()
        yield pytest.param((model_type, "classification"), marks=marks, id=f"{model_type}")
        yield pytest.param((model_type, "regression"), marks=marks, id=f"{model_type}-regression")


def answers(model, X):
    return model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)


@pytest.fixture(params=cases())
def saved(request, world, tmp_path):
    """A fitted model of each type and task and the folder that it was saved to."""
    model_type, task = request.param
    model = ModelFactory.create_model(model_type, CONFIG, task).fit(world.X, world.y)
    save_model(model, tmp_path / "model")
    return model, tmp_path / "model"


def payload(folder: Path) -> Path:
    return next(path for path in folder.iterdir() if path.name != "model.json")


def test_loaded_models_predict_alike_in_a_fresh_process(world, tmp_path):
    makeable = [case.values[0] for case in cases() if not (case.marks and NO_XGBOOST)]
    models = {
        "-".join(case): ModelFactory.create_model(case[0], CONFIG, case[1]).fit(world.X, world.y) for case in makeable
    }
    for name, model in models.items():
        save_model(model, tmp_path / f"model-{name}")
    world.X.to_parquet(tmp_path / "X.parquet")
    command = [sys.executable, "-W", "error", "-c", FRESH, str(tmp_path)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], timeout=120)
    for name, model in models.items():
        p = np.load(tmp_path / f"model-{name}.npy")
        np.testing.assert_allclose(p, answers(model, world.X), rtol=0, atol=1e-7)


def test_a_loaded_model_knows_its_settings_and_features(saved, world):
    model, folder = saved
    loaded = load_model(folder)
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(getattr(loaded, "classes_", None), getattr(model, "classes_", None))
    np.testing.assert_array_equal(loaded.feature_names_in_, world.X.columns)
    with pytest.raises(ValueError, match=r"feature|column"):
        loaded.predict(world.X.rename(columns={"feature_0": "z"}))


def test_a_loaded_network_can_be_fitted_again(world, tmp_path):
    model = ModelFactory.create_model(ModelType.LSTM, CONFIG).fit(world.X, world.y)
    save_model(model, tmp_path)
    again = load_model(tmp_path).fit(world.X, world.y)
    np.testing.assert_array_equal(again.predict_proba(world.X), model.predict_proba(world.X))


def test_nothing_is_left_beside_the_two_files(saved):
    _, folder = saved
    assert len(list(folder.iterdir())) == 2


def test_saving_again_replaces(saved, world):
    model, folder = saved
    save_model(model.fit(world.X, 1 - world.y), folder)
    np.testing.assert_allclose(answers(load_model(folder), world.X), answers(model, world.X), atol=1e-7)


@pytest.mark.parametrize("harm", [lambda all_: all_[: len(all_) // 2], lambda all_: all_[:-1] + bytes([all_[-1] ^ 1])])
def test_a_payload_that_was_cut_or_altered_is_refused(saved, harm):
    _, folder = saved
    payload(folder).write_bytes(harm(payload(folder).read_bytes()))
    with pytest.raises(ModelError, match="checksum differs"):
        load_model(folder)


def test_an_altered_manifest_is_refused(saved):
    _, folder = saved
    manifest = json.loads((folder / "model.json").read_text())
    manifest["files"] = {payload(folder).name: "0" * 64}
    (folder / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="manifest that was saved"):
        load_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_half_a_manifest_is_refused(saved, text):
    _, folder = saved
    (folder / "model.json").write_text(text)
    with pytest.raises(ModelError, match="no manifest of a model"):
        load_model(folder)


def test_a_missing_payload_or_folder_is_refused(saved, tmp_path):
    _, folder = saved
    payload(folder).unlink()
    with pytest.raises(ModelError, match="has no file"):
        load_model(folder)
    with pytest.raises(ModelError, match="there is no model"):
        load_model(tmp_path / "nowhere")


def test_a_type_that_is_not_on_the_list_is_never_built(tmp_path):
    from skops import io

    from finml_core.models.persistence import FORMAT, _checksum, _checksum_of_file

    class Stranger:
        pass

    Stranger.__module__, Stranger.__qualname__ = "subprocess", "Popen"
    io.dump(Stranger(), tmp_path / "model.skops")
    content = {"format": FORMAT, "kind": "NaiveClassifier", "state": {}}
    content["files"] = {"model.skops": _checksum_of_file(tmp_path / "model.skops")}
    (tmp_path / "model.json").write_text(json.dumps({**content, "checksum": _checksum(content)}))
    with pytest.raises(ModelError, match="Untrusted"):
        load_model(tmp_path)


def test_a_model_that_is_unfitted_or_unknown_cannot_be_saved(tmp_path):
    with pytest.raises(ModelError, match="not fitted"):
        save_model(NaiveClassifier(), tmp_path)
    with pytest.raises(ModelError, match="a dict cannot be saved"):
        save_model({}, tmp_path)
