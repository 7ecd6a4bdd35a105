"""Published numbers."""

from statistics import NormalDist

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


def test_the_spread_of_a_constant_range_is_that_of_corwin_and_schultz():
    flat = np.full(30, 100.0)
    bars = plain(flat, np.full(30, 101.0), np.full(30, 99.0), flat)
    assert make_registry()["corwin_schultz_20"].compute(bars).iloc[-1] == pytest.approx(0.02, rel=1e-12)


def test_prices_that_bounce_between_bid_and_ask_show_the_spread():
    # Roll: trades at either side of a constant middle by the throw of a coin, spread of 2 per cent
    middle = 100 * np.exp(0.01 * np.random.default_rng(0).choice([-1, 1], 5000))
    bars = plain(middle, middle, middle, middle)
    registry = make_registry(FeatureConfig(spread_windows=(4000,)))
    assert registry["roll_spread_4000"].compute(bars).iloc[-1] == pytest.approx(0.02, rel=0.03)
    assert registry["roll_undefined_4000"].compute(bars).iloc[-1] == 0
    trending = np.exp(np.cumsum(np.cumsum(np.random.default_rng(1).normal(0, 1e-4, 100))))
    bars = plain(trending, trending, trending, trending)
    assert make_registry()["roll_spread_60"].compute(bars).iloc[-1] == 0
    assert make_registry()["roll_undefined_60"].compute(bars).iloc[-1] == 1


def test_the_impact_that_was_built_in_is_found():
    generator = np.random.default_rng(2)
    flow = generator.normal(0, 1e6, 500)  # money bought
    price = 50 * np.exp(np.cumsum(3e-9 * flow))
    bars = plain(price, price, price, price).assign(volume=np.abs(flow) / price)
    registry = make_registry()
    for name in ("kyle_lambda_60", "amihud_60"):
        np.testing.assert_allclose(registry[name].compute(bars).iloc[61:], 3e-9, rtol=1e-6)


def test_all_volume_is_one_sided_where_one_return_stands_out():
    price = np.r_[np.full(40, 50.0), 60.0, np.full(19, 60.0)]
    volume = np.r_[np.zeros(40), 1e6, np.zeros(19)]
    vpin = make_registry(FeatureConfig(imbalance_windows=(20,)))["vpin_20"]
    bars = plain(price, price, price, price).assign(volume=volume)
    # z of one return among 20 of which 19 are 0: root of 20
    assert vpin.compute(bars).iloc[40] == pytest.approx(2 * NormalDist().cdf(np.sqrt(20)) - 1, rel=1e-9)


def test_a_straight_way_is_efficient_and_a_zigzag_is_not():
    straight, zigzag = 100.0 + np.arange(80), 100.0 + np.arange(80) % 2
    efficiency = make_registry()["efficiency_ratio_10"]
    assert efficiency.compute(plain(straight, straight, straight, straight)).iloc[-1] == 1
    assert efficiency.compute(plain(zigzag, zigzag, zigzag, zigzag)).iloc[-1] == 0


@pytest.mark.parametrize(("close", "state"), [(99.0, 0), (94.9, 1), (89.0, 2), (79.0, 3)])
def test_the_state_says_how_deep_the_drawdown_is(close, state):
    price = np.r_[np.full(252, 100.0), close]
    registry = make_registry()
    assert registry["drawdown_state_252"].compute(plain(price, price, price, price)).iloc[-1] == state
    assert registry["drawdown_age_252"].compute(plain(price, price, price, price)).iloc[-1] == 1 / 252


def test_fractional_differences_have_the_published_weights():
    # d 0.4, threshold 1e-4: 282 weights; a jump of 1 in log price passes through the filter
    price = np.exp(np.r_[np.zeros(300), np.ones(300)])
    registry = make_registry()
    assert registry["fractional_difference_40"].lookback == 282
    response = registry["fractional_difference_40"].compute(plain(price, price, price, price)).to_numpy()[300:307]
    weights = [1, -0.4, -0.12, -0.064, -0.0416, -0.029952, -0.0229632]
    np.testing.assert_allclose(np.diff(response, prepend=0), weights, atol=1e-12)
    first = make_registry(FeatureConfig(fractional_order=1.0))["fractional_difference_100"]
    assert first.lookback == 2


def test_neutral_values_of_a_constant_price():
    flat = np.full(300, 20.0)
    registry = make_registry()
    expected = {"rsi_14": 50, "stochastic_k_14": 50, "williams_r_14": -50, "adx_14": 0, "cci_20": 0, "slope_t_20": 0}
    expected |= {"bollinger_position_20": 0.5, "variance_ratio_2_60": 1, "hurst_100": 0.5, "zscore_20": 0}
    expected |= {"efficiency_ratio_20": 0, "trend_strength_20": 0, "volatility_regime_20_252": 0.5, "skew_20": 0}
    expected |= {"drawdown_state_252": 0, "drawdown_age_252": 0, "kurtosis_20": 0, "entropy_60": 0, "tail_ratio_60": 1}
    expected |= {"roll_spread_20": 0, "roll_undefined_20": 0, "corwin_schultz_20": 0, "abdi_ranaldo_20": 0}
    expected |= {"kyle_lambda_20": 0, "amihud_20": 0, "vpin_20": 0, "autocorrelation_1_20": 0, "quantile_05_20": 0}
    expected |= {"beta_60": 1, "market_residual_60": 0, "return_percentile_5": 0.5, "return_demeaned_5": 0}
    expected |= {"fractional_difference_40": 0, "residual_volatility_60": 0}
    for name, value in expected.items():
        assert registry[name].compute(plain(flat, flat, flat, flat)).iloc[-1] == value, name


def test_a_straight_line_has_all_its_variance_explained():
    line = np.exp(0.01 * np.arange(60.0))
    registry = make_registry()
    bars = plain(line, line, line, line)
    assert registry["slope_20"].compute(bars).iloc[-1] == pytest.approx(0.01, rel=1e-10)
    assert registry["trend_r2_20"].compute(bars).iloc[-1] == pytest.approx(1)
    assert registry["slope_t_20"].compute(bars).iloc[-1] > 1e6
