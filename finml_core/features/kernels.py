"""Compiled windows over lanes: several symbols side by side, row after row; numba is loaded with this module.

An array of shape (n_rows, n_lanes) is passed flat with its number of `lanes`: one row earlier is `lanes` places
earlier, so every loop runs over contiguous memory in SIMD, with one lane as with sixteen, and no lane meets another.

Windows are made without running sums, by doubling as in fast exponentiation: spans of m rows, end to end, give those of
2m rows, and with one row more those of 2m + 1; a window of 20 is reached through spans of 1, 2, 5, 10 and 20. A value
is made of its window's own members only: a spike leaves no trace once it has left the window, a missing value makes
missing exactly the windows that hold it, and the cost grows with the logarithm of the window. The work is done in tiles
of rows, each with the rows before it that its windows reach, so that all spans stay in the fast caches.
"""

import numpy as np
from numba import njit

TILE = 2048  # least number of values in a tile

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def rolling_sum(x, window, lanes):
    """Sum of the last `window` values."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        single = x[first - reach : stop]
        spans, span, turn = single, 1, 0  # sums of the last `span` rows
        for bit in bits(window):
            longer = work[turn, : single.size]
            _add_spans(spans, single, span, bit, lanes, longer)
            spans, span, turn = longer, 2 * span + bit, 1 - turn
        out[first:stop] = spans[reach:]
    return out


@compiled
def rolling_extreme(x, window, lanes, lowest):
    """Highest, or lowest, of the last `window` values: of two spans that overlap."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        spans = x[first - reach : stop]
        span, turn = 1, 0
        while 2 * span <= window:
            longer = work[turn, : spans.size]
            _further(spans[span * lanes :], spans, longer[span * lanes :], lowest)
            spans, span, turn = longer, 2 * span, 1 - turn
        _further(spans[reach:], spans[(span - 1) * lanes :], out[first:stop], lowest)
    return out


@compiled
def bars_since_extreme(x, window, lanes, lowest):
    """Age in bars of the highest, or lowest, of the last `window` values; of equal ones the latest counts."""
    out, reach, tile = prepare(x, window, lanes)
    work = np.empty((2, tile + reach))
    older = np.empty((2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        spans, ages = x[first - reach : stop], older[1, : stop - first + reach]
        ages[:] = 0.0
        span, turn = 1, 0
        while 2 * span <= window:
            behind = span * lanes
            longer, age = work[turn, : spans.size], older[turn, : spans.size]
            _age(spans[behind:], spans, ages[behind:], ages, span, age[behind:], lowest)
            _further(spans[behind:], spans, longer[behind:], lowest)
            spans, ages, span, turn = longer, age, 2 * span, 1 - turn
        behind = (span - 1) * lanes
        _age(spans[reach:], spans[behind:], ages[reach:], ages[behind:], window - span, out[first:stop], lowest)
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
    """A result whose first `window - 1` rows are missing, the number of values in them, and that in a tile."""
    out = np.empty(x.size)
    reach = (window - 1) * lanes
    out[:reach] = np.nan
    tile = max(TILE // lanes, 2 * window) * lanes
    return out, reach, tile


@compiled
def bits(window):
    """Binary digits of a window after its first."""
    digits = []
    for digit in range(62, -1, -1):
        if window >> digit > 1:
            digits.append((window >> digit) & 1)
    return digits


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
def _add_spans(spans, single, span, bit, lanes, out):
    """Sums of 2 span + bit rows from those of `span` rows."""
    first = (2 * span + bit - 1) * lanes
    recent, older, longer = spans[first:], spans[first - span * lanes :], out[first:]
    if bit == 0:
        for i in range(longer.size):
            longer[i] = recent[i] + older[i]
    else:
        for i in range(longer.size):
            longer[i] = recent[i] + older[i] + single[i]


@compiled
def _further(x, y, out, lowest):
    if lowest:
        for i in range(out.size):
            out[i] = x[i] if (x[i] < y[i]) | (x[i] != x[i]) else y[i]
    else:
        for i in range(out.size):
            out[i] = x[i] if (x[i] > y[i]) | (x[i] != x[i]) else y[i]


@compiled
def _age(x, y, age_x, age_y, behind, out, lowest):
    """Age of the further of x and y, which lies `behind` rows earlier; of the later one where both are equal."""
    sign = -1.0 if lowest else 1.0
    for i in range(out.size):
        difference = sign * x[i] - sign * y[i]
        age = age_x[i] if difference >= 0 else age_y[i] + behind
        out[i] = age if difference == difference else np.nan


@compiled
def _add_distance(x, centre, total):
    for i in range(total.size):
        total[i] += abs(x[i] - centre[i])
