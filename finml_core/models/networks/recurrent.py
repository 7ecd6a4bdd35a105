"""Recurrent networks whose answer is read from the decision bar."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from finml_core.models.configs.networks import GRUConfig, LSTMConfig, RecurrentConfig
from finml_core.models.networks.layers import Dropout, RecurrentLayer, StateAttention


class RecurrentNetwork(nn.Module):
    """Recurrent layers, the state after the last bar or what it finds by attention, layer norm, dropout, a head."""

    cell: ClassVar[type[nn.RNNBase]]

    def __init__(self, config: RecurrentConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        self.width = config.hidden_dim * (2 if config.bidirectional else 1)
        self.is_residual = config.residual
        self.is_bidirectional = config.bidirectional
        self.layers = nn.ModuleList(
            RecurrentLayer(
                self.cell, self.width if depth else n_features, config.hidden_dim, bidirectional=config.bidirectional
            )
            for depth in range(config.num_layers)
        )
        self.between = nn.ModuleList(Dropout(config.dropout) for _ in range(config.num_layers - 1))
        self.attention = None if config.attention == "none" else StateAttention(config.attention, self.width)
        self.norm = nn.LayerNorm(self.width) if config.layer_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(self.width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        hidden, last = self._states(x)
        if self.attention is not None:
            last = self.attention(hidden, last)
        return self.head(self.dropout(self.norm(last)))  # (B, C)

    def attend(self, x: Tensor) -> Tensor | None:
        """How much the decision bar looks at each bar, (B, 1, T) with rows of sum 1; None without attention."""
        return None if self.attention is None else self.attention.weights(*self._states(x))[:, None]

    def _states(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """States after every bar (B, T, W), and the one that has read the whole window (B, W)."""
        hidden = self.layers[0](x)
        for dropout, layer in zip(self.between, self.layers[1:], strict=True):
            deeper = layer(dropout(hidden))
            hidden = hidden + deeper if self.is_residual else deeper
        if not self.is_bidirectional:
            return hidden, hidden[:, -1]
        half = self.width // 2  # the reversed direction has read all at the window's first bar
        return hidden, torch.cat([hidden[:, -1, :half], hidden[:, 0, half:]], dim=-1)


class LSTMNetwork(RecurrentNetwork):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997)."""

    cell = nn.LSTM

    def __init__(self, config: LSTMConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__(config, n_features=n_features, n_outputs=n_outputs)


class GRUNetwork(RecurrentNetwork):
    """Gated recurrent units (Cho et al., 2014)."""

    cell = nn.GRU

    def __init__(self, config: GRUConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__(config, n_features=n_features, n_outputs=n_outputs)
