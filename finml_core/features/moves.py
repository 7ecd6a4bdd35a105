"""Compiled moves from one bar to the next, in one pass a result where arrays would take ten; loads numba."""

import numpy as np

from finml_core.features.kernels import compiled
from finml_core.features.rolling import ROUNDING


@compiled
def directional_moves(high, low, close, lanes):
    """Upward and downward movement (Wilder, 1978) and true range; missing in the first row."""
    up, down, spread = np.empty(high.size), np.empty(high.size), np.empty(high.size)
    up[:lanes], down[:lanes], spread[:lanes] = np.nan, np.nan, np.nan
    h, l, h_0, l_0, c_0 = high[lanes:], low[lanes:], high, low, close
    range_, rise, fall = spread[lanes:], up[lanes:], down[lanes:]
    for i in range(range_.size):
        known = (h[i] - h[i]) + (l[i] - l[i]) + (c_0[i] - c_0[i])  # 0, or missing
        top = h[i] if h[i] > c_0[i] else c_0[i]
        bottom = l[i] if l[i] < c_0[i] else c_0[i]
        range_[i] = top - bottom + known
    for i in range(rise.size):
        higher, lower = h[i] - h_0[i], l_0[i] - l[i]
        rise[i] = (higher if (higher > lower) & (higher > 0) else 0.0) + (range_[i] - range_[i])
    for i in range(fall.size):
        higher, lower = h[i] - h_0[i], l_0[i] - l[i]
        fall[i] = (lower if (lower > higher) & (lower > 0) else 0.0) + (range_[i] - range_[i])
    return up, down, spread


@compiled
def money_moves(price, high, low, close, volume, lanes):
    """Three times the money of bars whose price rose, and of those whose price moved; missing in the first row."""
    rising, moving = np.empty(price.size), np.empty(price.size)
    rising[:lanes], moving[:lanes] = np.nan, np.nan
    h, l, c, v, p, p_0 = high[lanes:], low[lanes:], close[lanes:], volume[lanes:], price[lanes:], price
    rise, move = rising[lanes:], moving[lanes:]
    for i in range(rise.size):
        change, money = p[i] - p_0[i], (h[i] + l[i] + c[i]) * v[i]
        rise[i] = (money if change > ROUNDING * p[i] else 0.0) + (change - change) + (money - money)
    for i in range(move.size):
        change, money = p[i] - p_0[i], (h[i] + l[i] + c[i]) * v[i]
        move[i] = (money if abs(change) > ROUNDING * p[i] else 0.0) + (change - change) + (money - money)
    return rising, moving
