"""What a training knows of itself; all that callbacks share and a checkpoint keeps."""

import math
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.optim import Optimizer

from finml_core.models.configs import TrainConfig


@dataclass(kw_only=True)
class TrainingState:
    """Changes while the loop runs."""

    network: nn.Module
    optimizer: Optimizer
    config: TrainConfig
    steps_per_epoch: int
    n_windows: int  # windows an epoch
    epoch: int = 0  # epochs that are complete
    step: int = 0  # batches that are complete
    is_stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)  # epoch, train_loss, validation_loss
    best_loss: float = math.inf
    best_epoch: int = 0  # 0 while there is none
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def n_steps(self) -> int:
        """Batches if no epoch is saved by stopping early."""
        return self.steps_per_epoch * self.config.epochs
