"""Recurrent networks whose answer is read from the last row of the window."""

from typing import ClassVar

from torch import Tensor, nn

from finml_core.models.configs import GRUConfig, LSTMConfig, NetworkConfig


class RecurrentNetwork(nn.Module):
    """Recurrent layers, the hidden state after the last row, layer norm, dropout, one linear head."""

    layer: ClassVar[type[nn.RNNBase]]

    def __init__(self, config: NetworkConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        self.recurrent = self.layer(
            input_size=n_features,
            hidden_size=config.hidden_dim,
            num_layers=config.num_layers,
            dropout=config.dropout if config.num_layers > 1 else 0.0,  # torch drops between layers only
            batch_first=True,
        )
        self.norm = nn.LayerNorm(config.hidden_dim) if config.layer_norm else nn.Identity()
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden_dim, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        hidden, _ = self.recurrent(x)  # (B, T, H)
        return self.head(self.dropout(self.norm(hidden[:, -1])))  # (B, C)


class LSTMNetwork(RecurrentNetwork):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997)."""

    layer = nn.LSTM

    def __init__(self, config: LSTMConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__(config, n_features=n_features, n_outputs=n_outputs)


class GRUNetwork(RecurrentNetwork):
    """Gated recurrent units (Cho et al., 2014)."""

    layer = nn.GRU

    def __init__(self, config: GRUConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__(config, n_features=n_features, n_outputs=n_outputs)
