"""The fold loop: every prediction comes from a model that did not train on its row."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from finml_core.experiments.progress import Checkpoint, Progress
from finml_core.models import ModelConfig, ModelFactory, ModelType, TrainingCancelled
from finml_core.samples import Samples

PATH = 0  # a splitter that tests each row once has one path
HISTORY = ("model", "fold", "epoch", "train_loss", "validation_loss")


@dataclass(frozen=True, kw_only=True)
class OutOfSample:
    """What the fold loop leaves."""

    predictions: pd.DataFrame  # symbol, ts, fold, path, model, y_true, label_return, label_end, p_raw
    history: pd.DataFrame  # learning curves: model, fold, epoch, train_loss, validation_loss
    times: pd.DataFrame  # model, fold, seconds, device


def predict_out_of_sample(
    samples: Samples,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    models: Sequence[ModelType],
    config: ModelConfig,
    *,
    context: pd.DataFrame | None = None,
    live: pd.DataFrame | None = None,
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
        Complete feature rows of all bars, from which sequence models take the rows before a sample. Features at t know
        nothing after t, so a training window may reach back across a purged gap.
    live : DataFrame, optional
        Feature rows after the last known outcome; the last fold's model predicts them, and they carry no outcome.
    progress, checkpoint : optional
        Where to report and to ask whether to stop; where finished folds are kept and found again.

    Returns
    -------
    OutOfSample, predictions sorted by model, ts, symbol
    """
    progress = progress or Progress()
    context = samples.X if context is None else context
    jobs = [(model, fold) for model in models for fold in range(len(splits))]
    parts: list[_Fold] = []
    for number, (model, fold) in enumerate(jobs):
        share = number / len(jobs)
        progress(
            "train", share, f"training {model.value}, fold {fold + 1} of {len(splits)}", model=model.value, fold=fold
        )
        kept = _load(checkpoint, model, fold)
        if kept is None:
            train, test = splits[fold]
            rows = samples.X.iloc[test]
            if live is not None and fold == len(splits) - 1:
                rows = pd.concat([rows, live])
            kept = _train_fold(
                samples,
                train,
                rows,
                fold,
                model,
                config,
                context,
                _epochs(progress, model, fold, share),
                progress,
                checkpoint,
            )
            _save(checkpoint, model, fold, kept)
        parts.append(kept)
    predictions = pd.concat([part.predictions for part in parts], ignore_index=True)
    return OutOfSample(
        predictions=_with_outcomes(predictions, samples).sort_values(["model", "ts", "symbol"], ignore_index=True),
        history=pd.concat([part.history for part in parts], ignore_index=True),
        times=pd.concat([part.times for part in parts], ignore_index=True),
    )


@dataclass(frozen=True, kw_only=True)
class _Fold:
    predictions: pd.DataFrame
    history: pd.DataFrame
    times: pd.DataFrame


def _train_fold(
    samples: Samples,
    train: np.ndarray,
    rows: pd.DataFrame,
    fold: int,
    model: ModelType,
    config: ModelConfig,
    context: pd.DataFrame,
    on_epoch: Any,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> _Fold:
    from finml_core.experiments.progress import ExperimentCancelled

    estimator = ModelFactory.create_model(model, config, progress=on_epoch, should_stop=progress.is_stopped)
    started = time.perf_counter()
    try:
        estimator.fit(
            samples.X.iloc[train],
            samples.y.iloc[train],
            sample_weight=samples.sample_weight.iloc[train].to_numpy(),
            **_extra(estimator, "fit", label_end=samples.label_end.iloc[train], context=context),
        )
    except TrainingCancelled as error:
        raise ExperimentCancelled(f"cancelled while training {model.value}, fold {fold + 1}.") from error
    p_up = estimator.predict_proba(rows, **_extra(estimator, "predict_proba", context=context))[:, 1]
    seconds = time.perf_counter() - started
    if checkpoint is not None:
        checkpoint.keep_model(model.value, fold, estimator)
    predictions = rows.index.to_frame(index=False)
    predictions = predictions.assign(fold=fold, path=PATH, model=model.value, p_raw=p_up)
    history = pd.DataFrame(getattr(estimator, "history_", []), columns=list(HISTORY[2:]))
    history.insert(0, "model", model.value)
    history.insert(1, "fold", fold)
    times = pd.DataFrame(
        {
            "model": [model.value],
            "fold": [fold],
            "seconds": [seconds],
            "device": [str(getattr(estimator, "device_", "cpu"))],
        }
    )
    return _Fold(predictions=predictions, history=history.astype({"epoch": "int64"}), times=times)


def _extra(estimator: Any, method: str, **offered: Any) -> dict[str, Any]:
    """Those of the offered arguments that the estimator's method takes."""
    from inspect import signature

    taken = signature(getattr(estimator, method)).parameters
    return {name: value for name, value in offered.items() if name in taken}


def _epochs(progress: Progress, model: ModelType, fold: int, share: float) -> Any:
    """A callback for a network's epochs, passed on as progress of the same stage."""

    def report(event: dict[str, Any]) -> None:
        detail = {key: event[key] for key in ("epoch", "train_loss", "validation_loss") if key in event}
        progress("train", share, f"training {model.value}, fold {fold + 1}", model=model.value, fold=fold, **detail)

    return report


def _with_outcomes(predictions: pd.DataFrame, samples: Samples) -> pd.DataFrame:
    outcomes = pd.DataFrame({"y_true": samples.y, "label_return": samples.label_return, "label_end": samples.label_end})
    return predictions.join(outcomes, on=["symbol", "ts"])


def _load(checkpoint: Checkpoint | None, model: ModelType, fold: int) -> _Fold | None:
    if checkpoint is None:
        return None
    frames = {name: checkpoint.load(f"{name}-{model.value}-{fold}") for name in ("predictions", "history", "times")}
    return None if any(frame is None for frame in frames.values()) else _Fold(**frames)


def _save(checkpoint: Checkpoint | None, model: ModelType, fold: int, part: _Fold) -> None:
    if checkpoint is not None:
        for name in ("predictions", "history", "times"):
            checkpoint.save(f"{name}-{model.value}-{fold}", getattr(part, name))
