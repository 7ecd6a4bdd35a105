"""Settings of the networks: sizes from tiny to large, and what each can be made of."""

from dataclasses import dataclass

from finml_core.checks import check_between, check_choice, check_integer
from finml_core.errors import ConfigError

ATTENTIONS = ("none", "dot", "additive", "multiplicative")
POSITIONS = ("sinusoidal", "learned", "none")


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What all networks but the Transformer share; each has a class of its own."""

    hidden_dim: int = 32  # units a layer
    num_layers: int = 1
    dropout: float = 0.2  # share of units dropped between layers and before the head
    layer_norm: bool = True  # normalise what the head reads

    def __post_init__(self) -> None:
        _check_size("hidden_dim", self.hidden_dim, 4096)
        _check_size("num_layers", self.num_layers, 16)
        check_between("dropout", self.dropout, 0.0, 0.9)


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(NetworkConfig):
    """What LSTM and GRU share."""

    attention: str = "none"  # how the decision bar weighs the earlier states: none, dot, additive or multiplicative
    bidirectional: bool = False  # also read the window from its end; both directions stay inside the window
    residual: bool = False  # add the input of each layer after the first to its output

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("attention", self.attention, ATTENTIONS)


@dataclass(frozen=True, kw_only=True)
class LSTMConfig(RecurrentConfig):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997)."""


@dataclass(frozen=True, kw_only=True)
class GRUConfig(RecurrentConfig):
    """Gated recurrent units (Cho et al., 2014)."""


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Encoder of attention layers, normalised before each step (Vaswani et al., 2017; Xiong et al., 2020)."""

    d_model: int = 32  # width of a bar's representation
    nhead: int = 4  # heads; each has d_model / nhead of the width
    num_encoder_layers: int = 2
    dim_feedforward: int = 64  # width between the two products of each layer
    dropout: float = 0.2  # share of units dropped in each layer and before the head
    positional: str = "sinusoidal"  # how a bar's age is added: sinusoidal, learned or none
    temporal: bool = False  # also give each bar learned waves of its age (Kazemi et al., 2019)
    causal: bool = False  # a bar attends to earlier bars only; the decision bar sees the whole window either way

    def __post_init__(self) -> None:
        _check_size("d_model", self.d_model, 4096)
        _check_size("nhead", self.nhead, 64)
        _check_size("num_encoder_layers", self.num_encoder_layers, 16)
        _check_size("dim_feedforward", self.dim_feedforward, 16384)
        check_between("dropout", self.dropout, 0.0, 0.9)
        check_choice("positional", self.positional, POSITIONS)
        _check_heads("d_model", self.d_model, self.nhead)


@dataclass(frozen=True, kw_only=True)
class HybridConfig(NetworkConfig):
    """LSTM layers whose states attention layers weigh (after Lim et al., 2021)."""

    nhead: int = 4  # heads; each has hidden_dim / nhead of the width
    num_encoder_layers: int = 1  # attention layers on top of the LSTM's
    dim_feedforward: int = 64  # width between the two products of each attention layer
    causal: bool = False  # a bar attends to earlier bars only

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_size("nhead", self.nhead, 64)
        _check_size("num_encoder_layers", self.num_encoder_layers, 16)
        _check_size("dim_feedforward", self.dim_feedforward, 16384)
        _check_heads("hidden_dim", self.hidden_dim, self.nhead)


@dataclass(frozen=True, kw_only=True)
class ConvLSTMConfig(NetworkConfig):
    """LSTM whose gates are convolutions (Shi et al., 2015), over the bars of a segment, segment by segment."""

    hidden_dim: int = 16  # channels
    segment: int = 5  # bars that are read at once, as the days of a week
    kernel_size: int = 3  # neighbouring bars of a segment that a gate looks at; odd

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_size("segment", self.segment, 256)
        _check_size("kernel_size", self.kernel_size, 31)
        if self.kernel_size % 2 == 0:
            raise ConfigError(f"kernel_size is {self.kernel_size}, but must be odd: as many bars on either side.")


@dataclass(frozen=True, kw_only=True)
class NeuralODEConfig(NetworkConfig):
    """A state that flows by a learned differential equation between bars and turns at each (Rubanova et al., 2019)."""

    flow_dim: int = 32  # width of the derivative's hidden layer
    steps_per_bar: int = 1  # Runge-Kutta steps between two bars

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_size("flow_dim", self.flow_dim, 4096)
        _check_size("steps_per_bar", self.steps_per_bar, 16)


AnyNetworkConfig = NetworkConfig | TransformerConfig


def _check_size(name: str, value: int, most: int) -> None:
    check_integer(name, value, 1)
    check_between(name, value, 1, most)


def _check_heads(name: str, width: int, n_heads: int) -> None:
    if width % n_heads:
        raise ConfigError(f"{name} is {width} and nhead {n_heads}; the width must divide by the number of heads.")
