"""The one loop of a backtest, compiled: bar after bar, symbol by symbol.

Kept apart because importing it loads numba, which only those who run a backtest should pay for.
"""

import numpy as np
from numba import njit

from finml_core.typing import BoolArray, FloatArray

MAX_ROUNDS = 50  # of the fixed point between costs and size; three are typical
TOLERANCE = 1e-13  # of equity, where the fixed point counts as reached

Recorded = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]


@njit(cache=True, nogil=True, error_model="numpy")
def run_account(
    price: FloatArray,
    close: FloatArray,
    target: FloatArray,
    can_trade: BoolArray,
    slope: FloatArray,
    ceiling: FloatArray,
    borrow_rate: FloatArray,
    linear_rate: float,
    initial_equity: float,
    max_leverage: float,
    no_trade_band: float,
) -> Recorded:
    """Units, traded value and weight before the fill, by bar and symbol; cash, equity at the fill and close, borrowing.

    Matrices have shape (n_ts, n_symbols), `borrow_rate` (n_ts,) is the rate for the days since the bar before. Costs
    are those of `CostModel`: a linear rate, and min(slope x sqrt(size), ceiling) for impact.
    """
    n_ts, n_symbols = close.shape
    units_held, traded, before_fill = (
        np.zeros((n_ts, n_symbols)),
        np.zeros((n_ts, n_symbols)),
        np.zeros((n_ts, n_symbols)),
    )
    cash_held, at_fill, equity, borrowed = np.zeros(n_ts), np.zeros(n_ts), np.zeros(n_ts), np.zeros(n_ts)
    units, weight, value = np.zeros(n_symbols), np.zeros(n_symbols), np.zeros(n_symbols)
    trades = np.zeros(n_symbols, dtype=np.bool_)
    cash, short_value = initial_equity, 0.0
    for t in range(n_ts):
        before = cash
        for i in range(n_symbols):
            value[i] = units[i] * price[t, i]
            before += value[i]
        borrow = short_value * borrow_rate[t]
        available = before - borrow
        cash -= borrow
        any_trade, traded_size, kept_size = False, 0.0, 0.0
        for i in range(n_symbols):
            weight[i] = value[i] / before if before > 0 else 0.0
            goal = target[t, i] if available > 0 else 0.0
            is_near = goal != 0 and abs(goal - weight[i]) <= no_trade_band
            trades[i] = can_trade[t, i] and (goal != 0 or units[i] != 0) and not is_near
            if trades[i]:
                any_trade = True
                before_fill[t, i] = weight[i]
                weight[i] = goal
                traded_size += abs(goal)
            else:
                kept_size += abs(weight[i])
        if any_trade:
            if traded_size + kept_size > max_leverage and traded_size > 0:
                shrink = min(1.0, max(max_leverage - kept_size, 0.0) / traded_size)
                for i in range(n_symbols):
                    if trades[i]:
                        weight[i] *= shrink
            cost = _cost_of_reaching(weight, value, trades, available, linear_rate, slope[t], ceiling[t])
            for i in range(n_symbols):
                if trades[i]:
                    goal_value = weight[i] * (available - cost)
                    units[i] = goal_value / price[t, i]
                    traded[t, i] = goal_value - value[i]
                    cash -= traded[t, i]
            cash -= cost
        end, short_value = cash, 0.0
        for i in range(n_symbols):
            position = units[i] * close[t, i]
            end += position
            short_value -= min(position, 0.0)
            units_held[t, i] = units[i]
        cash_held[t], at_fill[t], equity[t], borrowed[t] = cash, before, end, borrow
    return units_held, traded, before_fill, cash_held, at_fill, equity, borrowed


@njit(cache=True, nogil=True, error_model="numpy")
def _cost_of_reaching(
    weight: FloatArray,
    value: FloatArray,
    trades: BoolArray,
    available: float,
    linear_rate: float,
    slope: FloatArray,
    ceiling: FloatArray,
) -> float:
    """Cost C of bringing `value` to `weight` x (available - C): costs shrink the equity that they are sized on."""
    cost = 0.0
    for _ in range(MAX_ROUNDS):
        again = 0.0
        for i in range(len(weight)):
            if trades[i]:
                size = abs(weight[i] * (available - cost) - value[i])
                again += size * (linear_rate + min(slope[i] * np.sqrt(size), ceiling[i]))
        if abs(again - cost) <= TOLERANCE * abs(available):
            return again
        cost = again
    return cost
