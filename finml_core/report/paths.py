"""Tables over the paths of a combinatorial run: how far full out-of-sample histories are apart."""

import numpy as np
import pandas as pd

from finml_core.metrics import annualize_sharpe

LOW, HIGH = 0.05, 0.95  # nine in ten paths lie between
MOST_LINES = 20  # paths that are drawn one by one


def equity_fan(returns: pd.DataFrame, path: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Growth of 1 over all paths: the middle of them and where nine in ten lie, at each bar by itself.

    Parameters
    ----------
    returns : DataFrame
        Net returns after costs, a row a ts, a column a path.
    path : int
        The path that is looked at.

    Returns
    -------
    (DataFrame, DataFrame)
        ts, low, median, high, equity (of the path looked at); and ts, path, equity of the single paths, at most
        MOST_LINES of them, spread evenly by where they end.
    """
    equity = (1 + returns).cumprod().rename_axis(index="ts", columns="path")
    low, median, high = np.quantile(equity.to_numpy(), [LOW, 0.5, HIGH], axis=1)
    fan = pd.DataFrame(
        {"ts": equity.index, "low": low, "median": median, "high": high, "equity": equity[path].to_numpy()}
    )
    ranked = equity.iloc[-1].sort_values(kind="stable").index
    places = np.unique(np.linspace(0, len(ranked) - 1, min(MOST_LINES, len(ranked))).round().astype(int))
    lines = equity[sorted(ranked[places])].melt(ignore_index=False, value_name="equity").reset_index()
    return fan, lines


def equity_on(path_returns: pd.DataFrame, path: int) -> pd.DataFrame:
    """`ts, model, net_return, equity, drawdown` of every strategy on one path, so that pairs share their history."""
    table = path_returns.loc[path_returns["path"] == path, ["model", "ts", "net_return"]].reset_index(drop=True)
    equity = (1 + table["net_return"]).groupby(table["model"], sort=False).cumprod()
    peak = equity.groupby(table["model"], sort=False).cummax().clip(lower=1.0)
    return table.assign(equity=equity, drawdown=equity / peak - 1)


def annual_spread(sharpe: pd.Series, periods_per_year: float) -> dict[str, float]:
    """Sharpe ratios per bar, by path, as numbers a year: mean, deviation (ddof 1), low and high (5 and 95 %).

    A path that traded nothing counts as 0.
    """
    annual = pd.Series(annualize_sharpe(sharpe.fillna(0.0).to_numpy(), periods_per_year))
    return {
        "mean": float(annual.mean()),
        "deviation": float(annual.std(ddof=1)),
        "low": float(annual.quantile(LOW)),
        "high": float(annual.quantile(HIGH)),
    }


def path_distribution(paths: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean, deviation and the quantiles of one score over the paths of each model, in the order of `paths`.

    Returns
    -------
    DataFrame
        model, n_paths, mean, deviation (ddof 1), low, median, high, least, most. A model without this score is left
        out.
    """
    rows = []
    for model, part in paths.dropna(subset=[metric]).groupby("model", sort=False):
        values = part[metric]
        rows.append(
            {
                "model": model,
                "n_paths": len(values),
                "mean": values.mean(),
                "deviation": values.std(ddof=1),
                "low": values.quantile(LOW),
                "median": values.median(),
                "high": values.quantile(HIGH),
                "least": values.min(),
                "most": values.max(),
            }
        )
    columns = ("model", "n_paths", "mean", "deviation", "low", "median", "high", "least", "most")
    return pd.DataFrame(rows, columns=list(columns))
