"""What happens around the loop: schedule, clipping, stopping, progress, cancelling."""

import time
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from finml_core.models.errors import TrainingCancelled
from finml_core.models.training.state import TrainingState


class Callback:
    """Told at each turn of the loop; does nothing by itself."""

    def on_train_start(self, state: TrainingState) -> None:
        """Before the first epoch."""

    def on_batch_start(self, state: TrainingState) -> None:
        """Before each batch."""

    def on_backward(self, state: TrainingState) -> None:
        """When gradients are ready and weights have not moved yet."""

    def on_epoch_end(self, state: TrainingState) -> None:
        """When the epoch is in the history."""

    def on_train_end(self, state: TrainingState) -> None:
        """After the last epoch, stopped early or not."""


class CancelCheck(Callback):
    """Asks before each batch whether to stop."""

    def __init__(self, should_stop: Callable[[], bool]):
        self.should_stop = should_stop

    def on_batch_start(self, state: TrainingState) -> None:
        if self.should_stop():
            raise TrainingCancelled(f"training was cancelled in epoch {state.epoch + 1} of {state.config.epochs}.")


class LearningRateSchedule(Callback):
    """Sets the rate of each step, and notes after each epoch whether the loss stands still."""

    def on_batch_start(self, state: TrainingState) -> None:
        state.optimizer.learning_rate = state.learning_rate()

    def on_epoch_end(self, state: TrainingState) -> None:
        if state.config.schedule == "plateau":
            state.note_plateau()


class GradientClipping(Callback):
    """Shortens the gradient to `gradient_clip`."""

    def on_backward(self, state: TrainingState) -> None:
        nn.utils.clip_grad_norm_(state.network.parameters(), state.config.gradient_clip)


class EarlyStopping(Callback):
    """Stops after `patience` epochs without a better validation loss; the best weights come back at the end."""

    def on_epoch_end(self, state: TrainingState) -> None:
        if state.note_validation():
            state.best_weights = copy_weights(state.network)

    def on_train_end(self, state: TrainingState) -> None:
        if state.best_weights:
            state.network.load_state_dict(state.best_weights)


class ProgressReport(Callback):
    """Tells of each epoch: its number, losses, the best so far, windows a second."""

    def __init__(self, progress: Callable[[dict[str, Any]], None]):
        self.progress = progress
        self.started = time.perf_counter()
        self.first_epoch = 0

    def on_train_start(self, state: TrainingState) -> None:
        self.started, self.first_epoch = time.perf_counter(), state.epoch

    def on_epoch_end(self, state: TrainingState) -> None:
        seconds = time.perf_counter() - self.started
        self.progress(
            {
                **state.history[-1],
                "epochs": state.config.epochs,
                "best_epoch": state.best_epoch,
                "windows_per_second": (state.epoch - self.first_epoch) * state.n_windows / seconds,
            }
        )


def copy_weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights and buffers as they are now."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
