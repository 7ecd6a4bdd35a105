"""The one loop that trains every network."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from finml_core.models.configs import TrainConfig
from finml_core.models.errors import ModelError
from finml_core.models.heads import Head
from finml_core.models.training.adamw import AdamW
from finml_core.models.training.callbacks import Callback
from finml_core.models.training.device import drawing, frugal_threads, seeded
from finml_core.models.training.state import TrainingState
from finml_core.models.training.windows import WindowData

SMALLEST_BATCH = 8
EVALUATION_BATCH = 4096  # windows without a gradient
EPOCH_SEEDS = 1_000_003  # a prime between the seeds of two trainings' epochs
DIRECTION = Head()


def train_with_smaller_batches(
    make_network: Callable[[], nn.Module],
    train: WindowData,
    validation: WindowData | None,
    config: TrainConfig,
    callbacks: Sequence[Callback] = (),
    head: Head = DIRECTION,
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
                return train_network(network, train, validation, config, callbacks, head)
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
    head: Head = DIRECTION,
) -> TrainingState:
    """Minimise the weighted loss of a head by AdamW (Loshchilov & Hutter, 2019).

    Parameters
    ----------
    network : Module
        On the device of the data; its weights are changed.
    train, validation : WindowData
        `validation` may be missing; its loss is then missing in the history.
    config : TrainConfig
    callbacks : sequence of Callback
        Called in this order.
    head : Head
        What the network's outputs mean.

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
        optimizer=AdamW(network.parameters(), learning_rate=config.learning_rate, weight_decay=config.weight_decay),
        config=config,
        steps_per_epoch=math.ceil(len(train) / config.batch_size),
        n_windows=len(train),
    )
    forward = torch.compile(network) if config.compile else network
    _tell(callbacks, "on_train_start", state)
    while state.epoch < config.epochs and not state.is_stopped:
        # an epoch's randomness is its own, so that a resumed training repeats it
        seed, device = config.seed * EPOCH_SEEDS + state.epoch, train.matrix.device
        if config.compile:  # a compiled program draws from torch's global generators only
            with seeded(seed, device):
                train_loss = _train_epoch(state, forward, head, train, callbacks, None)
        else:
            with drawing(network, seed, device) as generator:
                train_loss = _train_epoch(state, forward, head, train, callbacks, generator)
        validation_loss = math.nan if validation is None else mean_loss(network, head, validation)
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


def mean_loss(network: nn.Module, head: Head, data: WindowData) -> float:
    """Weighted mean loss over all windows, dropout off."""
    network.eval()
    total = torch.zeros((), device=data.matrix.device)
    with torch.inference_mode():
        for windows, target, weight in data.batches(EVALUATION_BATCH):
            total += (head.loss(network(windows), target) * weight).sum()
    return float(total / data.weight.sum())


def _train_epoch(
    state: TrainingState,
    forward: Callable[[Tensor], Tensor],
    head: Head,
    train: WindowData,
    callbacks: Sequence[Callback],
    generator: torch.Generator | None,
) -> float:
    optimizer = state.optimizer
    device = train.matrix.device
    is_mixed = state.config.uses_bfloat16(device.type)
    state.network.train()
    total = torch.zeros((), device=device)
    for windows, target, weight in train.batches(state.config.batch_size, shuffled=True, generator=generator):
        _tell(callbacks, "on_batch_start", state)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_mixed):
            raw = forward(windows)
        loss = (head.loss(raw.float(), target) * weight).mean()
        optimizer.clear_gradients()
        loss.backward()
        _tell(callbacks, "on_backward", state)
        optimizer.step()
        total += loss.detach() * len(target)
        state.step += 1
    return float(total / len(train))


def _tell(callbacks: Sequence[Callback], turn: str, state: TrainingState) -> None:
    for callback in callbacks:
        getattr(callback, turn)(state)
