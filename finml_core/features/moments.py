"""Compiled moments over windows of lanes, by doubling as in `kernels`; numba is loaded with this module.

Two spans are joined as in Chan, Golub and LeVeque (1983), The American Statistician 37(3), 242-247: squares are added
to squares and never subtracted from each other, so nothing cancels, whatever the size of the numbers.
"""

import numpy as np

from finml_core.features.kernels import compiled, prepare

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement


@compiled
def rolling_moments(x, window, lanes):
    """Mean, and sum of squared deviations from it, of the last `window` values."""
    mean, reach, tile = prepare(x, window, lanes)
    squares = prepare(x, window, lanes)[0]
    work = np.empty((4, 2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        size = stop - first + reach
        level, longer, total, joined = 0, 1, 2, 3  # rows of `work`
        _begin(x[first - reach : stop], work[level, 0, :size], work[level, 1, :size])
        span, covered = 1, 0
        while span <= window:
            if window & span:
                if covered == 0:
                    work[total, :, :size] = work[level, :, :size]
                else:
                    _join_moments(work[total], work[level], covered, span, lanes, size, work[joined])
                    total, joined = joined, total
                covered += span
            if 2 * span <= window:
                _join_moments(work[level], work[level], span, span, lanes, size, work[longer])
                level, longer = longer, level
            span *= 2
        mean[first:stop] = work[total, 0, reach:size]
        _without_noise(work[total, 0, reach:size], work[total, 1, reach:size], window, squares[first:stop])
    return mean, squares


@compiled
def rolling_comoments(x, y, window, lanes):
    """Sums of squares and products of deviations (xx, xy, yy) of the last `window` pairs."""
    xx, reach, tile = prepare(x, window, lanes)
    xy, yy = prepare(x, window, lanes)[0], prepare(x, window, lanes)[0]
    work = np.empty((4, 5, tile + reach))  # mean x, mean y, xx, xy, yy
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        size = stop - first + reach
        level, longer, total, joined = 0, 1, 2, 3
        _begin(x[first - reach : stop], work[level, 0, :size], work[level, 2, :size])
        _begin(y[first - reach : stop], work[level, 1, :size], work[level, 4, :size])
        work[level, 3, :size] = work[level, 2, :size] + work[level, 4, :size]
        span, covered = 1, 0
        while span <= window:
            if window & span:
                if covered == 0:
                    work[total, :, :size] = work[level, :, :size]
                else:
                    _join_comoments(work[total], work[level], covered, span, lanes, size, work[joined])
                    total, joined = joined, total
                covered += span
            if 2 * span <= window:
                _join_comoments(work[level], work[level], span, span, lanes, size, work[longer])
                level, longer = longer, level
            span *= 2
        xx[first:stop] = work[total, 2, reach:size]
        xy[first:stop] = work[total, 3, reach:size]
        yy[first:stop] = work[total, 4, reach:size]
    return xx, xy, yy


@compiled
def rolling_trend(y, window, lanes):
    """Sums of products ty and squares yy of deviations of the bar number t and the last `window` values."""
    ty, reach, tile = prepare(y, window, lanes)
    yy = prepare(y, window, lanes)[0]
    work = np.empty((4, 3, tile + reach))  # mean y, ty, yy
    for first in range(reach, y.size, tile):
        stop = min(first + tile, y.size)
        size = stop - first + reach
        level, longer, total, joined = 0, 1, 2, 3
        _begin(y[first - reach : stop], work[level, 0, :size], work[level, 1, :size])
        work[level, 2, :size] = work[level, 1, :size]
        span, covered = 1, 0
        while span <= window:
            if window & span:
                if covered == 0:
                    work[total, :, :size] = work[level, :, :size]
                else:
                    _join_trends(work[total], work[level], covered, span, lanes, size, work[joined])
                    total, joined = joined, total
                covered += span
            if 2 * span <= window:
                _join_trends(work[level], work[level], span, span, lanes, size, work[longer])
                level, longer = longer, level
            span *= 2
        ty[first:stop] = work[total, 1, reach:size]
        yy[first:stop] = work[total, 2, reach:size]
    return ty, yy


@compiled
def _begin(x, mean, squares):
    for i in range(x.size):
        mean[i] = x[i]
        squares[i] = x[i] - x[i]  # 0, or missing


@compiled
def _without_noise(mean, squares, window, out):
    for i in range(out.size):
        noise = TINY * mean[i]
        out[i] = 0.0 if squares[i] <= window * noise * noise else squares[i]


@compiled
def _join_moments(recent, older, n_recent, n_older, lanes, size, out):
    """Moments of the last `n_recent` rows joined to those of the `n_older` rows before them."""
    first = n_recent * lanes
    n = n_recent + n_older
    part, share = n_recent / n, n_recent * n_older / n
    mean, squares = out[0, first:size], out[1, first:size]
    mean_1, squares_1 = recent[0, first:size], recent[1, first:size]
    mean_2, squares_2 = older[0], older[1]
    for i in range(mean.size):
        gap = mean_1[i] - mean_2[i]
        mean[i] = mean_2[i] + gap * part
        squares[i] = squares_1[i] + squares_2[i] + gap * gap * share


@compiled
def _join_comoments(recent, older, n_recent, n_older, lanes, size, out):
    first = n_recent * lanes
    n = n_recent + n_older
    part, share = n_recent / n, n_recent * n_older / n
    mean_x, mean_y = out[0, first:size], out[1, first:size]
    x_1, y_1, x_2, y_2 = recent[0, first:size], recent[1, first:size], older[0], older[1]
    for i in range(mean_x.size):
        mean_x[i] = x_2[i] + (x_1[i] - x_2[i]) * part
        mean_y[i] = y_2[i] + (y_1[i] - y_2[i]) * part
    _join_products(x_1, x_1, x_2, x_2, recent[2, first:size], older[2], share, out[2, first:size])
    _join_products(x_1, y_1, x_2, y_2, recent[3, first:size], older[3], share, out[3, first:size])
    _join_products(y_1, y_1, y_2, y_2, recent[4, first:size], older[4], share, out[4, first:size])


@compiled
def _join_products(x_1, y_1, x_2, y_2, products_1, products_2, share, products):
    for i in range(products.size):
        products[i] = products_1[i] + products_2[i] + (x_1[i] - x_2[i]) * (y_1[i] - y_2[i]) * share


@compiled
def _join_trends(recent, older, n_recent, n_older, lanes, size, out):
    first = n_recent * lanes
    n = n_recent + n_older
    part, share = n_recent / n, n_recent * n_older / n
    slant = share * n / 2  # the centres of the two spans are n / 2 bars apart
    mean, ty, yy = out[0, first:size], out[1, first:size], out[2, first:size]
    mean_1, ty_1, yy_1 = recent[0, first:size], recent[1, first:size], recent[2, first:size]
    mean_2, ty_2, yy_2 = older[0], older[1], older[2]
    for i in range(mean.size):
        gap = mean_1[i] - mean_2[i]
        mean[i] = mean_2[i] + gap * part
        ty[i] = ty_1[i] + ty_2[i] + gap * slant
        yy[i] = yy_1[i] + yy_2[i] + gap * gap * share
