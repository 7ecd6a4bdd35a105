"""Compiled windows over lanes: several symbols side by side, row after row; numba is loaded with this module.

An array of shape (n_rows, n_lanes) is passed flat with its number of `lanes`: one row earlier is `lanes` places
earlier and no lane meets another. What is computed is written into `out`, which overlaps nothing that is read. Kernels
that go down the rows take eight lanes at a time (see `simd`), or one.

Windows are made without running sums, in two parts: rows are cut into blocks of a window's length, so that each window
is the end of one block and the start of the next. Sums from every row to the end of its block, and from its start to
every row, make any window with one addition. A value is made of its window's own members only: a spike leaves no trace
once it has left the window, a missing value makes missing exactly the windows that hold it, and the cost does not grow
with the window (van Herk, 1992, Pattern Recognition Letters 13(7), 517-521, has it for extremes).
"""

import numpy as np

from finml_core.features.compiling import compiled
from finml_core.features.simd import WIDTH, eight, if_above, if_at_least, if_known, load, store, width_of

TILE = 2048  # least number of values in a tile


@compiled
def rolling_sum(x, window, lanes, out):
    """Sum of the last `window` values."""
    if lanes % WIDTH == 0:
        _sum(x, window, lanes, out, eight())
    else:
        _sum(x, window, lanes, out, 0.0)


@compiled
def _sum(x, window, lanes, out, zero):
    blank(out, window, lanes)
    n_rows, width = x.size // lanes, width_of(zero)
    tail = np.zeros(window * width)  # sums of the last 0, 1, 2, .. rows of the block before
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            total = zero
            if start > 0:
                for back in range(1, window):
                    total = total + load(x, first - back * lanes, zero)
                    store(tail, back * width, total)
            total = zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                total = total + load(x, place, zero)
                if start > 0 or older == 0:
                    store(out, place, total + load(tail, older, zero))


@compiled
def rolling_extreme(x, window, lanes, lowest, out):
    """Highest, or lowest, of the last `window` values."""
    if lanes % WIDTH == 0:
        _extreme(x, window, lanes, lowest, out, eight())
    else:
        _extreme(x, window, lanes, lowest, out, 0.0)


@compiled
def _extreme(x, window, lanes, lowest, out, zero):
    blank(out, window, lanes)
    n_rows, width = x.size // lanes, width_of(zero)
    tail = np.empty(window * width)
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            if start > 0:
                best = load(x, first - lanes, zero)
                for back in range(1, window):
                    best = _further(load(x, first - back * lanes, zero), best, lowest)
                    store(tail, back * width, best)
            best = load(x, first, zero)
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                best = _further(load(x, place, zero), best, lowest)
                if older == 0:
                    store(out, place, best)
                elif start > 0:
                    store(out, place, _further(best, load(tail, older, zero), lowest))


@compiled
def bars_since_extreme(x, window, lanes, lowest, out):
    """Age in bars of the highest, or lowest, of the last `window` values; of equal ones the latest counts."""
    if lanes % WIDTH == 0:
        _age(x, window, lanes, lowest, out, eight())
    else:
        _age(x, window, lanes, lowest, out, 0.0)


@compiled
def _age(x, window, lanes, lowest, out, zero):
    blank(out, window, lanes)
    n_rows, width, sign = x.size // lanes, width_of(zero), -1.0 if lowest else 1.0
    tails = np.zeros((3, window * width))  # highest, its row, and 0 or missing
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            if start > 0:
                best, row_of_best, known = load(x, first - lanes, zero) * sign, zero - 1.0, zero
                for back in range(1, window):
                    value = load(x, first - back * lanes, zero) * sign
                    row_of_best = if_above(value, best, zero - float(back), row_of_best)
                    best = if_above(value, best, value, best)
                    known = known + (value - value)
                    store(tails[0], back * width, best)
                    store(tails[1], back * width, row_of_best)
                    store(tails[2], back * width, known)
            best, row_of_best, known = load(x, first, zero) * sign, zero, zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                value, here = load(x, place, zero) * sign, zero + float(row)
                row_of_best = if_at_least(value, best, here, row_of_best)
                best = if_at_least(value, best, value, best)
                known = known + (value - value)
                if older == 0:
                    store(out, place, here - row_of_best + known)
                elif start > 0:
                    latest = if_at_least(best, load(tails[0], older, zero), row_of_best, load(tails[1], older, zero))
                    store(out, place, here - latest + (known + load(tails[2], older, zero)))


@compiled
def mean_deviation(x, centre, window, lanes, out):
    """Mean absolute distance of the last `window` values from `centre[t]`."""
    blank(out, window, lanes)
    for first in range((window - 1) * lanes, x.size, TILE):
        stop = min(first + TILE, x.size)
        total = out[first:stop]
        total[:] = 0.0
        for age in range(0, window - 3, 4):
            before = first - age * lanes, stop - age * lanes
            _add_distances(x, before, lanes, centre[first:stop], total)
        for age in range(window // 4 * 4, window):
            _add_distance(x[first - age * lanes : stop - age * lanes], centre[first:stop], total)
        total /= window


@compiled
def exponential_mean(x, lanes, alpha, seed_count, seed_divisor, out):
    """s += alpha (x - s), started by the sum of the first `seed_count` values over `seed_divisor`.

    A missing value gives a missing row and leaves the state as it was.
    """
    n_rows = x.size // lanes
    x, out = x.reshape((n_rows, lanes)), out.reshape((n_rows, lanes))
    state = np.empty(lanes)
    seeded = np.empty(lanes, dtype=np.int64)  # rows up to and including the one of the seed
    for lane in range(lanes):
        state[lane], seeded[lane] = _seed(x[:, lane], out[:, lane], seed_count, seed_divisor)
    together = seeded.max()  # from this row on all lanes are seeded; those that never are stay missing
    for lane in range(lanes):
        state[lane] = _smooth_one(x[seeded[lane] : together, lane], state[lane], alpha, out[seeded[lane] :, lane])
    rest, smoothed = x[together:].ravel(), out[together:].ravel()
    if lanes % WIDTH == 0:
        _smooth(rest, lanes, state, alpha, smoothed, eight())
    else:
        _smooth(rest, lanes, state, alpha, smoothed, 0.0)


@compiled
def blank(out, window, lanes):
    """Make the first `window - 1` rows missing."""
    out[: (window - 1) * lanes] = np.nan


@compiled
def _seed(x, out, seed_count, seed_divisor):
    total = 0.0
    count = 0
    for row in range(x.size):
        out[row] = np.nan
        if x[row] == x[row]:
            total += x[row]
            count += 1
            if count == seed_count:
                out[row] = total / seed_divisor
                return total / seed_divisor, row + 1
    return np.nan, 0


@compiled
def _smooth_one(x, state, alpha, out):
    """Smooth one lane; gives the state after its last row."""
    for row in range(x.size):
        value = state + alpha * (x[row] - state)
        out[row] = value
        state = value if value == value else state
    return state


@compiled
def _smooth(x, lanes, states, alpha, out, zero):
    for lane in range(0, lanes, width_of(zero)):
        state = load(states, lane, zero)
        for place in range(lane, x.size, lanes):
            value = state + (load(x, place, zero) - state) * alpha
            store(out, place, value)
            state = if_known(value, value, state)


@compiled
def _further(x, y, lowest):
    """The higher, or lower, of two; missing if either is."""
    further = if_above(y, x, x, y) if lowest else if_above(x, y, x, y)
    return if_known(x, further, x)


@compiled
def _add_distances(x, before, lanes, centre, total):
    """Add the distances of four neighbouring rows, the latest of which starts and stops at `before`."""
    first, stop = before
    a, b = x[first:stop], x[first - lanes : stop - lanes]
    c, d = x[first - 2 * lanes : stop - 2 * lanes], x[first - 3 * lanes : stop - 3 * lanes]
    for i in range(total.size):
        middle = centre[i]
        total[i] += abs(a[i] - middle) + abs(b[i] - middle) + abs(c[i] - middle) + abs(d[i] - middle)


@compiled
def _add_distance(x, centre, total):
    for i in range(total.size):
        total[i] += abs(x[i] - centre[i])
