"""What an equity line comes to: returns, risk, and how far luck may have made them."""

import numpy as np
import pandas as pd

from finml_core.metrics import (
    annualize_sharpe,
    kurtosis,
    probabilistic_sharpe_ratio,
    sharpe_ratio,
    sharpe_standard_error,
    skewness,
)
from finml_core.numerics import divide
from finml_core.schemas import bars_per_year
from finml_core.typing import BoolArray, FloatArray


def summarise(bars: pd.DataFrame) -> dict[str, float | int]:
    """Numbers of one backtest from its rows.

    Parameters
    ----------
    bars : DataFrame indexed by ts
        `gross_return, cost, net_return, turnover, exposure` as `BacktestResult.bars` has them.

    Returns
    -------
    dict
        `n_bars, periods_per_year, total_return, gross_total_return, annual_return` (geometric), `volatility_annual`,
        `sharpe` (annual) with `sharpe_error`, `sharpe_per_bar, skew, kurtosis` (raw), `psr` (against 0),
        `sortino, calmar` (annual), `max_drawdown` (at most 0), `max_drawdown_length` (bars from a peak to the last bar
        below it), `var_95, cvar_95` (losses a bar, positive), `hit_rate` (share of bars with a position that gained),
        `profit_factor, turnover_annual, exposure, cost_annual`. A ratio that does not exist is missing: without any
        variation there is no Sharpe ratio.
    """
    net, gross = bars["net_return"].to_numpy(), bars["gross_return"].to_numpy()
    periods = bars_per_year(bars.index)
    total = float(np.prod(1 + net) - 1)
    annual = float((1 + total) ** (periods / len(net)) - 1) if total > -1 else -1.0
    equity = np.r_[1.0, np.cumprod(1 + net)]
    drawdown = equity / np.maximum.accumulate(equity) - 1
    gains, losses = net[net > 0].sum(), -net[net < 0].sum()
    downside = float(np.sqrt(np.mean(np.minimum(net, 0.0) ** 2)))
    tail = np.quantile(net, 0.05)
    is_invested = (bars["exposure"] > 0) | (bars["turnover"] > 0)
    return {
        "n_bars": len(net),
        "periods_per_year": periods,
        "total_return": total,
        "gross_total_return": float(np.prod(1 + gross) - 1),
        "annual_return": annual,
        "volatility_annual": float(net.std(ddof=1) * np.sqrt(periods)) if len(net) > 1 else np.nan,
        **_sharpe(net, periods),
        "sortino": float(divide(net.mean(), downside) * np.sqrt(periods)),
        "calmar": float(divide(annual, -drawdown.min())),
        "max_drawdown": float(drawdown.min()),
        "max_drawdown_length": _longest_run(drawdown < 0),
        "var_95": float(-tail),
        "cvar_95": float(-net[net <= tail].mean()),
        "hit_rate": float((net[is_invested] > 0).mean()) if is_invested.any() else np.nan,
        "profit_factor": float(divide(gains, losses)),
        "turnover_annual": float(bars["turnover"].mean() * periods),
        "exposure": float(bars["exposure"].mean()),
        "cost_annual": float(bars["cost"].mean() * periods),
    }


def _sharpe(returns: FloatArray, periods: float) -> dict[str, float]:
    names = ("sharpe", "sharpe_error", "sharpe_per_bar", "skew", "kurtosis", "psr")
    if len(returns) < 3 or np.ptp(returns) == 0:
        return dict.fromkeys(names, np.nan)
    sharpe, skew, raw_kurtosis = sharpe_ratio(returns), skewness(returns), kurtosis(returns)
    error = sharpe_standard_error(sharpe, len(returns), skew, raw_kurtosis)
    psr = probabilistic_sharpe_ratio(sharpe, len(returns), skew, raw_kurtosis)
    annual = annualize_sharpe(sharpe, periods), annualize_sharpe(error, periods)
    return dict(zip(names, (*map(float, annual), *map(float, (sharpe, skew, raw_kurtosis, psr))), strict=True))


def _longest_run(mask: BoolArray) -> int:
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
