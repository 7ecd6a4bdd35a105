"""Columns turned into lanes and back, and where symbols start, against slices and row by row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.features.expression import column
from finml_core.features.panel import pack, parts_of
from finml_core.features.program import make_program
from finml_core.features.rows import calendar, symbol_offsets
from finml_core.features.transpose import to_lanes
from finml_core.schemas import segments

LENGTHS = [[1], [3, 9], [8] * 8, [40] * 7 + [3], [1, 5, 16, 17, 20, 20, 33, 64, 64, 65, 7], [30] * 40 + [2]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kept", [None, 0, 1, 5])
def test_each_symbol_becomes_a_lane_and_comes_back(lengths, dtype, kept):
    """All rows, or the last few of each symbol, one symbol's after the other's."""
    lengths = np.array(lengths)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    values = np.random.default_rng(0).normal(size=lengths.sum())
    counts = lengths if kept is None else np.minimum(lengths, kept)
    targets = np.r_[0, np.cumsum(counts)[:-1]]
    firsts = lengths - counts
    out = np.full((1, counts.sum() + 1), 9, dtype)
    program = make_program([column(0)])
    for part in parts_of(program, [values], pack(starts, lengths, firsts, targets - firsts), out, np.array([0])):
        part()
    rows = [slice(start + first, start + length) for start, first, length in zip(starts, firsts, lengths, strict=True)]
    expected = np.concatenate([values[each] for each in rows])
    np.testing.assert_array_equal(out[0], np.r_[expected, 9].astype(dtype))


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_a_lane_is_missing_behind_its_symbol(lengths):
    lengths = np.array(lengths)
    starts = np.r_[0, np.cumsum(lengths)[:-1]]
    values = np.random.default_rng(0).normal(size=lengths.sum())
    for block in pack(starts, lengths):
        n_rows, n_lanes = block.shape
        lanes = np.empty(n_rows * n_lanes)
        to_lanes(values, block.starts, block.lengths, n_lanes, lanes)
        lanes = lanes.reshape(n_rows, n_lanes)
        for lane, (start, length) in enumerate(zip(block.starts, block.lengths, strict=True)):
            np.testing.assert_array_equal(lanes[:length, lane], values[start : start + length])
            assert np.isnan(lanes[length:, lane]).all()
        assert np.isnan(lanes[:, len(block.starts) :]).all()


@given(lengths=st.lists(st.one_of(st.integers(1, 3), st.integers(1, 300)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_symbols_start_where_looking_at_every_row_finds_them(lengths):
    names = np.repeat([f"S{number:02d}" for number in range(len(lengths))], lengths)
    bars = pd.DataFrame({"symbol": pd.array(names, dtype="str")})
    np.testing.assert_array_equal(symbol_offsets(bars), segments(bars))


@given(lengths=st.lists(st.integers(500, 3000), min_size=1, max_size=6), short=st.lists(st.integers(1, 40), max_size=3))
@settings(deadline=None, max_examples=60)
def test_long_symbols_with_short_ones_among_them_are_found_too(lengths, short):
    test_symbols_start_where_looking_at_every_row_finds_them.hypothesis.inner_test(lengths[:1] + short + lengths[1:])


@given(data=st.data(), share=st.sampled_from([0.0, 0.1, 0.9]))
@settings(deadline=None, max_examples=60)
def test_places_in_the_calendar_are_those_of_pandas(data, share):
    """Symbols that start late, end early, have holes, and with `share` bars at times that only they have."""
    days = np.arange(0, 1000, 5, dtype=np.int64)
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    stamps = []
    for _ in range(data.draw(st.integers(1, 6))):
        first = generator.integers(0, 150)
        own = days[first : first + generator.integers(1, 200)]
        own = own[generator.random(len(own)) < generator.choice([0.5, 1.0, 1.0])]
        stamps.append(own + (generator.random(len(own)) < share) if len(own) else days[:1])
    offsets = np.r_[0, np.cumsum([len(own) for own in stamps])]
    joined = np.concatenate(stamps)
    for computed, expected in zip(calendar(joined, offsets), pd.factorize(joined, sort=True), strict=True):
        np.testing.assert_array_equal(computed, expected)
