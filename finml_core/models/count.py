"""How many weights a network has, told from its configuration alone: no library is loaded."""

from finml_core.errors import ConfigError
from finml_core.models.configs.networks import (
    AnyNetworkConfig,
    ConvLSTMConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    RecurrentConfig,
    TransformerConfig,
)

N_WAVES, LONGEST = 8, 512  # of the Transformer's temporal encoding, and bars with a learned position


def count_parameters(config: AnyNetworkConfig, n_features: int, n_outputs: int = 1) -> int:
    """Weights that training adjusts, for windows of `n_features` features."""
    if isinstance(config, TransformerConfig):
        return _transformer(config, n_features, n_outputs)
    if isinstance(config, HybridConfig):
        width = config.hidden_dim
        layers = sum(_cell(width if depth else n_features, width, 4) for depth in range(config.num_layers))
        return layers + _encoder(config.num_encoder_layers, width, config.dim_feedforward) + _end(config, n_outputs)
    if isinstance(config, RecurrentConfig):
        return _recurrent(config, n_features, n_outputs)
    if isinstance(config, ConvLSTMConfig):
        width, kernel = config.hidden_dim, config.kernel_size
        inputs = [width if depth else n_features for depth in range(config.num_layers)]
        cells = sum(_linear(kernel * size, 4 * width) + kernel * width * 4 * width for size in inputs)
        return cells + _end(config, n_outputs, 2 * width)
    if isinstance(config, NeuralODEConfig):
        width, flow = config.hidden_dim, config.flow_dim
        inputs = [width if depth else n_features for depth in range(config.num_layers)]
        own = _linear(width, flow) + _linear(flow, width) + _linear(width, 3 * width)
        return sum(own + _linear(size, 3 * width) for size in inputs) + _end(config, n_outputs)
    raise ConfigError(f"{type(config).__name__} is no network; give the config of one.")


def _recurrent(config: RecurrentConfig, n_features: int, n_outputs: int) -> int:
    gates = 4 if isinstance(config, LSTMConfig) else 3
    sides = 2 if config.bidirectional else 1
    width = config.hidden_dim * sides
    inputs = [width if depth else n_features for depth in range(config.num_layers)]
    layers = sides * sum(_cell(size, config.hidden_dim, gates) for size in inputs)
    attention = 0 if config.attention == "none" else _linear(2 * width, width)
    if config.attention in ("multiplicative", "additive"):
        attention += width * width
    if config.attention == "additive":
        attention += _linear(width, width) + width
    return layers + attention + _end(config, n_outputs, width)


def _transformer(config: TransformerConfig, n_features: int, n_outputs: int) -> int:
    width = config.d_model
    waves = N_WAVES if config.temporal else 0
    position = LONGEST * width if config.positional == "learned" else 0
    enter = _linear(n_features + waves, width) + 2 * waves + position
    layers = _encoder(config.num_encoder_layers, width, config.dim_feedforward)
    return enter + layers + 2 * width + _linear(width, n_outputs)


def _encoder(n_layers: int, width: int, wide: int) -> int:
    attention = _linear(width, 3 * width) + _linear(width, width)
    return n_layers * (attention + _linear(width, wide) + _linear(wide, width) + 4 * width)


def _cell(n_inputs: int, hidden: int, gates: int) -> int:
    return gates * hidden * (n_inputs + hidden + 2)


def _end(config: AnyNetworkConfig, n_outputs: int, width: int | None = None) -> int:
    width = config.hidden_dim if width is None else width
    return (2 * width if config.layer_norm else 0) + _linear(width, n_outputs)


def _linear(n_inputs: int, n_outputs: int) -> int:
    return n_outputs * (n_inputs + 1)
