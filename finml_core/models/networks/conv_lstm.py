"""LSTM whose gates are convolutions over the bars of a segment."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from finml_core.models.configs.networks import ConvLSTMConfig
from finml_core.models.networks.layers import Dropout, front_padded


class ConvLSTMCell(nn.Module):
    """One step for a segment: states (B, S, C) hold a value for each bar of it (Shi et al., 2015).

    The convolutions are products with neighbouring bars laid side by side.
    """

    def __init__(self, n_inputs: int, n_channels: int, kernel_size: int):
        super().__init__()
        self.reach = kernel_size // 2
        self.of_input = nn.Linear(kernel_size * n_inputs, 4 * n_channels)
        self.of_state = nn.Linear(kernel_size * n_channels, 4 * n_channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # (B, N, S, F): N segments of S bars
        gate_input = self.of_input(self._neighbours(x))  # (B, N, S, 4C)
        hidden = cell = None
        states = []
        for step in range(x.shape[1]):
            gates = gate_input[:, step]
            if hidden is not None:
                gates = gates + self.of_state(self._neighbours(hidden))
            enter, forget, fresh, leave = gates.chunk(4, dim=-1)
            cell_now = enter.sigmoid() * fresh.tanh()
            cell = cell_now if cell is None else cell_now + forget.sigmoid() * cell
            hidden = leave.sigmoid() * cell.tanh()
            states.append(hidden)
        return torch.stack(states, dim=1)  # (B, N, S, C)

    def _neighbours(self, x: Tensor) -> Tensor:
        """Each bar's neighbours beside it, 0 beyond the segment: (..., S, F) to (..., S, k F)."""
        size = x.shape[-2]
        wide = pad(x, (0, 0, self.reach, self.reach))
        return torch.cat([wide[..., shift : shift + size, :] for shift in range(2 * self.reach + 1)], dim=-1)


class ConvLSTMNetwork(nn.Module):
    """Convolutional LSTM layers from segment to segment; the decision bar's state and the last segment's mean; a head.

    A window that does not divide into segments is filled with means at its front.
    """

    def __init__(self, config: ConvLSTMConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        self.segment = config.segment
        width = config.hidden_dim
        self.layers = nn.ModuleList(
            ConvLSTMCell(width if depth else n_features, width, config.kernel_size)
            for depth in range(config.num_layers)
        )
        self.between = nn.ModuleList(Dropout(config.dropout) for _ in range(config.num_layers - 1))
        self.norm = nn.LayerNorm(2 * width) if config.layer_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(2 * width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        x = front_padded(x, self.segment).unflatten(1, (-1, self.segment))
        states = self.layers[0](x)
        for dropout, layer in zip(self.between, self.layers[1:], strict=True):
            states = layer(dropout(states))
        last = states[:, -1]  # (B, S, C)
        read = torch.cat([last[:, -1], last.mean(dim=1)], dim=-1)
        return self.head(self.dropout(self.norm(read)))
