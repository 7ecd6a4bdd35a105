"""Compiled loops for distributions over windows: shape, tails, ranks, entropy and fixed filters.

Arrays are of shape (n_rows, n_lanes), one symbol a lane, time downwards; the inner loops run across lanes. As in
`kernels`, a window is the tail of one block of `window` rows and the head of the next, so that nothing drifts and a
missing value makes missing exactly the windows that hold it. Moments combine as in Pebay (2008), Sandia report
SAND2008-6212, equations 2.1 and 3.1.
"""

import numpy as np

from finml_core.features.compiling import compiled

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement
ROUNDING = 1e-12  # share of a value within which another is equal to it
TILE = 1024  # values that are worked on together
EXACT = 2.0**40  # entropies are summed as whole numbers of 2^-40, which no order of adding can change


@compiled
def rolling_shape(x, window):
    """Sums of squared, cubed and fourth powers of deviations from the mean of the last `window` values."""
    n, m = x.shape
    out = np.full((3, n, m), np.nan)
    tail = np.zeros((4, window, m))  # mean and the three sums of members j .. window-1 of the block before
    state = np.zeros((4, m))
    for start in range(0, n, window):
        stop = min(start + window, n)
        state[:] = 0.0
        for i in range(start, stop):
            taken = i - start + 1
            _take_in(state, x[i], float(taken))
            if taken == window:
                for k in range(m):
                    noise = TINY * state[0, k]
                    moves = 0.0 if state[1, k] <= window * noise * noise else 1.0
                    out[0, i, k] = state[1, k] * moves
                    out[1, i, k] = state[2, k] * moves
                    out[2, i, k] = state[3, k] * moves
            elif start > 0:
                b = float(taken)
                w = float(window)
                a = w - b
                for k in range(m):
                    gap = state[0, k] - tail[0, taken, k]
                    gap_n = gap / w
                    a2, a3, a4 = tail[1, taken, k], tail[2, taken, k], tail[3, taken, k]
                    b2, b3, b4 = state[1, k], state[2, k], state[3, k]
                    second = a2 + b2 + gap * gap_n * a * b
                    third = a3 + b3 + gap * gap_n * gap_n * a * b * (a - b) + 3.0 * gap_n * (a * b2 - b * a2)
                    fourth = (
                        a4
                        + b4
                        + gap * gap_n * gap_n * gap_n * a * b * (a * a - a * b + b * b)
                        + 6.0 * gap_n * gap_n * (a * a * b2 + b * b * a2)
                        + 4.0 * gap_n * (a * b3 - b * a3)
                    )
                    noise = TINY * (tail[0, taken, k] + gap_n * b)
                    moves = 0.0 if second <= w * noise * noise else 1.0
                    out[0, i, k] = second * moves
                    out[1, i, k] = third * moves
                    out[2, i, k] = fourth * moves
        if stop - start == window:
            state[:] = 0.0
            for j in range(window - 1, -1, -1):
                _take_in(state, x[start + j], float(window - j))
                tail[:, j] = state
    return out


@compiled
def skew_and_kurtosis(second, third, fourth, n):
    """Sample skewness G1 and excess kurtosis G2 from sums over `n` values; 0 where these are constant."""
    skew = np.empty(second.size)
    kurtosis = np.empty(second.size)
    skew_scale = np.sqrt(n * (n - 1.0)) / (n - 2.0)
    kurtosis_scale = (n - 1.0) / ((n - 2.0) * (n - 3.0))
    for i in range(second.size):
        variance = second[i] / n
        moves = variance > 0.0
        safe = variance if moves else 1.0
        flat = 0.0 * variance  # 0, or missing
        skew[i] = skew_scale * (third[i] / n) / (safe * np.sqrt(safe)) if moves else flat
        excess = (fourth[i] / n) / (safe * safe) - 3.0
        kurtosis[i] = kurtosis_scale * ((n + 1.0) * excess + 6.0) if moves else flat
    return skew, kurtosis


@compiled
def _take_in(state, row, count):
    for k in range(row.size):
        step = row[k] - state[0, k]
        step_n = step / count
        term = step * step_n * (count - 1.0)
        state[0, k] += step_n
        state[3, k] += (
            term * step_n * step_n * (count * count - 3.0 * count + 3.0)
            + 6.0 * step_n * step_n * state[1, k]
            - 4.0 * step_n * state[2, k]
        )
        state[2, k] += term * step_n * (count - 2.0) - 3.0 * step_n * state[1, k]
        state[1, k] += term


@compiled
def rolling_low(x, window, rank, fraction):
    """Between the values of rank `rank` and `rank + 1` from below (0 is the least), `fraction` of the way up.

    Only the lowest rank + 2 values of each part are kept in order, so the cost grows with the rank, not the window.
    """
    n, m = x.shape
    out = np.full((n, m), np.nan)
    kept = rank + 2
    head = np.full((kept, m), np.inf)
    tail = np.full((window, kept, m), np.inf)
    head_gap = np.zeros(m)  # 0, or missing where a member is
    tail_gap = np.zeros((window, m))
    carried = np.empty(m)
    low = np.empty(m)
    high = np.empty(m)
    for start in range(0, n, window):
        stop = min(start + window, n)
        head[:] = np.inf
        head_gap[:] = 0.0
        for i in range(start, stop):
            taken = i - start + 1
            _insert(head, head_gap, x[i], carried)
            if taken == window:
                for k in range(m):
                    out[i, k] = head[rank, k] + fraction * (head[rank + 1, k] - head[rank, k]) + head_gap[k]
            elif start > 0:
                before = tail[taken]
                for k in range(m):
                    low[k] = min(before[rank, k], head[rank, k])
                    high[k] = min(before[rank + 1, k], head[rank + 1, k])
                for j in range(rank):
                    for k in range(m):
                        low[k] = min(low[k], max(before[j, k], head[rank - 1 - j, k]))
                for j in range(rank + 1):
                    for k in range(m):
                        high[k] = min(high[k], max(before[j, k], head[rank - j, k]))
                for k in range(m):
                    out[i, k] = low[k] + fraction * (high[k] - low[k]) + (head_gap[k] + tail_gap[taken, k])
        if stop - start == window:
            head[:] = np.inf
            head_gap[:] = 0.0
            for j in range(window - 1, -1, -1):
                _insert(head, head_gap, x[start + j], carried)
                tail[j] = head
                tail_gap[j] = head_gap
    return out


@compiled
def _insert(ordered, gap, row, carried):
    for k in range(row.size):
        gap[k] += row[k] - row[k]
        carried[k] = row[k] if row[k] == row[k] else np.inf
    for j in range(ordered.shape[0]):
        for k in range(row.size):
            held = ordered[j, k]
            ordered[j, k] = carried[k] if carried[k] < held else held
            carried[k] = held if carried[k] < held else carried[k]


@compiled
def rolling_rank(x, window):
    """Share of the last `window` values below the last of them; equal ones, itself included, count half.

    Values count as equal where they differ by no more than rounding.
    """
    n, m = x.shape
    x = x.reshape(-1)
    out = np.full(n * m, np.nan)
    low = np.empty(TILE)
    high = np.empty(TILE)
    for first in range((window - 1) * m, n * m, TILE):
        stop = min(first + TILE, n * m)
        last, share = x[first:stop], out[first:stop]
        for i in range(last.size):
            low[i] = last[i] - ROUNDING * abs(last[i])
            high[i] = last[i] + ROUNDING * abs(last[i])
        share[:] = 0.0
        age = 0
        while age + 4 <= window:
            a, b = x[first - age * m : stop - age * m], x[first - (age + 1) * m : stop - (age + 1) * m]
            c, d = x[first - (age + 2) * m : stop - (age + 2) * m], x[first - (age + 3) * m : stop - (age + 3) * m]
            for i in range(last.size):
                share[i] += _halves(a[i], low[i], high[i]) + _halves(b[i], low[i], high[i])
                share[i] += _halves(c[i], low[i], high[i]) + _halves(d[i], low[i], high[i])
            age += 4
        while age < window:
            a = x[first - age * m : stop - age * m]
            for i in range(last.size):
                share[i] += _halves(a[i], low[i], high[i])
            age += 1
        share /= window
    out = out.reshape((n, m))
    _hide_incomplete(x.reshape((n, m)), window, out)
    return out


@compiled
def _halves(value, low, high):
    return (0.5 if value < low else 0.0) + (0.5 if value <= high else 0.0)


@compiled
def _hide_incomplete(x, window, out):
    """Missing wherever one of the last `window` values is."""
    n, m = x.shape
    known = np.zeros(m)  # values since the last missing one
    for i in range(n):
        for k in range(m):
            known[k] = known[k] + 1.0 if x[i, k] == x[i, k] else 0.0
            out[i, k] = out[i, k] if known[k] >= window else np.nan


@compiled
def rolling_entropy(codes, window, n_codes):
    """Entropy in nats of the codes 0 .. n_codes-1 among the last `window`; a missing code makes it missing."""
    n, m = codes.shape
    out = np.full((n, m), np.nan)
    table = np.zeros(window + 1, dtype=np.int64)
    for count in range(1, window + 1):
        table[count] = np.int64(np.rint(count * np.log(float(count)) * EXACT))
    counts = np.zeros((m, n_codes), dtype=np.int64)
    total = np.zeros(m, dtype=np.int64)
    known = np.zeros(m, dtype=np.int64)
    for i in range(n):
        for k in range(m):
            if i >= window:
                old = codes[i - window, k]
                if old == old:
                    place = counts[k, int(old)]
                    total[k] += table[place - 1] - table[place]
                    counts[k, int(old)] = place - 1
                    known[k] -= 1
            new = codes[i, k]
            if new == new:
                place = counts[k, int(new)]
                total[k] += table[place + 1] - table[place]
                counts[k, int(new)] = place + 1
                known[k] += 1
            if known[k] == window:
                out[i, k] = (table[window] - total[k]) / (EXACT * window)
    return out


@compiled
def bin_codes(x, edges):
    """How many of the ascending `edges` lie below each value; missing stays missing."""
    n, m = x.shape
    out = np.empty((n, m))
    for i in range(n):
        for k in range(m):
            out[i, k] = x[i, k] - x[i, k]
        for edge in edges:
            for k in range(m):
                out[i, k] += 1.0 if x[i, k] > edge else 0.0
    return out


@compiled
def weighted_sum(x, weights):
    """Sum of weights[j] times the value j rows earlier."""
    n, m = x.shape
    x = x.reshape(-1)
    width = weights.size
    out = np.full(n * m, np.nan)
    for first in range((width - 1) * m, n * m, TILE):
        stop = min(first + TILE, n * m)
        total = out[first:stop]
        total[:] = 0.0
        j = 0
        while j + 4 <= width:
            a, b = x[first - j * m : stop - j * m], x[first - (j + 1) * m : stop - (j + 1) * m]
            c, d = x[first - (j + 2) * m : stop - (j + 2) * m], x[first - (j + 3) * m : stop - (j + 3) * m]
            p, q, r, s = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
            for i in range(total.size):
                total[i] += (p * a[i] + q * b[i]) + (r * c[i] + s * d[i])
            j += 4
        while j < width:
            a = x[first - j * m : stop - j * m]
            for i in range(total.size):
                total[i] += weights[j] * a[i]
            j += 1
    return out.reshape((n, m))
