"""Attention layers of which the last answers for the decision bar only."""

from torch import Tensor, nn

from finml_core.models.networks.layers import EncoderLayer


class Encoder(nn.Module):
    """Encoder layers; the last one asks for the last bar alone, which gives the same numbers for a T-th of the work."""

    def __init__(self, n_layers: int, d_model: int, nhead: int, dim_feedforward: int, dropout: float, *, causal: bool):
        super().__init__()
        self.is_causal = causal
        self.layers = nn.ModuleList(EncoderLayer(d_model, nhead, dim_feedforward, dropout) for _ in range(n_layers))

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D)
        return self.layers[-1](self._before_last(x), last_only=True)[:, 0]  # (B, D)

    def attend(self, x: Tensor) -> Tensor:
        """How much the decision bar looks at each bar in the last layer: (B, nhead, T)."""
        return self.layers[-1].attend(self._before_last(x))

    def _before_last(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = layer(x, causal=self.is_causal)
        return x
