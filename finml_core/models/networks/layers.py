"""Layers that work alone, and for many sets of weights at once under torch.func.vmap.

Stacked, a layer may not use kernels that know one set of weights only, nor draw: `set_stacked` tells it.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from finml_core.models.networks.scan import gru_scan, lstm_scan


class Dropout(nn.Module):
    """Silences a share `p` of the units while training and scales up the others (Srivastava et al., 2014).

    Drawn by `torch.rand`, so that whoever trains many networks at once can draw the same masks for each: then they
    stand in `mask` instead. `shape` is that of the last input. `generator` None is torch's global one.
    """

    mask: Tensor
    generator: torch.Generator | None = None

    def __init__(self, p: float):
        super().__init__()
        self.p = p
        self.is_stacked = False
        self.shape: tuple[int, ...] = ()
        self.register_buffer("mask", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        self.shape = tuple(x.shape)
        if not self.training or self.p == 0.0:
            return x
        return x * (self.mask if self.is_stacked else self.draw(self.shape, x.device, self.generator).to(x.dtype))

    def draw(self, shape: tuple[int, ...], device: torch.device, generator: torch.Generator | None = None) -> Tensor:
        """A mask: 0 with probability `p`, else 1 / (1 - p)."""
        kept = torch.rand(shape, generator=generator, device=device) >= self.p
        return kept.float() / (1.0 - self.p)


class RecurrentLayer(nn.Module):
    """One layer of LSTM or GRU cells over a window, in one direction or both."""

    def __init__(self, kind: type[nn.RNNBase], n_inputs: int, hidden_dim: int, *, bidirectional: bool = False):
        super().__init__()
        self.cell = kind(n_inputs, hidden_dim, batch_first=True, bidirectional=bidirectional)
        self.scan = lstm_scan if kind is nn.LSTM else gru_scan
        self.is_stacked = False

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        if not self.is_stacked:
            return self.cell(x)[0]  # (B, T, H), or 2H in both directions
        x = x.transpose(0, 1)  # (T, B, F)
        hidden = self.scan(x, *self._weights(""))
        if self.cell.bidirectional:
            hidden = torch.cat([hidden, self.scan(x.flip(0), *self._weights("_reverse")).flip(0)], dim=-1)
        return hidden.transpose(0, 1)

    def _weights(self, side: str) -> tuple[Tensor, ...]:
        return tuple(
            getattr(self.cell, f"{name}_l0{side}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )


class EncoderLayer(nn.Module):
    """Attention and two products for each bar, each after a layer norm and added to what came in."""

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int, dropout: float):
        super().__init__()
        self.nhead = nhead
        self.attention_norm = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)  # query, key and value in one product
        self.out = nn.Linear(d_model, d_model)
        self.wide_norm = nn.LayerNorm(d_model)
        self.wide = nn.Linear(d_model, dim_feedforward)
        self.narrow = nn.Linear(dim_feedforward, d_model)
        self.attention_dropout = Dropout(dropout)
        self.wide_dropout = Dropout(dropout)
        self.narrow_dropout = Dropout(dropout)
        self.is_stacked = False

    def forward(self, x: Tensor, *, causal: bool = False, last_only: bool = False) -> Tensor:  # (B, T, D)
        """All bars' new states (B, T, D), or only the last bar's (B, 1, D): it costs a T-th, and is the same number."""
        query, key, value = self._qkv(self.attention_norm(x), last_only)
        causal = causal and not last_only
        if self.is_stacked:  # vmap has no rule for the fused kernel
            mixed = attention_weights(query, key, causal=causal) @ value
        else:
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        mixed = mixed.transpose(1, 2).flatten(2)  # (B, T, D)
        x = (x[:, -1:] if last_only else x) + self.attention_dropout(self.out(mixed))
        wide = self.wide_dropout(nn.functional.gelu(self.wide(self.wide_norm(x))))
        return x + self.narrow_dropout(self.narrow(wide))

    def attend(self, x: Tensor) -> Tensor:
        """How much the last bar looks at each bar, by head: (B, nhead, T), each row of sum 1."""
        query, key, _ = self._qkv(self.attention_norm(x), last_only=True)
        return attention_weights(query, key, causal=False)[:, :, 0]

    def _qkv(self, x: Tensor, last_only: bool) -> list[Tensor]:
        if not last_only:
            parts = self.qkv(x).chunk(3, dim=-1)
        else:
            width = x.shape[-1]
            weight, bias = self.qkv.weight, self.qkv.bias
            query = nn.functional.linear(x[:, -1:], weight[:width], bias[:width])
            parts = (query, *nn.functional.linear(x, weight[width:], bias[width:]).chunk(2, dim=-1))
        return [part.unflatten(-1, (self.nhead, -1)).transpose(1, 2) for part in parts]  # (B, nhead, T, D / nhead)


def attention_weights(query: Tensor, key: Tensor, *, causal: bool) -> Tensor:
    """Softmax of the scaled products of queries (..., S, d) and keys (..., T, d): (..., S, T)."""
    score = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    if causal:
        is_later = torch.ones(score.shape[-2:], dtype=torch.bool, device=score.device).triu(1)
        score = score.masked_fill(is_later, float("-inf"))
    return score.softmax(dim=-1)


class StateAttention(nn.Module):
    """Weighs the states of a window by what the last one asks for.

    "dot" and "multiplicative" score as Luong et al. (2015), the first scaled by the root of the width, "additive" as
    Bahdanau et al. (2015).
    """

    def __init__(self, kind: str, width: int):
        super().__init__()
        self.kind = kind
        if kind != "dot":
            self.query = nn.Linear(width, width, bias=False)
        if kind == "additive":
            self.key = nn.Linear(width, width)
            self.score = nn.Linear(width, 1, bias=False)
        self.mix = nn.Linear(2 * width, width)

    def forward(self, hidden: Tensor, last: Tensor) -> Tensor:  # (B, T, W), (B, W)
        weights = self.weights(hidden, last)  # (B, T)
        summary = (weights[:, :, None] * hidden).sum(dim=1)  # (B, W)
        return torch.tanh(self.mix(torch.cat([summary, last], dim=-1)))

    def weights(self, hidden: Tensor, last: Tensor) -> Tensor:
        """How much each state counts, (B, T), each row of sum 1."""
        if self.kind == "additive":
            score = self.score(torch.tanh(self.key(hidden) + self.query(last)[:, None])).squeeze(-1)
        else:
            asked = last / last.shape[-1] ** 0.5 if self.kind == "dot" else self.query(last)
            score = (hidden * asked[:, None]).sum(dim=-1)
        return score.softmax(dim=-1)


def front_padded(x: Tensor, multiple: int) -> Tensor:
    """x (B, T, F) with bars of 0, the mean, before it until T divides by `multiple`."""
    return pad(x, (0, 0, -x.shape[1] % multiple, 0))


def set_generator(network: nn.Module, generator: torch.Generator | None) -> None:
    """Let every layer that drops draw from `generator`; None is torch's global one."""
    for layer in network.modules():
        if isinstance(layer, Dropout):
            layer.generator = generator


def set_stacked(network: nn.Module, is_stacked: bool) -> None:
    """Tell every layer whether it runs for many sets of weights at once."""
    for layer in network.modules():
        if isinstance(layer, Dropout | RecurrentLayer | EncoderLayer):
            layer.is_stacked = is_stacked
