import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import diebold_mariano

LOSSES = np.random.default_rng(0).gamma(2.0, 1.0, (80, 2))


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_the_statistic_is_a_regression_on_a_constant_with_a_robust_error(horizon):
    difference = LOSSES[:, 0] - LOSSES[:, 1]
    kernel = {"maxlags": horizon - 1, "kernel": lambda lags: np.ones(lags + 1)}
    fit = sm.OLS(difference, np.ones(80)).fit(cov_type="HAC", cov_kwds=kernel)
    result = diebold_mariano(*LOSSES.T, horizon=horizon, small_sample=False)
    assert result.difference == pytest.approx(difference.mean())
    assert result.statistic == pytest.approx(float(fit.tvalues[0]))
    assert result.p_value == pytest.approx(float(fit.pvalues[0]))


def test_the_small_sample_correction_at_one_step_is_the_t_test():
    # at horizon 1 the corrected statistic is the mean over its error with ddof 1
    theirs = stats.ttest_rel(*LOSSES.T)
    ours = diebold_mariano(*LOSSES.T)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p_value == pytest.approx(theirs.pvalue)


def test_swapping_the_forecasts_turns_the_sign():
    ours, swapped = diebold_mariano(*LOSSES.T, horizon=3), diebold_mariano(*LOSSES.T[::-1], horizon=3)
    assert swapped.statistic == pytest.approx(-ours.statistic)
    assert swapped.p_value == pytest.approx(ours.p_value)
    less = diebold_mariano(*LOSSES.T, horizon=3, alternative="less").p_value
    more = diebold_mariano(*LOSSES.T, horizon=3, alternative="greater").p_value
    assert less + more == pytest.approx(1)


def test_equal_forecasts_are_rarely_told_apart_and_a_better_one_is():
    generator = np.random.default_rng(3)
    n_tests, horizon = 800, 4
    shocks = generator.normal(size=(n_tests, 103))
    overlapping = sum(shocks[:, lag : lag + 100] for lag in range(horizon))  # as errors of 4-step forecasts are
    p = np.array([diebold_mariano(row, np.zeros(100), horizon=horizon).p_value for row in overlapping])
    # the paper's own size at n 100, h 4 is somewhat above the nominal one; uncorrected it would be above 0.1
    assert (p < 0.05).mean() < 0.10
    one_step = np.array([diebold_mariano(row, np.zeros(100)).p_value for row in shocks[:, :100]])
    assert (one_step < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_tests)
    better = np.array([diebold_mariano(row - 0.4, np.zeros(100)).p_value for row in shocks[:200, :100]])
    assert (better < 0.05).mean() > 0.9


def test_a_variance_that_is_not_positive_falls_back_on_bartlett():
    zigzag = np.tile([1.0, -1.0], 20) + np.r_[0.5, np.zeros(39)]
    result = diebold_mariano(zigzag, np.zeros(40), horizon=2)
    assert np.isfinite(result.statistic)
    assert 0 <= result.p_value <= 1


def test_losses_that_never_differ_have_no_verdict():
    assert np.isnan(diebold_mariano(np.ones(30), np.ones(30)).p_value)
    assert np.isnan(diebold_mariano(np.full(30, 1.3), np.ones(30)).p_value)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(DataError, match="30 losses stand against 29"):
        diebold_mariano(np.ones(30), np.ones(29))
    with pytest.raises(DataError, match="too few for a horizon of 10"):
        diebold_mariano(np.ones(11), np.ones(11), horizon=10)
    with pytest.raises(DataError, match="missing or infinite"):
        diebold_mariano(np.r_[np.nan, np.ones(29)], np.ones(30))
    with pytest.raises(ConfigError, match="alternative"):
        diebold_mariano(np.ones(30), np.ones(30), alternative="better")
