import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from statsmodels.stats.proportion import proportion_confint

from finml_core.errors import ConfigError
from finml_core.metrics import (
    brier_decomposition,
    brier_score,
    calibration_slope_intercept,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_curve,
    wilson_interval,
)
from finml_core.numerics import logit

Y5, P5 = [0, 0, 1, 1, 1], [0.25, 0.25, 0.55, 0.75, 0.75]
GENERATOR = np.random.default_rng(0)
P = GENERATOR.beta(2, 3, 4000)
Y = (GENERATOR.uniform(size=4000) < P).astype(float)
PAIRS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def test_errors_of_the_reference():
    assert expected_calibration_error(Y5, P5, 2) == pytest.approx(0.2900, abs=1e-12)
    assert maximum_calibration_error(Y5, P5, 2) == pytest.approx(0.3167, abs=5e-5)


@pytest.mark.parametrize(("strategy", "theirs"), [("width", "uniform"), ("mass", "quantile")])
@pytest.mark.parametrize("n_bins", [5, 10, 16])
def test_the_curve_agrees_with_scikit_learn(strategy, theirs, n_bins):
    curve = reliability_curve(Y, P, n_bins, strategy)
    observed, predicted = calibration_curve(Y, P, n_bins=n_bins, strategy=theirs)
    assert curve["observed"].to_numpy() == pytest.approx(observed)
    assert curve["predicted"].to_numpy() == pytest.approx(predicted)
    assert curve["count"].sum() == len(Y)


def test_errors_are_read_off_the_curve():
    for strategy in ("width", "mass"):
        curve = reliability_curve(Y, P, 10, strategy)
        gap = (curve["predicted"] - curve["observed"]).abs()
        assert expected_calibration_error(Y, P, 10, strategy) == pytest.approx(np.average(gap, weights=curve["count"]))
        assert maximum_calibration_error(Y, P, 10, strategy) == pytest.approx(gap.max())


def test_bands_are_wilsons():
    curve = reliability_curve(Y, P, 10)
    ones = (curve["observed"] * curve["count"]).round()
    lower, upper = proportion_confint(ones, curve["count"], alpha=0.05, method="wilson")
    assert curve["lower"].to_numpy() == pytest.approx(lower.to_numpy())
    assert curve["upper"].to_numpy() == pytest.approx(upper.to_numpy())
    assert np.isnan(wilson_interval(0, 0)[0])


def test_bands_of_honest_probabilities_hold_the_diagonal():
    curve = reliability_curve(Y, P, 20, "mass")
    inside = (curve["lower"] <= curve["predicted"]) & (curve["predicted"] <= curve["upper"])
    assert inside.mean() >= 0.8


@given(pairs=PAIRS, n_bins=st.one_of(st.none(), st.integers(1, 12)), strategy=st.sampled_from(["width", "mass"]))
def test_the_parts_of_the_brier_score_add_up(pairs, n_bins, strategy):
    y, p = np.array(pairs).T
    parts = brier_decomposition(y, p, n_bins, strategy)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bin
    assert parts.brier == pytest.approx(brier_score(y, p))
    assert whole == pytest.approx(parts.brier, abs=1e-12)
    if n_bins is None:
        assert parts.within_bin == pytest.approx(0, abs=1e-12)


@given(pairs=PAIRS, n_bins=st.integers(1, 12))
def test_errors_lie_between_zero_and_one(pairs, n_bins):
    y, p = np.array(pairs).T
    assert 0 <= expected_calibration_error(y, p, n_bins) <= maximum_calibration_error(y, p, n_bins) + 1e-12 <= 1 + 1e-9
    swapped = expected_calibration_error(1 - y, p, 1)
    assert swapped == pytest.approx(abs(p.mean() - 1 + y.mean()))


def test_honest_probabilities_have_slope_one_and_intercept_zero():
    slope, intercept = calibration_slope_intercept(Y, P)
    assert slope == pytest.approx(1, abs=0.1)
    assert intercept == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("stretch", "shift"), [(1.0, 0.0), (3.0, 1.0), (0.2, -2.0)])
def test_slope_and_intercept_agree_with_logistic_regression(stretch, shift):
    p = expit(stretch * logit(P) + shift)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit(p)[:, None], Y)
    slope, intercept = calibration_slope_intercept(Y, p)
    assert slope == pytest.approx(model.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(model.intercept_[0], abs=1e-4)


@pytest.mark.parametrize(("y", "p"), [([1, 1], [0.2, 0.7]), ([0, 1, 1], [0.5] * 3), ([0, 0, 1], [0.1, 0.2, 0.9])])
def test_a_regression_without_a_solution_is_missing(y, p):
    assert np.isnan(calibration_slope_intercept(y, p)).all()


def test_missing_rows_are_left_out_and_no_rows_have_no_error():
    y, p = np.r_[Y, np.nan], np.r_[P, 0.4]
    assert expected_calibration_error(y, p) == expected_calibration_error(Y, P)
    assert np.isnan(expected_calibration_error([], []))
    assert np.isnan(maximum_calibration_error([np.nan], [0.5], strategy="mass"))
    assert np.isnan(brier_decomposition([], [])).all()
    assert reliability_curve([], []).empty


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match="n_bins"):
        expected_calibration_error(Y, P, 0)
    with pytest.raises(ConfigError, match="mass, width"):
        reliability_curve(Y, P, strategy="depth")
