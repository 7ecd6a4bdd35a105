"""What a splitter does to the rows: counts a fold, and the spans of each role over time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from finml_core.errors import ConfigError
from finml_core.purging import EMBARGO, PURGED, TEST, TRAIN, row_roles
from finml_core.splits.base import PurgedSplitter
from finml_core.splits.spans import LabelSpans
from finml_core.typing import IntArray

ROLES = {"train": TRAIN, "purged": PURGED, "test": TEST, "embargo": EMBARGO}
Rows = pd.DataFrame | pd.Series | LabelSpans


def split_diagnostics(
    splitter: PurgedSplitter, X: Rows, label_end: pd.Series | None = None, *, purge_by_end: bool = True
) -> pd.DataFrame:
    """One row a fold: what is trained, tested, purged and embargoed, and what leaks in spite of it.

    Parameters
    ----------
    splitter : PurgedSplitter
    X : DataFrame that would be split, or its LabelSpans
        Spans made once save the time of reducing the rows again; `label_end` is then theirs.
    label_end : Series on X's index, optional
        Without it the purge stands in by `purge_gap`; leaks and sample size are then unknown.
    purge_by_end : bool
        False purges by the splitter's `purge_gap` though the label ends are known: shows what a fixed gap leaks.

    Returns
    -------
    DataFrame with columns
        fold (from 0), n_train, n_test, n_purged, n_embargoed, overlapping_pairs (training and test rows whose closed
        label spans touch, counted from the label ends anew; missing without them), test_start, test_end (timestamps),
        effective_sample_size (sum of the training rows' average uniqueness; missing without label ends).
    """
    spans = _spans(X, label_end)
    return pd.DataFrame(
        [_fold_row(fold, role, spans) for fold, role in _roles(splitter, spans, purge_by_end=purge_by_end)]
    )


def split_timeline(
    splitter: PurgedSplitter, X: Rows, label_end: pd.Series | None = None, *, purge_by_end: bool = True
) -> pd.DataFrame:
    """Contiguous spans of timestamps with one role, fold by fold: what the chart of a split draws.

    Takes what `split_diagnostics` takes.

    Returns
    -------
    DataFrame with columns
        fold (from 0), role (train, purged, test, embargo), start, end (first and last timestamp of the span), n_rows,
        label_end (latest label end of these rows; their own timestamp without label ends).
        Where symbols at one timestamp differ in role, the spans of both roles cover it.
    """
    spans = _spans(X, label_end)
    stamps = spans.stamps.view("datetime64[us]")
    found: list[tuple[Any, ...]] = []
    for fold, role in _roles(splitter, spans, purge_by_end=purge_by_end):
        for name, code in ROLES.items():
            taken = role == code
            position, count = spans.position[taken], spans.count[taken]
            n_rows = np.bincount(position, count, minlength=len(stamps))
            furthest = np.zeros(len(stamps), dtype=np.int64)
            np.maximum.at(furthest, position, spans.last_end[taken])
            found += [
                (
                    fold,
                    name,
                    stamps[first],
                    stamps[last],
                    int(n_rows[first : last + 1].sum()),
                    _latest(furthest, first, last),
                )
                for first, last in _runs(n_rows)
            ]
    return pd.DataFrame(found, columns=["fold", "role", "start", "end", "n_rows", "label_end"])


def _spans(X: Rows, label_end: pd.Series | None) -> LabelSpans:
    if not isinstance(X, LabelSpans):
        return LabelSpans(X.index, label_end)
    if label_end is not None:
        raise ConfigError("label_end is given beside label spans, which hold their own; pass one of the two.")
    return X


def _roles(splitter: PurgedSplitter, spans: LabelSpans, *, purge_by_end: bool) -> Iterator[tuple[int, IntArray]]:
    """The role of each span, fold by fold."""
    n_stamps = len(spans.stamps)
    embargo = splitter.embargo(n_stamps)
    timeline = spans.timeline(None if spans.has_ends and purge_by_end else splitter.purge_gap)
    for number, fold in enumerate(splitter.folds(n_stamps)):
        yield number, row_roles(timeline, fold.blocks, embargo=embargo, window=fold.window)


def _fold_row(fold: int, role: IntArray, spans: LabelSpans) -> dict[str, Any]:
    train = np.where(role == TRAIN, spans.count, 0)
    test = np.where(role == TEST, spans.count, 0)
    tested = spans.stamps[spans.position[role == TEST]]
    return {
        "fold": fold,
        "n_train": int(train.sum()),
        "n_test": int(test.sum()),
        "n_purged": int(spans.count[role == PURGED].sum()),
        "n_embargoed": int(spans.count[role == EMBARGO].sum()),
        "overlapping_pairs": int(train @ spans.touched(test)) if spans.has_ends else np.nan,
        "test_start": pd.Timestamp(tested.min(), unit="us"),
        "test_end": pd.Timestamp(tested.max(), unit="us"),
        "effective_sample_size": spans.effective_sample_size(train) if spans.has_ends else np.nan,
    }


def _latest(furthest: IntArray, first: int, last: int) -> np.datetime64:
    return furthest[first : last + 1].max().view("datetime64[us]")


def _runs(n_rows: IntArray) -> Iterator[tuple[int, int]]:
    """First and last position of each stretch of timestamps that have rows."""
    edge = np.diff(np.r_[0, n_rows > 0, 0])
    yield from zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1)
