"""Columns turned into lanes and back, and where symbols start, against slices and row by row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.features.panel import pack
from finml_core.features.rows import symbol_offsets
from finml_core.schemas import segments

LENGTHS = [[1], [3, 9], [8] * 8, [40] * 7 + [3], [1, 5, 16, 17, 20, 20, 33, 64, 64, 65, 7], [30] * 40 + [2]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_symbol_becomes_a_lane_and_comes_back(lengths, dtype):
    lengths = np.array(lengths)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    column = np.random.default_rng(0).normal(size=lengths.sum())
    back = np.full(len(column), 9, dtype)
    for block in pack(starts, lengths):
        lanes = block.lanes(column)
        for lane, (start, length) in enumerate(zip(block.starts, block.lengths, strict=True)):
            np.testing.assert_array_equal(lanes[:length, lane], column[start : start + length])
            assert np.isnan(lanes[length:, lane]).all()
        assert np.isnan(lanes[:, len(block.starts) :]).all()
        block.write(lanes, back)
    np.testing.assert_array_equal(back, column.astype(dtype))


@given(lengths=st.lists(st.one_of(st.integers(1, 3), st.integers(1, 300)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_symbols_start_where_looking_at_every_row_finds_them(lengths):
    names = np.repeat([f"S{number:02d}" for number in range(len(lengths))], lengths)
    bars = pd.DataFrame({"symbol": pd.array(names, dtype="str")})
    np.testing.assert_array_equal(symbol_offsets(bars), segments(bars))
