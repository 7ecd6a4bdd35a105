import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.sizing import KellySizing, continuous_kelly, kelly_fraction, kelly_growth, multi_asset_kelly

# Kelly (1956) and Thorp (2006): p, win, loss, full bet
BETS = [(0.6, 1.0, -1.0, 0.2), (0.5, 2.0, -1.0, 0.25), (0.65, 0.02, -0.01, 47.5)]


@pytest.mark.parametrize(("p", "win", "loss", "expected"), BETS)
def test_the_full_kelly_bet_has_its_published_value(p, win, loss, expected):
    assert kelly_fraction(p, win, loss) == pytest.approx(expected, abs=1e-12)
    assert kelly_fraction(p, win, -loss) == pytest.approx(expected, abs=1e-12)
    unbraked = KellySizing(max_leverage=100.0, kelly_fraction=1.0)
    assert unbraked.calculate_kelly_fraction(p, win, loss) == pytest.approx(expected, abs=1e-12)


def test_at_even_odds_kelly_bets_2p_minus_1():
    p = np.linspace(0, 1, 21)
    np.testing.assert_allclose(kelly_fraction(p, 1.0, 1.0), 2 * p - 1, atol=1e-15)


def test_the_cap_holds_and_the_uncapped_value_stays_available():
    sizing = KellySizing(max_leverage=2.0, kelly_fraction=0.5)
    assert sizing.calculate_kelly_fraction(0.65, 0.02, -0.01) == 2.0
    assert sizing.uncapped_kelly_fraction(0.65, 0.02, -0.01) == pytest.approx(47.5)
    assert sizing.calculate_kelly_fraction(0.6, 1, -1) == pytest.approx(0.1)


def test_a_losing_bet_is_left_alone_unless_shorting():
    assert KellySizing().calculate_kelly_fraction(0.4, 1, -1) == 0.0
    short = KellySizing(kelly_fraction=1.0, allow_short=True)
    assert short.calculate_kelly_fraction(0.4, 1, -1) == pytest.approx(-0.2)


def test_the_other_side_of_a_bet_is_its_mirror_image():
    assert kelly_fraction(0.3, 2.0, 1.0) == pytest.approx(-kelly_fraction(0.7, 1.0, 2.0))


def test_no_other_stake_grows_faster_than_the_kelly_bet():
    p, win, loss = 0.55, 1.5, 1.0
    stakes = np.linspace(0, 0.9, 901)
    best = stakes[np.argmax(kelly_growth(stakes, p, win, loss))]
    assert best == pytest.approx(kelly_fraction(p, win, loss), abs=1e-3)
    assert kelly_growth(1.0, p, win, loss) == -np.inf


def test_thorp_s_index_has_its_published_fraction_and_growth():
    # Thorp (2006), section 7.1: mean .11, volatility .15, rate .06
    fraction = continuous_kelly(0.11, 0.15, 0.06)
    assert fraction == pytest.approx(2.2222, abs=5e-5)
    growth = 0.06 + fraction * 0.05 - fraction**2 * 0.15**2 / 2
    assert growth == pytest.approx(0.115556, abs=5e-7)


def test_kelly_over_uncorrelated_assets_is_kelly_in_each():
    mean, variance = np.array([0.05, 0.02, -0.01]), np.array([0.04, 0.09, 0.01])
    np.testing.assert_allclose(multi_asset_kelly(mean, np.diag(variance)), mean / variance)


def test_shrinkage_moves_from_the_full_inverse_to_none_of_it():
    mean, covariance = np.array([0.05, 0.04]), np.array([[0.04, 0.03], [0.03, 0.05]])
    np.testing.assert_allclose(multi_asset_kelly(mean, covariance, shrinkage=0.0), np.linalg.solve(covariance, mean))
    np.testing.assert_allclose(multi_asset_kelly(mean, covariance, shrinkage=1.0), mean / np.diag(covariance))


def test_the_long_only_optimum_satisfies_its_first_order_conditions():
    mean, covariance = np.array([0.06, 0.01, 0.03]), np.array([[4, 3, 1], [3, 5, 2], [1, 2, 3]]) / 100
    weight = multi_asset_kelly(mean, covariance, shrinkage=0.0, allow_short=False)
    slope = mean - covariance @ weight
    assert (weight >= 0).all()
    assert (slope <= 1e-9).all()
    np.testing.assert_allclose(weight * slope, 0, atol=1e-9)
    unbounded = multi_asset_kelly(mean, covariance, shrinkage=0.0)
    assert unbounded.min() < 0


def test_assets_keep_their_names_and_the_sum_of_sizes_its_cap():
    mean = pd.Series({"B": 0.05, "A": 0.08})
    covariance = pd.DataFrame([[0.04, 0.01], [0.01, 0.03]], index=["A", "B"], columns=["A", "B"])
    weight = KellySizing(max_leverage=1.0, kelly_fraction=1.0).multi_asset_kelly(mean, covariance)
    assert list(weight.index) == ["B", "A"]
    assert weight.abs().sum() == pytest.approx(1.0)
    swapped = multi_asset_kelly(mean[["A", "B"]], covariance)
    pd.testing.assert_series_equal(swapped[["B", "A"]], multi_asset_kelly(mean, covariance))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: kelly_fraction(1.2, 1, 1), "between 0 and 1"),
        (lambda: kelly_fraction(0.5, 0, 1), "no finite best bet"),
        (lambda: continuous_kelly(0.1, 0.0), "must be above 0"),
        (lambda: multi_asset_kelly([0.1, 0.1], [[1.0, 2.0], [2.0, 1.0]], shrinkage=0.0), "not positive definite"),
        (lambda: multi_asset_kelly([0.1], [[1.0, 0.0], [0.0, 1.0]]), "covariance of that size"),
    ],
)
def test_an_impossible_bet_is_refused(call, match):
    with pytest.raises(DataError, match=match):
        call()


def test_an_impossible_setting_is_refused():
    with pytest.raises(ConfigError, match=r"kelly_fraction is 1\.5"):
        KellySizing(kelly_fraction=1.5)
