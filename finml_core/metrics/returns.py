"""Return and risk of a series of simple returns. Missing returns are left out.

Ratios are per period; annualising is a step of its own. A ratio that does not exist is missing: a series without
variation has no Sharpe ratio, a line that never falls no Calmar ratio, returns without a loss no profit factor.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_positive
from finml_core.errors import DataError
from finml_core.numerics import divide
from finml_core.typing import FloatArray


def sharpe_ratio(returns: ArrayLike) -> float:
    """Mean over standard deviation (ddof 1), per period; returns are in excess of cash.

    Missing with fewer than 2 returns or where they do not vary.
    """
    returns = known(returns)
    if len(returns) < 2 or is_constant(returns):
        return np.nan
    return float(returns.mean() / returns.std(ddof=1))


def sharpe_standard_error(
    sharpe: ArrayLike, n_obs: ArrayLike, skew: ArrayLike = 0.0, kurtosis: ArrayLike = 3.0
) -> FloatArray:
    """Standard error of a Sharpe ratio per period, for returns of any skew and tails.

    Parameters
    ----------
    sharpe : per period
    n_obs : number of periods
        Missing result below 2.
    skew, kurtosis : of the returns
        Kurtosis is raw: 3 for a normal distribution.

    Returns
    -------
    float, or array by broadcasting
        sqrt((1 - skew sharpe + (kurtosis - 1) / 4 sharpe^2) / (n_obs - 1)), per period.

    Raises
    ------
    DataError
        For a kurtosis below 1, which no distribution has: it is likely an excess one.

    References
    ----------
    Mertens (2002); Bailey & López de Prado (2012), Journal of Risk 15(2).
    """
    sharpe, n_obs, skew, kurtosis = (np.asarray(value, dtype=float) for value in (sharpe, n_obs, skew, kurtosis))
    if (kurtosis < 1 - 1e-9).any():
        raise DataError(
            f"kurtosis is {kurtosis.min():g}, but raw kurtosis is at least 1 (3 for a normal distribution)."
        )
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    # no sample has a negative spread; moments from different sources may
    variance = np.where((n_obs >= 2) & (spread >= 0), divide(spread, n_obs - 1), np.nan)
    return np.sqrt(variance)[()]


def annualize_sharpe(sharpe: ArrayLike, periods_per_year: float) -> FloatArray:
    """A Sharpe or Sortino ratio per period, or its standard error, times the root of the periods in a year."""
    check_positive("periods_per_year", float(periods_per_year))
    return (np.asarray(sharpe, dtype=float) * np.sqrt(periods_per_year))[()]


def skewness(returns: ArrayLike) -> float:
    """Third standardised moment of the sample (no bias correction); missing where returns do not vary."""
    return _standardised_moment(returns, 3)


def kurtosis(returns: ArrayLike) -> float:
    """Fourth standardised moment of the sample, raw: 3 for a normal distribution; missing without variation."""
    return _standardised_moment(returns, 4)


def sortino_ratio(returns: ArrayLike, target: float = 0.0) -> float:
    """Mean excess over `target`, over the root mean square of the shortfalls of all periods; per period."""
    excess = known(returns) - target
    if len(excess) == 0:
        return np.nan
    return float(divide(excess.mean(), np.sqrt(np.mean(np.minimum(excess, 0) ** 2))))


def calmar_ratio(returns: ArrayLike, periods_per_year: float) -> float:
    """Annual (geometric) return over the size of the maximum drawdown."""
    return float(divide(annual_return(returns, periods_per_year), -max_drawdown(equity_line(returns))))


def total_return(returns: ArrayLike) -> float:
    """Compounded return over all periods."""
    return float(np.prod(1 + known(returns)) - 1)


def annual_return(returns: ArrayLike, periods_per_year: float) -> float:
    """Compounded return a year; -1 once everything is lost, missing without returns."""
    check_positive("periods_per_year", float(periods_per_year))
    n_periods = len(known(returns))
    if n_periods == 0:
        return np.nan
    wealth = 1 + total_return(returns)
    return float(wealth ** (periods_per_year / n_periods) - 1) if wealth > 0 else -1.0


def annual_volatility(returns: ArrayLike, periods_per_year: float) -> float:
    """Standard deviation (ddof 1) times the root of the periods in a year; missing with fewer than 2 returns."""
    check_positive("periods_per_year", float(periods_per_year))
    returns = known(returns)
    return float(returns.std(ddof=1) * np.sqrt(periods_per_year)) if len(returns) > 1 else np.nan


def equity_line(returns: ArrayLike) -> FloatArray:
    """Wealth from 1 before the first return on: one value more than there are returns."""
    return np.r_[1.0, np.cumprod(1 + known(returns))]


def drawdown(equity: ArrayLike) -> FloatArray | pd.Series:
    """Loss since the highest equity so far, at most 0; of the same shape, a Series on its own index.

    Parameters
    ----------
    equity : array of shape (n,)
        Wealth (not returns), the starting one first.

    Raises
    ------
    DataError
        If the first value is missing or not above 0.
    """
    values = np.asarray(equity, dtype=float)
    if len(values) and not values[0] > 0:
        raise DataError(f"equity starts at {values[0]:g}, but must start above 0; pass wealth, not returns.")
    below = values / np.fmax.accumulate(values) - 1
    return pd.Series(below, index=equity.index, name="drawdown") if isinstance(equity, pd.Series) else below


def max_drawdown(equity: ArrayLike) -> float:
    """The deepest drawdown of a line of wealth, at most 0; missing for an empty one."""
    below = np.asarray(drawdown(equity))
    return float(np.nanmin(below)) if len(below) else np.nan


def max_drawdown_length(equity: ArrayLike) -> int:
    """Periods in the longest stretch below an earlier high."""
    edge = np.flatnonzero(np.diff(np.r_[False, np.asarray(drawdown(equity)) < 0, False].astype(int)))
    return int((edge[1::2] - edge[::2]).max(initial=0))


def value_at_risk(returns: ArrayLike, confidence: float = 0.95) -> float:
    """Loss (positive) that a share `confidence` of the periods stayed within; historical."""
    check_between("confidence", confidence, 0, 1)
    returns = known(returns)
    return float(-np.quantile(returns, 1 - confidence)) if len(returns) else np.nan


def conditional_value_at_risk(returns: ArrayLike, confidence: float = 0.95) -> float:
    """Mean loss (positive) of the periods that reached the value at risk; historical."""
    returns = known(returns)
    if len(returns) == 0:
        return np.nan
    return float(-returns[returns <= -value_at_risk(returns, confidence)].mean())


def hit_rate(returns: ArrayLike) -> float:
    """Share of gains among the periods that gained or lost; missing if none did."""
    returns = known(returns)
    return float(divide((returns > 0).sum(), (returns != 0).sum()))


def profit_factor(returns: ArrayLike) -> float:
    """Sum of gains over sum of losses; missing without a loss."""
    returns = known(returns)
    return float(divide(returns[returns > 0].sum(), -returns[returns < 0].sum()))


def turnover(target_weight: pd.DataFrame | pd.Series | ArrayLike) -> FloatArray | pd.Series:
    """Sum over symbols of the change of weight at each timestamp, from no position at first.

    Parameters
    ----------
    target_weight : (n_ts,) or (n_ts, n_symbols)
        Shares of capital; missing counts as 0.

    Returns
    -------
    (n_ts,), on the input's index if it has one
        1 is buying the whole capital once; a swap of everything is 2.
    """
    weight = np.nan_to_num(np.asarray(target_weight, dtype=float))
    weight = weight.reshape(len(weight), -1)
    change = np.abs(np.diff(weight, axis=0, prepend=np.zeros((1, weight.shape[1])))).sum(axis=1)
    is_pandas = isinstance(target_weight, pd.DataFrame | pd.Series)
    return pd.Series(change, index=target_weight.index, name="turnover") if is_pandas else change


def known(returns: ArrayLike) -> FloatArray:
    """A flat array without the missing values."""
    returns = np.asarray(returns, dtype=float).ravel()
    return returns[~np.isnan(returns)]


def is_constant(values: FloatArray) -> bool:
    """True where values differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-13 * np.abs(values).max())


def _standardised_moment(returns: ArrayLike, power: int) -> float:
    returns = known(returns)
    if len(returns) < 2 or is_constant(returns):
        return np.nan
    centred = returns - returns.mean()
    return float(np.mean((centred / centred.std()) ** power))
