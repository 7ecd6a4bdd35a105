"""Between the columns of a sorted panel and lanes: copies of eight times eight values; loads numba."""

import numpy as np

from finml_core.features.compiling import compiled
from finml_core.features.simd import WIDTH, turn_in, turn_out


@compiled
def to_lanes(column, starts, lengths, lanes):
    """Rows `starts[j] .. starts[j] + lengths[j] - 1` of a column as lane j; shorter lanes end in missing rows."""
    n_rows = lengths.max()
    out = np.empty(n_rows * lanes)
    for first in range(0, lanes, WIDTH):
        turned = 0
        if first + WIDTH <= lengths.size:
            turned = lengths[first : first + WIDTH].min() // WIDTH * WIDTH
            for row in range(0, turned, WIDTH):
                turn_in(column, starts[first:], row, out, row * lanes + first, lanes)
        for lane in range(first, min(first + WIDTH, lanes)):
            length = lengths[lane] if lane < lengths.size else 0
            for row in range(min(turned, length), length):
                out[row * lanes + lane] = column[starts[lane] + row]
            for row in range(length, n_rows):
                out[row * lanes + lane] = np.nan
    return out.reshape((n_rows, lanes))


@compiled
def to_column(values, starts, lengths, column):
    """Write lane j of `values` into the rows `starts[j] .. starts[j] + lengths[j] - 1` of `column`."""
    lanes = values.shape[1]
    values = values.reshape(-1)
    for first in range(0, lengths.size, WIDTH):
        turned = 0
        if first + WIDTH <= lengths.size:
            turned = lengths[first : first + WIDTH].min() // WIDTH * WIDTH
            for row in range(0, turned, WIDTH):
                turn_out(values, row * lanes + first, lanes, column, starts[first:], row)
        for lane in range(first, min(first + WIDTH, lengths.size)):
            for row in range(turned, lengths[lane]):
                column[starts[lane] + row] = values[row * lanes + lane]


@compiled
def last_to_column(values, lengths, counts, starts, column):
    """Write the last `counts[j]` of the `lengths[j]` values of lane j into `column` from `starts[j]` on."""
    for lane in range(lengths.size):
        for row in range(counts[lane]):
            column[starts[lane] + row] = values[lengths[lane] - counts[lane] + row, lane]


@compiled
def scale(lanes, factor):
    """Multiply in place."""
    for row in range(lanes.shape[0]):
        for lane in range(lanes.shape[1]):
            lanes[row, lane] *= factor[row, lane]


@compiled
def drop_impossible(values, may_be_zero):
    """Make missing, in place, what is below 0 or infinite, and 0 unless it may be."""
    for i in range(values.size):
        is_possible = ((values[i] > 0) | (may_be_zero & (values[i] == 0))) & (values[i] < np.inf)
        values[i] = values[i] if is_possible else np.nan
