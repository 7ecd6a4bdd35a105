"""Settings of the networks: sizes, and what each can be made of."""

from dataclasses import dataclass

from finml_core.checks import check_between, check_integer


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What the recurrent networks share; each has a class of its own."""

    hidden_dim: int = 32  # units a layer
    num_layers: int = 1
    dropout: float = 0.2  # share of units dropped between layers and before the head
    layer_norm: bool = True  # normalise the last hidden state before the head

    def __post_init__(self) -> None:
        check_integer("hidden_dim", self.hidden_dim, 1)
        check_integer("num_layers", self.num_layers, 1)
        check_between("hidden_dim", self.hidden_dim, 1, 4096)
        check_between("num_layers", self.num_layers, 1, 16)
        check_between("dropout", self.dropout, 0.0, 0.9)


@dataclass(frozen=True, kw_only=True)
class LSTMConfig(NetworkConfig):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997)."""


@dataclass(frozen=True, kw_only=True)
class GRUConfig(NetworkConfig):
    """Gated recurrent units (Cho et al., 2014)."""
