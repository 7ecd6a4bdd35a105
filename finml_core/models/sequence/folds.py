"""All folds and seeds of one network, trained at once where that is faster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from finml_core.checks import check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.models.configs import HybridConfig, LSTMConfig, TransformerConfig
from finml_core.models.configs.networks import AnyNetworkConfig
from finml_core.models.sequence.apart import fit_apart, trainings_at_once
from finml_core.models.sequence.base import SequenceModel, fresh_network
from finml_core.models.sequence.prepared import LARGEST, Prepared, check_frame, matching_context
from finml_core.models.training import Member, resolve_device, train_together
from finml_core.models.training.device import frugal_threads
from finml_core.models.windows import WindowMap

AT_ONCE_ON_CPU = 8  # members whose states stay in the caches together
MOST_STATES = 50_000  # rows x bars x units of a step up to which one program wins against a training a core


@dataclass(frozen=True, kw_only=True)
class Fold:
    """The training rows of one fold, as `fit` takes them."""

    X: pd.DataFrame
    y: Any
    sample_weight: Any = None
    label_end: Any = None


def fit_folds(
    models: Sequence[SequenceModel],
    folds: Sequence[Fold],
    *,
    context: pd.DataFrame | None = None,
    together: bool | None = None,
    at_once: int | None = None,
) -> list[SequenceModel]:
    """Fit model i on fold i, all in one batched program: its weights are stacked and each step is taken for all.

    Where that is slower, folds are trained apart, on a CPU several at once, a thread a core; callbacks are then called
    from these threads.

    Each fold keeps its own scaling, schedule and early stopping; results equal those of `fit` within rounding: on the
    CPU probabilities agree to 1e-3 after some epochs. On a CUDA device dropout draws other masks, and products are
    float32. Windows are found once. Checkpoints are not kept.

    Parameters
    ----------
    models : sequence of SequenceClassifier or SequenceRegressor
        Not fitted; alike but for the seed in `train` and the callbacks. One model may not stand there twice.
    folds : sequence of Fold
        As many as models; repeat a fold beside other seeds to train each of them.
    context : DataFrame, optional
        The feature frame of all rows.
    together : bool, optional
        None asks `is_faster_together`; False trains apart.
    at_once : int, optional
        Members in one program at most: on a CPU 8, else all, and fewer if memory is short; apart, trainings at once.

    Returns
    -------
    list
        The models, fitted.

    Raises
    ------
    ConfigError, DataError
        For models that differ, or folds that do not fit; further as `fit`.
    """
    _check_alike(models, folds)
    network, config = models[0].settings()
    device = resolve_device(config.device)
    if together is None:
        together = is_faster_together(network, device, config.batch_size, models[0].sequence_length)
    at_once = at_once or _at_once(len(models), device, together)
    check_integer("at_once", at_once, 1)
    windows = _WindowsOnce(context, models[0].longest_gap)
    prepared = [_prepare(model, fold, windows) for model, fold in zip(models, folds, strict=True)]
    if not together:
        fit_apart(models, folds[0].X.columns, prepared, at_once)
        return list(models)
    start = 0
    while start < len(models):
        group = slice(start, start + at_once)
        try:
            _fit_group(models[group], folds[group], prepared[group], device)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            if at_once == 1:  # `fit` has smaller batches to try
                models[start].fit(
                    folds[start].X, folds[start].y, folds[start].sample_weight, folds[start].label_end, context
                )
            else:
                at_once = max(at_once // 2, 1)
                continue
        start += at_once
    return list(models)


def is_faster_together(network: AnyNetworkConfig, device: torch.device, batch_size: int, sequence_length: int) -> bool:
    """Whether one batched program beats separate trainings, as tests/benchmarks/training.py measures it.

    Always on a CUDA device, where a small network's step is all overhead. On a CPU as long as the states of a step are
    few: many separate small steps are mostly overhead, while larger ones, and those of torch's own LSTM and attention,
    keep a core busy by themselves, and every core has a training.
    """
    if device.type == "cuda":
        return True
    if isinstance(network, LSTMConfig | HybridConfig | TransformerConfig):
        return False
    return batch_size * sequence_length * network.hidden_dim <= MOST_STATES


def _at_once(n_models: int, device: torch.device, together: bool) -> int:
    if not together:
        return trainings_at_once(device)
    return AT_ONCE_ON_CPU if device.type == "cpu" else n_models


class _WindowsOnce:
    """The windows of the context; of each fold's own rows where there is none."""

    def __init__(self, context: pd.DataFrame | None, longest_gap: str | None):
        self.context, self.longest_gap = context, longest_gap
        self.known: WindowMap | None = None

    def of(self, X: pd.DataFrame) -> WindowMap:
        if self.context is None:
            return WindowMap(X, longest_gap=self.longest_gap)
        if self.known is None:
            self.known = WindowMap(matching_context(self.context, X), longest_gap=self.longest_gap)
        return self.known


def _check_alike(models: Sequence[SequenceModel], folds: Sequence[Fold]) -> None:
    if not models or len(models) != len(folds):
        raise ConfigError(f"{len(models)} models for {len(folds)} folds; give one model a fold, and at least one.")
    if len({id(model) for model in models}) < len(models):
        raise ConfigError("one model stands there twice; give each fold a clone of its own.")
    kinds = {_kind(model) for model in models}
    if len(kinds) > 1:
        raise ConfigError("models differ in more than their seeds; fit those that are alike together.")
    columns = {tuple(fold.X.columns) for fold in folds if isinstance(fold.X, pd.DataFrame)}
    if len(columns) > 1:
        raise DataError("folds have different features; give all the same columns in one order.")


def _kind(model: SequenceModel) -> str:
    network, train = model.settings()
    rest = (model.sequence_length, model.longest_gap, getattr(model, "quantiles", None))
    return repr((type(model).__name__, network, replace(train, seed=0), rest))


def _prepare(model: SequenceModel, fold: Fold, windows: _WindowsOnce) -> Prepared:
    check_frame(fold.X)
    outcomes = model.outcomes(fold.y, len(fold.X))
    return model.prepared(windows.of(fold.X), fold.X, outcomes, fold.sample_weight, fold.label_end)


def _fit_group(
    models: Sequence[SequenceModel], folds: Sequence[Fold], prepared: Sequence[Prepared], device: torch.device
) -> None:
    network, config = models[0].settings()
    heads = {each.head for each in prepared}
    if len(heads) > 1:
        raise DataError("folds have different numbers of horizons; give each the same columns of outcomes.")
    matrix, location, scale, offsets = _shared_matrix(prepared, device)
    members = []
    for model, each, offset in zip(models, prepared, offsets, strict=True):
        length = model.sequence_length
        seed = model.settings()[1].seed
        members.append(
            Member(
                network=fresh_network(network, each, seed, device),
                seed=seed,
                train=each.train.moved(offset).on(matrix, length),
                validation=None if each.validation is None else each.validation.moved(offset).on(matrix, length),
                shift=torch.from_numpy(((each.mean - location) / scale).astype(np.float32)).to(device),
                factor=torch.from_numpy((scale / each.scale).astype(np.float32)).to(device),
                progress=model.progress,
            )
        )
    stops = {model.should_stop for model in models if model.should_stop is not None}
    with frugal_threads(members[0].network, config.batch_size * models[0].sequence_length * len(members)):
        courses = train_together(members, config, prepared[0].head, largest=LARGEST, should_stop=_any_of(stops))
    for model, fold, each, member, course in zip(models, folds, prepared, members, courses, strict=True):
        model.finish(fold.X.columns, each, member.network, course)


def _shared_matrix(
    prepared: Sequence[Prepared], device: torch.device
) -> tuple[torch.Tensor, np.ndarray, np.ndarray, list[int]]:
    """One float32 matrix for all, near standard lest rounding cost anything, and where each one's rows begin."""
    blocks: dict[int, int] = {}
    values, offsets, n_rows = [], [], 0
    for each in prepared:
        if id(each.values) not in blocks:
            blocks[id(each.values)] = n_rows
            values.append(each.values)
            n_rows += len(each.values)
        offsets.append(blocks[id(each.values)])
    location, scale = prepared[0].mean, prepared[0].scale
    whole = (np.concatenate(values) - location) / scale if len(values) > 1 else (values[0] - location) / scale
    return torch.from_numpy(np.nan_to_num(whole).astype(np.float32)).to(device), location, scale, offsets


def _any_of(stops: set[Callable[[], bool]]) -> Callable[[], bool] | None:
    return (lambda: any(stop() for stop in stops)) if stops else None
