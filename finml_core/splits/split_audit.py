"""What any splitter really leaks, ours or a foreign one, from the row numbers that it yields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_integer
from finml_core.errors import DataError, SplitError
from finml_core.splits.base import PurgedSplitter
from finml_core.splits.spans import LabelSpans
from finml_core.typing import BoolArray, FloatArray, IntArray

MOST_OFFENDERS = 20  # listed a fold
MOST_CLASSES = 50  # distinct outcomes up to which their shares are compared
OFFENDERS = ("fold", "kind", "row", "symbol", "ts", "label_end", "n_touched", "test_row", "test_ts", "test_label_end")


@dataclass(frozen=True, kw_only=True)
class SplitAudit:
    """What was found.

    Attributes
    ----------
    folds : DataFrame with columns
        fold (from 0), n_train, n_test, overlapping_pairs (pairs of a training and a test row whose closed label spans
        touch: should be 0), leaking_rows (training rows in such a pair), embargo_violations (further training rows
        under the embargo), duplicated_rows (on both sides, or twice on one), train_mean, test_mean (mean outcome of
        each side), class_drift (that of the test less that of the training rows), class_distance (total variation
        between both sides' shares of each outcome, 0 to 1; missing where there are more than 50 outcomes),
        effective_sample_size, effective_test_size (rows on each side by
        average uniqueness). What needs an outcome is missing without one.
    offenders : DataFrame with columns
        fold, kind (both sides, overlap, embargo, twice), row (its number), symbol, ts, label_end of the training row;
        n_touched test rows, of which test_row, test_ts, test_label_end is the first in time. The first of each fold.
    n_offenders : int
        Training rows that offend, listed or not, summed over folds.
    """

    folds: pd.DataFrame
    offenders: pd.DataFrame
    n_offenders: int

    @property
    def passed(self) -> bool:
        """No overlap, nothing under the embargo, no row twice."""
        return self.n_offenders == 0 and not self.folds["duplicated_rows"].any()


def audit_splits(
    splits: Any,
    X: pd.DataFrame | pd.Series | LabelSpans,
    label_end: pd.Series | None = None,
    y: pd.Series | ArrayLike | None = None,
    *,
    embargo: int = 0,
    groups: ArrayLike | None = None,
    most_offenders: int = MOST_OFFENDERS,
    with_worth: bool = True,
) -> SplitAudit:
    """Compare the label spans of the training and the test rows of every fold.

    Parameters
    ----------
    splits : splitter or iterable of (train, test)
        Ours, any object with scikit-learn's `split`, or pairs of row numbers or boolean masks. A test side may be a
        list of arrays.
    X : DataFrame or Series of n_rows rows, or their LabelSpans
        Timestamps in the level `ts` of its index, or a DatetimeIndex. Rows in the order that the splitter numbers.
    label_end : Series of timestamps on X's index
        None missing and none before its row; not given beside spans, which hold their own.
    y : Series or array of n_rows outcomes, optional
        For the drift between both sides.
    embargo : int
        Timestamps after each contiguous test block's latest label end that should hold no training row.
    groups : array of n_rows, optional
        Passed to a foreign splitter that asks for it.
    most_offenders : int
        Offenders listed for each fold; all are counted.
    with_worth : bool
        False leaves the effective sizes out, which take most of the time where a splitter cuts through timestamps.

    Raises
    ------
    DataError
        If rows carry no timestamps or no label ends, or a splitter names a row that is not there.
    SplitError
        If the splitter cannot split these rows.
    """
    check_integer("embargo", embargo, 0)
    check_integer("most_offenders", most_offenders, 0)
    spans = X if isinstance(X, LabelSpans) else LabelSpans(X.index, label_end)
    if not spans.has_ends:
        raise DataError("an audit compares label spans; pass the label ends of the rows.")
    outcome = None if y is None else _Outcome(y, len(spans))
    folds, offenders, n_offenders = [], [], 0
    for fold, (train, test) in enumerate(_pairs(splits, X, spans, y, groups)):
        sides = _Fold(spans, train, test, embargo)
        worth = sides.worth() if with_worth else {}
        folds.append({"fold": fold, **sides.counts(), **_drift(outcome, train, test), **worth})
        n_offenders += sides.n_offenders
        offenders.append(sides.offenders(most_offenders).assign(fold=fold))
    if not folds:
        raise DataError("the splitter yields no fold; give it more rows or fewer folds.")
    listed = pd.concat(offenders, ignore_index=True).loc[:, list(OFFENDERS)]
    return SplitAudit(folds=pd.DataFrame(folds), offenders=listed, n_offenders=n_offenders)


def audit_leakage(splits: Any, label_end: pd.Series, *, y: pd.Series | None = None, embargo: int = 0) -> pd.DataFrame:
    """The folds of `audit_splits` for rows that are known by their label ends alone."""
    return audit_splits(splits, label_end, label_end, y, embargo=embargo, most_offenders=0).folds


class _Fold:
    """Training and test rows of one fold, counted by label span."""

    def __init__(self, spans: LabelSpans, train: IntArray, test: IntArray, embargo: int):
        self.spans, self.train, self.test = spans, train, test
        self.train_count, self.test_count = spans.counted(train), spans.counted(test)
        self.touches = spans.touched(self.test_count)  # of each span
        self.rests = _under_embargo(spans, self.test_count, embargo) & (self.touches == 0)
        times = np.bincount(train, minlength=len(spans))
        tested = np.bincount(test, minlength=len(spans))
        self.n_duplicated = len(train) + len(test) - int(((times + tested) > 0).sum())
        self.repeats = np.flatnonzero(times > 1) if self.n_duplicated else np.empty(0, dtype=np.int64)
        self.n_offenders = int(
            self.train_count[(self.touches > 0) | self.rests].sum() + self._only_repeated(times[self.repeats] - 1)
        )

    def counts(self) -> dict[str, int]:
        return {
            "n_train": len(self.train),
            "n_test": len(self.test),
            "overlapping_pairs": int(self.train_count @ self.touches),
            "leaking_rows": int(self.train_count[self.touches > 0].sum()),
            "embargo_violations": int(self.train_count[self.rests].sum()),
            "duplicated_rows": self.n_duplicated,
        }

    def worth(self) -> dict[str, float]:
        return {
            "effective_sample_size": self.spans.effective_sample_size(self.train_count, self.train),
            "effective_test_size": self.spans.effective_sample_size(self.test_count, self.test),
        }

    def offenders(self, most: int) -> pd.DataFrame:
        """The first training rows in time that touch a test row, rest under the embargo, or come twice."""
        spans = self.spans
        rows = self._first_offenders(most) if self.n_offenders else np.empty(0, dtype=np.int64)
        of_row = spans.of_row[rows]
        partner = self._partners(of_row)
        has_partner = partner >= 0
        both = np.isin(rows, self.test)
        kind = np.select(
            [both, self.touches[of_row] > 0, self.rests[of_row]], ["both sides", "overlap", "embargo"], "twice"
        )
        stamps, end = spans.stamps.view("datetime64[us]"), spans.end.view("datetime64[us]")
        nat = np.datetime64("NaT", "us")
        index = spans.index[rows]
        return pd.DataFrame(
            {
                "kind": kind.astype(object),
                "row": rows,
                "symbol": index.get_level_values("symbol") if "symbol" in index.names else None,
                "ts": stamps[spans.position[of_row]],
                "label_end": end[rows],
                "n_touched": self.touches[of_row],
                "test_row": pd.Series(partner).where(has_partner).astype("Int64"),
                "test_ts": np.where(has_partner, stamps[spans.position[spans.of_row[partner]]], nat),
                "test_label_end": np.where(has_partner, end[partner], nat),
            }
        )

    def _first_offenders(self, most: int) -> IntArray:
        offends = ((self.touches > 0) | self.rests)[self.spans.of_row[self.train]]
        rows = self.train[offends]
        if len(self.repeats):
            rows = np.union1d(rows, self.repeats)
        place = self.spans.of_row[rows]
        if len(rows) > most > 0:  # only these few need an order
            rows = np.unique(rows[place <= np.partition(place, most - 1)[most - 1]])
            place = self.spans.of_row[rows]
        return rows[np.argsort(place, kind="stable")[:most]]

    def _only_repeated(self, further: IntArray) -> int:
        of_row = self.spans.of_row[self.repeats]
        return int(further[(self.touches[of_row] == 0) & ~self.rests[of_row]].sum())

    def _partners(self, of_row: IntArray) -> IntArray:
        """For each span, the first test row in time that it touches; -1 for none."""
        spans = self.spans
        tested = np.flatnonzero(self.test_count)
        found = {}
        for span in np.unique(of_row):
            meets = (spans.position[tested] <= spans.reach[span]) & (spans.reach[tested] >= spans.position[span])
            if meets.any():
                found[span] = self.test[(spans.of_row[self.test] == tested[meets.argmax()]).argmax()]
        return np.array([found.get(span, -1) for span in of_row], dtype=np.int64)


def _pairs(
    splits: Any, X: Any, spans: LabelSpans, y: Any, groups: ArrayLike | None
) -> Iterator[tuple[IntArray, IntArray]]:
    rows = pd.DataFrame({"row": np.arange(len(spans))}, index=spans.index) if isinstance(X, LabelSpans) else X
    if isinstance(splits, PurgedSplitter):
        pairs = splits.split(rows, y, spans.end.view("datetime64[us]"))
    elif hasattr(splits, "split"):
        pairs = _foreign(splits, rows.to_frame() if isinstance(rows, pd.Series) else rows, y, groups)
    else:
        pairs = splits
    for train, test in pairs:
        yield _row_numbers(train, len(spans)), _row_numbers(test, len(spans))


def _foreign(splitter: Any, rows: pd.DataFrame, y: Any, groups: ArrayLike | None) -> Iterator[tuple[Any, Any]]:
    try:
        yield from splitter.split(rows, y, groups)
    except ValueError as error:
        raise SplitError(f"{type(splitter).__name__} cannot split these {len(rows)} rows: {error}") from error


def _row_numbers(side: Any, n_rows: int) -> IntArray:
    """Row numbers from an array, a mask, a list of numbers, or a list of arrays."""
    if not isinstance(side, np.ndarray):
        pieces = [np.atleast_1d(np.asarray(piece)) for piece in side]
        side = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
    if side.dtype == bool:
        if len(side) != n_rows:
            raise DataError(f"a mask of {len(side)} rows marks rows of {n_rows}; give one value a row.")
        return np.flatnonzero(side)
    rows = side.astype(np.int64, copy=False)
    if len(rows) and (rows.min() < 0 or rows.max() >= n_rows):
        wrong = rows[(rows < 0) | (rows >= n_rows)][0]
        raise DataError(f"a fold names row {wrong}, but there are {n_rows} rows, numbered from 0.")
    return rows


def _under_embargo(spans: LabelSpans, test_count: IntArray, embargo: int) -> BoolArray:
    """Spans that start within `embargo` timestamps after the latest label end of a contiguous test block."""
    n = len(spans.stamps)
    has_test = test_count > 0
    is_tested = np.zeros(n, dtype=bool)
    is_tested[spans.position[has_test]] = True
    furthest = np.full(n, -1)
    np.maximum.at(furthest, spans.position[has_test], spans.reach[has_test])
    edge = np.diff(np.r_[0, is_tested, 0])
    starts = np.flatnonzero(edge == 1)
    if embargo == 0 or len(starts) == 0:
        return np.zeros(len(spans.position), dtype=bool)
    last = np.maximum.reduceat(furthest, starts)  # what lies between blocks is -1
    opened = np.bincount(np.minimum(last + 1, n), minlength=n + 1)
    closed = np.bincount(np.minimum(last + 1 + embargo, n), minlength=n + 1)
    return (np.cumsum(opened - closed) > 0)[spans.position]


class _Outcome:
    """The outcome of each row, and which of the distinct ones it is: numbered once for all folds."""

    def __init__(self, y: Any, n_rows: int):
        self.value: FloatArray = np.asarray(y, dtype=float)
        if self.value.shape != (n_rows,):
            raise DataError(f"y has shape {self.value.shape} for {n_rows} rows; give one outcome a row.")
        self._code, distinct = pd.factorize(self.value)
        self._n_distinct = len(distinct)

    def distance(self, train: IntArray, test: IntArray) -> float:
        """Half the sum of the differences of shares; missing where there are too many distinct outcomes."""
        trained, tested = (np.bincount(self._code[side], minlength=self._n_distinct) for side in (train, test))
        if np.count_nonzero(trained + tested) > MOST_CLASSES:
            return np.nan
        return float(np.abs(trained / len(train) - tested / len(test)).sum() / 2)


def _drift(outcome: _Outcome | None, train: IntArray, test: IntArray) -> dict[str, float]:
    if outcome is None or len(train) == 0 or len(test) == 0:
        return dict.fromkeys(("train_mean", "test_mean", "class_drift", "class_distance"), np.nan)
    before, after = float(outcome.value[train].mean()), float(outcome.value[test].mean())
    return {
        "train_mean": before,
        "test_mean": after,
        "class_drift": after - before,
        "class_distance": outcome.distance(train, test),
    }
