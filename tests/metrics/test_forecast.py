import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as oracle

from finml_core.errors import ConfigError
from finml_core.metrics import directional_accuracy, information_coefficient, mae, rmse

GENERATOR = np.random.default_rng(0)
Y = np.round(GENERATOR.normal(size=200), 1)
FORECAST = np.round(0.3 * Y + GENERATOR.normal(size=200), 1)


def test_errors_agree_with_scikit_learn():
    assert mae(Y, FORECAST) == pytest.approx(oracle.mean_absolute_error(Y, FORECAST))
    assert rmse(Y, FORECAST) == pytest.approx(oracle.root_mean_squared_error(Y, FORECAST))


def test_correlations_agree_with_scipy():
    assert information_coefficient(FORECAST, Y) == pytest.approx(stats.pearsonr(FORECAST, Y).statistic)
    assert information_coefficient(FORECAST, Y, method="rank") == pytest.approx(stats.spearmanr(FORECAST, Y).statistic)


def test_direction_counts_moves_only():
    assert directional_accuracy([1, -1, 0, 2, -3], [0.5, 0.5, 1, 0, -1]) == pytest.approx(2 / 3)
    assert np.isnan(directional_accuracy([0, 0], [1, 1]))


@given(scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_correlation_ignores_scale_and_shift(scale, shift):
    for method in ("pearson", "rank"):
        moved = information_coefficient(FORECAST * scale + shift, Y, method)
        assert moved == pytest.approx(information_coefficient(FORECAST, Y, method), abs=1e-9)


def test_what_does_not_exist_is_missing():
    assert np.isnan(information_coefficient([1, 2], [1, 2]))
    assert np.isnan(information_coefficient([1, 1, 1], [1, 2, 3]))
    assert np.isnan(mae([np.nan], [1]))
    assert np.isnan(rmse([], []))
    assert information_coefficient([1, 2, 3, np.nan], [1, 2, 3, 4]) == pytest.approx(1)


def test_an_unknown_method_is_refused():
    with pytest.raises(ConfigError, match="pearson, rank"):
        information_coefficient(Y, FORECAST, method="kendall")
