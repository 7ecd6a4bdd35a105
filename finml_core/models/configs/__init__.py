"""Settings of all models, frozen and checked when made; free of torch, so that a page can build them."""

from finml_core.models.configs.model import ModelConfig
from finml_core.models.configs.networks import (
    AnyNetworkConfig,
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NetworkConfig,
    NeuralODEConfig,
    TransformerConfig,
)
from finml_core.models.configs.tabular import (
    AlwaysUpConfig,
    ElasticNetConfig,
    GradientBoostingConfig,
    LightGBMConfig,
    LogisticConfig,
    RandomForestConfig,
    RidgeConfig,
    XGBoostConfig,
)
from finml_core.models.configs.training import TrainConfig

__all__ = [
    "AlwaysUpConfig",
    "AnyNetworkConfig",
    "ConvLSTMConfig",
    "ElasticNetConfig",
    "GRUConfig",
    "GradientBoostingConfig",
    "HybridConfig",
    "LSTMConfig",
    "LightGBMConfig",
    "LogisticConfig",
    "ModelConfig",
    "NetworkConfig",
    "NeuralODEConfig",
    "RandomForestConfig",
    "RidgeConfig",
    "TrainConfig",
    "TransformerConfig",
    "XGBoostConfig",
]
