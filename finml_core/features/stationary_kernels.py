"""Compiled windows over one series, each from its own members only; numba is loaded with this module.

Every window is gone through anew: the cost grows with it, but nothing drifts, a value that left leaves no trace, and a
missing one makes missing exactly the windows that hold it.
"""

import numpy as np
from numba import njit

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_zscore(x, window, out):
    """(x - mean) / deviation (ddof 1) of the last `window` values; 0 where they do not vary."""
    for i in range(x.size):
        out[i] = np.nan
        if i < window - 1:
            continue
        total = 0.0
        for j in range(i - window + 1, i + 1):
            total += x[j]
        mean = total / window
        squares = 0.0
        for j in range(i - window + 1, i + 1):
            squares += (x[j] - mean) ** 2
        deviation = np.sqrt(squares / (window - 1))
        if mean != mean:
            continue
        out[i] = (x[i] - mean) / deviation if deviation > TINY * abs(mean) else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def rolling_rank(x, window, out):
    """Share of the last `window` values below the present one, ties counting half: in (0, 1)."""
    for i in range(x.size):
        out[i] = np.nan
        if i < window - 1:
            continue
        below = equal = known = 0
        for j in range(i - window + 1, i + 1):
            below += x[j] < x[i]
            equal += x[j] == x[i]
            known += x[j] == x[j]
        if known == window:
            out[i] = (below + 0.5 * equal) / window
