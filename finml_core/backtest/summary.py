"""What a backtest comes to: returns, risk, luck, and what trading took of them."""

import pandas as pd

from finml_core.metrics import return_summary
from finml_core.metrics.returns import annual_return
from finml_core.schemas import bars_per_year


def summarise(bars: pd.DataFrame) -> dict[str, float]:
    """Numbers of one backtest from its rows.

    Parameters
    ----------
    bars : DataFrame indexed by ts
        `gross_return, cost, net_return, turnover, exposure` as `BacktestResult.bars` has them.

    Returns
    -------
    dict
        All of `finml_core.metrics.return_summary` on net returns, and `periods_per_year, gross_annual_return,
        cost_annual` (mean cost a bar times the bars in a year), `turnover_annual, exposure` (mean).
        A ratio that does not exist is missing: without any variation there is no Sharpe ratio.
    """
    periods = bars_per_year(bars.index)
    return {
        **return_summary(bars["net_return"].to_numpy(), periods),
        "periods_per_year": periods,
        "gross_annual_return": annual_return(bars["gross_return"].to_numpy(), periods),
        "cost_annual": float(bars["cost"].mean() * periods),
        "turnover_annual": float(bars["turnover"].mean() * periods),
        "exposure": float(bars["exposure"].mean()),
    }
