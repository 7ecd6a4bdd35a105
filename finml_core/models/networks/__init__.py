"""Bare networks, each made from one frozen config; importing this loads torch."""

from finml_core.models.networks.recurrent import GRUNetwork, LSTMNetwork
from finml_core.models.networks.registry import CONFIGS, NETWORKS, make_network

__all__ = ["CONFIGS", "GRUNetwork", "LSTMNetwork", "NETWORKS", "make_network"]
