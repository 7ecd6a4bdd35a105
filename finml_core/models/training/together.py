"""Many trainings of one network as one program: its weights are stacked, and every step is taken for all at once.

Each member has its own windows, scaling, seed, schedule and early stopping, and ends where training it alone would have
ended, but for rounding. On the CPU that holds with dropout, too: the masks are drawn from each member's own seed in the
order in which it would have drawn them. On a CUDA device masks are drawn for all at once, and products are float32.
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from finml_core.models.configs import TrainConfig
from finml_core.models.errors import ModelError, TrainingCancelled
from finml_core.models.heads import Head
from finml_core.models.networks import Dropout, set_stacked
from finml_core.models.training.stacked import StackedAdamW, StackedWeights
from finml_core.models.training.state import Course
from finml_core.models.training.windows import WindowData, gather_windows

EVALUATION_BATCH = 4096  # windows without a gradient, of all members together
EPOCH_SEEDS = 1_000_003  # a prime between the seeds of two members' epochs, as in the loop for one


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of the trainings. All members share the network's shape, the matrix, and the settings but for the seed."""

    network: nn.Module  # fresh; its weights are replaced by the trained ones
    seed: int
    train: WindowData
    validation: WindowData | None
    shift: Tensor  # (F,) taken off the matrix's features, and
    factor: Tensor  # (F,) what they are then multiplied by, before they are cut at `largest`
    progress: Callable[[dict[str, Any]], None] | None = None


def train_together(
    members: Sequence[Member],
    config: TrainConfig,
    head: Head,
    *,
    largest: float,
    should_stop: Callable[[], bool] | None = None,
) -> list[Course]:
    """Train every member; the courses come back in their order.

    Raises
    ------
    ModelError
        If a loss is no longer a number.
    TrainingCancelled
        If `should_stop`, asked before each step, said so.
    """
    return _Together(members, config, head, largest, should_stop).run()


class _Together:
    """The state of all members, a row of each tensor for each."""

    def __init__(
        self,
        members: Sequence[Member],
        config: TrainConfig,
        head: Head,
        largest: float,
        should_stop: Callable[[], bool] | None,
    ):
        self.members, self.config, self.head = members, config, head
        self.largest, self.should_stop = largest, should_stop
        self.device = members[0].train.matrix.device
        self.length = members[0].train.length
        self.weights = StackedWeights([member.network for member in members])
        self.optimizer = StackedAdamW(self.weights.flat, config)
        self.best = self.weights.flat.clone()
        self.shift = torch.stack([member.shift for member in members])[:, None, None]
        self.factor = torch.stack([member.factor for member in members])[:, None, None]
        self.template = copy.deepcopy(members[0].network)
        self.dropouts = _dropouts_in_order(self.template, self._windows([0], members[0].train.end[None, :1])[0])
        set_stacked(self.template, True)
        self.courses = [
            Course(
                config=replace(config, seed=member.seed),
                steps_per_epoch=math.ceil(len(member.train) / config.batch_size),
                n_windows=len(member.train),
            )
            for member in members
        ]

    def run(self) -> list[Course]:
        started = time.perf_counter()
        for epoch in range(self.config.epochs):
            live = [number for number, course in enumerate(self.courses) if not course.is_stopped]
            if not live:
                break
            train_loss = self._train_epoch(live, epoch)
            validation_loss = self._validation_losses(live)
            for number in live:
                self._end_epoch(number, train_loss[number], validation_loss[number], time.perf_counter() - started)
        for number, member in enumerate(self.members):
            course = self.courses[number]
            self.weights.put_into(member.network, self.best[number] if course.best_epoch else self.weights.flat[number])
        return self.courses

    def _train_epoch(self, live: list[int], epoch: int) -> dict[int, float]:
        generators = {
            number: torch.Generator().manual_seed(self.members[number].seed * EPOCH_SEEDS + epoch) for number in live
        }
        size = self.config.batch_size
        order = {
            number: torch.randperm(len(self.members[number].train), generator=generators[number]).to(self.device)
            for number in live
        }
        totals = torch.zeros(len(self.members), device=self.device)
        self.template.train()
        for step in range(max(self.courses[number].steps_per_epoch for number in live)):
            if self.should_stop is not None and self.should_stop():
                raise TrainingCancelled(f"training was cancelled in epoch {epoch + 1} of {self.config.epochs}.")
            active = [number for number in live if step < self.courses[number].steps_per_epoch]
            chosen = [order[number][step * size : (step + 1) * size] for number in active]
            batch = _padded([self.members[number].train for number in active], chosen)
            masks = self._masks(active, [len(rows) for rows in chosen], batch.end.shape[1], generators)
            totals[active] += self._step(active, batch, masks)
        return {number: float(totals[number]) / len(self.members[number].train) for number in live}

    def _step(self, active: list[int], batch: "_Batch", masks: dict[str, Tensor]) -> Tensor:
        """One step of the active members; the sum of each one's losses over its rows."""
        rows = None if len(active) == len(self.members) else torch.tensor(active, device=self.device)
        leaves = self.weights.leaves(rows)
        raw = vmap(self._forward)(leaves, masks, self._windows(active, batch.end))
        losses = (self.head.loss(raw, batch.target) * batch.weight).sum(dim=1)
        (losses / batch.count).sum().backward()
        rates, steps = [], []
        for number in active:
            rates.append(self.courses[number].learning_rate())
            self.courses[number].step += 1
            steps.append(self.courses[number].step)
        self.optimizer.step(self.weights.gradients(leaves), rows, rates, steps)
        return losses.detach()

    @torch.no_grad()
    def _validation_losses(self, live: list[int]) -> dict[int, float]:
        self.template.eval()
        judged = [number for number in live if self.members[number].validation is not None]
        losses = dict.fromkeys(live, math.nan)
        if not judged:
            return losses
        parts = [self.members[number].validation for number in judged]
        leaves = self.weights.leaves(torch.tensor(judged, device=self.device))
        total = torch.zeros(len(judged), device=self.device)
        size = max(EVALUATION_BATCH // len(judged), 1)
        for start in range(0, max(len(part) for part in parts), size):
            ends = [max(min(start + size, len(part)), start) for part in parts]  # a shorter tail is through already
            chosen = [torch.arange(start, end, device=self.device) for end in ends]
            batch = _padded(parts, chosen)
            raw = vmap(self._forward)(leaves, {}, self._windows(judged, batch.end))
            total += (self.head.loss(raw, batch.target) * batch.weight).sum(dim=1)
        for row, number in enumerate(judged):
            losses[number] = float(total[row] / parts[row].weight.sum())
        return losses

    def _end_epoch(self, number: int, train_loss: float, validation_loss: float, seconds: float) -> None:
        member, course = self.members[number], self.courses[number]
        course.epoch += 1
        if not math.isfinite(train_loss):
            raise ModelError(
                f"the training loss of member {number} is {train_loss} after epoch {course.epoch}; use a smaller "
                f"learning rate than {self.config.learning_rate}."
            )
        losses = {"train_loss": train_loss, "validation_loss": validation_loss}
        course.history.append({"epoch": course.epoch, **losses})
        if self.config.schedule == "plateau":
            course.note_plateau()
        if member.validation is not None and course.note_validation():
            self.best[number] = self.weights.flat[number]
        if member.progress is not None:
            member.progress(
                {
                    **course.history[-1],
                    "epochs": self.config.epochs,
                    "best_epoch": course.best_epoch,
                    "windows_per_second": course.epoch * course.n_windows / seconds,  # of this member
                }
            )

    def _forward(self, weights: dict[str, Tensor], masks: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(self.template, {**weights, **masks}, (x,))

    def _windows(self, active: list[int], end: Tensor) -> Tensor:
        """Windows (A, B, T, F) that end at `end` (A, B), each member's by its own scaling."""
        matrix = self.members[0].train.matrix
        windows = gather_windows(matrix, end.flatten(), self.length).view(*end.shape, self.length, matrix.shape[1])
        return ((windows - self.shift[active]) * self.factor[active]).clamp_(-self.largest, self.largest)

    def _masks(
        self, active: list[int], n_rows: list[int], width: int, generators: dict[int, torch.Generator]
    ) -> dict[str, Tensor]:
        """What each member's dropout silences in this step, in the order in which it would draw alone."""
        drawn: dict[str, list[Tensor]] = {f"{name}.mask": [] for name in self.dropouts}
        for number, n in zip(active, n_rows, strict=True):
            for name, shape in self.dropouts.items():
                layer = self.template.get_submodule(name)
                on_cpu = self.device.type == "cpu"
                generator = generators[number] if on_cpu else None
                mask = layer.draw((n if on_cpu else width, *shape), self.device, generator)
                padding = mask.new_ones((width - len(mask), *shape))
                drawn[f"{name}.mask"].append(torch.cat([mask, padding]) if len(padding) else mask)
        return {name: torch.stack(masks) for name, masks in drawn.items()}


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Rows of several members side by side, filled up with rows of weight 0."""

    end: Tensor  # (A, B)
    target: Tensor  # (A, B, n_horizons)
    weight: Tensor  # (A, B)
    count: Tensor  # (A,) rows that are not filling


def _padded(parts: Sequence[WindowData], chosen: Sequence[Tensor]) -> _Batch:
    width = max(len(rows) for rows in chosen)
    device = parts[0].end.device
    end, target, weight = [], [], []
    for part, rows in zip(parts, chosen, strict=True):
        n_filling = width - len(rows)
        filled = rows if not n_filling else torch.cat([rows, rows.new_zeros(n_filling)])
        row_weight = part.weight[filled]
        if n_filling:
            row_weight[len(rows) :] = 0.0
        end.append(part.end[filled])
        target.append(part.target[filled])
        weight.append(row_weight)
    count = torch.tensor([max(len(rows), 1) for rows in chosen], device=device, dtype=torch.float32)
    return _Batch(end=torch.stack(end), target=torch.stack(target), weight=torch.stack(weight), count=count)


def _dropouts_in_order(network: nn.Module, window: Tensor) -> dict[str, tuple[int, ...]]:
    """Names of the layers that drop, in the order of one pass, and the shape of what each sees of a window."""
    names = {layer: name for name, layer in network.named_modules() if isinstance(layer, Dropout) and layer.p > 0}
    met: list[Dropout] = []
    hooks = [layer.register_forward_hook(lambda layer, *_: met.append(layer)) for layer in names]
    with torch.no_grad():
        network.eval()(window)
    for hook in hooks:
        hook.remove()
    return {names[layer]: layer.shape[1:] for layer in met}
