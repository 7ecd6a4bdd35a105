"""What every registered feature must do, whatever it measures."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FAMILIES, FEATURES, Feature, FeatureConfig, make_registry
from finml_core.schemas import OHLCV
from tests.contracts.feature_worlds import INPUTS, MONEY, compute_all, offences, place, quoted, scaled

SECTORS = {"S0": "tea", "S1": "tea", "S2": "coffee", "Z": "tea", "M": "tea", "A": "coffee"}
REGISTRY = make_registry(FeatureConfig(sectors=SECTORS))
EVERY = sorted(REGISTRY)
SCALES = {"return_rank": 0, "volatility_rank": 0, "volume_rank": 0, "dollar_volume_rank": 0, "momentum_rank": 0}
SCALES |= {"kyle_lambda": -1, "amihud": -1}  # power of the price that a level grows with, where that is not 1
NAME = re.compile(r"[a-z][a-z0-9_]*$")
HOLE = 350  # row of a symbol at which an input goes missing
SPIKE = 200


def random_walks(n_symbols: int, n_bars: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    shape = (n_symbols, n_bars)
    close = 40 * np.exp(np.cumsum(generator.normal(0, 0.015, shape), axis=1))
    open_ = close * np.exp(generator.normal(0, 0.005, shape))
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) * np.exp(np.abs(generator.normal(0, 0.004, shape))),
        "low": np.minimum(open_, close) * np.exp(-np.abs(generator.normal(0, 0.004, shape))),
        "close": close,
        "volume": generator.lognormal(13, 0.4, shape).round(),
    }
    keys = {
        "symbol": np.repeat([f"S{i}" for i in range(n_symbols)], n_bars),
        "ts": np.tile(pd.bdate_range("2010-01-04", periods=n_bars), n_symbols),
    }
    return quoted(pd.DataFrame(keys | {name: values.ravel() for name, values in columns.items()}))


def looks_ahead(feature: Feature, bars: pd.DataFrame, cut: pd.Timestamp) -> bool:
    early = feature.compute(bars[bars["ts"] <= cut])
    return len(offences(early, feature.compute(bars), 1e-9)) > 0


@pytest.fixture(scope="module")
def panel(panel):
    return quoted(panel)


@pytest.fixture(scope="module")
def features(panel):
    return compute_all(panel, REGISTRY)


@pytest.fixture(scope="module")
def variants(panel, features):
    """Features of the panel after each change to its bars, by name."""
    rows = panel.groupby("symbol").cumcount()
    flat = panel.assign(**dict.fromkeys(MONEY, 20.0))
    holed = panel.mask(panel.columns.isin(INPUTS) & (rows == HOLE).to_numpy()[:, None])
    spiked = panel.copy()
    spiked.loc[rows == SPIKE, list(MONEY)] *= 1e13
    changed = {
        "constant prices": flat,
        "zero volume": panel.assign(volume=0.0),
        "constant prices and zero volume": flat.assign(volume=0.0),
        "missing volume": panel.assign(volume=np.nan),
        "three bars": panel[rows < 3],
        "one bar": panel[rows < 1],
        "hole": holed,
        "spike": scaled(spiked, 1e-9),
        "no spike": scaled(panel, 1e-9),
        "prices of 1e-7": scaled(panel, 1e-9),
        "prices of 1e6": scaled(panel, 2e4),
        "prices times 7.3": scaled(panel, 7.3),
        "cut early": panel[panel["ts"] <= "2016-02-01"],
        "cut late": panel[panel["ts"] <= "2016-11-15"],
    }
    return {name: compute_all(bars, REGISTRY) for name, bars in changed.items()}


@pytest.fixture(scope="module")
def long_panel():
    return random_walks(2, 2700, seed=5)


@pytest.fixture(scope="module")
def from_the_start(long_panel):
    return compute_all(long_panel, REGISTRY)


@pytest.fixture(scope="module")
def from_later(long_panel):
    return compute_all(long_panel[long_panel.groupby("symbol").cumcount() >= 350], REGISTRY)


@pytest.mark.parametrize("name", EVERY)
def test_a_feature_is_described(name):
    feature = REGISTRY[name]
    assert feature.name == name
    assert NAME.match(name)
    assert feature.family in FAMILIES
    assert feature.formula
    assert feature.reference
    assert feature.lookback >= 1
    assert feature.warm_up >= 0
    assert feature.inputs
    assert set(feature.inputs) <= {*INPUTS, "ts"}


def test_the_default_settings_give_eleven_families_and_150_features_from_five_columns():
    assert tuple(dict.fromkeys(feature.family for feature in FEATURES.values())) == FAMILIES
    assert len(FAMILIES) == 11
    from_daily_bars = [
        each for each in FEATURES.values() if not each.intraday_only and {*each.inputs} <= {*OHLCV, "ts"}
    ]
    assert len(from_daily_bars) >= 200
    assert sum(not feature.is_level for feature in from_daily_bars) >= 150


@pytest.mark.parametrize("name", EVERY)
def test_a_feature_is_missing_in_its_lookback_and_nowhere_else(features, name):
    missing = features[name].isna().to_numpy()
    np.testing.assert_array_equal(missing, place(features) < REGISTRY[name].lookback - 1)


@pytest.mark.parametrize("cut", ["cut early", "cut late"])
@pytest.mark.parametrize("name", EVERY)
def test_a_feature_never_sees_the_future(features, variants, name, cut):
    assert offences(variants[cut][name], features[name], 1e-9).empty


@pytest.mark.parametrize("name", EVERY)
def test_a_feature_forgets_the_start_of_history(from_the_start, from_later, name):
    feature = REGISTRY[name]
    settled = from_later[name][place(from_later) >= feature.lookback - 1 + feature.warm_up]
    assert len(settled) > 100
    assert offences(settled, from_the_start[name], 1e-6 if feature.warm_up else 1e-9).empty


@pytest.mark.parametrize("name", EVERY)
def test_the_order_and_the_names_of_symbols_do_not_matter(panel, features, name):
    renamed = panel.assign(symbol=panel["symbol"].map({"S0": "Z", "S1": "M", "S2": "A"}))
    mixed = REGISTRY[name].compute(renamed.sample(frac=1, random_state=1))
    for before, after in {"S0": "Z", "S1": "M", "S2": "A"}.items():
        pd.testing.assert_series_equal(mixed.loc[after], features[name].loc[before], check_freq=False)


@pytest.mark.parametrize("prices", ["prices of 1e-7", "prices of 1e6", "prices times 7.3"])
@pytest.mark.parametrize("name", [name for name in EVERY if not REGISTRY[name].is_level])
def test_the_unit_of_prices_does_not_matter(features, variants, name, prices):
    assert offences(variants[prices][name], features[name], 1e-9).empty


@pytest.mark.parametrize("name", [name for name in EVERY if REGISTRY[name].is_level])
def test_a_level_scales_with_prices(features, variants, name):
    factor = 7.3 ** SCALES.get(re.sub(r"(_\d+)+$", "", name), 1)
    np.testing.assert_allclose(variants["prices times 7.3"][name], factor * features[name], rtol=1e-8)


@pytest.mark.parametrize("name", EVERY)
def test_no_bars_make_a_feature_infinite(variants, name):
    for variant, computed in variants.items():
        assert not np.isinf(computed[name]).any(), variant


@pytest.mark.parametrize("variant", ["constant prices", "zero volume", "constant prices and zero volume", "three bars"])
@pytest.mark.parametrize("name", EVERY)
def test_poor_bars_make_a_feature_missing_in_its_lookback_only(variants, name, variant):
    computed = variants[variant][name]
    np.testing.assert_array_equal(computed.isna(), place(variants[variant]) < REGISTRY[name].lookback - 1)


@pytest.mark.parametrize("name", EVERY)
def test_missing_volume_reaches_the_features_that_read_it_and_no_other(features, variants, name):
    computed = variants["missing volume"][name]
    if "volume" in REGISTRY[name].inputs:
        assert computed.isna().all()
    else:
        pd.testing.assert_series_equal(computed, features[name])


@pytest.mark.parametrize("name", EVERY)
def test_a_missing_bar_is_felt_within_the_lookback_only(variants, name):
    computed = variants["hole"]
    feature = REGISTRY[name]
    row = place(computed)
    outside = (row >= feature.lookback - 1) & ((row < HOLE) | (row >= HOLE + feature.lookback))
    assert computed[name][outside].notna().all()


@pytest.mark.parametrize("name", [name for name in EVERY if REGISTRY[name].warm_up == 0])
def test_a_spike_leaves_no_trace_once_it_has_left_the_window(variants, name):
    spiked, calm = variants["spike"][name], variants["no spike"][name]
    after = place(variants["spike"]) >= SPIKE + REGISTRY[name].lookback
    np.testing.assert_allclose(spiked[after], calm[after], rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("name", EVERY)
def test_a_feature_reads_no_column_but_its_inputs(panel, features, name):
    feature = REGISTRY[name]
    others = [column for column in INPUTS if column not in feature.inputs]
    computed = feature.compute(panel.assign(**{column: panel[column] * 1.7 + 3 for column in others}))
    pd.testing.assert_series_equal(computed, features[name])


@pytest.mark.parametrize("name", EVERY)
def test_one_feature_alone_equals_its_column(panel, features, name):
    pd.testing.assert_series_equal(REGISTRY[name].compute(panel), features[name])


# An expression cannot look ahead: no operation reads a later row. A rule that compares symbols has all bars at hand.
def next_return(close):
    return close.shift(-1) / close - 1


def whole_sample_score(close):
    return (close - close.mean()) / close.std()


def centred_mean(close):
    return close.rolling(5, center=True).mean()


def backward_filled_weeks(close):
    return close.where(np.arange(len(close)) % 7 == 0).bfill()


@pytest.mark.parametrize("look", [next_return, whole_sample_score, centred_mean, backward_filled_weeks])
def test_a_planted_look_ahead_is_caught(panel, look):
    def rule(panel, columns):
        columns["value"][:] = panel.bars.groupby("symbol", sort=False)["close"].transform(look)

    honest = FEATURES["log_return_5"]
    planted = replace(honest, name="planted", rule=rule, parameters={}, compares_symbols=True)
    cut = pd.Timestamp("2016-11-15")
    assert looks_ahead(planted, panel, cut)
    assert not looks_ahead(honest, panel, cut)
