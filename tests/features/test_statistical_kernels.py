"""Distributions over windows against one window at a time, and against the drift that running sums have."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy, kurtosis, rankdata, skew

from finml_core.features import distributions
from finml_core.features.expression import Expression
from tests.features.evaluation import evaluate

WINDOWS = (2, 5, 20, 61, 119, 120, 200)


@pytest.fixture(scope="module")
def lanes():
    generator = np.random.default_rng(3)
    x = generator.standard_t(4, (120, 5)).round(1)  # rounded: ties occur
    x[[0, 40, 41, 77], 1] = np.nan
    x[:30, 2] = np.nan  # starts late
    x[90:, 3] = np.nan  # ends early
    x[20:80, 4] = 1.5  # does not move
    return np.ascontiguousarray(x)


def shape_of(window):
    return lambda x: tuple(Expression("shape", x, numbers=(window,), part=part) for part in range(3))


def low_of(window, rank, fraction):
    return lambda x: Expression("low", x, numbers=(window, rank, fraction, 1.0))


def codes_of(edges):
    return lambda x: Expression("bin", x, numbers=edges)


def entropy_of(window, n_codes):
    return lambda codes: Expression("entropy", codes, numbers=(window, n_codes))


def one_at_a_time(x, window, statistic):
    """`statistic` of each complete window of each lane."""
    out = np.full(x.shape, np.nan)
    for lane in range(x.shape[1]):
        for end in range(window - 1, x.shape[0]):
            members = x[end - window + 1 : end + 1, lane]
            if not np.isnan(members).any():
                out[end, lane] = statistic(members)
    return out


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("power", [2, 3, 4])
def test_power_sums_equal_one_window_at_a_time(lanes, window, power):
    expected = one_at_a_time(lanes, window, lambda v: ((v - v.mean()) ** power).sum())
    computed = evaluate(shape_of(window), lanes)[power - 2]
    np.testing.assert_allclose(computed, expected, rtol=1e-10, atol=1e-9)
    assert (computed[expected == 0] == 0).all()


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
@pytest.mark.parametrize("window", WINDOWS)
def test_low_ranks_are_the_quantiles_of_numpy(lanes, window, share):
    place = share * (window - 1)
    rank = int(place)
    expected = one_at_a_time(lanes, window, lambda v: np.quantile(v, share))
    computed = evaluate(low_of(window, rank, place - rank), lanes)
    np.testing.assert_allclose(computed, expected, rtol=1e-13, atol=1e-15)


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)), min_size=1, max_size=40),
    window=st.integers(2, 12),
    data=st.data(),
)
def test_a_low_rank_is_a_member_whatever_the_values(values, window, data):
    rank = data.draw(st.integers(0, window - 2))
    x = np.array(values)[:, None]
    expected = one_at_a_time(x, window, lambda v: np.sort(v)[rank])
    np.testing.assert_array_equal(evaluate(low_of(window, rank, 0.0), x), expected)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_rank_of_the_last_counts_ties_by_half(lanes, window):
    expected = one_at_a_time(lanes, window, lambda v: (rankdata(v)[-1] - 0.5) / len(v))
    np.testing.assert_allclose(evaluate(lambda x: distributions.rolling_rank(x, window), lanes), expected, rtol=1e-13)


@pytest.mark.parametrize("window", WINDOWS)
def test_entropy_of_codes_is_that_of_scipy(lanes, window):
    edges = (-1.0, -0.3, 0.0, 0.3, 1.0)
    codes = evaluate(codes_of(edges), lanes)
    expected_codes = np.where(np.isnan(lanes), np.nan, np.searchsorted(edges, lanes))
    np.testing.assert_array_equal(codes, expected_codes)
    expected = one_at_a_time(codes, window, lambda v: entropy(np.unique(v, return_counts=True)[1]))
    np.testing.assert_allclose(evaluate(entropy_of(window, 6), codes), expected, atol=1e-11)


@pytest.mark.parametrize("width", [1, 3, 4, 7, 120, 130])
def test_a_weighted_sum_equals_the_dot_product(lanes, width):
    weights = np.random.default_rng(width).normal(size=width)
    expected = one_at_a_time(lanes, width, lambda v: v[::-1] @ weights)
    np.testing.assert_allclose(
        evaluate(lambda x: distributions.weighted_sum(x, weights), lanes), expected, rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize("size", [1e-7, 1e6])
def test_a_million_rows_beside_a_spike_do_not_drift(size):
    x = size * np.random.default_rng(0).normal(3, 1, (1_000_000, 1))
    x[500_000] *= 1e9
    shape, low = np.array(evaluate(shape_of(20), x)), evaluate(low_of(20, 0, 0.95), x)
    codes = evaluate(codes_of((2.0, 3.0, 4.0)), x / size)
    spread = evaluate(entropy_of(20, 4), codes)
    for end in (19, 499_999, 500_020, 500_021, 750_000, 999_999):
        members = x[end - 19 : end + 1, 0]
        expected = [((members - members.mean()) ** power).sum() for power in (2, 3, 4)]
        scale = expected[0] ** np.array([1, 1.5, 2])
        np.testing.assert_allclose(shape[:, end, 0] / scale, expected / scale, rtol=1e-9, atol=1e-12)
        assert low[end, 0] == pytest.approx(np.quantile(members, 0.05), rel=1e-12)
        counts = np.unique(codes[end - 19 : end + 1], return_counts=True)[1]
        assert spread[end, 0] == pytest.approx(entropy(counts), abs=1e-11)


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: distributions.skew_and_kurtosis(x, 20)[0],
        lambda x: distributions.rolling_quantile(x, 20, 0.3),
        lambda x: distributions.rolling_rank(x, 20),
        lambda x: distributions.rolling_entropy(x, (-1.0, 0.0, 1.0), 20),
        lambda x: distributions.weighted_sum(x, (1.0, -0.4, -0.12)),
    ],
)
def test_lanes_do_not_see_each_other(lanes, rule):
    alone = [evaluate(rule, lanes[:, lane]) for lane in range(lanes.shape[1])]
    np.testing.assert_array_equal(evaluate(rule, lanes), np.stack(alone, axis=1))


@pytest.mark.parametrize("window", WINDOWS[1:])
def test_skew_and_kurtosis_are_those_of_scipy(lanes, window):
    computed = evaluate(lambda x: distributions.skew_and_kurtosis(x, window), lanes)
    for values, statistic in zip(computed, (skew, kurtosis), strict=True):
        expected = one_at_a_time(lanes, window, lambda v, s=statistic: 0.0 if np.ptp(v) == 0 else s(v, bias=False))
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-8)
