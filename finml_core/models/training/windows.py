"""Windows as views of one feature matrix that stays on the device."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class WindowData:
    """Windows by where they end, with their outcomes; several may share one matrix."""

    matrix: Tensor  # (N, F), rows of each symbol next to each other in order of time
    end: Tensor  # (n,) int64, the last row of each window
    target: Tensor  # (n, n_horizons) outcomes; missing where not known yet
    weight: Tensor  # (n,) sample weights, 1 on average
    length: int  # rows a window

    def __len__(self) -> int:
        return len(self.end)

    def batches(
        self, batch_size: int, *, shuffled: bool = False, generator: torch.Generator | None = None
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Windows (B, T, F), targets and weights; shuffled by a CPU generator, torch's global one by default."""
        order = torch.randperm(len(self), generator=generator) if shuffled else torch.arange(len(self))
        for chosen in order.to(self.end.device).split(batch_size):
            yield gather_windows(self.matrix, self.end[chosen], self.length), self.target[chosen], self.weight[chosen]


def gather_windows(matrix: Tensor, end: Tensor, length: int) -> Tensor:
    """The windows of `length` rows that end at `end`, shape (B, length, F); only these B are copied."""
    n_rows, n_features = matrix.shape
    # every window is one contiguous run of memory, so that a batch is a copy of B long rows of an overlapping view
    views = matrix.as_strided((n_rows - length + 1, length * n_features), (n_features, 1))
    return views.index_select(0, end - (length - 1)).view(len(end), length, n_features)
