"""Symbols compared at the same time, against pandas' groupby, and numpy's least squares."""

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError
from finml_core.features import FEATURES, FeatureConfig, FeatureEngineer, cross_section, make_registry
from finml_core.features.engineer import compute
from finml_core.features.feature import compare
from finml_core.features.panel import Panel
from finml_core.schemas import as_bars
from tests.conftest import random_bars

SECTORS = {"S0": "tea", "S1": "tea", "S2": "coffee", "S4": "coffee"}  # S3 and S5 have none
WITH_SECTORS = FeatureConfig(families=("cross_sectional",), sectors=SECTORS)
SOURCES = {
    "return_1": "log_return_1", "return_5": "log_return_5", "return_20": "log_return_20",
    "volatility_20": "realized_volatility_20", "volume_20": "volume_ratio_20", "momentum_21_252": "momentum_21_252",
}  # fmt: skip


@pytest.fixture(scope="module")
def ragged():
    """Six symbols with gaps of their own, one late, one ending early; prices are rounded so that ties occur."""
    bars = random_bars(n_symbols=6, n_bars=420)
    generator = np.random.default_rng(4)
    row = bars.groupby("symbol").cumcount()
    keep = generator.random(len(bars)) > 0.06
    keep &= ~((bars["symbol"] == "S3") & (row < 60)) & ~((bars["symbol"] == "S5") & (row > 380))
    prices = ["open", "high", "low", "close"]
    return as_bars(bars[keep].assign(**{price: bars[price].round(0) for price in prices}))


@pytest.fixture(scope="module")
def table(ragged):
    sources = {name: FEATURES[name].compute(ragged) for name in SOURCES.values()}
    sources["mean money"] = (
        (ragged["close"] * ragged["volume"]).groupby(ragged["symbol"]).transform(lambda money: money.rolling(20).mean())
    )
    sources["mean money"].index = sources["log_return_1"].index
    return pd.DataFrame(sources)


def sector_of(index):
    return index.get_level_values("symbol").map(lambda symbol: SECTORS.get(symbol, "none"))


@pytest.mark.parametrize("name", SOURCES)
def test_places_are_those_of_pandas(ragged, table, name):
    registry = make_registry(WITH_SECTORS)
    stem, window = name.split("_", 1)
    value = table[SOURCES[name]]
    by_time = value.groupby(level="ts")
    by_sector = value.groupby([value.index.get_level_values("ts"), sector_of(value.index)])
    expected = {
        f"{stem}_rank_{window}": by_time.rank(),
        f"{stem}_percentile_{window}": (by_time.rank() - 0.5) / by_time.transform("count"),
        f"{stem}_demeaned_{window}": value - by_time.transform("mean"),
        f"{stem}_sector_percentile_{window}": (by_sector.rank() - 0.5) / by_sector.transform("count"),
        f"{stem}_sector_demeaned_{window}": value - by_sector.transform("mean"),
    }
    for feature, places in expected.items():
        np.testing.assert_allclose(registry[feature].compute(ragged), places, atol=1e-12, err_msg=feature)


def test_ties_do_occur_and_share_their_rank(ragged):
    rank = FEATURES["return_rank_1"].compute(ragged)
    assert (rank.dropna() % 1 == 0.5).any()


def test_money_is_ranked_by_its_mean(ragged, table):
    by_time = table["mean money"].groupby(level="ts")
    np.testing.assert_array_equal(FEATURES["dollar_volume_rank_20"].compute(ragged), by_time.rank())
    share = (by_time.rank() - 0.5) / by_time.transform("count")
    np.testing.assert_allclose(FEATURES["dollar_volume_percentile_20"].compute(ragged), share)
    assert "dollar_volume_demeaned_20" not in FEATURES


def test_beta_and_residuals_are_those_of_least_squares(ragged):
    config = FeatureConfig(families=("cross_sectional",), market_windows=(15,))
    computed = FeatureEngineer(config).fit_transform(ragged)
    own = FEATURES["log_return_1"].compute(ragged)
    market = own.groupby(level="ts").transform("mean").where(own.notna())
    for symbol in ("S0", "S3"):
        y, x = own.loc[symbol].to_numpy(), market.loc[symbol].to_numpy()
        result = computed.loc[symbol]
        for end in range(15, len(y), 7):
            rows = slice(end - 14, end + 1)
            slope, level = np.polyfit(x[rows], y[rows], 1)
            spread = np.sqrt(((y[rows] - level - slope * x[rows]) ** 2).sum() / 13)
            assert result["beta_15"].iloc[end] == pytest.approx(slope, rel=1e-9)
            assert result["market_residual_15"].iloc[end] == pytest.approx(y[end] - slope * x[end], abs=1e-12)
            assert result["residual_volatility_15"].iloc[end] == pytest.approx(spread, rel=1e-9)


def test_a_symbol_alone_is_the_market(panel):
    alone = FeatureEngineer(FeatureConfig(families=("cross_sectional",))).fit_transform(panel[panel["symbol"] == "S1"])
    last = alone.iloc[-1]
    assert (last[[name for name in alone.columns if "percentile" in name]] == 0.5).all()
    assert (last[[name for name in alone.columns if "demeaned" in name]] == 0).all()
    assert last["beta_60"] == pytest.approx(1)
    assert last["market_residual_60"] == pytest.approx(0, abs=1e-12)
    assert last["residual_volatility_60"] == pytest.approx(0, abs=1e-9)


def test_betas_average_to_one_where_all_symbols_share_the_calendar(panel):
    beta = FEATURES["beta_60"].compute(panel).dropna()
    np.testing.assert_allclose(beta.groupby(level="ts").mean(), 1, rtol=1e-9)


def test_a_symbol_that_joins_later_changes_nothing_before_or_beside_its_own_times(ragged):
    late = ragged["ts"].sort_values().iloc[int(0.6 * len(ragged))]
    joined = random_bars(n_symbols=1, n_bars=420, seed=9).assign(symbol="NEW")
    joined = joined[(joined["ts"] > late) & (joined.index % 3 > 0)]
    before = {name: FEATURES[name].compute(ragged) for name in FEATURES if FEATURES[name].compares_symbols}
    for name, alone in before.items():
        together = FEATURES[name].compute(pd.concat([ragged, joined])).reindex(alone.index)
        ts = alone.index.get_level_values("ts")
        remembers = FEATURES[name].name.startswith(("beta", "market", "residual"))
        same = ts <= late if remembers else ~ts.isin(joined["ts"])
        assert same.sum() > 500
        np.testing.assert_array_equal(together[same], alone[same], err_msg=name)


def test_comparisons_are_made_once_for_all_their_features(ragged, monkeypatch):
    made = []
    monkeypatch.setattr(
        cross_section, "compare", lambda panel, columns, *about: made.append((sorted(columns), about[1]))
    )
    names = ("return_rank_5", "return_percentile_20", "return_percentile_5", "return_demeaned_5")
    compare([(FEATURES[name], np.empty(len(ragged))) for name in names], Panel(ragged))
    assert made == [(["demeaned", "percentile", "rank"], (("window", 5),)), (["percentile"], (("window", 20),))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_features_made_at_once_are_those_made_one_by_one(ragged, dtype):
    names = [name for name in FEATURES if FEATURES[name].compares_symbols]
    panel = Panel(ragged)
    together = compute([FEATURES[name] for name in names], panel, dtype)
    for name, values in zip(names, together, strict=True):
        np.testing.assert_array_equal(values, FEATURES[name].column(Panel(ragged)).astype(dtype), err_msg=name)


def test_sectors_may_come_as_a_mapping_or_as_pairs_and_must_be_whole():
    pairs = tuple(sorted(SECTORS.items()))
    assert WITH_SECTORS.sectors == pairs
    assert FeatureConfig(sectors=[["a", "b"]]).sectors == (("a", "b"),)
    assert hash(WITH_SECTORS) == hash(FeatureConfig(families=("cross_sectional",), sectors=pairs))
    with pytest.raises(ConfigError, match="a pair of texts"):
        FeatureConfig(sectors=(("a", "b", "c"),))
    with pytest.raises(ConfigError, match="must be a mapping"):
        FeatureConfig(sectors="tea")
    with pytest.raises(ConfigError, match="a symbol twice"):
        FeatureConfig(sectors=(("a", "b"), ("a", "c")))
