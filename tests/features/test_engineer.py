"""The transformer's contract: what goes in, what comes out, what stays as it was."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from finml_core.errors import ConfigError, DataError
from finml_core.features import FEATURES, FeatureConfig, FeatureEngineer, make_registry
from finml_core.schemas import key_index

SMALL = FeatureConfig(families=("price", "volume"), return_windows=(1, 5))


@pytest.fixture(scope="module")
def asset(panel):
    return panel[panel["symbol"] == "S0"].set_index("ts").drop(columns="symbol")


def test_features_lie_on_the_key_of_the_sorted_bars(panel):
    computed = FeatureEngineer().fit_transform(panel.sample(frac=1, random_state=0))
    assert computed.index.equals(key_index(panel))
    assert (computed.dtypes == "float64").all()
    unasked = [name for name, each in FEATURES.items() if each.is_level or each.intraday_only or "bid" in each.inputs]
    assert list(computed.columns) == [name for name in FEATURES if name not in unasked]


def test_a_plain_frame_comes_back_on_its_own_index_and_order(asset):
    shuffled = asset.sample(frac=1, random_state=0).tz_localize("UTC")
    computed = FeatureEngineer(SMALL).fit_transform(shuffled)
    assert computed.index.equals(shuffled.index)
    in_order = FeatureEngineer(SMALL).fit_transform(asset)
    np.testing.assert_array_equal(computed.sort_index().to_numpy(), in_order.to_numpy())


def test_a_plain_frame_and_the_long_one_give_the_same_numbers(panel, asset):
    plain = FeatureEngineer(SMALL).fit_transform(asset)
    long = FeatureEngineer(SMALL).fit_transform(panel).loc["S0"]
    np.testing.assert_array_equal(plain.to_numpy(), long.to_numpy())


def test_bars_are_not_changed(panel):
    bars = panel.assign(adj_close=panel["close"] * 0.9)
    before = bars.copy()
    FeatureEngineer().fit_transform(bars)
    pd.testing.assert_frame_equal(bars, before)


def test_symbols_that_fit_did_not_see_are_welcome(panel):
    engineer = FeatureEngineer(SMALL).fit(panel[panel["symbol"] == "S0"])
    pd.testing.assert_frame_equal(engineer.transform(panel), FeatureEngineer(SMALL).fit_transform(panel))


def test_names_clone_and_pipeline_follow_the_contract_of_scikit_learn(panel):
    engineer = FeatureEngineer(SMALL)
    with pytest.raises(NotFittedError):
        engineer.transform(panel)
    computed = engineer.fit(panel).transform(panel)
    assert list(engineer.get_feature_names_out()) == list(computed.columns)
    twin = clone(engineer)
    assert twin.config == SMALL
    assert not hasattr(twin, "features_")
    filled = make_pipeline(twin, FunctionTransformer(np.nan_to_num)).fit_transform(panel)
    assert np.isfinite(filled).all()


def test_returns_are_adjusted_and_money_is_raw(asset):
    halved = asset.copy()
    halved.iloc[300:, :4] /= 2  # a split two for one at row 300
    adj_close = halved["close"].copy()
    adj_close.iloc[:300] /= 2
    config = FeatureConfig(include_levels=True)
    whole, split = (FeatureEngineer(config).fit_transform(bars) for bars in (asset, halved.assign(adj_close=adj_close)))
    for name in ("log_return_1", "rsi_14", "atr_ratio_14", "price_to_vwap_20"):
        pd.testing.assert_series_equal(split[name], whole[name], rtol=1e-9)
    np.testing.assert_array_equal(split["dollar_volume"], halved["close"] * halved["volume"])


def test_a_symbol_without_adjusted_closes_keeps_its_prices(panel):
    bars = panel.assign(adj_close=panel["close"].where(panel["symbol"] == "S0"))
    pd.testing.assert_frame_equal(
        FeatureEngineer(SMALL).fit_transform(bars), FeatureEngineer(SMALL).fit_transform(panel)
    )


@pytest.mark.parametrize("drop", [True, False])
def test_without_volume_its_features_are_left_out_and_noted(asset, drop):
    bars = asset.drop(columns="volume") if drop else asset.assign(volume=np.nan)
    engineer = FeatureEngineer(SMALL).fit(bars)
    assert not any("volume" in feature.inputs for feature in engineer.features_.values())
    assert engineer.notes_["volume_ratio_5"] == "volume is missing in every bar"
    assert engineer.transform(bars).iloc[-1].notna().all()
    with pytest.raises(DataError, match="no feature of volume can be made of 600 bars: volume is missing"):
        FeatureEngineer(FeatureConfig(families=("volume",))).fit(bars)


def test_without_quotes_their_features_are_left_out_and_noted(asset):
    config = FeatureConfig(families=("microstructure",), include_levels=True)
    engineer = FeatureEngineer(config).fit(asset)
    names = {"quoted_spread", "relative_spread", "spread_ratio_20"}
    assert engineer.notes_ == dict.fromkeys(names, "bid, ask are missing in every bar")
    quoted = asset.assign(bid=asset["close"] * 0.999, ask=asset["close"] * 1.001, adj_close=asset["close"] / 2)
    spreads = FeatureEngineer(config).fit_transform(quoted)
    np.testing.assert_allclose(spreads["relative_spread"], 0.002)
    np.testing.assert_allclose(spreads["quoted_spread"], 0.002 * asset["close"])  # money, as supplied
    one_sided = FeatureEngineer(config).fit(quoted.drop(columns="ask"))
    assert one_sided.notes_ == dict.fromkeys(names, "ask is missing in every bar")


def test_prices_that_cannot_be_count_as_missing(asset):
    broken = asset.copy()
    broken.iloc[100, :4] = 0.0
    broken.iloc[200, :4] = np.inf
    computed = FeatureEngineer().fit_transform(broken)
    assert not np.isinf(computed.to_numpy()).any()
    assert computed["log_return_1"].iloc[[100, 101, 200, 201]].isna().all()
    assert computed["log_return_1"].notna().sum() == 599 - 4


def test_bars_that_break_their_contract_are_refused(panel):
    with pytest.raises(DataError, match="no column 'close'"):
        FeatureEngineer().fit(panel.drop(columns="close"))
    with pytest.raises(DataError, match="duplicated"):
        FeatureEngineer().fit(pd.concat([panel, panel.iloc[:1]]))


def test_an_empty_frame_gives_an_empty_one(panel):
    engineer = FeatureEngineer(SMALL).fit(panel)
    assert engineer.transform(panel.iloc[:0]).shape == (0, len(engineer.features_))


def test_windows_make_names_and_levels_are_asked_for():
    registry = make_registry(FeatureConfig(families=("momentum",), rsi_windows=[7], roc_windows=(3,)))
    assert {"rsi_7", "roc_3"} <= registry.keys()
    assert "rsi_14" not in registry
    assert {feature.family for feature in registry.values()} == {"momentum"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"families": ("price", "astrology")}, "astrology.*choose one of"),
        ({"families": ()}, "name at least one"),
        ({"families": ("price", "price")}, "named once"),
        ({"rsi_windows": (14, 14)}, "named once"),
        ({"rsi_windows": 14}, "tuple of whole numbers"),
        ({"trend_windows": (2,)}, "at least 3"),
        ({"adx_window": 1}, "at least 2"),
        ({"cci_window": 20.5}, "whole number"),
        ({"macd": (26, 12, 9)}, "first must be below"),
        ({"macd": (12, 26)}, "must have 3 numbers"),
        ({"bollinger_width": 0.0}, "above 0"),
        ({"ewma_decay": 1.0}, "between 0.01 and 0.999"),
        ({"shape_windows": (3,)}, "at least 4"),
        ({"volatility_regime": (20,)}, "must have 2 numbers"),
        ({"quantile_shares": ()}, "at least one share"),
        ({"quantile_shares": (0.5,)}, "between 0.001 and 0.499"),
        ({"quantile_shares": (0.05, 0.05)}, "named once"),
        ({"fractional_order": 0.0}, "between 0.05 and 1"),
        ({"fractional_threshold": 0.5}, "between 1e-05 and 0.01"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        FeatureConfig(**settings)


def test_any_settings_keep_the_declared_lookback(panel):
    config = FeatureConfig(
        include_levels=True, trend_windows=(3, 7), macd=(3, 8, 12), adx_window=2, aroon_window=1, crossing_window=2,
        roc_windows=(1, 2), rsi_windows=(2,), stochastic_window=1, stochastic_smoothing=1, cci_window=2,
        momentum=(1, 2), volatility_windows=(2, 3), range_windows=(2,), atr_window=1, bollinger_window=2,
        volume_windows=(1,), flow_window=1, mfi_window=1, chaikin=(1, 2), zscore_windows=(2,), extreme_windows=(1,),
        acceleration_windows=(1,), half_life_window=3, variance_ratio_lags=(3,), variance_ratio_window=2,
        hurst_window=4, cross_return_windows=(1,), cross_volatility_windows=(2,), cross_volume_windows=(1,),
        market_windows=(3,), sectors={"S0": "tea"}, strength_windows=(1,), efficiency_windows=(1,),
        volatility_regime=(2, 2), drawdown_window=1, quote_window=1, spread_windows=(2,), impact_windows=(2,),
        imbalance_windows=(2,), shape_windows=(4,), autocorrelation_lags=(1,), autocorrelation_windows=(3,),
        entropy_windows=(2,), quantile_windows=(2,), quantile_shares=(0.025, 0.4), fractional_order=1.0,
        fractional_threshold=0.01,
    )  # fmt: skip
    engineer = FeatureEngineer(config)
    computed = engineer.fit_transform(panel)
    row = computed.groupby(level="symbol").cumcount().to_numpy()
    for name, feature in engineer.features_.items():
        np.testing.assert_array_equal(computed[name].isna(), row < feature.lookback - 1, err_msg=name)
    assert not np.isinf(computed.to_numpy()).any()


def test_the_package_loads_nothing_heavy():
    heavy = ("numba", "torch", "lightgbm", "statsmodels", "streamlit", "altair", "duckdb", "talib")
    code = f"import sys, finml_core.features; print([name for name in {heavy!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
