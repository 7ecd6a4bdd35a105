"""The account: one pass over the bars that keeps cash and units, and loses nothing on the way.

At each bar the units held are marked to the price of the fill, borrowing is paid, and every symbol that may trade is
brought to its target share of what is left after the costs of doing so. Sizing on equity after costs makes the path of
weights, and so the gross return, independent of costs.
"""

from dataclasses import dataclass

import numpy as np

from finml_core.backtest.costs import KINDS, CostModel
from finml_core.backtest.panel import Panel
from finml_core.typing import BoolArray, FloatArray


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What to fill where: arrays of shape (n_ts, n_symbols)."""

    price: FloatArray  # of the fill
    target: FloatArray  # share of equity, 0 is flat
    can_trade: BoolArray


@dataclass(frozen=True, kw_only=True)
class Account:
    """What happened, in money; a row a bar."""

    units: FloatArray  # (n_ts, n_symbols) at the close
    traded: FloatArray  # (n_ts, n_symbols) value bought less value sold at the fill
    weight_before: FloatArray  # (n_ts, n_symbols) share of equity just before the fill
    cash: FloatArray  # (n_ts,) at the close
    equity_at_fill: FloatArray  # (n_ts,) before costs
    equity: FloatArray  # (n_ts,) at the close
    costs: dict[str, FloatArray]  # by kind, (n_ts,)
    trade_costs: dict[str, FloatArray]  # by kind of those that a trade has, (n_ts, n_symbols)


def keep_account(
    panel: Panel,
    orders: Orders,
    costs: CostModel,
    *,
    initial_equity: float,
    max_leverage: float,
    no_trade_band: float,
) -> Account:
    """Run the account over all bars; see the module's own words for the order of things within a bar."""
    from finml_core.backtest.account_kernel import run_account

    slope, ceiling = costs.impact_curve(panel.dollar_volume, panel.volatility)
    units, traded, weight_before, cash, equity_at_fill, equity, borrowed = run_account(
        orders.price,
        panel.close,
        orders.target,
        orders.can_trade,
        slope,
        ceiling,
        costs.borrow_rate_day * _days_since_last(panel),
        costs.linear_rate,
        float(initial_equity),
        float(max_leverage),
        float(no_trade_band),
    )
    by_trade = costs.trade_costs(np.abs(traded), slope, ceiling)
    by_bar = {kind: matrix.sum(axis=1) for kind, matrix in by_trade.items()} | {"borrow": borrowed}
    return Account(
        units=units,
        traded=traded,
        weight_before=weight_before,
        cash=cash,
        equity_at_fill=equity_at_fill,
        equity=equity,
        costs={kind: by_bar[kind] for kind in KINDS},
        trade_costs=by_trade,
    )


def _days_since_last(panel: Panel) -> FloatArray:
    days = np.diff(panel.ts.to_numpy()) / np.timedelta64(1, "D")
    return np.r_[0.0, days] if len(panel.ts) else np.zeros(0)
