"""Weights told from a configuration are those of the network that it makes."""

import pytest

from finml_core.errors import ConfigError
from finml_core.models import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    TrainConfig,
    TransformerConfig,
)
from finml_core.models.count import count_parameters
from finml_core.models.networks import make_network

CONFIGS = (
    LSTMConfig(),
    LSTMConfig(hidden_dim=12, num_layers=3, bidirectional=True, attention="additive", layer_norm=False),
    GRUConfig(hidden_dim=8, num_layers=2, attention="multiplicative"),
    GRUConfig(attention="dot", bidirectional=True),
    TransformerConfig(),
    TransformerConfig(d_model=16, nhead=2, num_encoder_layers=3, positional="learned", temporal=True),
    HybridConfig(hidden_dim=16, num_layers=2, num_encoder_layers=2, layer_norm=False),
    ConvLSTMConfig(hidden_dim=6, num_layers=2, kernel_size=5),
    NeuralODEConfig(hidden_dim=8, num_layers=2, flow_dim=24),
)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
@pytest.mark.parametrize(("n_features", "n_outputs"), [(1, 1), (17, 3)])
def test_the_count_is_that_of_the_network(config, n_features, n_outputs):
    network = make_network(config, n_features=n_features, n_outputs=n_outputs)
    real = sum(weight.numel() for weight in network.parameters())
    assert count_parameters(config, n_features, n_outputs) == real


def test_what_is_no_network_is_refused():
    with pytest.raises(ConfigError, match="TrainConfig is no network"):
        count_parameters(TrainConfig(), 3)
