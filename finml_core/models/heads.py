"""What a network's last numbers mean: how they are read, and what they are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from finml_core.checks import check_choice, check_integer
from finml_core.errors import ConfigError

KINDS = ("direction", "return", "quantile")


@dataclass(frozen=True, kw_only=True)
class Head:
    """One answer a horizon: a score of direction, an expected return, or its quantiles.

    Quantiles cannot cross: the first is free, each later one adds a positive distance to the one before.
    """

    kind: str = "direction"
    n_horizons: int = 1
    quantiles: tuple[float, ...] = ()  # levels, rising; of kind "quantile"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_integer("n_horizons", self.n_horizons, 1)
        if (self.kind == "quantile") != bool(self.quantiles):
            raise ConfigError(
                f"a head of kind {self.kind!r} has quantiles {self.quantiles}; only 'quantile' takes some."
            )
        check_quantiles(self.quantiles)

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives for each window."""
        return self.n_horizons * max(len(self.quantiles), 1)

    def read(self, raw: Tensor) -> Tensor:
        """Raw outputs (..., n_outputs) as scores or returns (..., n_horizons), or quantiles (..., n_horizons, Q)."""
        if self.kind != "quantile":
            return raw
        free = raw.unflatten(-1, (self.n_horizons, len(self.quantiles)))
        return torch.cat([free[..., :1], softplus(free[..., 1:])], dim=-1).cumsum(dim=-1)

    def loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """Loss of each window (...,), the mean over the horizons whose outcome is known.

        Log loss of a direction, squared error of a return, mean pinball loss of quantiles (Koenker & Bassett, 1978).
        `target` is (..., n_horizons); a missing outcome counts for nothing.
        """
        if self.n_horizons == 1:
            return self._losses(self.read(raw), target)[..., 0]
        is_known = ~target.isnan()
        losses = self._losses(self.read(raw), target.nan_to_num()) * is_known
        return losses.sum(dim=-1) / is_known.sum(dim=-1).clamp(min=1)

    def _losses(self, answer: Tensor, target: Tensor) -> Tensor:
        if self.kind == "direction":
            return binary_cross_entropy_with_logits(answer, target, reduction="none")
        if self.kind == "return":
            return (answer - target).square()
        level = torch.tensor(self.quantiles, device=answer.device, dtype=answer.dtype)
        short = target[..., None] - answer
        return torch.maximum(level * short, (level - 1) * short).mean(dim=-1)


def check_quantiles(quantiles: Sequence[float]) -> None:
    """Raise ConfigError unless the levels rise inside (0, 1)."""
    edges = (0.0, *quantiles, 1.0)
    if any(low >= high for low, high in pairwise(edges)):
        raise ConfigError(f"quantiles are {tuple(quantiles)}; give levels that rise, all above 0 and below 1.")
