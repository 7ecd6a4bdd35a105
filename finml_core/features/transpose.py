"""Between the columns of a sorted panel and lanes: compiled, blocked copies; numba is loaded with this module."""

import numpy as np

from finml_core.features.kernels import compiled

TILE = 128  # rows turned at a time: the lanes of them stay in the fastest cache


@compiled
def to_lanes(column, starts, lengths, lanes):
    """Rows `starts[j] .. starts[j] + lengths[j] - 1` of a column as lane j; shorter lanes end in missing rows."""
    n_rows = lengths.max()
    out = np.empty((n_rows, lanes))
    for first in range(0, n_rows, TILE):
        last = min(first + TILE, n_rows)
        out[first:last, starts.size :] = np.nan
        for lane in range(starts.size):
            filled = max(min(lengths[lane], last), first)
            source = column[starts[lane] + first : starts[lane] + filled]
            target = out[first:last, lane]
            for row in range(source.size):
                target[row] = source[row]
            target[source.size :] = np.nan
    return out


@compiled
def to_column(values, starts, lengths, column):
    """Write lane j of `values` into the rows `starts[j] .. starts[j] + lengths[j] - 1` of `column`."""
    for first in range(0, values.shape[0], TILE):
        for lane in range(starts.size):
            filled = max(min(lengths[lane], first + TILE), first)
            source = values[first:filled, lane]
            target = column[starts[lane] + first : starts[lane] + filled]
            for row in range(target.size):
                target[row] = source[row]


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
