"""The training rows that a selection may look at, laid out by time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.errors import DataError
from finml_core.purging import Timeline, label_times, row_times
from finml_core.typing import BoolArray, FloatArray, IntArray

LEAST_ROWS = 30
MOST_CLASSES = 10


@dataclass(frozen=True)
class TrainingRows:
    """Complete rows of one training fold."""

    X: FloatArray  # (n_rows, n_features), nothing missing
    y: FloatArray
    names: tuple[str, ...]
    timeline: Timeline
    symbol: IntArray  # code of each row
    kept: IntArray  # their places among the fold's rows

    @property
    def horizon(self) -> int:
        """Timestamps over which outcomes overlap, at least 1."""
        return max(1, self.timeline.horizon)

    @property
    def is_class(self) -> bool:
        """Whether the outcome is one of few."""
        return len(np.unique(self.y)) <= MOST_CLASSES

    @property
    def is_varying(self) -> BoolArray:
        """Which features vary."""
        return np.ptp(self.X, axis=0) > 0

    @property
    def n_stamps(self) -> int:
        """Distinct timestamps."""
        return len(self.timeline.stamps)

    def by_time(self, values: FloatArray) -> FloatArray:
        """Sum of the rows of each timestamp."""
        return np.bincount(self.timeline.position, weights=values, minlength=self.n_stamps)

    def shifted(self, values: FloatArray, steps: int) -> tuple[FloatArray, BoolArray]:
        """Each row's value from the same symbol `steps` timestamps on, around the end; and whether it is known."""
        dense = np.full((self.n_stamps, int(self.symbol.max()) + 1), np.nan)
        dense[self.timeline.position, self.symbol] = values
        moved = dense[(self.timeline.position + steps) % self.n_stamps, self.symbol]
        return moved, ~np.isnan(moved)

    def shifts(self, n: int, generator: np.random.Generator) -> IntArray:
        """`n` random steps for `shifted`, none so short that an outcome keeps part of its own window."""
        nearest = min(self.horizon + 1, self.n_stamps // 3)
        steps = np.arange(max(nearest, 1), self.n_stamps - max(nearest, 1) + 1)
        return generator.choice(steps, size=n, replace=n > len(steps))


def training_rows(
    X: pd.DataFrame, y: pd.Series | ArrayLike, *, rows: ArrayLike | None, label_end: pd.Series | None
) -> TrainingRows:
    """The complete rows among `rows`; nothing else is read.

    Raises
    ------
    DataError
        For another length or index of y, or fewer than 30 complete rows.
    """
    if len(y) != len(X) or (isinstance(y, pd.Series) and not y.index.equals(X.index)):  # type: ignore[arg-type]
        raise DataError(f"X has {len(X)} rows and y {len(y)}, or another index; make both alike.")  # type: ignore[arg-type]
    chosen = np.arange(len(X)) if rows is None else np.asarray(rows)
    chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    table = X.iloc[chosen]
    values, outcome = table.to_numpy(dtype=float), np.asarray(y, dtype=float)[chosen]
    complete = np.isfinite(values).all(axis=1) & np.isfinite(outcome)
    if complete.sum() < LEAST_ROWS:
        raise DataError(
            f"{int(complete.sum())} of {len(chosen)} training rows have every feature and an outcome, but a selection "
            f"needs {LEAST_ROWS}. Leave out features with long warm-ups, or give more history."
        )
    index = table.index[complete]
    has_times = "ts" in index.names or isinstance(index, pd.DatetimeIndex)
    ts = row_times(index) if has_times else np.arange(len(index))
    ends = None if label_end is None else label_times(label_end.iloc[chosen][complete], index)
    symbols = index.get_level_values("symbol") if "symbol" in index.names else np.zeros(len(index))
    return TrainingRows(
        X=values[complete],
        y=outcome[complete],
        names=tuple(map(str, X.columns)),
        timeline=Timeline(ts, ends),
        symbol=pd.factorize(symbols)[0].astype(np.int64),
        kept=np.flatnonzero(complete),
    )
