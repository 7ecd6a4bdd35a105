"""Unit-root tests against statsmodels, and their levels on series whose nature is known."""

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from statsmodels.tools.sm_exceptions import InterpolationWarning
from statsmodels.tsa.stattools import adfuller, kpss

from finml_core.errors import ConfigError
from finml_core.features import adf_test, kpss_test, stationarity_table, unit_root_tests
from finml_core.features.unit_root import mackinnon_p


def series(kind: str, n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n)
    if kind == "walk":
        return 5000 + 100 * np.cumsum(noise)
    if kind == "mean":
        return np.convolve(noise, np.ones(20), "same")
    if kind == "tiny":
        return 1e-9 * noise + 3e-7
    return noise


@pytest.mark.parametrize("kind", ["walk", "noise", "mean", "tiny"])
@pytest.mark.parametrize("n", [60, 257, 1500])
def test_both_tests_agree_with_statsmodels(kind, n):
    x = series(kind, n, seed=n)
    expected = adfuller(x, result_object=False)
    found = adf_test(x)
    assert found.statistic == pytest.approx(expected[0], rel=1e-6)
    assert found.p_value == pytest.approx(expected[1], rel=1e-5, abs=1e-12)
    assert found.lags == expected[2]
    found = kpss_test(x)
    with nullcontext() if 0.01 < found.p_value < 0.10 else pytest.warns(InterpolationWarning):
        expected = kpss(x, regression="c", nlags="auto", result_object=False)
    assert found.statistic == pytest.approx(expected[0], rel=1e-9)
    assert found.p_value == pytest.approx(expected[1], rel=1e-9)
    assert found.lags == expected[2]


def test_a_given_number_of_lags_is_the_most():
    x = series("mean", 400, seed=3)
    assert adf_test(x, max_lags=0).lags == 0
    assert adf_test(x, max_lags=0).statistic == pytest.approx(
        adfuller(x, maxlag=0, autolag=None, result_object=False)[0], rel=1e-9
    )
    with pytest.raises(ConfigError, match="max_lags is -1"):
        adf_test(x, max_lags=-1)


def test_the_p_value_of_the_published_critical_values():
    # MacKinnon (2010), table 2, constant, no trend, asymptotic: 1 %, 5 %, 10 %
    for statistic, p in ((-3.43035, 0.01), (-2.86154, 0.05), (-2.56677, 0.10)):
        assert mackinnon_p(statistic) == pytest.approx(p, abs=5e-4)
    assert mackinnon_p(3.0) == 1.0
    assert mackinnon_p(-20.0) == 0.0


def test_random_walks_are_called_stationary_no_more_often_than_stated():
    n_walks = 300
    rejected = np.mean([adf_test(series("walk", 200, seed)).p_value < 0.05 for seed in range(n_walks)])
    assert rejected <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_walks)


@pytest.mark.parametrize("x", [np.ones(100), np.zeros(100), np.arange(10.0), [], np.full(50, 1e-7)])
def test_what_does_not_vary_or_is_too_short_has_no_test(x):
    assert np.isnan(adf_test(x).statistic)
    assert np.isnan(kpss_test(x).p_value)


@pytest.mark.parametrize("cycle", [[1.0, 2.0], [1.0, 2.0, 3.0], [0.0, 5.0, 1.0, 1.0, 3.0]])
def test_a_cycle_that_its_own_lags_tell_without_error_has_no_test(cycle):
    assert np.isnan(adf_test(np.tile(cycle, 40)).statistic)


def test_the_table_calls_noise_stationary_and_a_walk_a_unit_root():
    n, symbols = 600, ("A", "B", "C")
    index = pd.MultiIndex.from_product([symbols, pd.bdate_range("2015-01-01", periods=n)], names=["symbol", "ts"])
    table = pd.DataFrame(
        {
            "noise": np.concatenate([series("noise", n, k) for k in range(3)]),
            "walk": np.concatenate([series("walk", n, k) for k in range(3)]),
            "constant": 1.0,
        },
        index=index,
    )
    table.iloc[:50] = np.nan  # a warm-up
    tests = unit_root_tests(table)
    assert len(tests) == 9
    assert tests.set_index(["name", "symbol"]).loc[("noise", "A"), "n"] == n - 50
    summary = stationarity_table(tests).set_index("name")
    assert list(summary.index) == ["noise", "walk", "constant"]
    assert summary.loc["noise", "verdict"] == "stationary"
    assert summary.loc["noise", "adf_rejects"] == 1.0
    assert summary.loc["walk", "verdict"] == "unit root"
    assert pd.isna(summary.loc["constant", "verdict"])
    assert summary.loc["constant", "n_series"] == 0
    alone = unit_root_tests(table.loc["A"], max_bars=100)
    assert alone["n"].tolist() == [100, 100, 100]
