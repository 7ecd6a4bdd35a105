"""Compiled loops over one symbol's contiguous float64 arrays; numba is loaded with this module and nowhere else.

Windows are summed without running sums: each window is the tail of one block of `window` rows and the head of the next,
so a value is made of additions of the window's own members only. A spike leaves no trace once it has left the window,
a missing value makes missing exactly the windows that hold it, and the cost a row does not grow with the window.
Moments combine the two parts as in Chan, Golub and LeVeque (1983), The American Statistician 37(3), 242-247.
"""

import numpy as np
from numba import njit

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_sum(x, window):
    n = x.size
    out = np.full(n, np.nan)
    tail = np.zeros(window)  # tail[j]: sum of members j .. window-1 of the block before
    for start in range(0, n, window):
        stop = min(start + window, n)
        head = 0.0
        for i in range(start, stop):
            head += x[i]
            taken = i - start + 1
            if taken == window:
                out[i] = head
            elif start > 0:
                out[i] = tail[taken] + head
        if stop - start == window:
            total = 0.0
            for j in range(window - 1, -1, -1):
                total += x[start + j]
                tail[j] = total
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_max(x, window):
    n = x.size
    out = np.full(n, np.nan)
    tail = np.zeros(window)
    for start in range(0, n, window):
        stop = min(start + window, n)
        head = x[start]
        for i in range(start, stop):
            if x[i] > head or x[i] != x[i]:
                head = x[i]
            taken = i - start + 1
            if taken == window:
                out[i] = head
            elif start > 0:
                before = tail[taken]
                out[i] = before if before > head or before != before else head
        if stop - start == window:
            top = x[stop - 1]
            for j in range(window - 1, -1, -1):
                value = x[start + j]
                if value > top or value != value:
                    top = value
                tail[j] = top
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def bars_since_max(x, window):
    """Age in bars of the highest of the last `window` values; of equal ones the latest counts."""
    n = x.size
    out = np.full(n, np.nan)
    best = 0
    last_missing = -1
    for i in range(n):
        if x[i] != x[i]:
            last_missing = i
        first = max(0, i - window + 1)
        if best < first or x[best] != x[best]:
            best = first
            for j in range(first + 1, i + 1):
                if x[j] >= x[best] or x[best] != x[best]:
                    best = j
        elif x[i] >= x[best]:
            best = i
        if i >= window - 1 and last_missing < first:
            out[i] = i - best
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_moments(x, window):
    """Mean, and sum of squared deviations from it, of the last `window` values."""
    n = x.size
    mean = np.full(n, np.nan)
    squares = np.full(n, np.nan)
    tail_mean = np.zeros(window)
    tail_squares = np.zeros(window)
    for start in range(0, n, window):
        stop = min(start + window, n)
        head_mean = 0.0
        head_squares = 0.0
        for i in range(start, stop):
            taken = i - start + 1
            step = x[i] - head_mean
            head_mean += step / taken
            head_squares += step * (x[i] - head_mean)
            if taken == window:
                mean[i] = head_mean
                squares[i] = head_squares
            elif start > 0:
                gap = head_mean - tail_mean[taken]
                mean[i] = tail_mean[taken] + gap * taken / window
                squares[i] = tail_squares[taken] + head_squares + gap * gap * taken * (window - taken) / window
            noise = TINY * mean[i]
            if squares[i] <= window * noise * noise:
                squares[i] = 0.0
        if stop - start == window:
            back_mean = 0.0
            back_squares = 0.0
            for j in range(window - 1, -1, -1):
                step = x[start + j] - back_mean
                back_mean += step / (window - j)
                back_squares += step * (x[start + j] - back_mean)
                tail_mean[j] = back_mean
                tail_squares[j] = back_squares
    return mean, squares


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_comoments(x, y, window):
    """Sums of squares and products of deviations (xx, xy, yy) of the last `window` pairs."""
    n = x.size
    out = np.full((3, n), np.nan)
    tail = np.zeros((5, window))  # mean x, mean y, xx, xy, yy
    for start in range(0, n, window):
        stop = min(start + window, n)
        mean_x = mean_y = xx = xy = yy = 0.0
        for i in range(start, stop):
            taken = i - start + 1
            step_x = x[i] - mean_x
            step_y = y[i] - mean_y
            mean_x += step_x / taken
            mean_y += step_y / taken
            xx += step_x * (x[i] - mean_x)
            xy += step_x * (y[i] - mean_y)
            yy += step_y * (y[i] - mean_y)
            if taken == window:
                out[0, i] = xx
                out[1, i] = xy
                out[2, i] = yy
            elif start > 0:
                share = taken * (window - taken) / window
                gap_x = mean_x - tail[0, taken]
                gap_y = mean_y - tail[1, taken]
                out[0, i] = tail[2, taken] + xx + gap_x * gap_x * share
                out[1, i] = tail[3, taken] + xy + gap_x * gap_y * share
                out[2, i] = tail[4, taken] + yy + gap_y * gap_y * share
        if stop - start == window:
            mean_x = mean_y = xx = xy = yy = 0.0
            for j in range(window - 1, -1, -1):
                step_x = x[start + j] - mean_x
                step_y = y[start + j] - mean_y
                mean_x += step_x / (window - j)
                mean_y += step_y / (window - j)
                xx += step_x * (x[start + j] - mean_x)
                xy += step_x * (y[start + j] - mean_y)
                yy += step_y * (y[start + j] - mean_y)
                tail[0, j] = mean_x
                tail[1, j] = mean_y
                tail[2, j] = xx
                tail[3, j] = xy
                tail[4, j] = yy
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def mean_deviation(x, centre, window):
    """Mean absolute distance of the last `window` values from `centre[t]`."""
    n = x.size
    out = np.full(n, np.nan)
    for i in range(window - 1, n):
        total = 0.0
        for j in range(i - window + 1, i + 1):
            total += abs(x[j] - centre[i])
        out[i] = total / window
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def exponential_mean(x, alpha, seed_count, seed_divisor):
    """s += alpha (x - s), started by the sum of the first `seed_count` values over `seed_divisor`.

    A missing value gives a missing row and leaves the state as it was.
    """
    n = x.size
    out = np.full(n, np.nan)
    state = 0.0
    count = 0
    for i in range(n):
        if x[i] != x[i]:
            continue
        if count < seed_count:
            state += x[i]
            count += 1
            if count == seed_count:
                state /= seed_divisor
                out[i] = state
        else:
            state += alpha * (x[i] - state)
            out[i] = state
    return out
