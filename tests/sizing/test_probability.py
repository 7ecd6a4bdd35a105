import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.sizing import ProbabilityAwareSizing, probability_weight

P = np.linspace(0, 1, 201)


@pytest.mark.parametrize("curve", ["linear", "normal"])
@pytest.mark.parametrize("neutral", [0.5, 0.54])
def test_the_weight_is_monotone_bounded_and_zero_without_an_edge(curve, neutral):
    weight = probability_weight(P, scale=3.0, cap=0.8, neutral=neutral, curve=curve)
    assert (np.diff(weight) >= 0).all()
    assert np.abs(weight).max() == pytest.approx(0.8)
    assert probability_weight(neutral, neutral=neutral, curve=curve) == 0.0


@pytest.mark.parametrize("curve", ["linear", "normal"])
def test_swapped_classes_swap_the_side(curve):
    np.testing.assert_allclose(
        probability_weight(1 - P, scale=2.0, curve=curve), -probability_weight(P, scale=2.0, curve=curve), atol=1e-12
    )


def test_linear_weights_are_kelly_at_even_odds():
    np.testing.assert_allclose(probability_weight(P), 2 * P - 1, atol=1e-15)


def test_a_normal_weight_is_the_published_bet_size():
    # López de Prado (2018), section 10.3: z = (p - 1/2) / sqrt(p (1 - p)), size 2 Phi(z) - 1; p .6 -> z .2041241452
    assert probability_weight(0.6, curve="normal") == pytest.approx(0.1617427, abs=1e-6)


def test_small_edges_stay_flat():
    weight = probability_weight(np.array([0.5, 0.52, 0.551, 0.449]), min_edge=0.1)
    np.testing.assert_allclose(weight, [0, 0, 0.102, -0.102])
    sizing = ProbabilityAwareSizing(min_probability=0.55)
    np.testing.assert_allclose(sizing.target_weight(np.array([0.5, 0.52, 0.551, 0.449])), weight)


def test_a_missing_probability_is_a_missing_weight_on_the_same_index():
    p = pd.Series([0.7, np.nan], index=["a", "b"])
    weight = probability_weight(p)
    assert weight["a"] == pytest.approx(0.4)
    assert np.isnan(weight["b"])


def test_without_shorting_only_rises_are_bought():
    sizing = ProbabilityAwareSizing(allow_short=False)
    np.testing.assert_allclose(sizing.target_weight(np.array([0.2, 0.5, 0.8])), [0, 0, 0.6])


def test_a_probability_above_one_is_refused():
    with pytest.raises(DataError, match=r"ranges from 0\.5 to 1\.5"):
        probability_weight(np.array([0.5, 1.5]))
