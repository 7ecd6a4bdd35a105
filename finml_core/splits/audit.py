"""Leak audits that trust nobody: of any splitter's row numbers, and of any feature function."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.errors import DataError
from finml_core.purging import Timeline, label_times, overlap_counts, row_times
from finml_core.schemas import KEY
from finml_core.splits.base import PurgedSplitter
from finml_core.splits.diagnostics import effective_sample_size
from finml_core.typing import BoolArray, FloatArray, IntArray

TOLERANCE = 1e-9  # relative above 1, absolute below


def audit_leakage(splits: Any, label_end: pd.Series, *, y: pd.Series | None = None, embargo: int = 0) -> pd.DataFrame:
    """Count what leaks from training into test rows, fold by fold, by comparing label spans themselves.

    Parameters
    ----------
    splits : splitter or iterable of (train, test) row numbers
        Ours, any object with scikit-learn's `split`, or pairs. A test side may be a list of arrays.
    label_end : Series of timestamps
        Its index carries the timestamps of the rows (level `ts` or DatetimeIndex); none missing.
    y : Series on the same index, optional
        The outcome, for the drift between both sides.
    embargo : int
        Timestamps after each contiguous test block's latest label end that should hold no training row.

    Returns
    -------
    DataFrame with columns
        fold (from 0), n_train, n_test, overlapping_pairs (pairs of rows whose closed spans touch: should be 0),
        leaking_rows (training rows in such a pair), embargo_violations (further rows under the embargo),
        duplicated_rows (on both sides, or twice on one), class_drift (mean of y in test less in train; missing
        without y), effective_sample_size (of the training rows, by average uniqueness).
    """
    check_integer("embargo", embargo, 0)
    start, end = row_times(label_end.index), label_times(label_end, label_end.index)
    timeline = Timeline(start, end)
    outcome = None if y is None else np.asarray(y, dtype=float)
    rows = []
    for fold, (train, test) in enumerate(_index_pairs(splits, label_end, y)):
        touches = overlap_counts(start[train], end[train], start[test], end[test])
        rests = _under_embargo(timeline, train, test, embargo) & (touches == 0)
        chosen = np.zeros(len(start), dtype=bool)
        chosen[train] = True
        rows.append(
            {
                "fold": fold,
                "n_train": len(train),
                "n_test": len(test),
                "overlapping_pairs": int(touches.sum()),
                "leaking_rows": int((touches > 0).sum()),
                "embargo_violations": int(rests.sum()),
                "duplicated_rows": len(train) + len(test) - len(np.unique(np.r_[train, test])),
                "class_drift": np.nan if outcome is None else outcome[test].mean() - outcome[train].mean(),
                "effective_sample_size": effective_sample_size(label_end.index, end, chosen),
            }
        )
    return pd.DataFrame(rows)


def audit_features(
    feature_fn: Callable[[pd.DataFrame], Any], bars: pd.DataFrame, *, n_cuts: int = 5, tolerance: float = TOLERANCE
) -> pd.DataFrame:
    """Compute features again on bars whose future is cut off: a feature that changes has looked ahead.

    Parameters
    ----------
    feature_fn : function from bars to features
        A frame or Series of one row a bar, on the bars' own index or on (symbol, ts), or an array in their order.
    bars : DataFrame
        Long bars, or one asset's plain frame with a DatetimeIndex; `feature_fn` receives the same shape.
    n_cuts : int
        Dates at which the future is cut off, spread over the later two thirds of the history and its last bars.
    tolerance : float
        Allowed difference, relative to the value where that is above 1 in size.

    Returns
    -------
    DataFrame with columns
        feature, passed, first_offence (earliest timestamp whose value changes, missing if none), max_difference
        (infinite where a value is missing on one side only). One row a feature.

    Raises
    ------
    DataError
        If the features cannot be matched with the bars, or there are fewer than 3 timestamps.
    """
    check_integer("n_cuts", n_cuts, 1)
    ts = pd.Series(bars["ts"].to_numpy() if "ts" in bars.columns else bars.index.to_numpy())
    whole = _keyed(feature_fn(bars.copy()), bars)
    worst = np.zeros(whole.shape[1])
    offence = np.full(whole.shape[1], np.datetime64("NaT"), dtype="datetime64[us]")
    for cut in _cuts(ts, n_cuts):
        part = bars.loc[(ts <= cut).to_numpy()]
        part = part if isinstance(bars.index, pd.DatetimeIndex) else part.reset_index(drop=True)
        early = _keyed(feature_fn(part.copy()), part)
        late = whole.reindex(index=early.index, columns=early.columns)
        difference = _difference(late.to_numpy(dtype=float), early.to_numpy(dtype=float))
        columns = whole.columns.get_indexer(early.columns)
        if (columns < 0).any():
            raise DataError(f"feature {early.columns[columns < 0][0]!r} exists only while the future is cut off.")
        worst[columns] = np.fmax(worst[columns], difference.max(axis=0, initial=0))
        stamps = row_times(early.index).view("datetime64[us]")
        first = [stamps[wrong].min() if wrong.any() else np.datetime64("NaT") for wrong in (difference > tolerance).T]
        offence[columns] = np.fmin(offence[columns], np.array(first, dtype="datetime64[us]"))
    return pd.DataFrame(
        {"feature": whole.columns, "passed": worst <= tolerance, "first_offence": offence, "max_difference": worst}
    )


def _index_pairs(splits: Any, label_end: pd.Series, y: pd.Series | None) -> Iterable[tuple[IntArray, IntArray]]:
    if isinstance(splits, PurgedSplitter):
        return splits.split(label_end, y, label_end)
    pairs = splits.split(label_end.to_frame(), y) if hasattr(splits, "split") else splits
    return ((_row_numbers(train), _row_numbers(test)) for train, test in pairs)


def _row_numbers(side: Any) -> IntArray:
    """Row numbers from an array, a list of numbers, or a list of arrays."""
    return np.concatenate(
        [np.atleast_1d(np.asarray(piece, dtype=np.int64)) for piece in side] or [np.empty(0, np.int64)]
    )


def _under_embargo(timeline: Timeline, train: IntArray, test: IntArray, embargo: int) -> BoolArray:
    """Training rows within `embargo` timestamps after the latest label end of a contiguous test block."""
    is_tested = np.bincount(timeline.position[test], minlength=len(timeline.stamps)) > 0
    edge = np.diff(np.r_[0, is_tested, 0])
    reach = np.empty(len(timeline), dtype=np.int64)
    reach[timeline.order] = timeline.reach
    furthest = np.full(len(timeline.stamps), -1)
    np.maximum.at(furthest, timeline.position[test], reach[test])
    rests = np.zeros(len(train), dtype=bool)
    position = timeline.position[train]
    for start, stop in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)):
        last = furthest[start:stop].max()
        rests |= (position > last) & (position <= last + embargo)
    return rests


def _cuts(ts: pd.Series, n_cuts: int) -> list[pd.Timestamp]:
    stamps = np.sort(ts.unique())
    if len(stamps) < 3:
        raise DataError(f"a truncation test needs at least 3 timestamps, not {len(stamps)}.")
    places = np.unique(np.linspace(len(stamps) // 3, len(stamps) - 2, n_cuts).astype(int))
    return [pd.Timestamp(stamps[place]) for place in places]


def _keyed(features: Any, bars: pd.DataFrame) -> pd.DataFrame:
    """Features as a frame on the bars' keys: (symbol, ts), or ts for a plain frame."""
    if not isinstance(features, pd.DataFrame | pd.Series):
        features = pd.DataFrame(np.asarray(features), index=bars.index)
    frame = features.to_frame() if isinstance(features, pd.Series) else features
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if set(KEY) <= set(frame.index.names):
        return frame.reorder_levels(list(KEY)) if list(frame.index.names) != list(KEY) else frame
    if not frame.index.isin(bars.index).all() or not bars.index.is_unique:
        raise DataError("the features' index is neither that of the bars nor (symbol, ts); return one row a bar.")
    if isinstance(bars.index, pd.DatetimeIndex):
        return frame.rename_axis("ts")
    return frame.set_axis(pd.MultiIndex.from_frame(bars.loc[frame.index, list(KEY)]), axis=0)


def _difference(late: FloatArray, early: FloatArray) -> FloatArray:
    """Size of the change, relative to values above 1; infinite where only one side is missing."""
    same = (late == early) | (np.isnan(late) & np.isnan(early))
    with np.errstate(invalid="ignore"):
        change = np.abs(late - early) / np.fmax(np.fmax(np.abs(late), np.abs(early)), 1.0)
    return np.where(same, 0.0, np.where(np.isnan(change), np.inf, change))
