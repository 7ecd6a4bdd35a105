"""The Transformer encoder over a window of bars."""

import math

import torch
from torch import Tensor, nn

from finml_core.errors import DataError
from finml_core.models.configs.networks import TransformerConfig
from finml_core.models.networks.encoder import Encoder
from finml_core.models.networks.layers import Dropout

LONGEST = 512  # bars that have a learned position
N_WAVES = 8  # of the temporal encoding


class TransformerNetwork(nn.Module):
    """Bars as vectors that know their age, attention layers, the decision bar's state, a linear head."""

    def __init__(self, config: TransformerConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        self.width = config.d_model
        self.positional = config.positional
        if config.temporal:
            self.waves = AgeWaves(N_WAVES)
        self.has_waves = config.temporal
        self.enter = nn.Linear(n_features + (N_WAVES if config.temporal else 0), config.d_model)
        if config.positional == "learned":
            self.position = nn.Parameter(0.02 * torch.randn(LONGEST, config.d_model))
        self.dropout = Dropout(config.dropout)
        self.encoder = Encoder(
            config.num_encoder_layers,
            config.d_model,
            config.nhead,
            config.dim_feedforward,
            config.dropout,
            causal=config.causal,
        )
        self.norm = nn.LayerNorm(config.d_model)
        self.head_dropout = Dropout(config.dropout)
        self.head = nn.Linear(config.d_model, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        return self.head(self.head_dropout(self.norm(self.encoder(self._embedded(x)))))  # (B, C)

    def attend(self, x: Tensor) -> Tensor:
        """How much the decision bar looks at each bar in the last layer, by head: (B, nhead, T), rows of sum 1."""
        return self.encoder.attend(self._embedded(x))

    def _embedded(self, x: Tensor) -> Tensor:
        age = torch.arange(x.shape[1] - 1, -1, -1, device=x.device, dtype=x.dtype)  # bars before the decision bar
        if self.has_waves:
            x = torch.cat([x, self.waves(age).expand(x.shape[0], -1, -1)], dim=-1)
        state = self.enter(x)
        if self.positional == "sinusoidal":
            state = state + sinusoidal_encoding(age, self.width)
        elif self.positional == "learned":
            if len(age) > LONGEST:
                raise DataError(
                    f"a window of {len(age)} rows is longer than the {LONGEST} learned positions; use "
                    "positional='sinusoidal'."
                )
            state = state + self.position[: len(age)].flip(0)
        return self.dropout(state)


class AgeWaves(nn.Module):
    """A line and waves of learned frequency over a bar's age (Kazemi et al., 2019, "Time2Vec")."""

    def __init__(self, n_waves: int):
        super().__init__()
        self.frequency = nn.Parameter(2 * math.pi / torch.logspace(math.log10(2), 2, n_waves))
        self.phase = nn.Parameter(torch.zeros(n_waves))

    def forward(self, age: Tensor) -> Tensor:  # (T,)
        angle = age[:, None] * self.frequency + self.phase
        return torch.cat([angle[:, :1], angle[:, 1:].sin()], dim=-1)  # (T, n_waves)


def sinusoidal_encoding(age: Tensor, width: int) -> Tensor:
    """Sines and cosines of a bar's age, (T, width), wavelengths from 2 pi to 10,000 times it (Vaswani et al., 2017)."""
    exponent = torch.arange(0, width, 2, device=age.device, dtype=age.dtype) / width
    angle = age[:, None] / 10_000.0**exponent
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
