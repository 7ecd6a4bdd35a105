"""Is one forecast better than another? The test of Diebold and Mariano."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtr

from finml_core.checks import check_choice, check_integer
from finml_core.errors import DataError
from finml_core.typing import FloatArray


@dataclass(frozen=True, kw_only=True)
class DieboldMarianoResult:
    """How the losses of two forecasts differ, and how likely chance alone would make them differ so."""

    difference: float  # mean loss of the first less that of the second; below 0 the first is better
    statistic: float
    p_value: float
    n_obs: int
    horizon: int


def diebold_mariano(
    first_loss: ArrayLike,
    second_loss: ArrayLike,
    *,
    horizon: int = 1,
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
    small_sample: bool = True,
) -> DieboldMarianoResult:
    """Test whether two forecasts of the same outcomes have the same expected loss.

    Parameters
    ----------
    first_loss, second_loss : arrays of shape (n_obs,)
        Losses of both forecasts at the same times, in order of time; none missing.
    horizon : int
        Steps ahead: losses up to horizon - 1 apart may be correlated.
    alternative : "two-sided", "less" or "greater"
        `less`: the first loses less.
    small_sample : bool
        The correction of Harvey, Leybourne & Newbold, judged by Student's t; without, by the normal distribution.

    Returns
    -------
    DieboldMarianoResult
        Statistic and p-value are missing where the difference does not vary.

    Raises
    ------
    DataError
        For losses of different length, a missing one, or no more observations than `horizon` + 1.

    References
    ----------
    Diebold & Mariano (1995), Journal of Business & Economic Statistics 13(3); Harvey, Leybourne & Newbold (1997),
    International Journal of Forecasting 13(2). The rectangular window of the papers can leave a variance that is not
    positive: then Bartlett's weights on the same lags take its place.
    """
    check_integer("horizon", horizon, 1)
    check_choice("alternative", alternative, ("two-sided", "less", "greater"))
    difference = _difference(first_loss, second_loss, horizon)
    n_obs, mean = len(difference), float(difference.mean())
    variance = _variance_of_mean(difference, horizon)
    statistic = mean / np.sqrt(variance) if variance > 0 else np.nan
    if small_sample:
        statistic *= np.sqrt((n_obs + 1 - 2 * horizon + horizon * (horizon - 1) / n_obs) / n_obs)
    below = stdtr(n_obs - 1, statistic) if small_sample else ndtr(statistic)
    p_value = {"less": below, "greater": 1 - below, "two-sided": 2 * min(below, 1 - below)}[alternative]
    return DieboldMarianoResult(
        difference=mean, statistic=float(statistic), p_value=float(p_value), n_obs=n_obs, horizon=horizon
    )


def _difference(first_loss: ArrayLike, second_loss: ArrayLike, horizon: int) -> FloatArray:
    first, second = (np.asarray(loss, dtype=float).ravel() for loss in (first_loss, second_loss))
    if len(first) != len(second):
        raise DataError(f"{len(first)} losses stand against {len(second)}; give both at the same times.")
    if len(first) <= horizon + 1:
        raise DataError(f"{len(first)} losses are too few for a horizon of {horizon}.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise DataError("a loss is missing or infinite; leave its time out of both.")
    return first - second


def _variance_of_mean(difference: FloatArray, horizon: int) -> float:
    n_obs = len(difference)
    centred = difference - difference.mean()
    lags = np.arange(1, horizon)
    own = centred @ centred / n_obs
    if own <= 1e-28 * max(float(np.abs(difference).max()) ** 2, 1e-300):  # rounding is no variation
        return 0.0
    shared = np.array([centred[lag:] @ centred[:-lag] / n_obs for lag in lags])
    variance = own + 2 * shared.sum()
    if variance <= 0:
        variance = own + 2 * ((1 - lags / horizon) * shared).sum()
    return float(variance / n_obs)
