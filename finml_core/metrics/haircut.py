"""Haircut Sharpe ratios: what is left of a Sharpe ratio once it is corrected for all that were looked at."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from finml_core.checks import check_choice, check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.metrics.multiple_testing import METHODS, MultipleHypothesisCorrection
from finml_core.numerics import divide
from finml_core.typing import FloatArray

Method = Literal["bonferroni", "holm", "bh", "by"]


def haircut_sharpe(
    sharpes: pd.Series | ArrayLike, n_obs: ArrayLike, *, method: Method = "holm", n_tests: int | None = None
) -> pd.DataFrame:
    """Sharpe ratios that would be as significant alone as these are among many.

    Each Sharpe ratio's t-ratio gives a two-sided p-value, the p-values are corrected together, and each corrected one
    is turned back into a Sharpe ratio. Harvey and Liu's BHY is `by`; `bonferroni` and `holm` bear their names.

    Parameters
    ----------
    sharpes : Series or array of shape (n,)
        Per observation, of all that were tested and have one; none missing.
    n_obs : int or array of shape (n,)
        Observations that each comes from, at least 2.
    method : "bonferroni", "holm", "bh" or "by"
    n_tests : int, optional
        All tests that were made, at least n: those without a Sharpe ratio, failed ones for instance, count with a
        p-value of 1.

    Returns
    -------
    DataFrame on the Series' index
        sharpe, t_ratio, p_value, p_corrected, haircut_sharpe (per observation, of the same sign), haircut (share of
        the Sharpe ratio that is cut off; missing where that is 0).

    Raises
    ------
    DataError
        For a missing Sharpe ratio or fewer than 2 observations.
    ConfigError
        If `n_tests` is below the number of Sharpe ratios, or the method is unknown.

    References
    ----------
    Harvey & Liu (2015), Backtesting, Journal of Portfolio Management 42(1). They simulate the p-values of the tests
    that an outsider does not see; here all of them are in the ledger.
    """
    check_choice("method", method, METHODS)
    values = np.asarray(sharpes, dtype=float)
    observations = np.broadcast_to(np.asarray(n_obs, dtype=float), values.shape)
    if not np.isfinite(values).all():
        raise DataError("a Sharpe ratio is missing; leave it out and count it in n_tests.")
    if (observations < 2).any():
        raise DataError(f"n_obs is {observations.min():g}, but a Sharpe ratio needs at least 2 observations.")
    n_all = _count(n_tests, len(values))
    t_ratio = values * np.sqrt(observations)
    p = two_sided_p(t_ratio, observations - 1)
    corrected = _corrected(p, n_all, method)
    left = np.sign(values) * sharpe_of_p(corrected, observations)
    return pd.DataFrame(
        {
            "sharpe": values,
            "t_ratio": t_ratio,
            "p_value": p,
            "p_corrected": corrected,
            "haircut_sharpe": left,
            "haircut": 1 - divide(left, values),
        },
        index=sharpes.index if isinstance(sharpes, pd.Series) else None,
    )


def two_sided_p(t_ratio: ArrayLike, degrees: ArrayLike) -> FloatArray:
    """Chance of a t-ratio at least as far from 0, by Student's t."""
    return 2 * stdtr(degrees, -np.abs(np.asarray(t_ratio, dtype=float)))


def sharpe_of_p(p: ArrayLike, n_obs: ArrayLike) -> FloatArray:
    """The Sharpe ratio per observation (at least 0) whose two-sided p-value over `n_obs` observations is `p`."""
    p, n_obs = np.asarray(p, dtype=float), np.asarray(n_obs, dtype=float)
    with np.errstate(invalid="ignore"):
        t_ratio = -stdtrit(n_obs - 1, p / 2)
    return np.where(p >= 1, 0.0, np.where(p <= 0, np.inf, t_ratio)) / np.sqrt(n_obs)


def _count(n_tests: int | None, n: int) -> int:
    if n_tests is None:
        return n
    check_integer("n_tests", n_tests, 0)
    if n_tests < n:
        raise ConfigError(f"n_tests is {n_tests}, but there are {n} Sharpe ratios; count all tests.")
    return n_tests


def _corrected(p: FloatArray, n_tests: int, method: Method) -> FloatArray:
    every = np.r_[p, np.ones(n_tests - len(p))]
    return MultipleHypothesisCorrection(method=method).correct(every)["p_corrected"].to_numpy()[: len(p)]
