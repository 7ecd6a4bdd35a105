"""What a training knows of itself; all that callbacks share and a checkpoint keeps."""

import math
from dataclasses import dataclass, field

from torch import Tensor, nn

from finml_core.models.configs import TrainConfig
from finml_core.models.training.adamw import AdamW

PLATEAU_FACTOR = 0.5  # of the learning rate, where the loss stands still


@dataclass(kw_only=True)
class Course:
    """How far a training has come and how well it goes."""

    config: TrainConfig
    steps_per_epoch: int
    n_windows: int  # windows an epoch
    epoch: int = 0  # epochs that are complete
    step: int = 0  # batches that are complete
    is_stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)  # epoch, train_loss, validation_loss
    best_loss: float = math.inf
    best_epoch: int = 0  # 0 while there is none
    rate_factor: float = 1.0  # what a plateau has left of the learning rate
    plateau_loss: float = math.inf  # least loss that the plateau schedule has seen
    plateau_epoch: int = 0  # epoch of it, or of the last cut

    @property
    def n_steps(self) -> int:
        """Batches if no epoch is saved by stopping early."""
        return self.steps_per_epoch * self.config.epochs

    def learning_rate(self) -> float:
        """A linear climb to the peak, then a half cosine to 0, or the peak times what plateaus left of it."""
        config = self.config
        n_warm = int(config.warmup_share * self.n_steps)
        if self.step < n_warm:
            share = (self.step + 1) / n_warm
        elif config.schedule == "cosine":
            share = 0.5 * (1 + math.cos(math.pi * (self.step - n_warm) / (self.n_steps - n_warm)))
        else:
            share = self.rate_factor
        return config.learning_rate * share

    def note_plateau(self) -> None:
        """Halve the rate when `plateau_patience` epochs have brought no better loss; the tail's, if there is one."""
        last = self.history[-1]
        loss = last["validation_loss"] if math.isfinite(last["validation_loss"]) else last["train_loss"]
        if loss < self.plateau_loss:
            self.plateau_loss, self.plateau_epoch = loss, self.epoch
        elif self.epoch - self.plateau_epoch >= self.config.plateau_patience:
            self.rate_factor, self.plateau_epoch = self.rate_factor * PLATEAU_FACTOR, self.epoch

    def note_validation(self) -> bool:
        """Whether the last epoch is the best so far; stops after `patience` that were not."""
        loss = self.history[-1]["validation_loss"]
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            return True
        self.is_stopped = self.is_stopped or self.epoch - self.best_epoch >= self.config.patience
        return False


@dataclass(kw_only=True)
class TrainingState(Course):
    """Changes while the loop runs."""

    network: nn.Module
    optimizer: AdamW
    best_weights: dict[str, Tensor] = field(default_factory=dict)
