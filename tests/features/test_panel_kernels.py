"""Comparing rows of one group with each other, against scipy and pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from finml_core.features import kernels_panel as kernels

VALUES = st.one_of(
    st.just(np.nan),
    st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, -1e300]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


def compared(column, codes):
    column, codes = np.asarray(column, dtype=float), np.asarray(codes, dtype=np.int64)
    out = np.full((3, len(column)), np.nan)  # rows of no group stay as they are
    kernels.compare(column, *kernels.list_rows(codes, int(codes.max(initial=-1)) + 1), *out)
    return out


def expected_of(column, codes):
    out = np.full((3, len(column)), np.nan)
    for code in set(codes) - {-1}:
        rows = np.flatnonzero((np.asarray(codes) == code) & ~np.isnan(column))
        if len(rows):
            ranks = rankdata(column[rows])
            out[:, rows] = ranks, (ranks - 0.5) / len(rows), column[rows] - np.mean(column[rows])
    return out


@settings(deadline=None, max_examples=200)
@given(pairs=st.lists(st.tuples(VALUES, st.integers(-1, 3)), max_size=60))
def test_ranks_are_those_of_scipy_whatever_the_values(pairs):
    column = np.array([value for value, _ in pairs])
    codes = [code for _, code in pairs]
    with np.errstate(over="ignore"):
        expected = expected_of(column, codes)
    np.testing.assert_array_equal(compared(column, codes)[:2], expected[:2])


@pytest.mark.parametrize("draw", ["normal", "cauchy", "lognormal", "rounded", "steps", "outlier"])
def test_large_groups_are_ranked_and_demeaned(draw):
    generator = np.random.default_rng(1)
    column = {
        "normal": lambda: generator.normal(0, 0.01, 3000),
        "cauchy": lambda: generator.standard_cauchy(3000),
        "lognormal": lambda: generator.lognormal(0, 4, 3000),
        "rounded": lambda: generator.normal(0, 1, 3000).round(1),
        "steps": lambda: np.repeat([0.0, 1.0], 1500) + generator.normal(0, 1e-9, 3000),
        "outlier": lambda: np.r_[1e12, 1 + generator.normal(0, 1e-6, 2999)],
    }[draw]()
    column[generator.random(3000) < 0.05] = np.nan
    codes = generator.integers(-1, 3, 3000)
    np.testing.assert_allclose(compared(column, codes), expected_of(column, codes), rtol=1e-9, atol=1e-9)


def test_the_order_of_members_changes_no_digit():
    generator = np.random.default_rng(2)
    column, codes = generator.standard_t(3, 500), generator.integers(0, 2, 500)
    order = generator.permutation(500)
    np.testing.assert_array_equal(compared(column[order], codes[order]), compared(column, codes)[:, order])


def test_one_member_is_in_the_middle():
    np.testing.assert_array_equal(compared([3.5, np.nan], [0, 0])[:, 0], [1, 0.5, 0])


def test_rows_are_listed_by_group():
    rows, offsets = kernels.list_rows(np.array([2, 0, -1, 2, 0, 0]), 4)
    assert rows.tolist() == [1, 4, 5, 0, 3]
    assert offsets.tolist() == [0, 3, 3, 5, 5]


def test_only_what_is_asked_for_is_written():
    column, codes = np.array([3.0, np.nan, 1.0, 3.0]), np.zeros(4, dtype=np.int64)
    none, percentiles = np.empty(0, dtype=np.float32), np.zeros(4, dtype=np.float32)
    kernels.compare(column, *kernels.list_rows(codes, 1), none, percentiles, none)
    np.testing.assert_array_equal(percentiles, np.array([2, np.nan, 0.5, 2], dtype=np.float32) / np.float32(3))


def test_group_means_are_those_of_pandas():
    generator = np.random.default_rng(3)
    column, codes = generator.normal(size=300), generator.integers(0, 20, 300)
    column[generator.random(300) < 0.1] = np.nan
    column[codes == 7] = np.nan
    expected = pd.Series(column).groupby(codes).mean().reindex(range(20))
    computed = kernels.group_means(column, *kernels.list_rows(codes, 20))
    np.testing.assert_allclose(computed, expected, rtol=1e-12, atol=1e-15)
