"""Compiled moments over windows of lanes, by doubling as in `kernels`; numba is loaded with this module.

Two spans are joined as in Chan, Golub and LeVeque (1983), The American Statistician 37(3), 242-247: squares are added
to squares and never subtracted from each other, so nothing cancels, whatever the size of the numbers. Loops write one
array each: with more, the compiler would not know that they lie apart, and would take values one by one.
"""

import numpy as np

from finml_core.features.kernels import bits, compiled, prepare

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement


@compiled
def rolling_moments(x, window, lanes):
    """Mean, and sum of squared deviations from it, of the last `window` values."""
    mean, reach, tile = prepare(x, window, lanes)
    squares = prepare(x, window, lanes)[0]
    work = np.empty((2, 2, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        single = x[first - reach : stop]
        means, products = single, work[1, 1, : single.size]
        _vanish(single, products)
        span, turn = 1, 0
        for bit in bits(window):
            longer, joined = work[turn, 0, : single.size], work[turn, 1, : single.size]
            _join_products(means, means, products, single, single, span, bit, lanes, joined)
            _join_means(means, single, span, bit, lanes, longer)
            means, products, span, turn = longer, joined, 2 * span + bit, 1 - turn
        mean[first:stop] = means[reach:]
        _without_noise(means[reach:], products[reach:], window, squares[first:stop])
    return mean, squares


@compiled
def rolling_comoments(x, y, window, lanes):
    """Sums of squares and products of deviations (xx, xy, yy) of the last `window` pairs."""
    xx, reach, tile = prepare(x, window, lanes)
    xy, yy = prepare(x, window, lanes)[0], prepare(x, window, lanes)[0]
    work = np.empty((2, 5, tile + reach))
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        single_x, single_y = x[first - reach : stop], y[first - reach : stop]
        size = single_x.size
        means_x, means_y = single_x, single_y
        products_xx, products_xy, products_yy = work[1, 2, :size], work[1, 3, :size], work[1, 4, :size]
        _vanish(single_x, products_xx)
        _vanish(single_y, products_yy)
        products_xy[:] = products_xx + products_yy
        span, turn = 1, 0
        for bit in bits(window):
            xs, ys = work[turn, 0, :size], work[turn, 1, :size]
            xxs, xys, yys = work[turn, 2, :size], work[turn, 3, :size], work[turn, 4, :size]
            _join_products(means_x, means_x, products_xx, single_x, single_x, span, bit, lanes, xxs)
            _join_products(means_x, means_y, products_xy, single_x, single_y, span, bit, lanes, xys)
            _join_products(means_y, means_y, products_yy, single_y, single_y, span, bit, lanes, yys)
            _join_means(means_x, single_x, span, bit, lanes, xs)
            _join_means(means_y, single_y, span, bit, lanes, ys)
            means_x, means_y, products_xx, products_xy, products_yy = xs, ys, xxs, xys, yys
            span, turn = 2 * span + bit, 1 - turn
        xx[first:stop] = products_xx[reach:]
        xy[first:stop] = products_xy[reach:]
        yy[first:stop] = products_yy[reach:]
    return xx, xy, yy


@compiled
def rolling_autocomoment(x, lags, window, lanes):
    """Sum of products of deviations of the last `window` values and of the as many values `lags` rows before."""
    out, reach, tile = prepare(x, window + lags, lanes)
    work = np.empty((2, 2, tile + reach))
    behind = lags * lanes
    for first in range(reach, x.size, tile):
        stop = min(first + tile, x.size)
        single = x[first - reach : stop]
        n, n_pairs = single.size, single.size - behind
        means, products = single, work[1, 1, :n_pairs]
        products[:] = 0.0
        span, turn = 1, 0
        for bit in bits(window):
            longer, joined = work[turn, 0, :n], work[turn, 1, :n_pairs]
            early, late = single[:n_pairs], single[behind:]
            _join_products(means[:n_pairs], means[behind:], products, early, late, span, bit, lanes, joined)
            _join_means(means, single, span, bit, lanes, longer)
            means, products, span, turn = longer, joined, 2 * span + bit, 1 - turn
        out[first:stop] = products[reach - behind :]
    return out


@compiled
def rolling_trend(y, window, lanes):
    """Sums of products ty and squares yy of deviations of the bar number t and the last `window` values."""
    ty, reach, tile = prepare(y, window, lanes)
    yy = prepare(y, window, lanes)[0]
    work = np.empty((2, 3, tile + reach))
    for first in range(reach, y.size, tile):
        stop = min(first + tile, y.size)
        single = y[first - reach : stop]
        means, slants, products = single, work[1, 1, : single.size], work[1, 2, : single.size]
        _vanish(single, products)
        slants[:] = products
        span, turn = 1, 0
        for bit in bits(window):
            ys, tys, yys = work[turn, 0, : single.size], work[turn, 1, : single.size], work[turn, 2, : single.size]
            _join_products(means, means, products, single, single, span, bit, lanes, yys)
            _join_slants(means, slants, single, span, bit, lanes, tys)
            _join_means(means, single, span, bit, lanes, ys)
            means, slants, products, span, turn = ys, tys, yys, 2 * span + bit, 1 - turn
        ty[first:stop] = slants[reach:]
        yy[first:stop] = products[reach:]
    return ty, yy


@compiled
def _vanish(x, out):
    """0, or missing where x is."""
    for i in range(out.size):
        out[i] = x[i] - x[i]


@compiled
def _without_noise(mean, squares, window, out):
    for i in range(out.size):
        noise = TINY * mean[i]
        out[i] = 0.0 if squares[i] <= window * noise * noise else squares[i]


@compiled
def _join_means(means, single, span, bit, lanes, out):
    """Means of 2 span + bit rows from those of `span` rows."""
    first = (2 * span + bit - 1) * lanes
    recent, older, longer = means[first:], means[first - span * lanes :], out[first:]
    if bit == 0:
        for i in range(longer.size):
            longer[i] = older[i] + (recent[i] - older[i]) * 0.5
    else:
        part = 2 * span / (2 * span + 1)
        for i in range(longer.size):
            both = older[i] + (recent[i] - older[i]) * 0.5
            longer[i] = single[i] + (both - single[i]) * part


@compiled
def _join_products(means_x, means_y, products, single_x, single_y, span, bit, lanes, out):
    """Sums of products of deviations over 2 span + bit rows from those over `span` rows."""
    first = (2 * span + bit - 1) * lanes
    second = first - span * lanes
    x_1, x_2, y_1, y_2 = means_x[first:], means_x[second:], means_y[first:], means_y[second:]
    recent, older, longer = products[first:], products[second:], out[first:]
    share = span / 2
    if bit == 0:
        for i in range(longer.size):
            longer[i] = recent[i] + older[i] + (x_1[i] - x_2[i]) * (y_1[i] - y_2[i]) * share
    else:
        share_single = 2 * span / (2 * span + 1)
        for i in range(longer.size):
            gap_x, gap_y = x_1[i] - x_2[i], y_1[i] - y_2[i]
            step_x, step_y = x_2[i] + gap_x * 0.5 - single_x[i], y_2[i] + gap_y * 0.5 - single_y[i]
            longer[i] = recent[i] + older[i] + gap_x * gap_y * share + step_x * step_y * share_single


@compiled
def _join_slants(means, slants, single, span, bit, lanes, out):
    """Sums of products of deviations of the bar number and the values, over 2 span + bit rows."""
    first = (2 * span + bit - 1) * lanes
    second = first - span * lanes
    mean_1, mean_2 = means[first:], means[second:]
    recent, older, longer = slants[first:], slants[second:], out[first:]
    slant = span * span / 2  # share span / 2 of the gap, between spans whose centres are `span` bars apart
    if bit == 0:
        for i in range(longer.size):
            longer[i] = recent[i] + older[i] + (mean_1[i] - mean_2[i]) * slant
    else:
        for i in range(longer.size):
            gap = mean_1[i] - mean_2[i]
            step = mean_2[i] + gap * 0.5 - single[i]
            longer[i] = recent[i] + older[i] + gap * slant + step * span
