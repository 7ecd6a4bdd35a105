"""The compiled loop that runs a program on one block of symbols; numba is loaded with this module.

All of a block is computed in one call, so that threads work side by side however little each operation does. Columns
lie one after the other in `memory`: numbers first, eight equal values each; then registers of a tile each; then slots
of a block each. Operations value by value go together through the block, a tile of rows at a time, which stays in a
core's own caches from one to the next.
"""

import numpy as np

from finml_core.features import operations
from finml_core.features.compiling import compiled
from finml_core.features.elementwise import hide, lag, of_one, of_three, of_two
from finml_core.features.kernels import (
    bars_since_extreme,
    exponential_mean,
    mean_deviation,
    rolling_extreme,
    rolling_sum,
)
from finml_core.features.kernels_statistical import (
    bin_codes,
    rolling_entropy,
    rolling_low,
    rolling_rank,
    rolling_shape,
    weighted_sum,
)
from finml_core.features.moments import rolling_autocomoment, rolling_comoments, rolling_moments, rolling_trend
from finml_core.features.operations import REGISTER, SLOT, WIDTH
from finml_core.features.transpose import to_lanes, write_rows

# of a step: operation, up to three columns out, as many in, first and end of its settings, end of its group
CODE, OUT, IN, NUMBERS, STOP = 0, 1, 4, 7, 9


@compiled
def run(steps, numbers, constants, columns, lanes, places, memory, layout, targets, out, narrow):
    """Compute the columns of a block's symbols and write them to `out` (or `narrow`, where `out` is empty).

    Parameters
    ----------
    steps : array (n_steps, 10), see `CODE` and so on
    numbers, constants : arrays of the settings of steps, and of the numbers that take part as columns
    columns : tuple of arrays of the panel; empty ones are missing in every bar
    lanes : n_lanes
    places : array (4, n_symbols)
        Of each symbol: first row in `columns`, number of rows, first of these that is written, and what is added to a
        row's number to get its place in `out`.
    memory : array
    layout : places in memory of the first register and of the first slot, values of a tile and of a slot
    targets : rows of `out` that the written columns go to
    out, narrow : arrays (n_columns, n_values), float64 and float32
    """
    size = places[1].max() * lanes
    for number in range(constants.size):
        memory[number * WIDTH : (number + 1) * WIDTH] = constants[number]
    step = np.int64(0)  # as a literal it would have what is called below compiled twice
    while step < len(steps):
        stop = steps[step, STOP]
        if stop > 0:
            _go_through(steps, step, stop, numbers, lanes, places, memory, layout, size, targets, out, narrow)
            step = stop
        else:
            code = steps[step, CODE]
            settings = numbers[steps[step, NUMBERS] : steps[step, NUMBERS + 1]]
            if code == operations.LOAD:
                column, made = columns[int(settings[0])], _slot(memory, steps[step, OUT], layout, size)
                if column.size:
                    to_lanes(column, places[0], places[1], lanes, made)
                else:
                    made[:] = np.nan
            else:
                _compute(code, steps[step], settings, memory, layout, size, lanes)
            step += 1


@compiled
def _go_through(steps, start, stop, numbers, lanes, places, memory, layout, size, targets, out, narrow):
    """Run a group of operations value by value, tile after tile."""
    tile, stride = layout[2], layout[3]
    for first in range(0, stride, tile):
        n = min(tile, stride - first)
        for step in range(start, stop):
            code = steps[step, CODE]
            target, _ = _piece(steps[step, OUT], layout, first)
            x, x_step = _piece(steps[step, IN], layout, first)
            if code == operations.WRITE:
                row, last = first // lanes, min(first + n, size) // lanes
                column = targets[steps[step, NUMBERS]]
                if out.size:
                    write_rows(memory, x, lanes, row, last, places, out[column])
                else:
                    write_rows(memory, x, lanes, row, last, places, narrow[column])
            elif code == operations.LAG:
                lag(memory, x - first, first, int(numbers[steps[step, NUMBERS]]) * lanes, target, n)
            elif code == operations.HIDE:
                setting = steps[step, NUMBERS]
                hide(memory, x, first, int(numbers[setting]) * lanes, int(numbers[setting + 1]) * lanes, target, n)
            elif code >= operations.LOG:
                of_one(code, memory, x, target, n)
            else:
                y, y_step = _piece(steps[step, IN + 1], layout, first)
                if code >= operations.RATIO:
                    z, z_step = _piece(steps[step, IN + 2], layout, first)
                    of_three(code, memory, x, x_step, y, y_step, z, z_step, target, n)
                else:
                    of_two(code, memory, x, x_step, y, y_step, target, n)


@compiled
def _compute(code, step, settings, memory, layout, size, lanes):
    """Run an operation on whole columns."""
    x = _slot(memory, step[IN], layout, size)
    out = _slot(memory, step[OUT], layout, size)
    window = int(settings[0])
    if code == operations.SUM:
        rolling_sum(x, window, lanes, out)
    elif code == operations.MAX or code == operations.MIN:
        rolling_extreme(x, window, lanes, code == operations.MIN, out)
    elif code == operations.AGE_OF_MAX or code == operations.AGE_OF_MIN:
        bars_since_extreme(x, window, lanes, code == operations.AGE_OF_MIN, out)
    elif code == operations.MEAN_DEVIATION:
        mean_deviation(x, _slot(memory, step[IN + 1], layout, size), window, lanes, out)
    elif code == operations.EXPONENTIAL_MEAN:
        exponential_mean(x, lanes, settings[0], int(settings[1]), settings[2], out)
    elif code == operations.MOMENTS:
        rolling_moments(x, window, lanes, out, _slot(memory, step[OUT + 1], layout, size))
    elif code == operations.COMOMENTS:
        y = _slot(memory, step[IN + 1], layout, size)
        xy, yy = _slot(memory, step[OUT + 1], layout, size), _slot(memory, step[OUT + 2], layout, size)
        rolling_comoments(x, y, window, lanes, out, xy, yy)
    elif code == operations.AUTOCOMOMENT:
        rolling_autocomoment(x, int(settings[1]), window, lanes, out)
    elif code == operations.TREND:
        rolling_trend(x, window, lanes, out, _slot(memory, step[OUT + 1], layout, size))
    elif code == operations.SHAPE:
        third, fourth = _slot(memory, step[OUT + 1], layout, size), _slot(memory, step[OUT + 2], layout, size)
        rolling_shape(x, window, lanes, out, third, fourth)
    elif code == operations.LOW:
        rolling_low(x, window, lanes, int(settings[1]), settings[2], settings[3], out)
    elif code == operations.RANK:
        rolling_rank(x, window, lanes, out)
    elif code == operations.BIN:
        bin_codes(x, settings, out)
    elif code == operations.ENTROPY:
        rolling_entropy(x, window, lanes, int(settings[1]), out)
    elif code == operations.WEIGHTED_SUM:
        weighted_sum(x, settings, lanes, out)


@compiled
def _piece(place, layout, first):
    """Where in memory a column's values from the block's value `first` on lie, and the step from one to the next."""
    registers, slots, tile, stride = layout
    kind, number = place & 3, place >> 2
    if kind == SLOT:
        return slots + number * stride + first, 1
    if kind == REGISTER:
        return registers + number * tile, 1
    return number * WIDTH, 0


@compiled
def _slot(memory, place, layout, size):
    first, _ = _piece(place, layout, 0)
    return memory[first : first + size]
