"""The truth of a synthetic market is in its bars, and nothing is where nothing was planted."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from finml_core.bars import SyntheticConfig, bundled_bars, quality_report, simulate_bars
from finml_core.errors import ConfigError
from finml_core.schemas import PRICES, adjusted, as_bars, key_index


@pytest.fixture(scope="module")
def market():
    return simulate_bars(SyntheticConfig())


def outcome(bars: pd.DataFrame, horizon: int = 5) -> pd.Series:
    closes = bars.groupby("symbol")["close"]
    return np.log(closes.shift(-horizon) / bars["close"])


def momentum(bars: pd.DataFrame, window: int = 20) -> pd.Series:
    return np.log(bars["close"] / bars.groupby("symbol")["close"].shift(window))


def auc(score: pd.Series, result: pd.Series) -> float:
    known = score.notna() & result.notna()
    return roc_auc_score(result[known] > 0, score[known])


def test_simulated_bars_keep_the_contract(market):
    bars = market.bars
    assert_frame_equal(as_bars(bars), bars)
    assert bars["symbol"].unique().tolist() == [f"SYN{number:02d}" for number in range(50)]
    assert bars.groupby("symbol").size().eq(1500).all()
    assert (bars["low"] <= bars[list(PRICES)].min(axis=1)).all()
    assert (bars["high"] >= bars[list(PRICES)].max(axis=1)).all()
    assert (bars["low"] > 0).all()
    assert bars["ts"].dt.day_of_week.max() == 4
    assert market.signal.index.equals(key_index(bars))
    assert len(market.regimes) == 1500
    assert "high" not in quality_report(bars)["severity"].tolist()


def test_the_same_seed_gives_the_same_market():
    config = SyntheticConfig(n_symbols=3, n_bars=80)
    assert_frame_equal(simulate_bars(config).bars, simulate_bars(config).bars)
    other = simulate_bars(dataclasses.replace(config, seed=8))
    assert not other.bars["close"].equals(simulate_bars(config).bars["close"])


def test_the_signal_is_seen_in_past_bars_and_in_the_truth(market):
    result = outcome(market.bars)
    assert auc(momentum(market.bars), result) > 0.53
    assert auc(market.signal["score"].reset_index(drop=True), result) > 0.58


def test_momentum_pays_in_trends_and_reversal_in_ranges(market):
    regime = market.bars["ts"].map(market.regimes.set_index("ts")["regime"])
    result = outcome(market.bars)
    is_range = regime == "RANGING"
    assert auc(momentum(market.bars, 5)[is_range], result[is_range]) < 0.48
    is_trend = regime.isin(["BULL_TREND", "BEAR_TREND"])
    assert auc(momentum(market.bars, 20)[is_trend], result[is_trend]) > 0.56


def test_nothing_predicts_the_direction_in_a_world_without_skill():
    market = simulate_bars(SyntheticConfig(signal_strength=0, cross_correlation=0, n_symbols=60))
    assert (market.signal["score"] == 0).all()
    result = outcome(market.bars)
    for window in (1, 5, 20):
        # 60 independent symbols x 300 disjoint outcomes: a standard error of 0.0043
        assert auc(momentum(market.bars, window), result) == pytest.approx(0.5, abs=0.013)


def test_the_score_is_the_mean_of_what_follows_in_units_of_volatility():
    market = simulate_bars(SyntheticConfig(cross_correlation=0))
    realised = outcome(market.bars, 1).to_numpy() / market.signal["volatility"].to_numpy()
    score = market.signal["score"].to_numpy()
    known = ~np.isnan(realised)
    slope = np.polyfit(score[known], realised[known], 1)[0]
    assert slope == pytest.approx(1, abs=0.07)  # 75,000 rows and scores of 0.2: a standard error of 0.02


def test_volatility_correlation_and_ranges_are_as_configured():
    config = SyntheticConfig(n_symbols=12, n_bars=3000, signal_strength=0, regimes=("TRENDING",), cross_correlation=0.4)
    bars = simulate_bars(config).bars
    returns = np.log(bars.pivot_table(index="ts", columns="symbol", values="close")).diff().dropna()
    assert returns.std().mean() == pytest.approx(0.015, rel=0.06)
    pairs = returns.corr().to_numpy()[np.triu_indices(12, 1)]
    assert pairs.mean() == pytest.approx(0.4, abs=0.04)
    squared = returns**2
    assert np.mean([squared[symbol].autocorr(1) for symbol in squared]) > 0.05
    parkinson = np.sqrt((np.log(bars["high"] / bars["low"]) ** 2).mean() / (4 * np.log(2)))
    assert parkinson == pytest.approx(0.015 * np.sqrt(0.8), rel=0.06)  # a fifth of the variance is the gap


def test_regimes_last_as_long_as_configured():
    regimes = simulate_bars(SyntheticConfig(n_symbols=1, n_bars=20_000, regime_duration=25)).regimes["regime"]
    n_spells = (regimes != regimes.shift()).sum()
    assert len(regimes) / n_spells == pytest.approx(25, rel=0.15)
    assert set(regimes) == set(SyntheticConfig().regimes)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"n_symbols": 0}, "n_symbols is 0"),
        ({"signal_strength": 2.0}, "signal_strength is 2.0"),
        ({"regimes": ("SUNNY",)}, "regime is 'SUNNY'; choose one of"),
        ({"regimes": ()}, "regimes is empty"),
        ({"volatility_shock": 0.5, "volatility_persistence": 0.6}, "without bound"),
        ({"start": "soon"}, "start is 'soon'"),
    ],
)
def test_impossible_markets_are_refused(change, text):
    with pytest.raises(ConfigError, match=text):
        SyntheticConfig(**change)


def test_bundled_bars_are_real_and_whole():
    bars = bundled_bars()
    assert bars["symbol"].unique().tolist() == ["AAPL", "FB", "GOOG", "IBM", "IXIC", "MSFT", "SPX"]
    assert len(bars) == 12_154 + 2 * 5_031
    assert_frame_equal(as_bars(bars), bars)
    aapl = adjusted(bars[bars["symbol"] == "AAPL"])
    assert aapl["close"].iloc[-1] == pytest.approx(bars.query("symbol == 'AAPL'")["adj_close"].iloc[-1])


def test_jumps_are_in_the_truth_and_leave_the_rest_alone():
    config = SyntheticConfig(n_symbols=5, n_bars=2000, jump_probability=0.02, signal_strength=0)
    market = simulate_bars(config)
    calm = simulate_bars(dataclasses.replace(config, jump_probability=0.0))
    assert len(market.jumps) == pytest.approx(200, abs=60)
    assert calm.jumps.empty
    assert_frame_equal(calm.regimes, market.regimes)
    truth = market.truth
    assert_frame_equal(truth[["symbol", "ts"]], market.bars[["symbol", "ts"]])

    def steps(made):
        return np.log(made.bars["close"]).groupby(made.bars["symbol"]).diff()

    difference = (steps(market) - steps(calm)).fillna(0.0)
    np.testing.assert_allclose(difference, truth["jump"], atol=1e-9)
    found = quality_report(market.bars).set_index("check")["count"]
    assert found.loc[["outliers"]].sum() > 10


def test_a_decaying_signal_is_gone_at_the_end():
    market = simulate_bars(SyntheticConfig(signal_half_life=100.0))
    truth = market.truth
    size = truth.groupby("ts")["score"].apply(lambda score: score.abs().mean())
    assert size.iloc[:200].mean() > 50 * size.iloc[-200:].mean()
    result = outcome(market.bars)
    late = truth["ts"] > truth["ts"].iloc[900]
    assert auc(momentum(market.bars)[late], result[late]) == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ConfigError, match="signal_half_life"):
        SyntheticConfig(signal_half_life=0.0)


@pytest.mark.parametrize(("size", "n_session"), [("1min", 390), ("30min", 13)])
def test_shorter_bars_fill_sessions_and_are_stamped_with_their_close(size, n_session):
    bars = simulate_bars(SyntheticConfig(n_symbols=1, n_bars=2 * n_session + 3, bar_size=size)).bars
    assert_frame_equal(as_bars(bars), bars)
    assert bars["ts"].dt.date.value_counts().tolist() == [n_session, n_session, 3]
    step = pd.Timedelta(size)
    assert bars["ts"].iloc[0] == pd.Timestamp("2010-01-04 14:30") + step
    assert bars["ts"].iloc[n_session - 1] == pd.Timestamp("2010-01-04 21:00")
    assert (bars["ts"].diff().iloc[1:n_session] == step).all()


def test_a_bar_size_that_does_not_divide_a_session_is_refused():
    with pytest.raises(ConfigError, match="bar_size"):
        SyntheticConfig(bar_size="7min")


def test_the_best_auc_is_what_the_truth_itself_scores(market):
    score = market.signal["score"].reset_index(drop=True)
    rises = outcome(market.bars, 1)
    assert market.best_auc == pytest.approx(roc_auc_score(rises[rises.notna()] > 0, score[rises.notna()]))
    nothing = simulate_bars(SyntheticConfig(n_symbols=3, n_bars=200, signal_strength=0.0))
    assert nothing.best_auc == 0.5
