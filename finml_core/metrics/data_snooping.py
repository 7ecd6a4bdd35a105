"""Was the best of many found or only searched for? White's reality check, Hansen's SPA, the model confidence set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError
from finml_core.metrics.stationary_bootstrap import resampled_means, stationary_indices, stationary_variance
from finml_core.typing import FloatArray


@dataclass(frozen=True, kw_only=True)
class SnoopingResult:
    """Chance that the best of the configurations beats the benchmark by as much if none is truly better."""

    reality_check: float  # White (2000): every configuration counts in full
    spa: float  # Hansen (2005), consistent: hopeless configurations count no more
    spa_lower: float  # liberal bound of the same
    spa_upper: float  # conservative bound of the same
    best: int  # column of the highest mean
    n_obs: int
    n_configurations: int


def data_snooping_test(
    returns: pd.DataFrame | ArrayLike,
    benchmark: ArrayLike | None = None,
    *,
    n_bootstrap: int = 1000,
    block_size: int | None = None,
    seed: int = 0,
) -> SnoopingResult:
    """Test whether any configuration has a higher mean return than the benchmark, given that all were looked at.

    Parameters
    ----------
    returns : shape (n_obs, n_configurations)
        Returns (higher is better) at the same timestamps, in order of time; none missing.
    benchmark : shape (n_obs,), optional
        Cash, a return of 0, if not given.
    n_bootstrap : int
        Resampled histories, by the stationary bootstrap.
    block_size : int, optional
        Mean length of the blocks in observations; the root of n_obs if not given.
    seed : int

    Raises
    ------
    DataError
        For a missing return, fewer than 20 observations, a benchmark of another length, or a configuration that does
        not vary against the benchmark.

    References
    ----------
    White (2000), Econometrica 68(5); Hansen (2005), Journal of Business & Economic Statistics 23(4).
    """
    values = _checked(returns)
    ahead = values - _benchmark(benchmark, len(values))[:, None]
    _check_variation(ahead)
    size = _block_size(block_size, len(ahead))
    variance = stationary_variance(ahead, size)
    means = resampled_means(ahead, stationary_indices(len(ahead), _reps(n_bootstrap), size, seed))
    _, _, reality_check = chances(ahead, means, variance, is_studentized=False)
    lower, consistent, upper = chances(ahead, means, variance, is_studentized=True)
    return SnoopingResult(
        reality_check=reality_check,
        spa=consistent,
        spa_lower=lower,
        spa_upper=upper,
        best=int(values.mean(axis=0).argmax()),
        n_obs=len(values),
        n_configurations=values.shape[1],
    )


def model_confidence_set(
    returns: pd.DataFrame | ArrayLike,
    *,
    size: float = 0.1,
    n_bootstrap: int = 1000,
    block_size: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The configurations that cannot be told from the best, with confidence 1 - `size`.

    Parameters
    ----------
    returns, n_bootstrap, block_size, seed : as in `data_snooping_test`
    size : float
        Chance that the truly best one is left out.

    Returns
    -------
    DataFrame, a row a column of `returns` and in their order
        configuration (the column's name), mean, p_value, included.

    Raises
    ------
    DataError
        As `data_snooping_test`; and for fewer than two configurations, or two that are the same series.

    References
    ----------
    Hansen, Lunde & Nason (2011), Econometrica 79(2), with the range statistic.
    """
    check_between("size", size, 0.001, 0.5)
    values = _checked(returns)
    names = list(returns.columns) if isinstance(returns, pd.DataFrame) else list(range(values.shape[1]))
    if values.shape[1] < 2:
        raise DataError("a model confidence set needs at least 2 configurations.")
    _check_distinct(values, names)
    blocks = _block_size(block_size, len(values))
    means = resampled_means(values, stationary_indices(len(values), _reps(n_bootstrap), blocks, seed))
    p_value = elimination_chances(values.mean(axis=0), means)
    return pd.DataFrame(
        {"configuration": names, "mean": values.mean(axis=0), "p_value": p_value, "included": p_value > size}
    )


def chances(
    ahead: FloatArray, means: FloatArray, variance: FloatArray, *, is_studentized: bool
) -> tuple[float, float, float]:
    """Hansen's p-values (lower, consistent, upper) from resampled means; without studentizing the last is White's.

    Resampled means are centred at those seen, of which a negative one counts as 0 for the lower bound, and one that is
    hopeless (below zero by more than its error times the root of 2 log log n) for the consistent one.
    """
    n_obs, mean = len(ahead), ahead.mean(axis=0)
    is_hopeless = mean < -np.sqrt(variance / n_obs * 2 * np.log(np.log(n_obs)))
    centres = np.maximum(mean, 0.0), np.where(is_hopeless, 0.0, mean), mean
    scale = np.sqrt(variance) if is_studentized else 1.0
    floor = 0.0 if is_studentized else -np.inf  # the statistic of Hansen (2005) is never negative
    seen = max(float((mean / scale).max()), floor)
    best = [np.maximum(((means - centre) / scale).max(axis=1), floor) for centre in centres]
    lower, consistent, upper = (float((drawn > seen).mean()) for drawn in best)
    return lower, consistent, upper


def elimination_chances(mean: FloatArray, means: FloatArray) -> FloatArray:
    """The confidence set's p-value of each configuration: the worst is taken out until one is left, which has 1.

    Parameters
    ----------
    mean : shape (n_configurations,), as seen; higher is better
    means : shape (n_bootstrap, n_configurations), resampled
    """
    n = len(mean)
    behind = mean[None, :] - mean[:, None]  # row i against column j, above 0 where i is worse
    drawn = means[:, None, :] - means[:, :, None] - behind
    scale = np.sqrt(np.einsum("bij,bij->ij", drawn, drawn) / len(drawn) + np.eye(n))
    behind = behind / scale
    drawn /= scale
    left, p_value, highest = np.arange(n), np.ones(n), 0.0
    while len(left) > 1:
        apart = behind[np.ix_(left, left)]
        worst = int(apart.max(axis=1).argmax())
        reach = drawn.max(axis=(1, 2))
        highest = max(highest, float((reach > apart.max()).mean()))
        p_value[left[worst]] = highest
        keep = np.arange(len(left)) != worst
        left, drawn = left[keep], drawn[:, keep][:, :, keep]
    return p_value


def _block_size(block_size: int | None, n_obs: int) -> float:
    if block_size is None:
        return float(int(np.sqrt(n_obs)))
    check_integer("block_size", block_size, 1)
    return float(block_size)


def _reps(n_bootstrap: int) -> int:
    check_integer("n_bootstrap", n_bootstrap, 50)
    return n_bootstrap


def _checked(returns: pd.DataFrame | ArrayLike) -> FloatArray:
    values = np.asarray(returns, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) < 20 or not values.shape[1]:
        raise DataError(f"returns have shape {values.shape}; give at least 20 observations of one or more columns.")
    if not np.isfinite(values).all():
        raise DataError("returns hold a missing or infinite value; use the timestamps that all configurations share.")
    return values


def _benchmark(benchmark: ArrayLike | None, n_obs: int) -> FloatArray:
    if benchmark is None:
        return np.zeros(n_obs)
    values = np.asarray(benchmark, dtype=float).ravel()
    if len(values) != n_obs or not np.isfinite(values).all():
        raise DataError(f"the benchmark has {len(values)} returns for {n_obs} observations, or one is missing.")
    return values


def _check_variation(ahead: FloatArray) -> None:
    flat = np.ptp(ahead, axis=0) <= 1e-13 * np.abs(ahead).max(axis=0)
    if flat.any():
        raise DataError(
            f"configuration {int(np.flatnonzero(flat)[0])} does not vary against the benchmark; leave it out."
        )


def _check_distinct(values: FloatArray, names: list[object]) -> None:
    _, first = np.unique(values, axis=1, return_index=True)
    if len(first) < values.shape[1]:
        same = next(number for number in range(values.shape[1]) if number not in set(first.tolist()))
        raise DataError(f"configuration {names[same]!r} is the same series as another; keep one of them.")
