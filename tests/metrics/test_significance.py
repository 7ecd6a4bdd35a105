import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import (
    deflated_sharpe_ratio,
    expected_max_sharpe,
    kurtosis,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe_ratio,
    sharpe_ratio,
    skewness,
)

DAILY = np.sqrt(250)


# Bailey & Lopez de Prado (2012): SR 1.585 a year, 24 months, skew -2.448, raw kurtosis 10.164
def test_probabilistic_sharpe_ratio_of_the_paper():
    psr = probabilistic_sharpe_ratio(1.585 / np.sqrt(12), 24, -2.448, 10.164)
    assert psr == pytest.approx(0.9132343069, abs=5e-11)


# False Strategy Theorem, 100 standard normals
def test_expected_maximum_of_a_hundred():
    assert expected_max_sharpe(100, 1) == pytest.approx(2.5306028932, abs=5e-11)


# Bailey & Lopez de Prado (2014): annual SR 2.5, annual variance 0.5, 1250 days, 100 trials, skew -3, kurtosis 10
def test_deflated_sharpe_ratio_of_the_paper():
    assert expected_max_sharpe(100, 0.5 / 250) == pytest.approx(0.1131720019, abs=5e-11)
    dsr = deflated_sharpe_ratio(2.5 / DAILY, 1250, -3, 10, 100, 0.5 / 250)
    assert dsr == pytest.approx(0.9003968344, abs=5e-11)


# Bailey & Lopez de Prado (2012): annual 2 against 1, daily, normal, 95 %
def test_minimum_track_record_length_of_the_paper():
    observations = min_track_record_length(2 / DAILY, 1 / DAILY, 0, 3, 0.95)
    assert observations / 250 == pytest.approx(2.7311878017, abs=5e-11)


# Bailey et al. (2014): 45 trials, target 1; upper bound 2 ln N
def test_minimum_backtest_length_of_the_paper():
    assert min_backtest_length(45, 1) == pytest.approx(4.9980870044, abs=5e-11)
    assert 2 * np.log(45) == pytest.approx(7.6133, abs=5e-5)
    for n_trials in (2, 10, 1000, 10**6):
        assert min_backtest_length(n_trials, 1) < 2 * np.log(n_trials)


def test_with_one_trial_deflated_is_probabilistic():
    assert expected_max_sharpe(1, np.nan) == 0
    assert deflated_sharpe_ratio(0.1, 500, -0.5, 5, 1, np.nan) == probabilistic_sharpe_ratio(0.1, 500, -0.5, 5)


@pytest.mark.parametrize("n_trials", [10, 100, 1000])
def test_the_expected_maximum_is_that_of_many_draws(n_trials):
    draws = np.random.default_rng(0).normal(0, 0.3, (4000, n_trials)).max(axis=1)
    assert expected_max_sharpe(n_trials, 0.09) == pytest.approx(draws.mean(), abs=0.02)


def test_the_best_of_a_hundred_trials_of_noise_rarely_passes():
    # 300 searches of 100 strategies x 500 days without skill; the text says about 0.15 %, far below 5 %
    generator = np.random.default_rng(0)
    passed = 0
    for _ in range(300):
        trials = generator.standard_normal((500, 100))
        sharpes = trials.mean(axis=0) / trials.std(axis=0, ddof=1)
        best = trials[:, sharpes.argmax()]
        dsr = deflated_sharpe_ratio(sharpe_ratio(best), 500, skewness(best), kurtosis(best), 100, sharpes.var(ddof=1))
        passed += dsr > 0.95
    assert passed <= 3


def test_the_probabilistic_ratio_is_uniform_under_the_null():
    sample = np.random.default_rng(1).normal(0, 1, (2000, 250))
    psr = [probabilistic_sharpe_ratio(sharpe_ratio(row), 250, skewness(row), kurtosis(row)) for row in sample]
    assert np.mean(np.array(psr) > 0.95) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2000))


@given(
    sharpe=st.floats(-0.5, 0.5),
    benchmark=st.floats(-0.3, 0.3),
    n_obs=st.integers(10, 5000),
    skew=st.floats(-2, 2),
    tail=st.floats(0, 20),
)
def test_track_record_and_probability_tell_the_same(sharpe, benchmark, n_obs, skew, tail):
    raw = 1.1 + skew**2 + tail
    needed = min_track_record_length(sharpe, benchmark, skew, raw, 0.95)
    psr = probabilistic_sharpe_ratio(sharpe, n_obs, skew, raw, benchmark)
    assert 0 <= psr <= 1
    if abs(n_obs - needed) > 1e-6 * n_obs:
        assert (psr > 0.95) == (n_obs > needed)


@given(n_trials=st.floats(1, 1e6), variance=st.floats(0, 2))
def test_more_trials_raise_the_bar(n_trials, variance):
    assert 0 <= expected_max_sharpe(n_trials, variance) <= expected_max_sharpe(n_trials * 2, variance)


def test_arrays_broadcast():
    psr = probabilistic_sharpe_ratio(np.array([0.0, 0.1]), 100, 0, 3)
    assert psr == pytest.approx([0.5, probabilistic_sharpe_ratio(0.1, 100, 0, 3)])


def test_what_cannot_be_known_is_missing_or_infinite():
    assert np.isnan(probabilistic_sharpe_ratio(0.1, 1, 0, 3))
    assert np.isnan(probabilistic_sharpe_ratio(np.nan, 100, np.nan, np.nan))
    assert min_track_record_length(0.1, 0.1, 0, 3, 0.95) == np.inf


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="n_trials is 0"):
        expected_max_sharpe(0, 1)
    with pytest.raises(ConfigError, match="variance"):
        expected_max_sharpe(5, -1)
    with pytest.raises(ConfigError, match="confidence is 95"):
        min_track_record_length(0.1, 0, 0, 3, 95)
    with pytest.raises(ConfigError, match="target_sharpe"):
        min_backtest_length(10, 0)
    with pytest.raises(DataError, match="kurtosis"):
        probabilistic_sharpe_ratio(0.1, 100, 0, 0)
