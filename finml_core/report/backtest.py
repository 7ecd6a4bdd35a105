"""Tables of the page Backtest: what is left after costs?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finml_core.metrics import annualize_sharpe, kurtosis, sharpe_ratio, sharpe_standard_error, skewness

COST_KINDS = ("commission", "spread", "impact", "borrow")
Z_90 = 1.6449  # normal quantile of a two-sided 90 % interval
MIN_BARS = 20  # fewer bars in a group carry no Sharpe ratio


def equity_series(equity: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """`ts, series, equity, drawdown` of the chosen strategies."""
    chosen = equity.loc[equity["model"].isin(models), ["ts", "model", "equity", "drawdown"]]
    return chosen.rename(columns={"model": "series"})


def against(bars: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`ts, series, equity, drawdown` of several backtests, below each other, in the order given."""
    return pd.concat(dict(bars), names=["series", "ts"]).reset_index()[["ts", "series", "equity", "drawdown"]]


def cost_waterfall(bars: pd.DataFrame, costs: pd.DataFrame, periods_per_year: float) -> pd.DataFrame:
    """From gross to net, a year: `kind, value`; costs are negative, and the parts add up."""
    gross = float(bars["gross_return"].mean() * periods_per_year)
    parts = {kind: -float(costs[kind].mean() * periods_per_year) for kind in COST_KINDS}
    net = gross + sum(parts.values())
    return pd.DataFrame({"kind": ["gross", *parts, "net"], "value": [gross, *parts.values(), net]})


def sharpe_by(bars: pd.DataFrame, group: pd.Series, periods_per_year: float) -> pd.DataFrame:
    """Annual return (90 % interval) and Sharpe ratio (with its error) in each group of bars.

    Columns `group, n, value, lower, upper, sharpe, error`, `value` being the annual return.
    """
    table = []
    for name, returns in bars["net_return"].groupby(group.to_numpy(), sort=True):
        values = returns.to_numpy()
        sharpe = sharpe_ratio(values) if len(values) >= MIN_BARS else np.nan
        error = np.nan
        if np.isfinite(sharpe):
            error = sharpe_standard_error(sharpe, len(values), skewness(values), kurtosis(values))
        mean = float(values.mean() * periods_per_year)
        half = Z_90 * float(values.std(ddof=1)) / np.sqrt(len(values)) * periods_per_year if len(values) > 1 else np.nan
        table.append(
            {
                "group": str(name),
                "n": len(values),
                "value": mean,
                "lower": mean - half,
                "upper": mean + half,
                "sharpe": annualize_sharpe(sharpe, periods_per_year),
                "error": annualize_sharpe(error, periods_per_year),
            }
        )
    return pd.DataFrame(table)


def market_regime(regimes: pd.DataFrame, lag: int = 0) -> pd.Series:
    """The most common regime among the symbols at each ts; of equals the first in the alphabet.

    With `lag` 1 it is that of the bar before: known when the return of the bar began.
    """
    counts = regimes.dropna(subset=["regime"]).groupby(["ts", "regime"]).size().reset_index(name="n")
    return (
        counts.sort_values(["ts", "n", "regime"], ascending=[True, False, True])
        .groupby("ts")["regime"]
        .first()
        .shift(lag)
    )


def gain_over(returns: pd.Series, baseline: pd.Series, periods_per_year: float) -> tuple[float, float]:
    """Annual mean of the paired difference and its standard error (Newey & West, 1987).

    Lags by their rule of thumb, 4 (n/100)^(2/9), since positions held over several bars make returns correlated.
    """
    difference = (returns - baseline).dropna().to_numpy()
    n = len(difference)
    centred = difference - difference.mean()
    lags = int(4 * (n / 100) ** (2 / 9))
    variance = centred @ centred / n
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (centred[lag:] @ centred[:-lag]) / n
    return float(difference.mean() * periods_per_year), float(np.sqrt(max(variance, 0.0) / n) * periods_per_year)
