"""An audit of any feature function that trusts nobody: computed again on other histories, its values must stay."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from finml_core.checks import check_choice, check_integer
from finml_core.errors import DataError
from finml_core.schemas import KEY
from finml_core.splits.feature_histories import appended, cuts, started
from finml_core.typing import FloatArray, IntArray

TOLERANCE = 1e-9  # relative above 1, absolute below
START_TOLERANCE = 1e-6  # of what a recursion may still remember of an earlier start
TESTS = ("repeat", "truncation", "append", "start")
FEW_BARS = 0.1  # a share: a start that still shows in the last bars of a history is never forgotten

FeatureFunction = Callable[[pd.DataFrame], Any]


def audit_features(
    feature_fn: FeatureFunction,
    bars: pd.DataFrame,
    *,
    n_cuts: int = 5,
    tolerance: float = TOLERANCE,
    tests: Sequence[str] = TESTS,
    warm_up: int | Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Compute features again on other histories of the same bars and compare.

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
    tests : which of
        `repeat`: the same bars again. `truncation`: the future cut off. `append`: 20 bars of wild prices follow.
        `start`: the history starts later; a recursion may remember it for a while.
    warm_up : int or mapping by feature, optional
        Bars after which the start must be forgotten to 1e-6. None: at any time but the history's last tenth.

    Returns
    -------
    DataFrame with columns
        feature, passed (nothing came from the future and repeating changes nothing), first_offence and first_symbol
        (the earliest bar whose value changes, missing if none), max_difference (infinite where a value is missing on
        one side only), failed_tests (their names; `start` too), forgets_after (bars until a later start no longer
        shows; missing if it shows to the end or was not tested), autocorrelation (of neighbouring bars: high is no
        proof of anything, any mean has it), verdict (`failed`, `doubtful` where only the start is not forgotten,
        `passed`). One row a feature.

    Raises
    ------
    DataError
        If the features cannot be matched with the bars, or there are fewer than 3 timestamps.
    """
    check_integer("n_cuts", n_cuts, 1)
    for test in tests:
        check_choice("a test", test, TESTS)
    ts = pd.Series(bars["ts"].to_numpy() if "ts" in bars.columns else bars.index.to_numpy())
    places = cuts(ts, n_cuts)
    whole = keyed(feature_fn(bars.copy()), bars)
    found = _Findings(whole, tolerance)
    if "repeat" in tests:
        found.compare("repeat", keyed(feature_fn(bars.copy()), bars))
    if "truncation" in tests:
        for cut in places:
            part = _part(bars, (ts <= cut).to_numpy())
            found.compare("truncation", keyed(feature_fn(part.copy()), part))
    if "append" in tests:
        longer = appended(bars)
        found.compare("append", keyed(feature_fn(longer.copy()), longer).reindex(whole.index))
    if "start" in tests:
        for part in started(bars, ts):
            found.remember(keyed(feature_fn(part.copy()), part), warm_up)
    return found.table(tested_start="start" in tests)


class _Findings:
    """What each comparison with the whole history showed."""

    def __init__(self, whole: pd.DataFrame, tolerance: float):
        self.whole, self.tolerance = whole, tolerance
        width = whole.shape[1]
        self.worst = np.zeros(width)
        self.failed: list[set[str]] = [set() for _ in range(width)]
        self.first: list[tuple[pd.Timestamp, str] | None] = [None] * width
        self.memory = np.zeros(width)

    def compare(self, test: str, other: pd.DataFrame) -> None:
        """Every value of `other` against the whole history's."""
        columns, difference = self._against(other)
        self.worst[columns] = np.fmax(self.worst[columns], difference.max(axis=0, initial=0))
        stamps = pd.DatetimeIndex(other.index.get_level_values("ts"))
        for place, column in enumerate(columns):
            wrong = np.flatnonzero(difference[:, place] > self.tolerance)
            if len(wrong) == 0:
                continue
            self.failed[column].add(test)
            row = wrong[stamps[wrong].argmin()]
            symbol = other.index.get_level_values("symbol")[row] if "symbol" in other.index.names else ""
            here = (stamps[row], str(symbol))
            self.first[column] = here if self.first[column] is None else min(self.first[column], here)

    def remember(self, late: pd.DataFrame, warm_up: int | Mapping[str, int] | None) -> None:
        """How many bars of each symbol still show that the history started later; infinite if the last ones do."""
        columns, difference = self._against(late)
        age, length = _ages(late.index)
        for place, column in enumerate(columns):
            wrong = difference[:, place] > START_TOLERANCE
            most = warm_up.get(self.whole.columns[column]) if isinstance(warm_up, Mapping) else warm_up
            too_long = wrong & (age >= (length * (1 - FEW_BARS) if most is None else most))
            if too_long.any():
                self.failed[column].add("start")
            if wrong.any():
                is_last = (wrong & (age >= length * (1 - FEW_BARS))).any()
                self.memory[column] = max(self.memory[column], np.inf if is_last else age[wrong].max() + 1)

    def table(self, *, tested_start: bool) -> pd.DataFrame:
        """The findings, one row a feature."""
        names = self.whole.columns
        passed = np.array([not failed - {"start"} for failed in self.failed], dtype=bool)
        verdict = np.select([~passed, [bool(failed) for failed in self.failed]], ["failed", "doubtful"], "passed")
        first = [one[0] if one else pd.NaT for one in self.first]
        return pd.DataFrame(
            {
                "feature": names,
                "passed": passed,
                "first_offence": pd.Series(first, dtype="datetime64[us]"),
                "first_symbol": [one[1] if one else None for one in self.first],
                "max_difference": self.worst,
                "failed_tests": [", ".join(test for test in TESTS if test in failed) for failed in self.failed],
                "forgets_after": np.where(np.isinf(self.memory) | (not tested_start), np.nan, self.memory),
                "autocorrelation": _autocorrelation(self.whole),
                "verdict": verdict,
            }
        )

    def _against(self, other: pd.DataFrame) -> tuple[IntArray, FloatArray]:
        columns = self.whole.columns.get_indexer(other.columns)
        if (columns < 0).any():
            raise DataError(f"feature {other.columns[columns < 0][0]!r} exists only on a part of the history.")
        same = self.whole.reindex(index=other.index, columns=other.columns)
        return columns, _difference(same.to_numpy(dtype=float), other.to_numpy(dtype=float))


def keyed(features: Any, bars: pd.DataFrame) -> pd.DataFrame:
    """Features as a frame of numbers on the bars' keys: (symbol, ts), or ts for a plain frame."""
    if not isinstance(features, pd.DataFrame | pd.Series):
        values = np.asarray(features)
        if values.ndim not in (1, 2) or len(values) != len(bars):
            raise DataError(f"the features have shape {values.shape} for {len(bars)} bars; return one row a bar.")
        features = pd.DataFrame(values, index=bars.index)
    frame = features.to_frame() if isinstance(features, pd.Series) else features
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    for name, kind in zip(frame.columns, frame.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
            raise DataError(f"feature {name!r} is of type {kind}, but must be numbers.")
    if set(KEY) <= set(frame.index.names):
        return frame.reorder_levels(list(KEY)) if list(frame.index.names) != list(KEY) else frame
    if not frame.index.isin(bars.index).all() or not bars.index.is_unique:
        raise DataError("the features' index is neither that of the bars nor (symbol, ts); return one row a bar.")
    if isinstance(bars.index, pd.DatetimeIndex):
        return frame.rename_axis("ts")
    return frame.set_axis(pd.MultiIndex.from_frame(bars.loc[frame.index, list(KEY)]), axis=0)


def _part(bars: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    part = bars.loc[chosen]
    return part if isinstance(bars.index, pd.DatetimeIndex) else part.reset_index(drop=True)


def _ages(index: pd.Index) -> tuple[IntArray, IntArray]:
    """Bars of its symbol before each row, and how many the symbol has."""
    code = pd.factorize(index.get_level_values("symbol"))[0] if "symbol" in index.names else np.zeros(len(index), int)
    grouped = pd.Series(code).groupby(code)
    return grouped.cumcount().to_numpy(), grouped.transform("size").to_numpy()


def _autocorrelation(features: pd.DataFrame) -> FloatArray:
    """Correlation with the bar before of the same symbol, all symbols pooled."""
    by = features.groupby(level="symbol") if "symbol" in features.index.names else features
    now, before = features.to_numpy(dtype=float), by.shift().to_numpy(dtype=float)
    both = np.isfinite(now) & np.isfinite(before)
    found = []
    for column in range(features.shape[1]):
        a, b = now[both[:, column], column], before[both[:, column], column]
        varies = len(a) > 2 and a.std() > 0 and b.std() > 0
        found.append(float(np.corrcoef(a, b)[0, 1]) if varies else np.nan)
    return np.array(found)


def _difference(late: FloatArray, early: FloatArray) -> FloatArray:
    """Size of the change, relative to values above 1; infinite where only one side is missing."""
    same = (late == early) | (np.isnan(late) & np.isnan(early))
    with np.errstate(invalid="ignore"):
        change = np.abs(late - early) / np.fmax(np.fmax(np.abs(late), np.abs(early)), 1.0)
    return np.where(same, 0.0, np.where(np.isnan(change), np.inf, change))
