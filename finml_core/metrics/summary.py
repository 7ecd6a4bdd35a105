"""All that a page says of one series of returns."""

import numpy as np
from numpy.typing import ArrayLike

from finml_core.metrics.returns import (
    annual_return,
    annual_volatility,
    annualize_sharpe,
    calmar_ratio,
    conditional_value_at_risk,
    equity_line,
    hit_rate,
    known,
    kurtosis,
    max_drawdown,
    max_drawdown_length,
    profit_factor,
    sharpe_ratio,
    sharpe_standard_error,
    skewness,
    sortino_ratio,
    total_return,
    value_at_risk,
)
from finml_core.metrics.significance import probabilistic_sharpe_ratio


def return_summary(returns: ArrayLike, periods_per_year: float) -> dict[str, float]:
    """Return, risk and luck of a series of simple returns.

    Parameters
    ----------
    returns : array of shape (n,)
        Missing ones are left out.
    periods_per_year : float

    Returns
    -------
    dict
        n_obs, total_return, annual_return, annual_volatility; sharpe and its sharpe_error, sortino (annual);
        sharpe_per_period, skew, kurtosis (raw); psr (against 0); calmar, max_drawdown, max_drawdown_length (periods);
        value_at_risk, conditional_value_at_risk (95 %, losses positive, per period); hit_rate, profit_factor.
        What does not exist is missing.
    """
    returns = known(returns)
    sharpe, skew, raw_kurtosis = sharpe_ratio(returns), skewness(returns), kurtosis(returns)
    is_known = np.isfinite(sharpe)
    error = sharpe_standard_error(sharpe, len(returns), skew, raw_kurtosis) if is_known else np.nan
    psr = probabilistic_sharpe_ratio(sharpe, len(returns), skew, raw_kurtosis) if is_known else np.nan
    equity = equity_line(returns)
    return {
        "n_obs": len(returns),
        "total_return": total_return(returns),
        "annual_return": annual_return(returns, periods_per_year),
        "annual_volatility": annual_volatility(returns, periods_per_year),
        "sharpe": float(annualize_sharpe(sharpe, periods_per_year)),
        "sharpe_error": float(annualize_sharpe(error, periods_per_year)),
        "sharpe_per_period": sharpe,
        "skew": skew,
        "kurtosis": raw_kurtosis,
        "psr": float(psr),
        "sortino": float(annualize_sharpe(sortino_ratio(returns), periods_per_year)),
        "calmar": calmar_ratio(returns, periods_per_year),
        "max_drawdown": max_drawdown(equity),
        "max_drawdown_length": max_drawdown_length(equity),
        "value_at_risk": value_at_risk(returns),
        "conditional_value_at_risk": conditional_value_at_risk(returns),
        "hit_rate": hit_rate(returns),
        "profit_factor": profit_factor(returns),
    }
