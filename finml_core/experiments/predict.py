"""The fold loop: every prediction comes from a model that did not train on its row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.experiments.fitting import Epochs, Job, Piece, fit_and_predict, grouped
from finml_core.experiments.progress import Checkpoint, Progress
from finml_core.models import ModelConfig, ModelType
from finml_core.samples import Samples
from finml_core.typing import IntArray

Split = tuple[IntArray, IntArray]  # row numbers to train on and to test
PIECES = ("predictions", "history", "times")  # what a checkpoint keeps of a fold
ROW = ["symbol", "ts", "fold", "path", "model"]


@dataclass(frozen=True, kw_only=True)
class OutOfSample:
    """What the fold loop leaves."""

    predictions: pd.DataFrame  # symbol, ts, fold, path, model, p_raw, y_true, label_return, label_end
    by_seed: pd.DataFrame  # the same with each seed's own p_raw, and seed
    history: pd.DataFrame  # learning curves: model, fold, seed, epoch, train_loss, validation_loss
    times: pd.DataFrame  # model, fold, seed, seconds, device, n_rows, n_windows, ..., memory_mib


def predict_out_of_sample(
    samples: Samples,
    splits: Sequence[Split],
    models: Sequence[ModelType],
    config: ModelConfig,
    *,
    paths: Sequence[IntArray] | None = None,
    n_seeds: int = 1,
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
    paths : one integer array a fold, optional
        The path of each test row, see `path_of_rows`; without it all rows stand on path 0.
    n_seeds : int
        Trainings of each model that draws, from `config.seed` on; its probability is their mean. Folds and seeds of a
        network are trained in one program where that is faster, and agree with separate training to 1e-3.
    context : DataFrame, optional
        Feature rows of all bars, from which sequence models take the rows before a sample. Features at t know nothing
        after t, so a training window may reach back across a purged gap.
    ahead : DataFrame, optional
        Complete feature rows after the last test block; the models of the folds that test this block predict them too,
        each on its path. Those whose outcome is not known yet carry none.
    progress, checkpoint : optional
        Where to report and to ask whether to stop; where finished folds are kept and found again.

    Returns
    -------
    OutOfSample, predictions sorted by model, path, ts, symbol
    """
    progress = progress or Progress()
    context = samples.X if context is None else context
    paths = [np.zeros(len(test), dtype=np.int64) for _, test in splits] if paths is None else paths
    jobs = _jobs(samples, splits, paths, models, config.seed, n_seeds, ahead)
    pieces: list[Piece] = []
    for group in grouped(jobs, config):
        kept = [_load(checkpoint, job) for job in group]
        missing = [job for job, piece in zip(group, kept, strict=True) if piece is None]
        pieces += [piece for piece in kept if piece is not None]
        epochs = Epochs(progress, missing or group, len(pieces), len(jobs), len(splits))
        if not missing:
            continue
        for job, (model, piece) in zip(
            missing, fit_and_predict(missing, config, samples, context, epochs), strict=True
        ):
            _save(checkpoint, job, model, piece)
            pieces.append(piece)
    return _joined(pieces, samples)


def _jobs(
    samples: Samples,
    splits: Sequence[Split],
    paths: Sequence[IntArray],
    models: Sequence[ModelType],
    seed: int,
    n_seeds: int,
    ahead: pd.DataFrame | None,
) -> list[Job]:
    ts = samples.X.index.get_level_values("ts")
    ends = [ts[test].max() for _, test in splits]
    return [
        Job(
            model=model,
            fold=fold,
            seed=seed + number,
            is_first_seed=number == 0,
            train=train,
            test=test,
            paths=paths[fold],
            ahead=ahead if ends[fold] == max(ends) else None,
        )
        for model in models
        for number in range(n_seeds if model.draws else 1)
        for fold, (train, test) in enumerate(splits)
    ]


def _joined(pieces: Sequence[Piece], samples: Samples) -> OutOfSample:
    by_seed = pd.concat([piece.predictions for piece in pieces], ignore_index=True)
    outcomes = pd.DataFrame({"y_true": samples.y, "label_return": samples.label_return, "label_end": samples.label_end})
    by_seed = by_seed.join(outcomes, on=["symbol", "ts"])
    return OutOfSample(
        predictions=_averaged(by_seed).sort_values(["model", "path", "ts", "symbol"], ignore_index=True),
        by_seed=by_seed,
        history=pd.concat([piece.history for piece in pieces], ignore_index=True),
        times=pd.concat([piece.times for piece in pieces], ignore_index=True),
    )


def _averaged(by_seed: pd.DataFrame) -> pd.DataFrame:
    """One row a model and bar, with the mean probability of its seeds."""
    repeated = by_seed.duplicated(ROW)
    if not repeated.any():
        return by_seed.drop(columns="seed")
    mean = by_seed.groupby(ROW, sort=False)["p_raw"].mean()
    once = by_seed.loc[~repeated].drop(columns=["seed", "p_raw"])
    return once.join(mean, on=ROW)[[column for column in by_seed.columns if column != "seed"]]


def _load(checkpoint: Checkpoint | None, job: Job) -> Piece | None:
    if checkpoint is None:
        return None
    frames = {name: checkpoint.load(_key(name, job)) for name in PIECES}
    return None if any(frame is None for frame in frames.values()) else Piece(**frames)


def _save(checkpoint: Checkpoint | None, job: Job, model: object, piece: Piece) -> None:
    if checkpoint is None:
        return
    checkpoint.keep_model(job.name, job.fold, model)
    for name in PIECES:
        checkpoint.save(_key(name, job), getattr(piece, name))


def _key(name: str, job: Job) -> str:
    """Unique within a run; the run's own identity hashes configuration, bars and code, so no other run is met here."""
    return f"{name}-{job.name}-{job.fold}"
