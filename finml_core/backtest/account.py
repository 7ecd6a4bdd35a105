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

MAX_ROUNDS = 50  # of the fixed point between costs and size; three are typical


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
    n_ts, n_symbols = panel.close.shape
    slope, ceiling = costs.impact_curve(panel.dollar_volume, panel.volatility)
    borrow_rate = costs.borrow_rate_day * _days_since_last(panel)
    units_held, traded, weight_before = (np.zeros((n_ts, n_symbols)) for _ in range(3))
    cash_held, at_fill, equity, borrowed = (np.zeros(n_ts) for _ in range(4))
    units, cash, short_value = np.zeros(n_symbols), initial_equity, 0.0
    for t in range(n_ts):
        price = orders.price[t]
        value = units * price
        before = cash + value.sum()
        borrow = short_value * borrow_rate[t]
        may_trade = orders.can_trade[t] & ((orders.target[t] != 0) | (units != 0))
        cash -= borrow
        if may_trade.any():
            current = value / before if before > 0 else np.zeros(n_symbols)
            target = orders.target[t] if before - borrow > 0 else np.zeros(n_symbols)
            is_near = (np.abs(target - current) <= no_trade_band) & (target != 0)
            trades = may_trade & ~is_near
            weight = _within_leverage(np.where(trades, target, current), trades, max_leverage)
            curve = slope[t] * trades, ceiling[t]
            cost = _cost_of_reaching(weight, value, before - borrow, costs.linear_rate * trades, curve)
            goal = weight * (before - borrow - cost)
            units = np.where(trades, goal / price, units)
            traded[t] = np.where(trades, goal - value, 0.0)
            weight_before[t] = current
            cash -= traded[t].sum() + cost
        position = units * panel.close[t]
        short_value = -np.minimum(position, 0.0).sum()
        units_held[t], cash_held[t], at_fill[t], borrowed[t] = units, cash, before, borrow
        equity[t] = cash + position.sum()
    by_trade = costs.trade_costs(np.abs(traded), slope, ceiling)
    by_bar = {kind: matrix.sum(axis=1) for kind, matrix in by_trade.items()} | {"borrow": borrowed}
    return Account(
        units=units_held,
        traded=traded,
        weight_before=weight_before,
        cash=cash_held,
        equity_at_fill=at_fill,
        equity=equity,
        costs={kind: by_bar[kind] for kind in KINDS},
        trade_costs=by_trade,
    )


def _days_since_last(panel: Panel) -> FloatArray:
    days = np.diff(panel.ts.to_numpy()) / np.timedelta64(1, "D")
    return np.r_[0.0, days] if len(panel.ts) else np.zeros(0)


def _within_leverage(weight: FloatArray, trades: BoolArray, max_leverage: float) -> FloatArray:
    """Scale the traded weights down together where all sizes add up to more than `max_leverage`."""
    size = np.abs(weight)
    if size.sum() <= max_leverage:
        return weight
    free = max(max_leverage - size[~trades].sum(), 0.0)
    wanted = size[trades].sum()
    return np.where(trades, weight * min(1.0, free / wanted), weight) if wanted > 0 else weight


def _cost_of_reaching(
    weight: FloatArray,
    value: FloatArray,
    available: float,
    linear_rate: FloatArray,
    curve: tuple[FloatArray, FloatArray],
) -> float:
    """Cost C of bringing `value` to `weight` x (available - C): costs shrink the equity that they are sized on.

    Rates are 0 for symbols that do not trade.
    """
    slope, ceiling = curve
    cost = 0.0
    for _ in range(MAX_ROUNDS):
        size = np.abs(weight * (available - cost) - value)
        again = float(size @ (linear_rate + np.minimum(slope * np.sqrt(size), ceiling)))
        if abs(again - cost) <= 1e-13 * abs(available):
            return again
        cost = again
    return cost
