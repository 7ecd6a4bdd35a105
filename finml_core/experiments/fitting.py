"""One piece of the fold loop: a model on a fold from a seed, alone or together with its like."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from finml_core.experiments.progress import ExperimentCancelled, Progress
from finml_core.models import ModelConfig, ModelFactory, ModelType, TrainingCancelled
from finml_core.models.device_use import device_use
from finml_core.samples import Samples
from finml_core.typing import IntArray

HISTORY = ("model", "fold", "seed", "epoch", "train_loss", "validation_loss")
EPOCH = HISTORY[3:]
AT_ONCE = 8  # networks in one batched program; folds that are trained at once are kept when all are done


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model on one fold from one seed: which samples teach it, and which rows it answers for on which path."""

    model: ModelType
    fold: int
    seed: int
    is_first_seed: bool
    train: IntArray  # positions in the samples
    test: IntArray  # positions in the samples
    paths: IntArray  # of each tested sample
    ahead: pd.DataFrame | None = None  # feature rows after the last sample, on the path of the last tested one

    @property
    def name(self) -> str:
        """As its model and checkpoints are kept."""
        return kept_name(self.model.value, self.seed, is_first=self.is_first_seed)

    def asked(self, samples: Samples) -> tuple[pd.DataFrame, IntArray]:
        """Feature rows to predict, and the path of each."""
        rows = samples.X.iloc[self.test]
        if self.ahead is None:
            return rows, self.paths
        last = self.paths[rows.index.get_level_values("ts").argmax()]
        return pd.concat([rows, self.ahead]), np.r_[self.paths, np.full(len(self.ahead), last)]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What one job leaves."""

    predictions: pd.DataFrame  # symbol, ts, fold, path, model, seed, p_raw
    history: pd.DataFrame
    times: pd.DataFrame


class Epochs:
    """Progress of jobs that are trained at once, epoch by epoch, as a share of all jobs."""

    def __init__(self, progress: Progress, jobs: Sequence[Job], n_done: int, n_jobs: int, n_folds: int):
        self._progress, self._jobs, self._n_done, self._n_jobs = progress, jobs, n_done, n_jobs
        self._shares = [0.0] * len(jobs)
        folds = [
            job.fold + 1 for job in jobs
        ]  # of two seeds the later folds of one stand before the first of the other
        first, last = min(folds), max(folds)
        which = f"fold {first}" if first == last else f"folds {first} to {last}"
        n_seeds = len({job.seed for job in jobs})
        seeds = f", {n_seeds} seeds" if n_seeds > 1 else "" if jobs[0].is_first_seed else f", seed {jobs[0].seed}"
        self._message = f"training {jobs[0].model.value}, {which} of {n_folds}{seeds}"
        progress("train", n_done / n_jobs, self._message, model=jobs[0].model.value, fold=jobs[0].fold)

    @property
    def is_stopped(self) -> Callable[[], bool]:
        return self._progress.is_stopped

    @property
    def message(self) -> str:
        return self._message

    def of(self, number: int) -> Callable[[dict[str, Any]], None]:
        """The callback that a network of these jobs calls after each epoch."""
        job = self._jobs[number]

        def report(event: dict[str, Any]) -> None:
            self._shares[number] = event["epoch"] / event["epochs"]
            detail = {key: event[key] for key in EPOCH if key in event}
            self._progress(
                "train",
                (self._n_done + sum(self._shares)) / self._n_jobs,
                f"{self._message}, epoch {event['epoch']} of {event['epochs']}",
                model=job.model.value,
                fold=job.fold,
                seed=job.seed,
                **detail,
            )

        return report


def kept_name(model: str, seed: int, *, is_first: bool) -> str:
    """The name under which a run keeps its model of a seed: the first seed's is the model's own."""
    return model if is_first else f"{model}-seed-{seed}"


def grouped(jobs: Sequence[Job], config: ModelConfig) -> list[list[Job]]:
    """The jobs in their order, those beside each other that are faster when trained at once."""
    groups: list[list[Job]] = []
    for job in jobs:
        last = groups[-1] if groups else []
        if last and last[0].model == job.model and len(last) < _most_at_once(job.model, config):
            last.append(job)
        else:
            groups.append([job])
    return groups


def fit_and_predict(
    jobs: Sequence[Job], config: ModelConfig, samples: Samples, context: pd.DataFrame, epochs: Epochs
) -> list[tuple[Any, Piece]]:
    """Train the models of these jobs, one alone or several of a network at once; each with what it leaves.

    Raises
    ------
    ExperimentCancelled
        If somebody asked to stop meanwhile.
    """
    started = time.perf_counter()
    models = [
        ModelFactory.create_model(
            job.model, replace(config, seed=job.seed), progress=epochs.of(number), should_stop=epochs.is_stopped
        )
        for number, job in enumerate(jobs)
    ]
    try:
        if len(jobs) == 1:
            _fit(models[0], jobs[0], samples, context)
        else:
            _fit_together(models, jobs, samples, context)
    except TrainingCancelled as error:
        raise ExperimentCancelled(f"cancelled while {epochs.message}.") from error
    seconds = time.perf_counter() - started
    n_epochs = [max(len(getattr(model, "history_", [])), 1) for model in models]
    return [
        (model, _predict(model, job, samples, context, seconds * own / sum(n_epochs)))
        for model, job, own in zip(models, jobs, n_epochs, strict=True)
    ]


def _most_at_once(model: ModelType, config: ModelConfig) -> int:
    """How many trainings of a network go on at once: as one program, or else as many as there are cores."""
    if not model.is_sequence:
        return 1
    from finml_core.models.sequence import is_faster_together, trainings_at_once
    from finml_core.models.training import resolve_device

    device = resolve_device(config.train.device)
    network = getattr(config, model.value)
    if is_faster_together(network, device, config.train.batch_size, config.sequence_length):
        return AT_ONCE
    return trainings_at_once(device)


def _fit(model: Any, job: Job, samples: Samples, context: pd.DataFrame) -> None:
    model.fit(
        samples.X.iloc[job.train],
        samples.y.iloc[job.train],
        sample_weight=samples.training_weight(job.train),
        **taken(model.fit, label_end=samples.label_end.iloc[job.train], context=context),
    )


def _fit_together(models: Sequence[Any], jobs: Sequence[Job], samples: Samples, context: pd.DataFrame) -> None:
    from finml_core.models import Fold, fit_folds

    folds = [
        Fold(
            X=samples.X.iloc[job.train],
            y=samples.y.iloc[job.train],
            sample_weight=samples.training_weight(job.train),
            label_end=samples.label_end.iloc[job.train],
        )
        for job in jobs
    ]
    fit_folds(models, folds, context=context)


def _predict(model: Any, job: Job, samples: Samples, context: pd.DataFrame, training_s: float) -> Piece:
    started = time.perf_counter()
    rows, paths = job.asked(samples)
    p_up = model.predict_proba(rows, **taken(model.predict_proba, context=context))[:, 1]
    seconds = training_s + time.perf_counter() - started
    which = {"model": job.model.value, "fold": job.fold, "seed": job.seed}
    predictions = rows.index.to_frame(index=False)
    predictions = predictions.assign(fold=job.fold, path=paths, model=job.model.value, seed=job.seed, p_raw=p_up)
    history = pd.DataFrame(getattr(model, "history_", []), columns=list(EPOCH))
    for place, (column, value) in enumerate(which.items()):
        history.insert(place, column, value)
    n_windows = getattr(model, "n_windows_", float("nan"))
    use = device_use(model)
    times = pd.DataFrame(
        [
            {
                **which,
                "seconds": seconds,
                "device": use.device,
                "n_rows": len(job.train),
                "n_windows": float(n_windows),
                "n_parameters": float(getattr(model, "n_parameters_", float("nan"))),
                "epochs": len(history),
                "windows_per_second": n_windows * len(history) / training_s,
                "memory_mib": use.memory_mib,
            }
        ]
    )
    return Piece(predictions=predictions, history=history.astype({"epoch": "int64"}), times=times)


def taken(method: Callable[..., Any], **offered: Any) -> dict[str, Any]:
    """Those of the offered arguments that the method takes."""
    parameters = signature(method).parameters
    return {name: value for name, value in offered.items() if name in parameters}
