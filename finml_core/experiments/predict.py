"""The fold loop: every prediction comes from a model that did not train on its row."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import pandas as pd

from finml_core.experiments.progress import Checkpoint, ExperimentCancelled, Progress
from finml_core.models import ModelConfig, ModelFactory, ModelType, TrainingCancelled
from finml_core.samples import Samples
from finml_core.typing import IntArray

Split = tuple[IntArray, IntArray]  # row numbers to train on and to test
PATH = 0  # a splitter that tests each row once has one path
HISTORY = ("model", "fold", "epoch", "train_loss", "validation_loss")
PIECES = ("predictions", "history", "times")  # what a checkpoint keeps of a fold


@dataclass(frozen=True, kw_only=True)
class OutOfSample:
    """What the fold loop leaves."""

    predictions: pd.DataFrame  # symbol, ts, fold, path, model, y_true, label_return, label_end, p_raw
    history: pd.DataFrame  # learning curves: model, fold, epoch, train_loss, validation_loss
    times: pd.DataFrame  # model, fold, seconds, device


def predict_out_of_sample(
    samples: Samples,
    splits: Sequence[Split],
    models: Sequence[ModelType],
    config: ModelConfig,
    *,
    context: pd.DataFrame | None = None,
    ahead: pd.DataFrame | None = None,
    progress: Progress | None = None,
    checkpoint: Checkpoint | None = None,
) -> OutOfSample:
    """Train each model on each fold's training rows and predict its test rows.

    Parameters
    ----------
    samples : Samples of n rows
    splits : the (train, test) integer arrays of a splitter, in time order
    models, config : which models, and their settings
    context : DataFrame, optional
        Feature rows of all bars, from which sequence models take the rows before a sample. Features at t know nothing
        after t, so a training window may reach back across a purged gap.
    ahead : DataFrame, optional
        Complete feature rows after the last test block; the last fold's model predicts them too. Those whose outcome is
        not known yet carry none.
    progress, checkpoint : optional
        Where to report and to ask whether to stop; where finished folds are kept and found again.

    Returns
    -------
    OutOfSample, predictions sorted by model, ts, symbol
    """
    progress = progress or Progress()
    context = samples.X if context is None else context
    jobs = _jobs(samples, splits, models, ahead)
    parts: list[_Fold] = []
    for number, job in enumerate(jobs):
        share = number / len(jobs)
        message = f"training {job.model.value}, fold {job.fold + 1} of {len(splits)}"
        progress("train", share, message, model=job.model.value, fold=job.fold)
        kept = _load(checkpoint, job)
        if kept is None:
            on_epoch = _epochs(progress, job, share)
            estimator = ModelFactory.create_model(job.model, config, progress=on_epoch, should_stop=progress.is_stopped)
            kept = _fit_and_predict(job, estimator, samples, context)
            _save(checkpoint, job, estimator, kept)
        parts.append(kept)
    predictions = pd.concat([part.predictions for part in parts], ignore_index=True)
    return OutOfSample(
        predictions=_with_outcomes(predictions, samples).sort_values(["model", "ts", "symbol"], ignore_index=True),
        history=pd.concat([part.history for part in parts], ignore_index=True),
        times=pd.concat([part.times for part in parts], ignore_index=True),
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One model on one fold: which samples teach it, and which rows it answers for."""

    model: ModelType
    fold: int
    train: IntArray  # positions in the samples
    rows: pd.DataFrame  # feature rows


@dataclass(frozen=True, kw_only=True)
class _Fold:
    """What one job leaves."""

    predictions: pd.DataFrame
    history: pd.DataFrame
    times: pd.DataFrame


def _jobs(
    samples: Samples, splits: Sequence[Split], models: Sequence[ModelType], ahead: pd.DataFrame | None
) -> list[_Job]:
    rows = [samples.X.iloc[test] for _, test in splits]
    if ahead is not None:
        rows[-1] = pd.concat([rows[-1], ahead])
    return [
        _Job(model=model, fold=fold, train=train, rows=rows[fold])
        for model in models
        for fold, (train, _) in enumerate(splits)
    ]


def _fit_and_predict(job: _Job, estimator: Any, samples: Samples, context: pd.DataFrame) -> _Fold:
    started = time.perf_counter()
    try:
        estimator.fit(
            samples.X.iloc[job.train],
            samples.y.iloc[job.train],
            sample_weight=samples.sample_weight.iloc[job.train].to_numpy(),
            **_taken(estimator.fit, label_end=samples.label_end.iloc[job.train], context=context),
        )
    except TrainingCancelled as error:
        raise ExperimentCancelled(f"cancelled while training {job.model.value}, fold {job.fold + 1}.") from error
    p_up = estimator.predict_proba(job.rows, **_taken(estimator.predict_proba, context=context))[:, 1]
    seconds = time.perf_counter() - started
    predictions = job.rows.index.to_frame(index=False)
    predictions = predictions.assign(fold=job.fold, path=PATH, model=job.model.value, p_raw=p_up)
    history = pd.DataFrame(getattr(estimator, "history_", []), columns=list(HISTORY[2:]))
    history.insert(0, "model", job.model.value)
    history.insert(1, "fold", job.fold)
    device = str(getattr(estimator, "device_", "cpu"))
    times = pd.DataFrame([{"model": job.model.value, "fold": job.fold, "seconds": seconds, "device": device}])
    return _Fold(predictions=predictions, history=history.astype({"epoch": "int64"}), times=times)


def _taken(method: Callable[..., Any], **offered: Any) -> dict[str, Any]:
    """Those of the offered arguments that the method takes."""
    parameters = signature(method).parameters
    return {name: value for name, value in offered.items() if name in parameters}


def _epochs(progress: Progress, job: _Job, share: float) -> Callable[[dict[str, Any]], None]:
    """A callback for a network's epochs, passed on as progress of the same stage."""
    model, fold = job.model.value, job.fold

    def report(event: dict[str, Any]) -> None:
        detail = {key: event[key] for key in ("epoch", "train_loss", "validation_loss") if key in event}
        progress("train", share, f"training {model}, fold {fold + 1}", model=model, fold=fold, **detail)

    return report


def _with_outcomes(predictions: pd.DataFrame, samples: Samples) -> pd.DataFrame:
    outcomes = pd.DataFrame({"y_true": samples.y, "label_return": samples.label_return, "label_end": samples.label_end})
    return predictions.join(outcomes, on=["symbol", "ts"])


def _load(checkpoint: Checkpoint | None, job: _Job) -> _Fold | None:
    if checkpoint is None:
        return None
    frames = {name: checkpoint.load(_key(name, job)) for name in PIECES}
    return None if any(frame is None for frame in frames.values()) else _Fold(**frames)


def _save(checkpoint: Checkpoint | None, job: _Job, estimator: Any, kept: _Fold) -> None:
    if checkpoint is None:
        return
    checkpoint.keep_model(job.model.value, job.fold, estimator)
    for name in PIECES:
        checkpoint.save(_key(name, job), getattr(kept, name))


def _key(name: str, job: _Job) -> str:
    """Unique within a run; the run's own identity hashes configuration, bars and code, so no other run is met here."""
    return f"{name}-{job.model.value}-{job.fold}"
