"""Models behind one contract; torch, LightGBM and scikit-learn are loaded when a model of theirs is first asked for."""

from finml_core.lazy import lazy_exports
from finml_core.models.configs import (
    GRUConfig,
    LightGBMConfig,
    LogisticConfig,
    LSTMConfig,
    ModelConfig,
    NetworkConfig,
    TrainConfig,
)
from finml_core.models.errors import ModelError, TrainingCancelled
from finml_core.models.hyperparameters import (
    HYPERPARAMETERS,
    Hyperparameter,
    ModelDescription,
    describe_models,
    with_values,
)
from finml_core.models.persistence import load_model, save_model
from finml_core.models.registry import ModelFactory
from finml_core.models.types import ModelType

LAZY = {
    "LightGBMClassifier": "finml_core.models.boosting",
    "LogisticClassifier": "finml_core.models.linear",
    "NaiveClassifier": "finml_core.models.naive",
    "SequenceClassifier": "finml_core.models.sequence",
}

__all__ = [
    "GRUConfig",
    "HYPERPARAMETERS",
    "Hyperparameter",
    "LSTMConfig",
    "LightGBMClassifier",
    "LightGBMConfig",
    "LogisticClassifier",
    "LogisticConfig",
    "ModelConfig",
    "ModelDescription",
    "ModelError",
    "ModelFactory",
    "ModelType",
    "NaiveClassifier",
    "NetworkConfig",
    "SequenceClassifier",
    "TrainConfig",
    "TrainingCancelled",
    "describe_models",
    "load_model",
    "save_model",
    "with_values",
]

__getattr__ = lazy_exports(__name__, LAZY)
