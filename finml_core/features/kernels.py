"""Compiled windows over lanes: several symbols side by side, row after row; numba is loaded with this module.

An array of shape (n_rows, n_lanes) is passed flat with its number of `lanes`: one row earlier is `lanes` places
earlier, so every loop runs over contiguous memory in SIMD, with one lane as with sixteen, and no lane meets another.

Windows are made without running sums, by doubling: what is known of spans of m rows gives that of 2m rows, and a window
of 13 is spans of 1, 4 and 8 end to end. A value is made of its window's own members only: a spike leaves no trace once
it has left the window, a missing value makes missing exactly the windows that hold it, and the cost grows with the
logarithm of the window. The work is done in tiles of rows, each with the rows before it that its windows reach, so
that all spans stay in the fast caches.
"""

import numpy as np
from numba import njit

TILE = 2048  # values of a tile, unless its windows reach further

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def rolling_sum(x, window, lanes):
    """Sum of the last `window` values."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((4, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        size = stop - first + reach
        level, longer, total, joined = 0, 1, 2, 3  # rows of `work`
        work[level, :size] = x[first - reach : stop]
        span, covered = 1, 0
        while span <= window:  # level: sums of the last `span` rows, total: of the last `covered` rows
            if window & span:
                if covered == 0:
                    work[total, :size] = work[level, :size]
                else:
                    behind = covered * lanes
                    _add(work[total, behind:size], work[level], work[joined, behind:size])
                    total, joined = joined, total
                covered += span
            if 2 * span <= window:
                behind = span * lanes
                _add(work[level, behind:size], work[level], work[longer, behind:size])
                level, longer = longer, level
            span *= 2
        out[first:stop] = work[total, reach:size]
    return out


@compiled
def rolling_extreme(x, window, lanes, lowest):
    """Highest, or lowest, of the last `window` values: of two spans that overlap."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        size = stop - first + reach
        level, longer = 0, 1
        work[level, :size] = x[first - reach : stop]
        span = 1
        while 2 * span <= window:
            behind = span * lanes
            _further(work[level, behind:size], work[level], work[longer, behind:size], lowest)
            level, longer = longer, level
            span *= 2
        behind = (window - span) * lanes
        _further(work[level, reach:size], work[level, reach - behind :], out[first:stop], lowest)
    return out


@compiled
def bars_since_extreme(x, window, lanes, lowest):
    """Age in bars of the highest, or lowest, of the last `window` values; of equal ones the latest counts."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((2, tile + reach))
    ages = np.empty((2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        size = stop - first + reach
        level, longer = 0, 1
        work[level, :size] = x[first - reach : stop]
        ages[level, :size] = 0.0
        span = 1
        while 2 * span <= window:
            _latest(work, ages, level, longer, span, lanes, size, lowest)
            level, longer = longer, level
            span *= 2
        _latest(work, ages, level, longer, window - span, lanes, size, lowest)
        out[first:stop] = ages[longer, reach:size]
    return out


@compiled
def mean_deviation(x, centre, window, lanes):
    """Mean absolute distance of the last `window` values from `centre[t]`."""
    out, _, tile = prepare(x, 1, lanes)
    out[: (window - 1) * lanes] = np.nan
    for first in range((window - 1) * lanes, x.size, tile):
        stop = min(first + tile, x.size)
        total = out[first:stop]
        total[:] = 0.0
        for age in range(window):
            _add_distance(x[first - age * lanes : stop - age * lanes], centre[first:stop], total)
        total /= window
    return out


@compiled
def exponential_mean(x, lanes, alpha, seed_count, seed_divisor):
    """s += alpha (x - s), started by the sum of the first `seed_count` values over `seed_divisor`.

    A missing value gives a missing row and leaves the state as it was.
    """
    n_rows = x.size // lanes
    x = x.reshape((n_rows, lanes))
    out = np.empty((n_rows, lanes))
    state = np.empty(lanes)
    seeded = np.empty(lanes, dtype=np.int64)  # rows up to and including the one of the seed
    for lane in range(lanes):
        state[lane], seeded[lane] = _seed(x[:, lane], out[:, lane], seed_count, seed_divisor)
    together = seeded.max()  # from this row on all lanes are seeded; those that never are stay missing
    for lane in range(lanes):
        start = seeded[lane]
        _smooth(x[start:together, lane : lane + 1], state[lane : lane + 1], alpha, out[start:together, lane : lane + 1])
    _smooth(x[together:], state, alpha, out[together:])
    return out.ravel()


@compiled
def ratio(numerator, denominator, empty):
    """Quotient that is `empty` where the denominator is 0, and missing where either is missing."""
    out = np.empty(numerator.size)
    for i in range(out.size):
        quotient = numerator[i] / denominator[i]
        out[i] = empty + 0 * numerator[i] if denominator[i] == 0 else quotient
    return out


@compiled
def prepare(x, window, lanes):
    """A result whose first `window - 1` rows are missing, the values in them, and the values of a tile."""
    out = np.empty(x.size)
    reach = (window - 1) * lanes
    out[:reach] = np.nan
    tile = max(TILE // lanes, window) * lanes
    return out, reach, tile


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
def _smooth(x, state, alpha, out):
    n_rows, lanes = x.shape
    for row in range(n_rows):
        for lane in range(lanes):
            value = state[lane] + alpha * (x[row, lane] - state[lane])
            out[row, lane] = value
            state[lane] = value if value == value else state[lane]


@compiled
def _add(x, y, out):
    for i in range(out.size):
        out[i] = x[i] + y[i]


@compiled
def _add_distance(x, centre, total):
    for i in range(total.size):
        total[i] += abs(x[i] - centre[i])


@compiled
def _further(x, y, out, lowest):
    if lowest:
        for i in range(out.size):
            out[i] = x[i] if (x[i] < y[i]) | (x[i] != x[i]) else y[i]
    else:
        for i in range(out.size):
            out[i] = x[i] if (x[i] > y[i]) | (x[i] != x[i]) else y[i]


@compiled
def _latest(work, ages, level, longer, behind, lanes, size, lowest):
    """The further of a value and the one `behind` rows earlier, with its age; the later of equal ones."""
    offset = behind * lanes
    x, age = work[level], ages[level]
    recent, recent_age = work[level, offset:size], ages[level, offset:size]
    value, value_age = work[longer, offset:size], ages[longer, offset:size]
    sign = -1.0 if lowest else 1.0
    for i in range(value.size):
        is_recent = (sign * recent[i] >= sign * x[i]) | (recent[i] != recent[i])
        chosen = recent[i] if is_recent else x[i]
        chosen_age = recent_age[i] if is_recent else age[i] + behind
        value[i] = chosen
        value_age[i] = chosen_age if chosen == chosen else np.nan
