"""The share of capital that makes wealth grow fastest, and its usual brakes: a fraction of it, and a cap."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_positive
from finml_core.errors import DataError
from finml_core.typing import FloatArray


@dataclass(frozen=True)
class KellySizing:
    """Fractional, capped Kelly bets.

    Parameters
    ----------
    max_leverage : float
        Largest share of capital in one bet, and largest sum of sizes over several assets.
    kelly_fraction : float
        Share of the full Kelly bet that is taken: the full one is right only where the odds are known exactly.
    allow_short : bool
        Take the other side of a bet with a negative edge; otherwise it is left alone.
    """

    max_leverage: float = 1.0
    kelly_fraction: float = 0.5
    allow_short: bool = False

    def __post_init__(self) -> None:
        check_positive("max_leverage", self.max_leverage)
        check_between("kelly_fraction", self.kelly_fraction, 0.0, 1.0)

    def calculate_kelly_fraction(
        self, win_prob: ArrayLike, win_return: ArrayLike, loss_return: ArrayLike
    ) -> float | FloatArray:
        """Share of capital to bet: the full Kelly bet times `kelly_fraction`, capped; see `kelly_fraction`."""
        return self._brake(kelly_fraction(win_prob, win_return, loss_return))

    def uncapped_kelly_fraction(
        self, win_prob: ArrayLike, win_return: ArrayLike, loss_return: ArrayLike
    ) -> float | FloatArray:
        """The full Kelly bet before fraction, cap and shorting rule, to be shown beside the one that is taken."""
        return kelly_fraction(win_prob, win_return, loss_return)

    def continuous(self, mean: ArrayLike, volatility: ArrayLike, risk_free: ArrayLike = 0.0) -> float | FloatArray:
        """Braked version of `continuous_kelly`."""
        return self._brake(continuous_kelly(mean, volatility, risk_free))

    def multi_asset_kelly(
        self, expected_returns: ArrayLike | pd.Series, covariance: ArrayLike | pd.DataFrame, *, shrinkage: float = 0.1
    ) -> FloatArray | pd.Series:
        """Braked version of the function `multi_asset_kelly`: sizes add up to at most `max_leverage`."""
        full = multi_asset_kelly(expected_returns, covariance, shrinkage=shrinkage, allow_short=self.allow_short)
        weight = full * self.kelly_fraction
        gross = np.abs(np.asarray(weight)).sum()
        return weight * min(1.0, self.max_leverage / gross) if gross > 0 else weight

    def _brake(self, full: float | FloatArray) -> float | FloatArray:
        lowest = -self.max_leverage if self.allow_short else 0.0
        return _scalar(np.clip(np.asarray(full) * self.kelly_fraction, lowest, self.max_leverage))


def kelly_fraction(win_prob: ArrayLike, win_return: ArrayLike, loss_return: ArrayLike) -> float | FloatArray:
    """Share of capital that maximises the expected log growth of a bet with two outcomes: p/|loss| - (1-p)/win.

    Parameters
    ----------
    win_prob : float or array
        Probability of winning, 0 to 1; missing stays missing.
    win_return, loss_return : float or array
        What a unit of capital gains or loses, as fractions; the sign of the loss does not matter.

    Returns
    -------
    float or array
        Unbounded; negative where the other side of the bet has the edge, and then the size of that bet.

    Raises
    ------
    DataError
        For a probability outside [0, 1], or a gain or loss that is not above 0 in size.

    References
    ----------
    Kelly (1956), Bell System Technical Journal 35(4), 917-926; Thorp (2006), Handbook of Asset and Liability
    Management 1, 385-428.
    """
    p = np.asarray(win_prob, dtype=float)
    win, loss = np.asarray(win_return, dtype=float), np.abs(np.asarray(loss_return, dtype=float))
    if ((p < 0) | (p > 1)).any():
        raise DataError(f"win_prob ranges from {np.nanmin(p)} to {np.nanmax(p)}, but must lie between 0 and 1.")
    if (win <= 0).any() or (loss == 0).any():
        raise DataError("a win must be above 0 and a loss differ from 0; without either there is no finite best bet.")
    return _scalar(p / loss - (1 - p) / win)


def kelly_growth(
    fraction: ArrayLike, win_prob: ArrayLike, win_return: ArrayLike, loss_return: ArrayLike
) -> float | FloatArray:
    """Expected log growth a bet when `fraction` of capital is staked; -inf where a loss can ruin."""
    f, p = np.asarray(fraction, dtype=float), np.asarray(win_prob, dtype=float)
    won = 1 + f * np.asarray(win_return, dtype=float)
    lost = 1 - f * np.abs(np.asarray(loss_return, dtype=float))
    alive = (won > 0) & (lost > 0)
    growth = p * np.log(np.where(alive, won, 1.0)) + (1 - p) * np.log(np.where(alive, lost, 1.0))
    return _scalar(np.where(alive, growth, -np.inf))


def continuous_kelly(mean: ArrayLike, volatility: ArrayLike, risk_free: ArrayLike = 0.0) -> float | FloatArray:
    """Kelly fraction of an asset with normal returns, (mean - risk_free) / volatility^2, all a period.

    Raises
    ------
    DataError
        If a volatility is not above 0.

    References
    ----------
    Thorp (2006), section 7.1.
    """
    volatility = np.asarray(volatility, dtype=float)
    if (volatility <= 0).any():
        raise DataError(f"volatility is {np.nanmin(volatility)}, but must be above 0.")
    return _scalar((np.asarray(mean, dtype=float) - np.asarray(risk_free, dtype=float)) / volatility**2)


def multi_asset_kelly(
    expected_returns: ArrayLike | pd.Series,
    covariance: ArrayLike | pd.DataFrame,
    *,
    shrinkage: float = 0.1,
    allow_short: bool = True,
) -> FloatArray | pd.Series:
    """Shares of capital that maximise w'mu - w'Cov w / 2, the growth rate for small normal returns.

    Parameters
    ----------
    expected_returns : array or Series of shape (n_assets,)
        In excess of the riskless rate, a period.
    covariance : array or DataFrame of shape (n_assets, n_assets)
        Of the same periods' returns; a DataFrame is put into the order of `expected_returns`.
    shrinkage : float
        0 to 1: how far correlations are shrunk to 0, since their inverse magnifies errors. 0 trusts them.
    allow_short : bool
        Without it the maximum is taken over weights of at least 0, which is more than setting negative ones to 0.

    Returns
    -------
    array, or Series on the index of `expected_returns`
        Unbounded.

    Raises
    ------
    DataError
        For shapes that do not fit, missing values, or a covariance that is not positive definite.
    """
    check_between("shrinkage", shrinkage, 0.0, 1.0)
    if isinstance(covariance, pd.DataFrame) and isinstance(expected_returns, pd.Series):
        covariance = covariance.reindex(index=expected_returns.index, columns=expected_returns.index)
    mean, matrix = np.asarray(expected_returns, dtype=float), np.asarray(covariance, dtype=float)
    if matrix.shape != (len(mean), len(mean)) or not np.isfinite(matrix).all() or not np.isfinite(mean).all():
        raise DataError(
            f"{len(mean)} finite expected returns need a finite covariance of that size, not {matrix.shape}."
        )
    try:
        root = np.linalg.cholesky(shrink_covariance(matrix, shrinkage))
    except np.linalg.LinAlgError as error:
        raise DataError("the covariance is not positive definite; use more history or a larger shrinkage.") from error
    whitened = np.linalg.solve(root, mean)
    from scipy.optimize import nnls

    weight = np.linalg.solve(root.T, whitened) if allow_short else nnls(root.T, whitened)[0]
    return pd.Series(weight, index=expected_returns.index) if isinstance(expected_returns, pd.Series) else weight


def shrink_covariance(covariance: FloatArray, shrinkage: float) -> FloatArray:
    """Covariance whose correlations are multiplied by 1 - `shrinkage`; variances stay."""
    return (1 - shrinkage) * covariance + shrinkage * np.diag(np.diag(covariance))


def _scalar(value: FloatArray) -> float | FloatArray:
    return float(value) if np.ndim(value) == 0 else value
