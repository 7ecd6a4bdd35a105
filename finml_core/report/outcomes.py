"""The returns that follow each bar, laid out once for a universe: a matrix of timestamps by symbols a horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.typing import FloatArray, IntArray


@dataclass(frozen=True)
class Ranked:
    """A matrix with what ranking each of its rows needs, made once."""

    values: FloatArray  # (rows, items), finite or missing
    order: np.ndarray  # int32: argsort of each row, missing values last
    rank: np.ndarray  # float32, exact to 8 million items: mean ranks from 1 among the known, 0 where missing
    count: IntArray  # known items of each row

    @classmethod
    def of(cls, values: FloatArray) -> "Ranked":
        """Sort and rank each row."""
        from finml_core.report.signal_kernels import rank_rows

        values = np.ascontiguousarray(values)
        # infinite in place of missing ones: sorted last as well, and four times as fast
        order = np.argsort(np.where(np.isnan(values), np.inf, values), axis=1).astype(np.int32)
        rank, count = np.empty(values.shape, dtype=np.float32), np.empty(len(values), dtype=np.int64)
        rank_rows(values, order, rank, count)
        return cls(values, order, rank, count)


@dataclass(frozen=True)
class Outcomes:
    """Returns over the next h bars of each symbol, for each horizon h."""

    stamps: pd.DatetimeIndex
    symbols: tuple[str, ...]
    place: IntArray  # of each row of the closes in the flattened matrix of timestamps by symbols
    across: dict[int, Ranked]  # by horizon, a row a timestamp

    @cached_property
    def along(self) -> dict[int, Ranked]:
        """The same returns, a row a symbol; made when first asked for."""
        return {horizon: Ranked.of(ranked.values.T) for horizon, ranked in self.across.items()}

    @property
    def horizons(self) -> tuple[int, ...]:
        """Bars ahead, in the order given."""
        return tuple(self.across)

    @property
    def shape(self) -> tuple[int, int]:
        """Timestamps, symbols."""
        return len(self.stamps), len(self.symbols)

    def matrix(self, values: pd.Series | FloatArray) -> FloatArray:
        """A column on the rows of the closes as timestamps by symbols; missing where there is no finite value."""
        column = np.asarray(values, dtype=float)
        if column.shape != self.place.shape:
            raise DataError(f"a feature has {len(column)} rows but the closes have {len(self.place)}; make both alike.")
        dense = np.full(len(self.stamps) * len(self.symbols), np.nan)
        dense[self.place] = np.where(np.isfinite(column), column, np.nan)
        return dense.reshape(self.shape)


def make_outcomes(close: pd.Series, horizons: Sequence[int]) -> Outcomes:
    """Returns ahead of adjusted closes.

    Parameters
    ----------
    close : Series indexed by (symbol, ts), sorted
        Adjusted closes of each symbol's bars.
    horizons : counts of the symbol's own bars, each at least 1

    Returns
    -------
    Outcomes
        close[t + h] / close[t] - 1, missing in each symbol's last h bars.

    Raises
    ------
    ConfigError
        For no horizon, or one below 1.
    DataError
        For an index that is not sorted or holds a key twice, or no rows.
    """
    if not horizons:
        raise ConfigError("horizons is empty; name at least one count of bars.")
    for horizon in horizons:
        check_integer("horizon", horizon, 1)
    if len(close) == 0:
        raise DataError("there are no closes to make returns of.")
    code, symbols = pd.factorize(close.index.get_level_values("symbol"))
    stamp, stamps = pd.factorize(close.index.get_level_values("ts"), sort=True)
    same = code[1:] == code[:-1]
    if (code[1:] < code[:-1]).any() or (stamp[1:] <= stamp[:-1])[same].any():
        raise DataError("the closes must be sorted by symbol and ts, each key once.")
    place = stamp.astype(np.int64) * len(symbols) + code
    price, rows = close.to_numpy(dtype=float), np.arange(len(close))
    across = {}
    for horizon in horizons:
        later = np.minimum(rows + horizon, len(rows) - 1)
        is_known = (rows + horizon < len(rows)) & (code[later] == code)
        ahead = np.where(is_known, price[later] / price - 1, np.nan)
        dense = np.full((len(stamps), len(symbols)), np.nan)
        dense.reshape(-1)[place] = ahead
        across[int(horizon)] = Ranked.of(dense)
    return Outcomes(pd.DatetimeIndex(stamps, name="ts"), tuple(map(str, symbols)), place, across)
