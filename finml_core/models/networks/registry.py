"""Which network a config stands for."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from finml_core.errors import ConfigError
from finml_core.models.configs.networks import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    TransformerConfig,
)
from finml_core.models.networks.conv_lstm import ConvLSTMNetwork
from finml_core.models.networks.hybrid import HybridNetwork
from finml_core.models.networks.neural_ode import NeuralODENetwork
from finml_core.models.networks.recurrent import GRUNetwork, LSTMNetwork
from finml_core.models.networks.transformer import TransformerNetwork

NETWORKS: Mapping[type, type[nn.Module]] = {
    LSTMConfig: LSTMNetwork,
    GRUConfig: GRUNetwork,
    TransformerConfig: TransformerNetwork,
    HybridConfig: HybridNetwork,
    ConvLSTMConfig: ConvLSTMNetwork,
    NeuralODEConfig: NeuralODENetwork,
}
CONFIGS = {config.__name__: config for config in NETWORKS}


def make_network(config: Any, *, n_features: int, n_outputs: int = 1) -> nn.Module:
    """A network with fresh weights for windows of `n_features` features."""
    if type(config) not in NETWORKS:
        raise ConfigError(f"network is {config!r}; give one of: {', '.join(CONFIGS)}.")
    return NETWORKS[type(config)](config, n_features=n_features, n_outputs=n_outputs)
