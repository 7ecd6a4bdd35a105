"""Compiled loops for distributions over windows: shape, tails, ranks, entropy and fixed filters.

Arrays are passed flat with their number of lanes, and results are written into `out`, as in `kernels`. As there, a
window is the tail of one block of `window` rows and the head of the next, so that nothing drifts and a missing value
makes missing exactly the windows that hold it. Moments combine as in Pebay (2008), Sandia report
SAND2008-6212, equations 2.1 and 3.1.
"""

import numpy as np

from finml_core.features.compiling import compiled
from finml_core.features.kernels import blank
from finml_core.features.simd import WIDTH, eight, if_above, if_known, load, store, width_of

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement
ROUNDING = 1e-12  # share of a value within which another is equal to it
TILE = 1024  # values that are worked on together
EXACT = 2.0**40  # entropies are summed as whole numbers of 2^-40, which no order of adding can change


@compiled
def rolling_shape(x, window, lanes, second, third, fourth):
    """Sums of squared, cubed and fourth powers of deviations from the mean of the last `window` values."""
    if lanes % WIDTH == 0:
        _shape(x, window, lanes, (second, third, fourth), eight())
    else:
        _shape(x, window, lanes, (second, third, fourth), 0.0)


@compiled
def _shape(x, window, lanes, out, zero):
    for sums in out:
        blank(sums, window, lanes)
    n_rows, width, w = x.size // lanes, width_of(zero), float(window)
    tails = np.zeros((4, window * width))  # mean and the three sums of the last 0, 1, 2, .. rows of the block before
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            mean, second, third, fourth = zero, zero, zero, zero
            if start > 0:
                for back in range(1, window):
                    value = load(x, first - back * lanes, zero)
                    mean, second, third, fourth = _taken_in(mean, second, third, fourth, value, float(back))
                    store(tails[0], back * width, mean)
                    store(tails[1], back * width, second)
                    store(tails[2], back * width, third)
                    store(tails[3], back * width, fourth)
            mean, second, third, fourth = zero, zero, zero, zero
            for row in range(min(window, n_rows - start)):
                place, older, b = first + row * lanes, (window - 1 - row) * width, row + 1.0
                value = load(x, place, zero)
                mean, second, third, fourth = _taken_in(mean, second, third, fourth, value, b)
                if start == 0 and older > 0:
                    continue
                a = w - b
                a2, a3 = load(tails[1], older, zero), load(tails[2], older, zero)
                gap = mean - load(tails[0], older, zero)
                gap_n = gap / w
                spread = gap * gap_n * (a * b)
                all_2 = a2 + second + spread
                all_3 = a3 + third + spread * gap_n * (a - b) + gap_n * 3.0 * (second * a - a2 * b)
                all_4 = load(tails[3], older, zero) + fourth + spread * gap_n * gap_n * (a * a - a * b + b * b)
                all_4 = all_4 + gap_n * gap_n * 6.0 * (second * (a * a) + a2 * (b * b))
                all_4 = all_4 + gap_n * 4.0 * (third * a - a3 * b)
                noise = (load(tails[0], older, zero) + gap_n * b) * TINY
                moves = if_above(all_2, noise * noise * w, zero + 1.0, zero)
                store(out[0], place, all_2 * moves)
                store(out[1], place, all_3 * moves)
                store(out[2], place, all_4 * moves)


@compiled
def _taken_in(mean, second, third, fourth, value, count):
    """Mean and sums with one more value, the `count`-th."""
    step = value - mean
    step_n = step * (1.0 / count)
    term = step * step_n * (count - 1.0)
    fourth = fourth + term * step_n * step_n * (count * count - 3.0 * count + 3.0)
    fourth = fourth + step_n * step_n * second * 6.0 - step_n * third * 4.0
    third = third + term * step_n * (count - 2.0) - step_n * second * 3.0
    return mean + step_n, second + term, third, fourth


@compiled
def rolling_low(x, window, lanes, rank, fraction, sign, out):
    """Between the values of rank `rank` and `rank + 1` from below (0 is the least), `fraction` of the way up.

    Only the lowest rank + 2 values of each part are kept in order, so the cost grows with the rank, not the window.
    With a `sign` of -1.0, ranks count from above.
    """
    blank(out, window, lanes)
    if lanes % WIDTH == 0:
        _low(x, window, lanes, (rank, fraction, sign), out, eight())
    else:
        _low(x, window, lanes, (rank, fraction, sign), out, 0.0)


@compiled
def _low(x, window, lanes, wanted, out, zero):
    rank, fraction, sign = wanted
    n_rows, width = x.size // lanes, width_of(zero)
    slot = (rank + 2) * width
    head = np.empty(slot)
    tail = np.full(window * slot, np.inf)  # the lowest of the last 0, 1, 2, .. rows of the block before
    gaps = np.zeros(window * width)  # 0, or missing where a member is
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            gap = zero
            if start > 0:
                for back in range(1, window):
                    value = load(x, first - back * lanes, zero) * sign
                    gap = gap + (value - value)
                    store(gaps, back * width, gap)
                    _insert(value, tail[(back - 1) * slot : back * slot], tail[back * slot : (back + 1) * slot])
            head[:] = np.inf
            gap = zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, window - 1 - row
                value = load(x, place, zero) * sign
                gap = gap + (value - value)
                _insert(value, head, head)
                if start > 0 or older == 0:
                    low, high = _lowest_of_both(tail[older * slot : (older + 1) * slot], head, rank, zero)
                    known = gap + load(gaps, older * width, zero)
                    store(out, place, (low + (high - low) * fraction + known) * sign)


@compiled
def _insert(value, ordered, made):
    """The ascending vectors of `ordered` with a value among them, less the highest, into `made`, which may be it."""
    zero = value * 0.0
    carried = if_known(value, value, zero + np.inf)
    width = width_of(value)
    for place in range(0, ordered.size, width):
        held = load(ordered, place, value)
        store(made, place, if_above(held, carried, carried, held))
        carried = if_above(held, carried, held, carried)


@compiled
def _lowest_of_both(some, others, rank, zero):
    """Values of rank `rank` and `rank + 1` of two ascending lists together."""
    width = width_of(zero)
    low = _lower(load(some, rank * width, zero), load(others, rank * width, zero))
    high = _lower(load(some, (rank + 1) * width, zero), load(others, (rank + 1) * width, zero))
    for j in range(rank + 1):
        here = load(some, j * width, zero)
        if j < rank:
            low = _lower(low, _higher(here, load(others, (rank - 1 - j) * width, zero)))
        high = _lower(high, _higher(here, load(others, (rank - j) * width, zero)))
    return low, high


@compiled
def _lower(x, y):
    return if_above(x, y, y, x)


@compiled
def _higher(x, y):
    return if_above(x, y, x, y)


@compiled
def rolling_rank(x, window, lanes, out):
    """Share of the last `window` values below the last of them; equal ones, itself included, count half.

    Values count as equal where they differ by no more than rounding.
    """
    blank(out, window, lanes)
    low = np.empty(TILE)
    high = np.empty(TILE)
    for first in range((window - 1) * lanes, x.size, TILE):
        stop = min(first + TILE, x.size)
        last, share = x[first:stop], out[first:stop]
        for i in range(last.size):
            low[i] = last[i] - ROUNDING * abs(last[i])
            high[i] = last[i] + ROUNDING * abs(last[i])
        share[:] = 0.0
        age = 0
        while age + 4 <= window:
            a, b = x[first - age * lanes : stop - age * lanes], x[first - (age + 1) * lanes : stop - (age + 1) * lanes]
            c, d = (
                x[first - (age + 2) * lanes : stop - (age + 2) * lanes],
                x[first - (age + 3) * lanes : stop - (age + 3) * lanes],
            )
            for i in range(last.size):
                share[i] += _halves(a[i], low[i], high[i]) + _halves(b[i], low[i], high[i])
                share[i] += _halves(c[i], low[i], high[i]) + _halves(d[i], low[i], high[i])
            age += 4
        while age < window:
            a = x[first - age * lanes : stop - age * lanes]
            for i in range(last.size):
                share[i] += _halves(a[i], low[i], high[i])
            age += 1
        share /= window
    _hide_incomplete(x, window, lanes, out)


@compiled
def _halves(value, low, high):
    return (0.5 if value < low else 0.0) + (0.5 if value <= high else 0.0)


@compiled
def _hide_incomplete(x, window, lanes, out):
    """Missing wherever one of the last `window` values is."""
    known = np.zeros(lanes)  # values since the last missing one
    for row in range(0, x.size, lanes):
        for lane in range(lanes):
            place = row + lane
            known[lane] = known[lane] + 1.0 if x[place] == x[place] else 0.0
            out[place] = out[place] if known[lane] >= window else np.nan


@compiled
def rolling_entropy(codes, window, lanes, n_codes, out):
    """Entropy in nats of the codes 0 .. n_codes-1 among the last `window`; a missing code makes it missing."""
    table = np.zeros(window + 1, dtype=np.int64)
    for count in range(1, window + 1):
        table[count] = np.int64(np.rint(count * np.log(float(count)) * EXACT))
    counts = np.zeros((lanes, n_codes), dtype=np.int64)
    total = np.zeros(lanes, dtype=np.int64)
    known = np.zeros(lanes, dtype=np.int64)
    for row in range(0, codes.size, lanes):
        for lane in range(lanes):
            if row >= window * lanes:
                old = codes[row - window * lanes + lane]
                if old == old:
                    place = counts[lane, int(old)]
                    total[lane] += table[place - 1] - table[place]
                    counts[lane, int(old)] = place - 1
                    known[lane] -= 1
            new = codes[row + lane]
            if new == new:
                place = counts[lane, int(new)]
                total[lane] += table[place + 1] - table[place]
                counts[lane, int(new)] = place + 1
                known[lane] += 1
            is_known = known[lane] == window
            out[row + lane] = (table[window] - total[lane]) / (EXACT * window) if is_known else np.nan


@compiled
def bin_codes(x, edges, out):
    """How many of the ascending `edges` lie below each value; missing stays missing."""
    for i in range(x.size):
        code = x[i] - x[i]
        for edge in edges:
            code += 1.0 if x[i] > edge else 0.0
        out[i] = code


@compiled
def weighted_sum(x, weights, lanes, out):
    """Sum of weights[j] times the value j rows earlier, from the earliest on."""
    blank(out, weights.size, lanes)
    if lanes % WIDTH == 0:
        _weighted(x, weights, lanes, out, eight())
    else:
        _weighted(x, weights, lanes, out, 0.0)


@compiled
def _weighted(x, weights, lanes, out, zero):
    n_rows, n_weights = x.size // lanes, weights.size
    for lane in range(0, lanes, width_of(zero)):
        row = n_weights - 1
        while n_weights > 3 and row + 4 <= n_rows:  # four rows together read each value once
            place = row * lanes + lane
            a, b, c, d = zero, zero, zero, zero
            for age in range(n_weights - 1, n_weights - 4, -1):
                value = load(x, place - age * lanes, zero)
                a = a + value * weights[age]
                if age < n_weights - 1:
                    b = b + value * weights[age + 1]
                if age < n_weights - 2:
                    c = c + value * weights[age + 2]
            for age in range(n_weights - 4, -1, -1):
                value = load(x, place - age * lanes, zero)
                a, b = a + value * weights[age], b + value * weights[age + 1]
                c, d = c + value * weights[age + 2], d + value * weights[age + 3]
            for later in range(1, 4):
                value = load(x, place + later * lanes, zero)
                if later < 2:
                    b = b + value * weights[1 - later]
                if later < 3:
                    c = c + value * weights[2 - later]
                d = d + value * weights[3 - later]
            store(out, place, a)
            store(out, place + lanes, b)
            store(out, place + 2 * lanes, c)
            store(out, place + 3 * lanes, d)
            row += 4
        for last in range(row, n_rows):
            total = zero
            for age in range(n_weights - 1, -1, -1):
                total = total + load(x, (last - age) * lanes + lane, zero) * weights[age]
            store(out, last * lanes + lane, total)
