"""Weights of many networks of one shape as rows of one matrix, and AdamW over these rows."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from finml_core.models.configs import TrainConfig
from finml_core.models.training.adamw import BETAS, EPSILON

CLIP_EPSILON = 1e-6  # as torch's clip_grad_norm_ adds to the norm


class StackedWeights:
    """`flat` (M, P) holds all weights of each network in a row; by name they are views of it."""

    def __init__(self, networks: Sequence[nn.Module]):
        self.shapes = {name: weight.shape for name, weight in networks[0].named_parameters()}
        rows = [torch.cat([weight.detach().flatten() for weight in network.parameters()]) for network in networks]
        self.flat = torch.stack(rows)

    def leaves(self, rows: Tensor | None) -> dict[str, Tensor]:
        """Stacked weights by name, each ready to gather a gradient, of the chosen rows or of all."""
        flat = self.flat if rows is None else self.flat[rows]
        parts = flat.split([shape.numel() for shape in self.shapes.values()], dim=1)
        return {
            name: part.view(len(flat), *shape).detach().requires_grad_()
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def gradients(self, leaves: dict[str, Tensor]) -> Tensor:
        """The leaves' gradients as rows, (A, P); 0 for a weight that took no part."""
        return torch.cat(
            [
                (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).reshape(len(leaf), -1)
                for leaf in leaves.values()
            ],
            dim=1,
        )

    def put_into(self, network: nn.Module, row: Tensor) -> None:
        """Set the weights of `network` to a row."""
        nn.utils.vector_to_parameters(row.clone(), network.parameters())


class StackedAdamW:
    """AdamW (Loshchilov & Hutter, 2019) with a learning rate, a clipped norm and a count of steps for each row."""

    def __init__(self, flat: Tensor, config: TrainConfig):
        self.flat, self.config = flat, config
        self.mean, self.square = torch.zeros_like(flat), torch.zeros_like(flat)

    @torch.no_grad()
    def step(self, gradient: Tensor, rows: Tensor | None, rates: Sequence[float], steps: Sequence[int]) -> None:
        """Move the chosen rows (all for None) along their gradients (A, P)."""
        norm = gradient.norm(dim=1, keepdim=True)
        gradient = gradient * (self.config.gradient_clip / (norm + CLIP_EPSILON)).clamp(max=1.0)
        flat, mean, square = (self._rows(part, rows) for part in (self.flat, self.mean, self.square))
        first, second = BETAS
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        column = [
            (1 - rate * self.config.weight_decay, rate / (1 - first**count), (1 - second**count) ** 0.5)
            for rate, count in zip(rates, steps, strict=True)
        ]
        decay, length, root = torch.tensor(column, device=flat.device, dtype=torch.float64).float().T[:, :, None]
        flat.mul_(decay).sub_(length * mean / (square.sqrt() / root + EPSILON))
        if rows is not None:
            self.flat[rows], self.mean[rows], self.square[rows] = flat, mean, square

    @staticmethod
    def _rows(part: Tensor, rows: Tensor | None) -> Tensor:
        return part if rows is None else part[rows]
