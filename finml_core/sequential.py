"""The sequential bootstrap as one compiled loop; numba is loaded with this module and nowhere before."""

import numpy as np
from numba import njit

from finml_core.typing import FloatArray, IntArray


def draw_sequentially(first: IntArray, last: IntArray, n_bars: int, n_draws: int, seed: int) -> IntArray:
    """Labels drawn with replacement, each by the average uniqueness that it would have among those drawn before.

    Parameters
    ----------
    first, last : int arrays of shape (n_labels,)
        The bars that each label covers, both included.
    n_bars, n_draws, seed : int

    Returns
    -------
    int64 array of shape (n_draws,)
        Numbers of labels, in the order drawn. Time grows with draws times the labels that overlap one, not with all.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 4.5.
    """
    order = np.argsort(first, kind="stable")
    uniform = np.random.default_rng(seed).random(n_draws)
    return order[_draw(first[order].astype(np.int64), last[order].astype(np.int64), n_bars, uniform)]


@njit(cache=True, nogil=True)
def _draw(first: IntArray, last: IntArray, n_bars: int, uniform: FloatArray) -> IntArray:
    """Labels sorted by their first bar. `tree` holds partial sums of their uniqueness (Fenwick, 1994)."""
    n = len(first)
    drawn_open = np.zeros(n_bars)
    uniqueness = np.ones(n)
    longest = (last - first).max()
    tree = np.zeros(n + 1)
    for place in range(1, n + 1):
        tree[place] = place & -place
    top = 1
    while 2 * top <= n:
        top *= 2
    share = np.zeros(n_bars + 1)  # prefix sums of 1 / (drawn and open + 1), right in the stretch of the last draw only
    drawn = np.empty(len(uniform), dtype=np.int64)
    for number in range(len(uniform)):
        total, place = 0.0, n
        while place > 0:
            total += tree[place]
            place -= place & -place
        left, pick, step = uniform[number] * total, 0, top
        while step > 0:
            if pick + step <= n and tree[pick + step] <= left:
                pick += step
                left -= tree[pick]
            step //= 2
        pick = min(pick, n - 1)
        drawn[number] = pick
        for bar in range(first[pick], last[pick] + 1):
            drawn_open[bar] += 1
        start, end = max(first[pick] - longest, 0), min(last[pick] + longest, n_bars - 1)
        for bar in range(start, end + 1):
            share[bar + 1] = (share[bar] if bar > start else 0.0) + 1 / (drawn_open[bar] + 1)
        share[start] = 0.0
        label = np.searchsorted(first, start)
        while label < n and first[label] <= last[pick]:
            if last[label] >= first[pick]:
                own = (share[last[label] + 1] - share[first[label]]) / (last[label] + 1 - first[label])
                change = own - uniqueness[label]
                uniqueness[label] = own
                place = label + 1
                while place <= n:
                    tree[place] += change
                    place += place & -place
            label += 1
    return drawn
