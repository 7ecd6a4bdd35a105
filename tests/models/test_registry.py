"""Names, settings and sliders, and what asking for them loads."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from finml_core.errors import ConfigError
from finml_core.models import (
    HYPERPARAMETERS,
    LightGBMConfig,
    LogisticConfig,
    LSTMConfig,
    ModelConfig,
    ModelFactory,
    ModelType,
    TrainConfig,
    describe_models,
    with_values,
)

PARAMETERS = [(model_type, parameter) for model_type, all_ in HYPERPARAMETERS.items() for parameter in all_]
LIGHT = """
import sys
from finml_core.models import describe_models, ModelConfig, ModelType, load_model, with_values
with_values(ModelConfig(), ModelType.LSTM, {"hidden_dim": 64})
[parameter.default for model in describe_models() for parameter in model.hyperparameters]
heavy = {"torch", "lightgbm", "sklearn", "skops", "scipy"} & set(sys.modules)
sys.exit(", ".join(heavy) or 0)
"""


def test_describing_models_loads_no_heavy_library():
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_every_type_is_described_and_made():
    assert [description.model_type for description in describe_models()] == list(ModelType) == list(HYPERPARAMETERS)
    for model_type in ModelType:
        model = ModelFactory.create_model(model_type.value, ModelConfig(seed=5))
        assert hasattr(model, "predict_proba")
        assert model.get_params().get("seed", 5) == 5
        assert hasattr(ModelFactory.create_model(model_type, task="regression"), "predict")
        assert hasattr(ModelConfig(), model_type.value) or model_type is ModelType.NAIVE


@pytest.mark.parametrize(("model_type", "parameter"), PARAMETERS, ids=lambda value: getattr(value, "name", value))
def test_a_slider_holds_its_default_and_allows_both_ends(model_type, parameter):
    if parameter.kind == "choice":
        assert parameter.default in parameter.choices
        return
    assert parameter.low <= parameter.default <= parameter.high
    assert isinstance(parameter.default, {"int": int, "float": float, "log": int | float}[parameter.kind])
    assert {type(stop) for stop in parameter.options} <= {type(parameter.default)}
    for value in (parameter.low, parameter.high):
        changed = with_values(ModelConfig(), model_type, {parameter.name: value})
        assert changed == ModelConfig() or value != parameter.default
        ModelFactory.create_model(model_type, changed)


def test_values_reach_the_estimator():
    config = with_values(ModelConfig(seed=4), ModelType.LSTM, {"hidden_dim": 64, "sequence_length": 10, "epochs": 2})
    model = ModelFactory.create_model(ModelType.LSTM, config, progress=print)
    assert model.network == LSTMConfig(hidden_dim=64)
    assert model.train == TrainConfig(epochs=2, seed=4)
    assert (model.sequence_length, model.progress) == (10, print)
    trees = ModelFactory.create_model("lightgbm", with_values(ModelConfig(), "lightgbm", {"num_leaves": 4}))
    assert trees.num_leaves == 4


def test_an_unknown_setting_model_or_task_is_answered_with_the_list():
    with pytest.raises(ConfigError, match="choose one of: C"):
        with_values(ModelConfig(), ModelType.LOGISTIC, {"depth": 3})
    with pytest.raises(ConfigError, match="always_up, conv_lstm, elastic_net, gradient_boosting, gru, hybrid"):
        ModelFactory.create_model("gpt")
    with pytest.raises(ConfigError, match="choose one of: classification, regression"):
        ModelFactory.create_model("naive", task="poetry")


@pytest.mark.parametrize(
    ("config", "change", "match"),
    [
        (LogisticConfig(), {"C": 0.0}, "C is 0"),
        (LightGBMConfig(), {"num_leaves": 1}, "num_leaves is 1"),
        (LightGBMConfig(), {"subsample": 1.5}, "subsample is 1.5"),
        (LSTMConfig(), {"hidden_dim": 0}, "hidden_dim is 0"),
        (LSTMConfig(), {"dropout": 1.0}, "dropout is 1.0"),
        (TrainConfig(), {"epochs": 1.5}, "epochs is 1.5"),
        (TrainConfig(), {"device": "tpu"}, "device is 'tpu'"),
        (TrainConfig(), {"schedule": "step"}, "cosine"),
        (TrainConfig(), {"validation_share": 0.9}, "validation_share is 0.9"),
        (ModelConfig(), {"sequence_length": 0}, "sequence_length is 0"),
    ],
)
def test_settings_that_cannot_work_are_refused_when_made(config, change, match):
    with pytest.raises(ConfigError, match=match):
        replace(config, **change)
