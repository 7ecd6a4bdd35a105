"""The one loop that trains every network."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from finml_core.models.configs import TrainConfig
from finml_core.models.errors import ModelError
from finml_core.models.training.callbacks import Callback
from finml_core.models.training.device import frugal_threads, seeded
from finml_core.models.training.state import TrainingState
from finml_core.models.training.windows import WindowData

SMALLEST_BATCH = 8
EVALUATION_BATCH = 4096  # windows without a gradient


def train_with_smaller_batches(
    make_network: Callable[[], nn.Module],
    train: WindowData,
    validation: WindowData | None,
    config: TrainConfig,
    callbacks: Sequence[Callback] = (),
) -> TrainingState:
    """`train_network`, begun anew with half the batch whenever the device has too little memory.

    Raises
    ------
    ModelError
        If even batches of 8 windows do not fit.
    """
    while True:
        try:
            network = make_network()
            with frugal_threads(network, config.batch_size * train.length):
                return train_network(network, train, validation, config, callbacks)
        except torch.OutOfMemoryError as error:
            if config.batch_size <= SMALLEST_BATCH:
                raise ModelError(
                    f"the device {train.matrix.device} has too little memory for batches of {config.batch_size} "
                    f"windows of {train.length} rows. Use a smaller network, a shorter window, or device=cpu."
                ) from error
            config = replace(config, batch_size=max(config.batch_size // 2, SMALLEST_BATCH))
            if train.matrix.device.type == "cuda":
                torch.cuda.empty_cache()


def train_network(
    network: nn.Module,
    train: WindowData,
    validation: WindowData | None,
    config: TrainConfig,
    callbacks: Sequence[Callback] = (),
) -> TrainingState:
    """Minimise the weighted log loss of a network with one output by AdamW.

    Parameters
    ----------
    network : Module
        On the device of the data; its weights are changed.
    train, validation : WindowData
        `validation` may be missing; its loss is then missing in the history.
    config : TrainConfig
    callbacks : sequence of Callback
        Called in this order.

    Returns
    -------
    TrainingState

    Raises
    ------
    ModelError
        If the loss is no longer a number.
    TrainingCancelled
        From a callback.
    """
    state = TrainingState(
        network=network,
        optimizer=torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, foreach=True
        ),
        config=config,
        steps_per_epoch=math.ceil(len(train) / config.batch_size),
        n_windows=len(train),
    )
    _tell(callbacks, "on_train_start", state)
    while state.epoch < config.epochs and not state.is_stopped:
        # an epoch's randomness is its own, so that a resumed training repeats it
        with seeded(config.seed * 1_000_003 + state.epoch, train.matrix.device):
            train_loss = _train_epoch(state, train, callbacks)
        validation_loss = math.nan if validation is None else mean_loss(network, validation)
        state.epoch += 1
        state.history.append({"epoch": state.epoch, "train_loss": train_loss, "validation_loss": validation_loss})
        if not math.isfinite(train_loss):
            raise ModelError(
                f"the training loss is {train_loss} after epoch {state.epoch}; use a smaller learning rate than "
                f"{config.learning_rate}."
            )
        _tell(callbacks, "on_epoch_end", state)
    _tell(callbacks, "on_train_end", state)
    return state


def mean_loss(network: nn.Module, data: WindowData) -> float:
    """Weighted mean log loss over all windows, dropout off."""
    network.eval()
    total = torch.zeros((), device=data.matrix.device)
    with torch.inference_mode():
        for windows, target, weight in data.batches(EVALUATION_BATCH):
            total += binary_cross_entropy_with_logits(network(windows)[:, 0], target, weight, reduction="sum")
    return float(total / data.weight.sum())


def _train_epoch(state: TrainingState, train: WindowData, callbacks: Sequence[Callback]) -> float:
    network, optimizer = state.network, state.optimizer
    device = train.matrix.device
    is_mixed = state.config.mixed_precision and device.type == "cuda"
    network.train()
    total = torch.zeros((), device=device)
    for windows, target, weight in train.batches(state.config.batch_size, shuffled=True):
        _tell(callbacks, "on_batch_start", state)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_mixed):
            score = network(windows)[:, 0]
        loss = binary_cross_entropy_with_logits(score.float(), target, weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        _tell(callbacks, "on_backward", state)
        optimizer.step()
        total += loss.detach() * len(target)
        state.step += 1
    return float(total / len(train))


def _tell(callbacks: Sequence[Callback], turn: str, state: TrainingState) -> None:
    for callback in callbacks:
        getattr(callback, turn)(state)
