"""Compiled moments over windows of lanes, in two parts as in `kernels`; numba is loaded with this module.

Deviations are taken from an anchor: the value in the first row of the block in which a window ends. It is a member of
the window, so sums of squares around it are at most 1 + window times those around the mean, and the difference of the
two loses next to nothing, whatever the size of the numbers. A constant window deviates by exactly 0.
"""

import numpy as np

from finml_core.features.compiling import compiled
from finml_core.features.kernels import blank
from finml_core.features.simd import WIDTH, eight, if_above, load, store, width_of

TINY = 1e-14  # a deviation below this share of the mean is rounding, not movement


@compiled
def rolling_moments(x, window, lanes, mean, squares):
    """Mean, and sum of squared deviations from it, of the last `window` values."""
    if lanes % WIDTH == 0:
        _moments(x, window, lanes, mean, squares, eight())
    else:
        _moments(x, window, lanes, mean, squares, 0.0)


@compiled
def _moments(x, window, lanes, mean, squares, zero):
    blank(mean, window, lanes)
    blank(squares, window, lanes)
    n_rows, width, size = x.size // lanes, width_of(zero), float(window)
    tail, tail_2 = np.zeros(window * width), np.zeros(window * width)
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            anchor = load(x, first, zero)
            total, total_2 = zero, zero
            if start > 0:
                for back in range(1, window):
                    step = load(x, first - back * lanes, zero) - anchor
                    total, total_2 = total + step, total_2 + step * step
                    store(tail, back * width, total)
                    store(tail_2, back * width, total_2)
            total, total_2 = zero, zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                step = load(x, place, zero) - anchor
                total, total_2 = total + step, total_2 + step * step
                if start > 0 or older == 0:
                    shift = (total + load(tail, older, zero)) / size
                    around = total_2 + load(tail_2, older, zero) - shift * shift * size
                    centre = anchor + shift
                    noise = centre * TINY
                    store(mean, place, centre)
                    store(squares, place, if_above(around, noise * noise * size, around, around * 0.0))


@compiled
def rolling_comoments(x, y, window, lanes, xx, xy, yy):
    """Sums of squares and products of deviations (xx, xy, yy) of the last `window` pairs."""
    if lanes % WIDTH == 0:
        _comoments(x, y, window, lanes, (xx, xy, yy), eight())
    else:
        _comoments(x, y, window, lanes, (xx, xy, yy), 0.0)


@compiled
def _comoments(x, y, window, lanes, made, zero):
    xx, xy, yy = made
    for out in made:
        blank(out, window, lanes)
    n_rows, width, size = x.size // lanes, width_of(zero), float(window)
    tails = np.zeros((5, window * width))
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            anchor_x, anchor_y = load(x, first, zero), load(y, first, zero)
            sum_x, sum_y, sum_xx, sum_xy, sum_yy = zero, zero, zero, zero, zero
            if start > 0:
                for back in range(1, window):
                    place = first - back * lanes
                    step_x, step_y = load(x, place, zero) - anchor_x, load(y, place, zero) - anchor_y
                    sum_x, sum_y = sum_x + step_x, sum_y + step_y
                    sum_xx, sum_xy, sum_yy = (
                        sum_xx + step_x * step_x,
                        sum_xy + step_x * step_y,
                        sum_yy + step_y * step_y,
                    )
                    store(tails[0], back * width, sum_x)
                    store(tails[1], back * width, sum_y)
                    store(tails[2], back * width, sum_xx)
                    store(tails[3], back * width, sum_xy)
                    store(tails[4], back * width, sum_yy)
            sum_x, sum_y, sum_xx, sum_xy, sum_yy = zero, zero, zero, zero, zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                step_x, step_y = load(x, place, zero) - anchor_x, load(y, place, zero) - anchor_y
                sum_x, sum_y = sum_x + step_x, sum_y + step_y
                sum_xx, sum_xy, sum_yy = sum_xx + step_x * step_x, sum_xy + step_x * step_y, sum_yy + step_y * step_y
                if start > 0 or older == 0:
                    all_x, all_y = sum_x + load(tails[0], older, zero), sum_y + load(tails[1], older, zero)
                    store(xx, place, sum_xx + load(tails[2], older, zero) - all_x * all_x / size)
                    store(xy, place, sum_xy + load(tails[3], older, zero) - all_x * all_y / size)
                    store(yy, place, sum_yy + load(tails[4], older, zero) - all_y * all_y / size)


@compiled
def rolling_autocomoment(x, lags, window, lanes, out):
    """Sum of products of deviations of the last `window` values and of the as many values `lags` rows before."""
    if lanes % WIDTH == 0:
        _autocomoment(x, lags, window, lanes, out, eight())
    else:
        _autocomoment(x, lags, window, lanes, out, 0.0)


@compiled
def _autocomoment(x, lags, window, lanes, out, zero):
    blank(out, window + lags, lanes)
    n_rows, width, size, apart = x.size // lanes - lags, width_of(zero), float(window), lags * lanes
    tail_early, tail_late, tail = np.zeros(window * width), np.zeros(window * width), np.zeros(window * width)
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane  # of the early ones
            anchor_early, anchor_late = load(x, first, zero), load(x, first + apart, zero)
            early, late, products = zero, zero, zero
            if start > 0:
                for back in range(1, window):
                    place = first - back * lanes
                    step, step_late = load(x, place, zero) - anchor_early, load(x, place + apart, zero) - anchor_late
                    early, late, products = early + step, late + step_late, products + step * step_late
                    store(tail_early, back * width, early)
                    store(tail_late, back * width, late)
                    store(tail, back * width, products)
            early, late, products = zero, zero, zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                step, step_late = load(x, place, zero) - anchor_early, load(x, place + apart, zero) - anchor_late
                early, late, products = early + step, late + step_late, products + step * step_late
                if start > 0 or older == 0:
                    shifts = (early + load(tail_early, older, zero)) * (late + load(tail_late, older, zero)) / size
                    store(out, place + apart, products + load(tail, older, zero) - shifts)


@compiled
def rolling_trend(y, window, lanes, ty, yy):
    """Sums of products ty and squares yy of deviations of the bar number t and the last `window` values."""
    if lanes % WIDTH == 0:
        _trend(y, window, lanes, ty, yy, eight())
    else:
        _trend(y, window, lanes, ty, yy, 0.0)


@compiled
def _trend(y, window, lanes, ty, yy, zero):
    blank(ty, window, lanes)
    blank(yy, window, lanes)
    n_rows, width, size = y.size // lanes, width_of(zero), float(window)
    tails = np.zeros((3, window * width))
    for lane in range(0, lanes, width):
        for start in range(0, n_rows, window):
            first = start * lanes + lane
            anchor = load(y, first, zero)
            total, slant, squares = zero, zero, zero
            if start > 0:
                for back in range(1, window):
                    step = load(y, first - back * lanes, zero) - anchor
                    total, slant, squares = total + step, slant - step * float(back), squares + step * step
                    store(tails[0], back * width, total)
                    store(tails[1], back * width, slant)
                    store(tails[2], back * width, squares)
            total, slant, squares = zero, zero, zero
            for row in range(min(window, n_rows - start)):
                place, older = first + row * lanes, (window - 1 - row) * width
                step = load(y, place, zero) - anchor
                total, slant, squares = total + step, slant + step * float(row), squares + step * step
                if start > 0 or older == 0:
                    both = total + load(tails[0], older, zero)
                    centre = row - (size - 1.0) / 2.0  # of the window's bar numbers, the block starting at 0
                    store(ty, place, slant + load(tails[1], older, zero) - both * centre)
                    store(yy, place, squares + load(tails[2], older, zero) - both * both / size)
