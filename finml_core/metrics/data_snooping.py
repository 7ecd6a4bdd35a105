"""Was the best of many found or only searched for? White's reality check, Hansen's SPA, the model confidence set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError
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
    White (2000), Econometrica 68(5); Hansen (2005), Journal of Business & Economic Statistics 23(4). By arch.
    """
    values = _checked(returns)
    ahead = values - _benchmark(benchmark, len(values))[:, None]
    _check_variation(ahead)
    plain, studentized = (_p_values(ahead, n_bootstrap, block_size, seed, is_scaled) for is_scaled in (False, True))
    return SnoopingResult(
        reality_check=float(plain["upper"]),
        spa=float(studentized["consistent"]),
        spa_lower=float(studentized["lower"]),
        spa_upper=float(studentized["upper"]),
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
    Hansen, Lunde & Nason (2011), Econometrica 79(2), with the range statistic. By arch.
    """
    check_between("size", size, 0.001, 0.5)
    values = _checked(returns)
    names = list(returns.columns) if isinstance(returns, pd.DataFrame) else list(range(values.shape[1]))
    if values.shape[1] < 2:
        raise DataError("a model confidence set needs at least 2 configurations.")
    _check_distinct(values, names)
    from arch.bootstrap import MCS

    test = MCS(-values, size=size, reps=_reps(n_bootstrap), block_size=block_size, seed=seed)
    test.compute()
    p_value = test.pvalues["Pvalue"].reindex(range(values.shape[1])).to_numpy(dtype=float)
    included = np.isin(np.arange(values.shape[1]), test.included)
    return pd.DataFrame({"configuration": names, "mean": values.mean(axis=0), "p_value": p_value, "included": included})


def _p_values(ahead: FloatArray, n_bootstrap: int, block_size: int | None, seed: int, is_scaled: bool) -> pd.Series:
    from arch.bootstrap import SPA

    test = SPA(
        np.zeros(len(ahead)),
        -ahead,
        block_size=block_size,
        reps=_reps(n_bootstrap),
        studentize=is_scaled,
        seed=seed,
    )
    test.compute()
    return test.pvalues


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
