import numpy as np
import pytest

from finml_core.backtest import CostModel
from finml_core.errors import ConfigError

SIZE = np.array([1e4, 4e4])
DOLLARS = np.array([1e8, 1e8])
VOLATILITY = np.array([0.02, 0.02])


def test_each_cost_is_its_formula():
    model = CostModel(commission_bps=2, spread_bps=6, impact_coefficient=0.7)
    costs = model.trade_costs(SIZE, *model.impact_curve(DOLLARS, VOLATILITY))
    np.testing.assert_allclose(costs["commission"], [2.0, 8.0])
    np.testing.assert_allclose(costs["spread"], [3.0, 12.0])
    np.testing.assert_allclose(costs["impact"], [0.7 * 0.02 * 1e-2 * 1e4, 0.7 * 0.02 * 2e-2 * 4e4])


def test_four_times_the_size_costs_twice_the_rate():
    model = CostModel()
    impact = model.trade_costs(SIZE, *model.impact_curve(DOLLARS, VOLATILITY))["impact"]
    assert impact[1] / SIZE[1] == pytest.approx(2 * impact[0] / SIZE[0])


def test_without_volume_or_volatility_there_is_no_impact():
    model = CostModel()
    curve = model.impact_curve(np.array([np.nan, 0.0, 1e8]), np.array([0.02, 0.02, np.nan]))
    assert (model.trade_costs(np.full(3, 1e5), *curve)["impact"] == 0).all()


def test_beyond_the_whole_volume_the_rate_stays_at_its_ceiling():
    model = CostModel(impact_coefficient=1.0)
    curve = model.impact_curve(np.full(2, 1e5), np.full(2, 0.02))
    np.testing.assert_allclose(model.trade_costs(np.array([1e5, 1e7]), *curve)["impact"], [2e3, 2e5])


def test_a_negative_rate_is_refused():
    with pytest.raises(ConfigError, match="commission_bps is -1"):
        CostModel(commission_bps=-1)
