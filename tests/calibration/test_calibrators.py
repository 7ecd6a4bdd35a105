"""Maps from stated to true probabilities: published values, order, and distortions that are known."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.isotonic import IsotonicRegression

from finml_core.calibration import (
    CALIBRATORS,
    BetaCalibrator,
    IsotonicCalibrator,
    SigmoidCalibrator,
    beta_map,
    fit_beta,
    fit_sigmoid,
    make_calibrator,
)
from finml_core.errors import ConfigError, DataError
from finml_core.numerics import expit, logit


@pytest.fixture(params=sorted(CALIBRATORS))
def calibrator(request):
    return make_calibrator(request.param)


def stated_and_true(distort, n=20_000, seed=0):
    """Stated probabilities, true ones and outcomes; `distort` makes the first of the second."""
    generator = np.random.default_rng(seed)
    true_p = generator.uniform(0.05, 0.95, n)
    return distort(true_p), true_p, (generator.random(n) < true_p).astype(float)


def too_bold(p):
    return expit(2.5 * logit(p) + 0.4)


def test_calibrated_probabilities_never_fall_where_raw_ones_rise(calibrator):
    p, _, y = stated_and_true(too_bold, n=500)
    grid = np.linspace(0, 1, 301)
    assert (np.diff(calibrator.fit(p, y).transform(grid)) >= -1e-12).all()


def test_a_model_that_is_wrong_more_often_than_right_is_not_turned_round(calibrator):
    p, _, y = stated_and_true(lambda p: 1 - p, n=2000)
    p_cal = calibrator.fit(p, y).transform(np.array([0.1, 0.5, 0.9]))
    assert (np.diff(p_cal) >= -1e-12).all()
    np.testing.assert_allclose(p_cal, y.mean(), atol=0.06)


def test_a_known_distortion_is_undone(calibrator):
    p, true_p, y = stated_and_true(too_bold)
    error = np.abs(calibrator.fit(p, y).transform(p) - true_p)
    assert error.mean() < 0.02
    assert np.abs(p - true_p).mean() > 0.1


def test_honest_probabilities_are_left_alone(calibrator):
    p, true_p, y = stated_and_true(lambda p: p)
    assert np.abs(calibrator.fit(p, y).transform(p) - true_p).mean() < 0.02


@pytest.mark.parametrize("name", ["sigmoid", "beta"])
def test_swapped_classes_give_one_minus_p(name):
    p, _, y = stated_and_true(too_bold, n=1000)
    plain = make_calibrator(name).fit(p, y).transform(p)
    swapped = make_calibrator(name).fit(1 - p, 1 - y).transform(1 - p)
    np.testing.assert_allclose(swapped, 1 - plain, atol=1e-7)


def test_the_mean_of_calibrated_probabilities_is_the_base_rate(calibrator):
    p, _, y = stated_and_true(too_bold, n=3000)
    assert calibrator.fit(p, y).transform(p).mean() == pytest.approx(y.mean(), abs=2e-3)


def test_missing_probabilities_stay_missing(calibrator):
    p, _, y = stated_and_true(too_bold, n=300)
    p_cal = calibrator.fit(p, y).transform(np.array([0.3, np.nan, 0.7]))
    np.testing.assert_array_equal(np.isnan(p_cal), [False, True, False])


def test_the_edges_of_probability_are_finite(calibrator):
    p_cal = calibrator.fit([0.0, 0.0, 1.0, 1.0], [0, 1, 0, 1]).transform([0.0, 0.5, 1.0])
    np.testing.assert_allclose(p_cal, 0.5, atol=1e-6)


def test_fitting_forgets_and_touches_no_input(calibrator):
    p, _, y = stated_and_true(too_bold, n=400)
    kept = p.copy(), y.copy()
    expected = clone(calibrator).fit(p, y).transform(p)
    calibrator.fit(p[::-1] ** 2, y)
    np.testing.assert_array_equal(calibrator.fit(p, y).transform(p), expected)
    np.testing.assert_array_equal(p, kept[0])
    np.testing.assert_array_equal(y, kept[1])


@pytest.mark.parametrize(
    ("p", "y", "match"),
    [
        ([], [], "no predictions"),
        ([0.5], [0, 1], "one length"),
        ([0.5, np.nan], [0, 1], "missing"),
        ([0.5, 0.5], [0, np.nan], "missing"),
        ([0.5, 1.5], [0, 1], "1.5, but must be between 0 and 1"),
        ([0.5, 0.5], [0, 2], "2.0, but must be 0 or 1"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_refused(calibrator, p, y, match):
    with pytest.raises(DataError, match=match):
        calibrator.fit(p, y)


def test_an_unknown_calibrator_is_answered_with_the_list():
    with pytest.raises(ConfigError, match="beta, isotonic, sigmoid"):
        make_calibrator("magic")


def test_sigmoid_minimises_the_loss_on_platts_smoothed_targets():
    generator = np.random.default_rng(1)
    score = generator.normal(size=300)
    y = (generator.random(300) < expit(0.8 * score - 0.3)).astype(float)
    n_ones, n_zeros = y.sum(), 300 - y.sum()
    target = np.where(y == 1, (n_ones + 1) / (n_ones + 2), 1 / (n_zeros + 2))

    def loss(theta):
        s = theta[0] * score + theta[1]
        return (np.logaddexp(0, s) - target * s).sum()

    oracle = minimize(loss, [0.0, 0.0], tol=1e-12).x
    np.testing.assert_allclose(fit_sigmoid(score, y), oracle, atol=1e-5)


def test_smoothed_targets_keep_separable_classes_from_certainty():
    # four rows of each class, wholly apart: Platt's targets are 1/6 and 5/6, and the fit reaches them
    p_cal = SigmoidCalibrator().fit([0.2] * 4 + [0.8] * 4, [0] * 4 + [1] * 4).transform([0.2, 0.8])
    np.testing.assert_allclose(p_cal, [1 / 6, 5 / 6], atol=1e-8)


def test_sigmoid_of_one_class_only_is_a_constant():
    p_cal = SigmoidCalibrator().fit([0.2, 0.4, 0.6], [1, 1, 1]).transform([0.1, 0.9])
    np.testing.assert_allclose(p_cal, 4 / 5, atol=1e-6)


def test_beta_map_gives_the_published_values():
    # Kull, Silva Filho & Flach (2017), by the formula; REFERENCES of the project, tolerance of their eight digits
    p = np.array([0.1, 0.3, 0.5, 0.9])
    np.testing.assert_allclose(beta_map(p, 2, 1, 0.5), [0.01798957, 0.17490282, 0.45186276, 0.93033613], atol=6e-9)


def test_beta_map_holds_the_identity():
    p = np.array([0.1, 0.3, 0.5, 0.9])
    np.testing.assert_allclose(beta_map(p, 1, 1, 0), p, atol=1e-15)


def test_beta_finds_the_parameters_that_it_was_made_from():
    generator = np.random.default_rng(3)
    p = generator.uniform(0.01, 0.99, 200_000)
    y = (generator.random(len(p)) < beta_map(p, 2.0, 0.5, -0.3)).astype(float)
    np.testing.assert_allclose(fit_beta(p, y), (2.0, 0.5, -0.3), atol=0.05)


def test_beta_parameters_are_never_negative():
    generator = np.random.default_rng(3)
    p = generator.uniform(0.01, 0.99, 5000)
    y = (generator.random(len(p)) < beta_map(p, 1.5, -0.8, 0.0)).astype(float)
    a, b, _ = fit_beta(p, y)
    assert a > 0
    assert b == 0
    assert fit_beta(p, 1 - y)[:2] == (0.0, 0.0)
    fitted = BetaCalibrator().fit(p, y)
    assert (fitted.a_, fitted.b_) == (a, b)


def test_isotonic_is_scikit_learns():
    p, _, y = stated_and_true(too_bold, n=500)
    oracle = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y)
    grid = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(IsotonicCalibrator().fit(p, y).transform(grid), oracle.predict(grid))
