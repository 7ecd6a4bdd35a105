"""Compiled moves from one bar to the next, in one pass where arrays would take ten; loads numba."""

from finml_core.features.compiling import compiled
from finml_core.features.kernels import blank
from finml_core.features.rolling import ROUNDING
from finml_core.features.simd import WIDTH, eight, if_above, load, root, store, width_of

PAIRED = 2**0.5 - 1  # root of 3 - 2 root 2


@compiled
def directional_moves(high, low, close, lanes):
    """Upward and downward movement (Wilder, 1978) and true range; missing in the first row."""
    moves = blank(high, 2, lanes), blank(high, 2, lanes), blank(high, 2, lanes)
    in_eights = high.size - max(high.size - lanes, 0) % WIDTH
    _directional(high, low, close, lanes, moves, lanes, in_eights, eight())
    _directional(high, low, close, lanes, moves, in_eights, high.size, 0.0)
    return moves


@compiled
def _directional(high, low, close, lanes, moves, first, stop, zero):
    up, down, spread = moves
    for place in range(first, stop, width_of(zero)):
        h, l, h_0, l_0 = (
            load(high, place, zero),
            load(low, place, zero),
            load(high, place - lanes, zero),
            load(low, place - lanes, zero),
        )
        c_0 = load(close, place - lanes, zero)
        known = (h - h) + (l - l) + (c_0 - c_0)  # 0, or missing
        higher, lower = h - h_0, l_0 - l
        store(spread, place, if_above(h, c_0, h, c_0) - if_above(c_0, l, l, c_0) + known)
        store(up, place, if_above(higher, lower, if_above(higher, zero, higher, zero), zero) + known)
        store(down, place, if_above(lower, higher, if_above(lower, zero, lower, zero), zero) + known)


@compiled
def money_moves(price, high, low, close, volume, lanes):
    """Three times the money of bars whose price rose, and of those whose price moved; missing in the first row."""
    moves = blank(price, 2, lanes), blank(price, 2, lanes)
    in_eights = price.size - max(price.size - lanes, 0) % WIDTH
    _money(price, (high, low, close, volume), lanes, moves, lanes, in_eights, eight())
    _money(price, (high, low, close, volume), lanes, moves, in_eights, price.size, 0.0)
    return moves


@compiled
def _money(price, bars, lanes, moves, first, stop, zero):
    high, low, close, volume = bars
    rising, moving = moves
    for place in range(first, stop, width_of(zero)):
        here = load(price, place, zero)
        change, least = here - load(price, place - lanes, zero), here * ROUNDING
        traded = load(high, place, zero) + load(low, place, zero) + load(close, place, zero)
        money = traded * load(volume, place, zero)
        known = (change - change) + (money - money)  # 0, or missing
        rise = if_above(change, least, money, zero)
        store(rising, place, rise + known)
        store(moving, place, if_above(zero - change, least, money, rise) + known)


@compiled
def pair_spreads(high, low, close, lanes):
    """Corwin and Schultz's alpha of each bar and the one before, at least 0, from logarithms of prices.

    As (root 2 - 1)^2 = 3 - 2 root 2, their difference of fractions is (root(b) - root(g)) / (root 2 - 1).
    """
    out = blank(high, 2, lanes)
    in_eights = high.size - max(high.size - lanes, 0) % WIDTH
    _pair_spreads((high, low, close), lanes, out, lanes, in_eights, eight())
    _pair_spreads((high, low, close), lanes, out, in_eights, high.size, 0.0)
    return out


@compiled
def _pair_spreads(prices, lanes, out, first, stop, zero):
    high, low, close = prices
    for place in range(first, stop, width_of(zero)):
        h, l = load(high, place, zero), load(low, place, zero)
        before = place - lanes
        h_0, l_0, c_0 = load(high, before, zero), load(low, before, zero), load(close, before, zero)
        above, below = l - c_0, h - c_0
        gap = if_above(above, zero, above, zero) + if_above(zero, below, below, zero)  # moved to touch the close before
        h_1, l_1 = h - gap, l - gap
        both = if_above(h_1, h_0, h_1, h_0) - if_above(l_0, l_1, l_1, l_0)
        alpha = (root((h - l) * (h - l) + (h_0 - l_0) * (h_0 - l_0)) - both) / PAIRED
        known = (above - above) + (below - below) + (h_0 - h_0) + (l_0 - l_0)  # 0, or missing
        store(out, place, if_above(alpha, zero, alpha, zero) + known)
