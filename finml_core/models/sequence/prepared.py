"""From frames to what a network trains on: which windows, which outcomes, scaled by what."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from finml_core.checks import check_columns
from finml_core.errors import DataError
from finml_core.models.heads import Head
from finml_core.models.tail import purged_tail
from finml_core.models.targets import balanced_weight
from finml_core.models.training import WindowData
from finml_core.models.windows import WindowMap
from finml_core.typing import BoolArray, FloatArray, IntArray

LARGEST = 10.0  # deviations; a standardised feature beyond is cut, lest one wild bar rules a window


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What is to be learned, for every row of X."""

    target: FloatArray  # (n, n_horizons); missing where not known yet, in every horizon but the first
    head: Head
    learned: dict[str, Any]  # attributes that the estimator gets once it is fitted


@dataclass(frozen=True, kw_only=True)
class Part:
    """Windows to learn from or to validate on, in the context's order."""

    end: IntArray  # (n,)
    target: np.ndarray  # (n, n_horizons) float32
    weight: np.ndarray  # (n,) float32, 1 on average

    def moved(self, offset: int) -> "Part":
        """The same where the context's rows begin at `offset` of a larger matrix."""
        return replace(self, end=self.end + offset) if offset else self

    def on(self, matrix: torch.Tensor, length: int) -> WindowData:
        """The same on the device of `matrix`."""
        return WindowData(
            matrix=matrix,
            end=torch.from_numpy(self.end).to(matrix.device),
            target=torch.from_numpy(self.target).to(matrix.device),
            weight=torch.from_numpy(self.weight).to(matrix.device),
            length=length,
        )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """All that one training needs."""

    values: FloatArray  # (n_rows, n_features) of the context, symbol after symbol in order of time
    mean: FloatArray  # (n_features,) over the rows learned from
    scale: FloatArray
    target_mean: FloatArray  # (n_horizons,)
    target_scale: FloatArray
    train: Part
    validation: Part | None
    head: Head
    learned: dict[str, Any]

    def matrix(self, device: torch.device) -> torch.Tensor:
        """Standardised features on the device."""
        return standardised(self.values, self.mean, self.scale, device)


def prepare(
    windows: WindowMap,
    index: pd.Index,
    outcomes: Outcomes,
    sample_weight: Any,
    label_end: Any,
    *,
    length: int,
    validation_share: float,
    balanced: bool = False,
) -> Prepared:
    """Choose windows, hold the purged tail out, and learn all scales from the rows that are learned from.

    Raises
    ------
    DataError
        If weights are unusable, or no row has a full window.
    """
    weight = _checked_weight(sample_weight, len(index))
    at = windows.locate(index, length)
    learned, held_out = _divide(at.is_full, index, label_end, validation_share, length)
    if balanced:
        weight = weight.copy()
        weight[learned] = balanced_weight(outcomes.target[learned, 0].astype(np.int64), weight[learned])
    mean, scale = _location_and_scale(windows.values[at.end[learned]])
    target_mean, target_scale = _target_scale(outcomes, learned)

    def part(rows: IntArray) -> Part:
        rows = rows[np.argsort(at.end[rows])]  # the order of X makes no difference
        target = (outcomes.target[rows] - target_mean) / target_scale
        return Part(
            end=at.end[rows], target=target.astype(np.float32), weight=_unit_mean(weight[rows]).astype(np.float32)
        )

    return Prepared(
        values=windows.values,
        mean=mean,
        scale=scale,
        target_mean=target_mean,
        target_scale=target_scale,
        train=part(learned),
        validation=None if held_out is None else part(held_out),
        head=outcomes.head,
        learned=outcomes.learned,
    )


def standardised(values: FloatArray, mean: FloatArray, scale: FloatArray, device: torch.device) -> torch.Tensor:
    """Features in deviations, cut at 10 of them, as float32 on the device."""
    scaled = np.clip((values - mean) / scale, -LARGEST, LARGEST)
    # missing rows stay in place as 0, and no window that is used covers one
    return torch.from_numpy(np.nan_to_num(scaled).astype(np.float32)).to(device)


def check_frame(X: Any) -> None:
    """Raise DataError unless X is a frame."""
    if not isinstance(X, pd.DataFrame):
        raise DataError(
            f"X is {type(X).__name__}; sequence models need a frame indexed by (symbol, ts), or by ts for one symbol."
        )


def matching_context(context: pd.DataFrame | None, X: pd.DataFrame) -> pd.DataFrame:
    """The context's columns in X's order; X itself where there is none."""
    if context is None:
        return X
    check_columns(context, X.columns, what="the context")
    return context[list(X.columns)]


def _target_scale(outcomes: Outcomes, learned: IntArray) -> tuple[FloatArray, FloatArray]:
    n_horizons = outcomes.head.n_horizons
    if outcomes.head.kind == "direction":
        return np.zeros(n_horizons), np.ones(n_horizons)
    target = outcomes.target[learned]
    unknown = np.isnan(target).all(axis=0)
    if unknown.any():
        raise DataError(f"no outcome of horizon number {int(unknown.argmax()) + 1} is known in the rows to learn from.")
    scale = np.nanstd(target, axis=0)
    return np.nanmean(target, axis=0), np.where(scale > 0, scale, 1.0)


def _checked_weight(sample_weight: Any, n_rows: int) -> FloatArray:
    weight = np.ones(n_rows) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if weight.shape != (n_rows,):
        raise DataError(f"sample_weight has shape {weight.shape} for {n_rows} rows; give one weight a row.")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise DataError("sample_weight holds a missing, infinite or negative weight; all must be at least 0.")
    return weight


def _divide(
    is_full: BoolArray, index: pd.Index, label_end: Any, share: float, length: int
) -> tuple[IntArray, IntArray | None]:
    """Row numbers to learn from, and those of the validation tail if there is one."""
    usable = np.flatnonzero(is_full)
    if not len(usable):
        raise DataError(
            f"none of {len(index)} training rows has a full window of {length} rows; use a shorter window, or pass the "
            "whole feature frame as context."
        )
    if label_end is not None:
        label_end = label_end.iloc[usable] if isinstance(label_end, pd.Series) else np.asarray(label_end)[usable]
    parts = purged_tail(index[usable], label_end, share)
    if parts is None:
        return usable, None
    return usable[parts[0]], usable[parts[1]]


def _location_and_scale(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation (ddof 0) of each feature; a constant feature has scale 1."""
    scale = rows.std(axis=0)
    return rows.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _unit_mean(weight: FloatArray) -> FloatArray:
    if weight.sum() <= 0:
        raise DataError("sample_weight is 0 in every row that can be used; give some row a weight.")
    return weight / weight.mean()
