"""Models behind one contract; torch, LightGBM and scikit-learn are loaded when a model of theirs is first asked for."""

from finml_core.lazy import lazy_exports
from finml_core.models.configs import (
    AlwaysUpConfig,
    ElasticNetConfig,
    GradientBoostingConfig,
    GRUConfig,
    LightGBMConfig,
    LogisticConfig,
    LSTMConfig,
    ModelConfig,
    NetworkConfig,
    RandomForestConfig,
    RidgeConfig,
    TrainConfig,
    XGBoostConfig,
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
    "AlwaysUpClassifier": "finml_core.models.naive",
    "AlwaysUpRegressor": "finml_core.models.naive",
    "ElasticNetClassifier": "finml_core.models.linear",
    "ElasticNetRegressor": "finml_core.models.linear",
    "GradientBoostingClassifier": "finml_core.models.trees",
    "GradientBoostingRegressor": "finml_core.models.trees",
    "LightGBMClassifier": "finml_core.models.trees",
    "LightGBMRegressor": "finml_core.models.trees",
    "LogisticClassifier": "finml_core.models.linear",
    "NaiveClassifier": "finml_core.models.naive",
    "NaiveRegressor": "finml_core.models.naive",
    "RandomForestClassifier": "finml_core.models.trees",
    "RandomForestRegressor": "finml_core.models.trees",
    "RidgeRegressor": "finml_core.models.linear",
    "XGBoostClassifier": "finml_core.models.trees",
    "XGBoostRegressor": "finml_core.models.trees",
    "SequenceClassifier": "finml_core.models.sequence",
}

__all__ = [
    "AlwaysUpClassifier",
    "AlwaysUpConfig",
    "AlwaysUpRegressor",
    "ElasticNetClassifier",
    "ElasticNetConfig",
    "ElasticNetRegressor",
    "GRUConfig",
    "GradientBoostingClassifier",
    "GradientBoostingConfig",
    "GradientBoostingRegressor",
    "HYPERPARAMETERS",
    "Hyperparameter",
    "LSTMConfig",
    "LightGBMClassifier",
    "LightGBMConfig",
    "LightGBMRegressor",
    "LogisticClassifier",
    "LogisticConfig",
    "ModelConfig",
    "ModelDescription",
    "ModelError",
    "ModelFactory",
    "ModelType",
    "NaiveClassifier",
    "NaiveRegressor",
    "NetworkConfig",
    "RandomForestClassifier",
    "RandomForestConfig",
    "RandomForestRegressor",
    "RidgeConfig",
    "RidgeRegressor",
    "SequenceClassifier",
    "TrainConfig",
    "TrainingCancelled",
    "XGBoostClassifier",
    "XGBoostConfig",
    "XGBoostRegressor",
    "describe_models",
    "load_model",
    "save_model",
    "with_values",
]

__getattr__ = lazy_exports(__name__, LAZY)
