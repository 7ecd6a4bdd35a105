"""Between the columns of a sorted panel and lanes: copies of eight times eight values; loads numba."""

import numpy as np

from finml_core.features.compiling import compiled
from finml_core.features.simd import WIDTH, turn_in, turn_out


@compiled
def to_lanes(column, starts, lengths, lanes, out):
    """Rows `starts[j] .. starts[j] + lengths[j] - 1` of a column as lane j; shorter lanes end in missing rows."""
    n_rows = lengths.max()
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


@compiled
def write_rows(values, place, lanes, row, stop, places, column):
    """Write rows `row` to `stop - 1`, which lie from a place of `values` on, into a column of the panel.

    Of lane j those from `places[2, j]` to `places[1, j] - 1`, each `places[3, j]` places behind its number.
    """
    n_rows, firsts, bases = places[1], places[2], places[3]
    for lane in range(0, n_rows.size, WIDTH):
        behind = min(lane + WIDTH, n_rows.size)
        start, turned = row, row
        if behind - lane == WIDTH:
            start = max(row, firsts[lane:behind].max())
            turned = start + max(min(stop, n_rows[lane:behind].min()) - start, 0) // WIDTH * WIDTH
            for here in range(start, turned, WIDTH):
                turn_out(values, place + (here - row) * lanes + lane, lanes, column, bases[lane:], here)
        for one in range(lane, behind):
            from_place, base = place - row * lanes + one, bases[one]
            for here in range(max(row, firsts[one]), min(start, stop, n_rows[one])):
                column[base + here] = values[from_place + here * lanes]
            for here in range(max(turned, firsts[one]), min(stop, n_rows[one])):
                column[base + here] = values[from_place + here * lanes]
