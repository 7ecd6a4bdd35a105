"""Bare networks, each made from one frozen config; importing this loads torch."""

from finml_core.models.networks.conv_lstm import ConvLSTMNetwork
from finml_core.models.networks.hybrid import HybridNetwork
from finml_core.models.networks.layers import Dropout, set_generator, set_stacked
from finml_core.models.networks.neural_ode import NeuralODENetwork
from finml_core.models.networks.recurrent import GRUNetwork, LSTMNetwork
from finml_core.models.networks.registry import CONFIGS, NETWORKS, make_network
from finml_core.models.networks.transformer import TransformerNetwork

__all__ = [
    "CONFIGS",
    "ConvLSTMNetwork",
    "Dropout",
    "GRUNetwork",
    "HybridNetwork",
    "LSTMNetwork",
    "NETWORKS",
    "NeuralODENetwork",
    "TransformerNetwork",
    "make_network",
    "set_generator",
    "set_stacked",
]
