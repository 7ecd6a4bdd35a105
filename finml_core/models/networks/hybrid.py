"""LSTM first, attention on top."""

from torch import Tensor, nn

from finml_core.models.configs.networks import HybridConfig
from finml_core.models.networks.encoder import Encoder
from finml_core.models.networks.layers import Dropout, RecurrentLayer


class HybridNetwork(nn.Module):
    """LSTM layers give each bar a state that knows its past; attention layers weigh the states for the decision bar.

    No position is added: the states carry the order.
    """

    def __init__(self, config: HybridConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        width = config.hidden_dim
        self.layers = nn.ModuleList(
            RecurrentLayer(nn.LSTM, width if depth else n_features, width) for depth in range(config.num_layers)
        )
        self.between = nn.ModuleList(Dropout(config.dropout) for _ in range(config.num_layers - 1))
        self.encoder = Encoder(
            config.num_encoder_layers,
            width,
            config.nhead,
            config.dim_feedforward,
            config.dropout,
            causal=config.causal,
        )
        self.norm = nn.LayerNorm(width) if config.layer_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        return self.head(self.dropout(self.norm(self.encoder(self._states(x)))))  # (B, C)

    def attend(self, x: Tensor) -> Tensor:
        """How much the decision bar looks at each bar's state, by head: (B, nhead, T), rows of sum 1."""
        return self.encoder.attend(self._states(x))

    def _states(self, x: Tensor) -> Tensor:
        hidden = self.layers[0](x)
        for dropout, layer in zip(self.between, self.layers[1:], strict=True):
            hidden = layer(dropout(hidden))
        return hidden  # (B, T, H)
