"""Probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV)."""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_choice, check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.numerics import divide
from finml_core.typing import FloatArray

AT_ONCE = 4_000_000  # numbers held in one array while working through the combinations


@dataclass(frozen=True, kw_only=True)
class OverfittingResult:
    """One entry a combination of partitions: the configuration that is best in one half, judged in the other."""

    logits: FloatArray  # log-odds of its relative rank out of sample; at most 0 is the lower half
    in_sample: FloatArray  # its performance in the half where it was chosen, per observation
    out_of_sample: FloatArray  # its performance in the other half
    chosen: FloatArray  # its column

    @property
    def pbo(self) -> float:
        """Share of combinations whose chosen configuration is no better than the median out of sample."""
        return float((self.logits <= 0).mean())

    @property
    def probability_of_loss(self) -> float:
        """Share of combinations whose chosen configuration loses out of sample."""
        return float((self.out_of_sample < 0).mean())

    @property
    def degradation(self) -> tuple[float, float]:
        """Slope and intercept of performance out of sample on that in sample; missing if the latter does not vary."""
        centred = self.in_sample - self.in_sample.mean()
        slope = float(divide(centred @ self.out_of_sample, centred @ centred))
        return slope, float(self.out_of_sample.mean() - slope * self.in_sample.mean())


def probability_of_backtest_overfitting(
    returns: pd.DataFrame | ArrayLike, n_partitions: int = 16, metric: Literal["sharpe", "mean"] = "sharpe"
) -> OverfittingResult:
    """How often the configuration that looks best in one half of history is below the median in the other.

    Parameters
    ----------
    returns : shape (n_obs, n_configurations)
        Simple returns of every configuration that was tried, at the same timestamps, in order of time; none missing.
    n_partitions : int
        Even; history is cut into as many blocks, and every choice of half of them is a combination.
    metric : "sharpe" or "mean"
        What is best; a configuration that does not vary in a half has Sharpe ratio 0 there.

    Returns
    -------
    OverfittingResult
        `.pbo` is about 0.5 if choosing is worth nothing, near 0 for a real edge, 1 if the best is always the worst.

    Raises
    ------
    DataError
        For fewer than two configurations, a missing return, too few observations, or a table that looks transposed:
        more columns than rows (unless its rows carry timestamps), or timestamps along its columns.

    References
    ----------
    Bailey, Borwein, López de Prado & Zhu (2017), Journal of Computational Finance 20(4).
    """
    check_integer("n_partitions", n_partitions, 2)
    if n_partitions % 2:
        raise ConfigError(f"n_partitions is {n_partitions}, but must be even.")
    check_choice("metric", metric, ("sharpe", "mean"))
    values = _checked(returns, n_partitions)
    sums, squares, sizes = _block_sums(values, n_partitions)
    halves = np.array(list(combinations(range(n_partitions), n_partitions // 2)))
    parts = [
        _judge(half, sums, squares, sizes, values.mean(axis=0), metric)
        for half in np.array_split(halves, -(-len(halves) * values.shape[1] // AT_ONCE))
    ]
    logits, in_sample, out_of_sample, chosen = (np.concatenate(column) for column in zip(*parts))
    return OverfittingResult(logits=logits, in_sample=in_sample, out_of_sample=out_of_sample, chosen=chosen)


def _checked(returns: pd.DataFrame | ArrayLike, n_partitions: int) -> FloatArray:
    values = np.asarray(returns, dtype=float)
    if values.ndim != 2 or values.shape[1] < 2:
        raise DataError(
            f"returns have shape {values.shape}, but must have a column for each of 2 configurations or more."
        )
    index, columns = getattr(returns, "index", None), getattr(returns, "columns", None)
    is_wide = values.shape[1] > values.shape[0] and not isinstance(index, pd.DatetimeIndex)
    if is_wide or isinstance(columns, pd.DatetimeIndex):
        raise DataError(
            f"returns have shape {values.shape}: rows must be observations and columns configurations. "
            "Transpose the table, or index its rows by timestamps."
        )
    if len(values) < 2 * n_partitions:
        raise DataError(f"{len(values)} observations are too few for {n_partitions} partitions; use fewer partitions.")
    if not np.isfinite(values).all():
        raise DataError("returns hold a missing or infinite value; use the timestamps that all configurations share.")
    return values


def _block_sums(values: FloatArray, n_partitions: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums of deviations from each column's mean, of their squares, and rows, by partition."""
    blocks = np.array_split(values - values.mean(axis=0), n_partitions)
    sums = np.array([block.sum(axis=0) for block in blocks])
    squares = np.array([(block**2).sum(axis=0) for block in blocks])
    return sums, squares, np.array([len(block) for block in blocks], dtype=float)


def _judge(
    halves: np.ndarray, sums: FloatArray, squares: FloatArray, sizes: FloatArray, level: FloatArray, metric: str
) -> tuple[FloatArray, ...]:
    chooses = np.zeros((len(halves), len(sizes)))
    np.put_along_axis(chooses, halves, 1.0, axis=1)
    inside = _performance(chooses, sums, squares, sizes, level, metric)
    outside = _performance(1 - chooses, sums, squares, sizes, level, metric)
    best = inside.argmax(axis=1)
    row = np.arange(len(halves))
    reached = outside[row, best]
    rank = (outside < reached[:, None]).sum(axis=1) + ((outside == reached[:, None]).sum(axis=1) + 1) / 2
    share = rank / (outside.shape[1] + 1)
    return np.log(share / (1 - share)), inside[row, best], reached, best


def _performance(
    chooses: FloatArray, sums: FloatArray, squares: FloatArray, sizes: FloatArray, level: FloatArray, metric: str
) -> FloatArray:
    count = (chooses @ sizes)[:, None]
    shift = chooses @ sums / count
    mean = shift + level
    if metric == "mean":
        return mean
    variance = (chooses @ squares - count * shift**2) / (count - 1)
    # what rounding leaves of a column that does not vary is no variance
    smallest = 1e-24 * np.maximum(mean**2, squares.sum(axis=0) / sizes.sum())
    return divide(mean, np.sqrt(np.where(variance > smallest, variance, 0.0)), empty=0.0)
