"""What a splitter does to the rows: counts a fold, and the spans of each role over time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from finml_core.concurrency import average_uniqueness
from finml_core.purging import (
    EMBARGO,
    PURGED,
    TEST,
    TRAIN,
    Timeline,
    label_times,
    overlap_counts,
    row_roles,
    row_times,
)
from finml_core.splits.base import PurgedSplitter
from finml_core.typing import IntArray

ROLES = {"train": TRAIN, "purged": PURGED, "test": TEST, "embargo": EMBARGO}


def split_diagnostics(splitter: PurgedSplitter, X: pd.DataFrame, label_end: pd.Series | None = None) -> pd.DataFrame:
    """One row a fold: what is trained, tested, purged and embargoed, and what leaks in spite of it.

    Parameters
    ----------
    splitter : PurgedSplitter
    X : DataFrame that would be split
    label_end : Series on X's index, optional
        Without it the purge stands in by `purge_gap`; leaks and sample size are then unknown.

    Returns
    -------
    DataFrame with columns
        fold (from 0), n_train, n_test, n_purged, n_embargoed, overlapping_pairs (training and test rows whose closed
        label spans touch, counted from the label ends anew; missing without them), test_start, test_end (timestamps),
        effective_sample_size (sum of the training rows' average uniqueness; missing without label ends).
    """
    timeline = splitter.timeline(X, label_end)
    start = row_times(X.index)
    end = None if label_end is None else label_times(label_end, X.index)
    return pd.DataFrame([_fold_row(fold, role, X.index, start, end) for fold, role in _roles(splitter, timeline)])


def split_timeline(splitter: PurgedSplitter, X: pd.DataFrame, label_end: pd.Series | None = None) -> pd.DataFrame:
    """Contiguous spans of timestamps with one role, fold by fold: what the chart of a split draws.

    Returns
    -------
    DataFrame with columns
        fold (from 0), role (train, purged, test, embargo), start, end (first and last timestamp of the span), n_rows.
        Where symbols at one timestamp differ in role, the spans of both roles cover it.
    """
    timeline = splitter.timeline(X, label_end)
    stamps = timeline.stamps.view("datetime64[us]")
    spans = []
    for fold, role in _roles(splitter, timeline):
        for name, code in ROLES.items():
            n_rows = np.bincount(timeline.position[role == code], minlength=len(stamps))
            spans += [
                (fold, name, stamps[first], stamps[last], n_rows[first : last + 1].sum())
                for first, last in _runs(n_rows)
            ]
    return pd.DataFrame(spans, columns=["fold", "role", "start", "end", "n_rows"])


def _roles(splitter: PurgedSplitter, timeline: Timeline) -> Iterator[tuple[int, IntArray]]:
    n_stamps = len(timeline.stamps)
    embargo = splitter.embargo(n_stamps)
    for number, fold in enumerate(splitter.folds(n_stamps)):
        yield number, row_roles(timeline, fold.blocks, embargo=embargo, window=fold.window)


def _fold_row(fold: int, role: IntArray, index: pd.Index, start: IntArray, end: IntArray | None) -> dict:
    train, test = role == TRAIN, role == TEST
    pairs = effective = np.nan
    if end is not None:
        pairs = int(overlap_counts(start[train], end[train], start[test], end[test]).sum())
        effective = effective_sample_size(index, end, train)
    return {
        "fold": fold,
        "n_train": int(train.sum()),
        "n_test": int(test.sum()),
        "n_purged": int((role == PURGED).sum()),
        "n_embargoed": int((role == EMBARGO).sum()),
        "overlapping_pairs": pairs,
        "test_start": pd.Timestamp(start[test].min(), unit="us"),
        "test_end": pd.Timestamp(start[test].max(), unit="us"),
        "effective_sample_size": effective,
    }


def effective_sample_size(index: pd.Index, label_end: IntArray, chosen: np.ndarray) -> float:
    """Sum of the average uniqueness of the chosen rows: how many independent labels they are worth."""
    ends = label_end.view("datetime64[us]").copy()
    ends[~chosen] = np.datetime64("NaT")
    return float(average_uniqueness(pd.Series(ends, index=index)).sum())


def _runs(n_rows: IntArray) -> Iterator[tuple[int, int]]:
    """First and last position of each stretch of timestamps that have rows."""
    edge = np.diff(np.r_[0, n_rows > 0, 0])
    yield from zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1)
