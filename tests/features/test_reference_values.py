"""Published numbers."""

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FeatureConfig, make_registry

# StockCharts ChartSchool, relative strength index of 14 bars
CLOSES = (
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140,
    46.2820, 46.2820, 46.0028, 46.0328, 46.4116,
)  # fmt: skip


def plain(open_, high, low, close):
    index = pd.bdate_range("2020-01-01", periods=len(close))
    return pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}, index=index)


def test_relative_strength_is_that_of_stockcharts():
    rsi = make_registry()["rsi_14"].compute(plain(CLOSES, CLOSES, CLOSES, CLOSES))
    assert rsi.iloc[:14].isna().all()
    np.testing.assert_allclose(rsi.iloc[14:], [70.53, 66.32, 66.55, 69.41], atol=0.005)


@pytest.mark.parametrize(
    ("name", "variance"),
    [("parkinson_2", 0.000321432), ("garman_klass_2", 0.000407353), ("rogers_satchell_2", 0.000396115)],
)
def test_range_variances_of_one_bar(name, variance):
    bars = plain([100.0, 100.0], [102.0, 102.0], [99.0, 99.0], [101.0, 101.0])  # the same bar twice: its own mean
    feature = make_registry(FeatureConfig(range_windows=(2,)))[name]
    assert feature.compute(bars).iloc[-1] ** 2 == pytest.approx(variance, abs=5e-10)


def test_neutral_values_of_a_constant_price():
    flat = np.full(300, 20.0)
    registry = make_registry()
    expected = {"rsi_14": 50, "stochastic_k_14": 50, "williams_r_14": -50, "adx_14": 0, "cci_20": 0, "slope_t_20": 0}
    expected |= {"bollinger_position_20": 0.5, "variance_ratio_2_60": 1, "hurst_100": 0.5, "zscore_20": 0}
    for name, value in expected.items():
        assert registry[name].compute(plain(flat, flat, flat, flat)).iloc[-1] == value, name


def test_a_straight_line_has_all_its_variance_explained():
    line = np.exp(0.01 * np.arange(60.0))
    registry = make_registry()
    bars = plain(line, line, line, line)
    assert registry["slope_20"].compute(bars).iloc[-1] == pytest.approx(0.01, rel=1e-10)
    assert registry["trend_r2_20"].compute(bars).iloc[-1] == pytest.approx(1)
    assert registry["slope_t_20"].compute(bars).iloc[-1] > 1e6
