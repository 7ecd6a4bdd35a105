import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.arbitration import (
    ArbitratorConfig,
    RegimeState,
    RegimeType,
    StrategyArbitrator,
    StrategySignal,
    arbitrate,
)
from finml_core.errors import ConfigError, DataError
from finml_core.vocabulary import SignalType

TOUCHY = ArbitratorConfig(silence_threshold=-0.1, silence_patience=5, silence_hysteresis=0.15)
SIGNALS = {-1.0: SignalType.SHORT, 0.0: SignalType.NEUTRAL, 1.0: SignalType.LONG}


def run(world, config=TOUCHY, **changes):
    world = replace(world, **changes)
    return arbitrate(world.signals, world.returns, world.regimes, world.styles, config)


def stream(world, config):
    """The same history, one bar after the other."""
    arbitrator = StrategyArbitrator(config)
    for name, style in world.styles.items():
        arbitrator.register_strategy(name, style)
    results = []
    for ts in world.ts:
        said = {name: frame.loc[ts] for name, frame in world.signals.items()}
        signals = [
            StrategySignal(name, ts, SIGNALS[row["signal"]], row["confidence"])
            for name, row in said.items()
            if not np.isnan(row["signal"])
        ]
        name, confidence = world.regimes.loc[ts]
        state = None if pd.isna(name) else RegimeState(regime=RegimeType(name), confidence=confidence, probabilities={})
        results.append(arbitrator.process_signals(signals, state, strategy_returns=world.returns.loc[ts].to_dict()))
    return results, arbitrator


@pytest.mark.parametrize("metric", ["sharpe", "sortino", "mean_return"])
def test_the_whole_history_equals_one_bar_at_a_time(world, metric):
    config = replace(TOUCHY, performance_metric=metric, temperature=0.5)
    history = run(world, config)
    results, arbitrator = stream(world, config)
    weights = history.weights.set_index(["ts", "strategy"])
    assert history.weights["silenced"].any()
    for ts, result in zip(world.ts, results, strict=True):
        row = history.decisions.loc[ts]
        assert row["signal"] == result.signal.value
        assert row["n_active_strategies"] == result.n_active_strategies
        assert pd.isna(row["regime"]) == (result.regime is None)
        for column in ("confidence", "weighted_signal", "signal_strength", "consensus_ratio", "regime_confidence"):
            assert row[column] == pytest.approx(getattr(result, column), abs=1e-12), (ts, column)
        for name, breakdown in result.strategy_breakdown.items():
            there = weights.loc[(ts, name)]
            assert there["weight"] == pytest.approx(breakdown["weight"], abs=1e-12)
            assert there["score"] == pytest.approx(breakdown["score"], abs=1e-12)
            assert there["silenced"] == breakdown["silenced"]
            assert there["reason"] == breakdown["reason"]
    summary = arbitrator.get_strategy_summary().set_index("strategy")
    last = history.weights.tail(5).set_index("strategy")
    np.testing.assert_allclose(summary["score"], last["score"], atol=1e-12)
    assert (summary["n_returns"] == 63).all()


@pytest.mark.parametrize("cut", [10, 100, 217])
def test_a_decision_has_seen_only_what_was_realised_by_then(world, cut):
    early = run(
        world,
        signals={name: frame.iloc[:cut] for name, frame in world.signals.items()},
        returns=world.returns.iloc[:cut],
        regimes=world.regimes.iloc[:cut],
    )
    whole = run(world)
    pd.testing.assert_frame_equal(early.decisions, whole.decisions.iloc[:cut], rtol=0, atol=1e-12)
    pd.testing.assert_frame_equal(early.weights, whole.weights.iloc[: cut * 5], rtol=0, atol=1e-12)


def test_returns_after_a_bar_never_move_its_decision(world):
    later = world.returns.copy()
    later.iloc[150:] = 7.0 * later.iloc[150:] - 0.01
    before, after = run(world), run(world, returns=later)
    pd.testing.assert_frame_equal(before.decisions.iloc[:150], after.decisions.iloc[:150])
    assert not before.decisions.iloc[150:].equals(after.decisions.iloc[150:])


def test_the_order_of_strategies_does_not_matter(world):
    names = list(world.styles)[::-1]
    turned = run(world, signals={name: world.signals[name] for name in names}, returns=world.returns[names])
    pd.testing.assert_frame_equal(turned.decisions, run(world).decisions, rtol=0, atol=1e-12)
    order = ["ts", "strategy"]
    pd.testing.assert_frame_equal(
        turned.weights.sort_values(order, ignore_index=True),
        run(world).weights.sort_values(order, ignore_index=True),
        rtol=0,
        atol=1e-12,
    )


def test_weights_are_shares_of_the_active(world):
    history = run(world)
    total = history.weights.groupby("ts")["weight"].sum()
    active = history.decisions["n_active_strategies"]
    np.testing.assert_allclose(total, (active > 0).astype(float), atol=1e-12)
    quiet = history.weights["silenced"] | history.weights["signal"].isna()
    assert (history.weights.loc[quiet, "weight"] == 0).all()
    assert (history.weights.loc[quiet, "reason"] != "").all()
    assert (history.weights.loc[~quiet, "reason"] == "").all()
    assert history.weights.loc[~quiet].groupby("ts").size().reindex(world.ts, fill_value=0).equals(active)


def test_every_number_stays_in_its_range(world):
    decisions = run(world).decisions
    assert decisions["weighted_signal"].between(-1, 1).all()
    for column in ("confidence", "consensus_ratio", "signal_strength", "regime_confidence"):
        assert decisions[column].between(0, 1).all()
    neutral = decisions["signal_strength"] < 0.1
    assert (decisions.loc[neutral, "signal"] == "NEUTRAL").all()
    assert (decisions.loc[~neutral, "signal"] != "NEUTRAL").all()


def test_reversed_opinions_reverse_the_decision(world):
    turned = {name: frame.assign(signal=-frame["signal"]) for name, frame in world.signals.items()}
    up, down = run(world).decisions, run(world, signals=turned).decisions
    np.testing.assert_allclose(up["weighted_signal"], -down["weighted_signal"], atol=1e-15)
    np.testing.assert_allclose(up["confidence"], down["confidence"])


def test_all_silent_means_flat(world):
    losing = pd.DataFrame(np.random.default_rng(0).normal(-0.01, 0.01, (300, 5)), world.ts, list(world.styles))
    decisions = run(world, returns=losing).decisions.iloc[100:]
    assert (decisions["signal"] == "NEUTRAL").all()
    assert (decisions[["weighted_signal", "n_active_strategies", "confidence"]] == 0).all(axis=None)


def test_tidy_signals_say_the_same_as_one_frame_a_strategy(world):
    tidy = pd.concat(world.signals, names=["strategy", "ts"]).reset_index()
    pd.testing.assert_frame_equal(run(world, signals=tidy).decisions, run(world).decisions)


def test_without_regimes_styles_play_no_part(world):
    plain = arbitrate(world.signals, world.returns, config=TOUCHY)
    styled = arbitrate(world.signals, world.returns, None, world.styles, TOUCHY)
    pd.testing.assert_frame_equal(plain.weights, styled.weights)
    assert plain.decisions["regime"].isna().all()
    assert (plain.decisions["regime_confidence"] == 0).all()


def test_where_edges_depend_on_the_regime_listening_pays():
    """Trend earns in one regime and loses in the other, reversion the other way round; equal weights earn nothing."""
    generator = np.random.default_rng(4)
    n_bars = 3000
    ts = pd.bdate_range("2000-01-03", periods=n_bars, name="ts")
    trending = (np.arange(n_bars) // 150) % 2 == 0
    market = generator.choice([-1.0, 1.0], n_bars) * 0.01
    edge = np.where(trending, 0.6, 0.4)
    ahead = np.r_[market[1:], 0.0]
    right = generator.random(n_bars) < edge
    call = {"cross": np.where(right, np.sign(ahead), -np.sign(ahead))}
    call["reversion"] = np.where(generator.random(n_bars) < 1 - edge, np.sign(ahead), -np.sign(ahead))
    signals = {name: pd.DataFrame({"signal": side, "confidence": 1.0}, index=ts) for name, side in call.items()}
    earned = pd.DataFrame({name: np.r_[0.0, (side * ahead)[:-1]] for name, side in call.items()}, index=ts)
    regimes = pd.DataFrame({"regime": np.where(trending, "BULL_TREND", "RANGING"), "confidence": 0.9}, index=ts)
    styles = {"cross": "trend", "reversion": "mean_reversion"}
    decided = arbitrate(signals, earned, regimes, styles).decisions["weighted_signal"]
    equal = sum(call.values()) / 2
    gain = (decided - equal) * ahead
    assert gain.mean() > 2 * gain.std() / np.sqrt(n_bars)


def test_five_strategies_on_four_symbols_take_less_than_a_second(long_worlds):
    start = time.perf_counter()
    for each in long_worlds:
        run(each, ArbitratorConfig())
    assert time.perf_counter() - start < 1.0


def test_broken_input_is_refused(world):
    with pytest.raises(DataError, match="returns of stranger, but no signals"):
        run(world, returns=world.returns.assign(stranger=0.0))
    with pytest.raises(DataError, match=r"a confidence is 1\.5"):
        run(world, signals=world.signals | {"lstm": world.signals["lstm"].assign(confidence=1.5)})
    with pytest.raises(ConfigError, match="style is 'astrology'; choose one of"):
        run(world, styles=world.styles | {"lstm": "astrology"})
