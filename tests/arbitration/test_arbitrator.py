import math

import numpy as np
import pandas as pd
import pytest

from finml_core.arbitration import (
    MULTIPLIERS,
    ArbitratorConfig,
    RegimeState,
    RegimeType,
    SignalType,
    StrategyArbitrator,
    StrategySignal,
    regime_multiplier,
)
from finml_core.errors import ConfigError, DataError
from finml_core.schemas import REGIMES

DAYS = pd.bdate_range("2020-01-01", periods=400)
RANGING = RegimeState(regime=RegimeType.RANGING, confidence=0.7, probabilities={RegimeType.RANGING: 1.0})


def make(config=None, **styles):
    arbitrator = StrategyArbitrator(config)
    for name, style in styles.items():
        arbitrator.register_strategy(name, style)
    return arbitrator


def say(day, **opinions):
    return [StrategySignal(name, DAYS[day], signal, confidence) for name, (signal, confidence) in opinions.items()]


def test_a_decision_worked_out_by_hand():
    arbitrator = make(cross="trend", reversion="mean_reversion", lstm="model")
    opinions = {"cross": ("LONG", 0.8), "reversion": ("SHORT", 0.6), "lstm": ("LONG", 0.5)}
    earned = [
        {"cross": 0.01, "reversion": -0.01, "lstm": 0.0},
        {"cross": 0.02, "reversion": 0.0, "lstm": 0.0},
        {"cross": 0.00, "reversion": -0.02, "lstm": 0.0},
    ]
    for day, returns in enumerate(earned):
        result = arbitrator.process_signals(say(day, **opinions), RANGING, strategy_returns=returns)
    # mean .01 and deviation .01 make a Sharpe ratio of 1 a bar, sqrt(252) a year, shrunk by 3 / 255;
    # in a ranging market the trend's gain counts half, the reversion's loss is divided by 1.5
    annual = math.sqrt(252) * 3 / 255
    score = [annual * 0.5, -annual / 1.5, 0.0]
    weight = np.exp(score) / np.exp(score).sum()
    weighted = weight @ [0.8, -0.6, 0.5]
    consensus = weight[0] + weight[2]
    assert result.strategy_breakdown["cross"]["score"] == pytest.approx(annual)
    assert [row["weight"] for row in result.strategy_breakdown.values()] == pytest.approx(list(weight))
    assert result.weighted_signal == pytest.approx(weighted)
    assert result.signal_strength == pytest.approx(weighted)
    assert result.consensus_ratio == pytest.approx(consensus)
    assert result.signal is SignalType.LONG
    assert result.n_active_strategies == 3
    assert (result.regime, result.regime_confidence) == (RegimeType.RANGING, 0.7)
    mean_confidence = (0.8 + 0.6 + 0.5) / 3
    expected = 0.4 * weighted + 0.2 * mean_confidence + 0.2 * consensus + 0.2 * 0.7
    assert result.confidence == pytest.approx(expected)
    assert result.timestamp == DAYS[2]


def test_full_agreement_has_a_confidence_of_one():
    certain = RegimeState(regime=RegimeType.CRISIS, confidence=1.0, probabilities={})
    result = make(a="model", b="trend").process_signals(say(0, a=("SHORT", 1.0), b=("SHORT", 1.0)), certain)
    assert result.confidence == pytest.approx(1.0)
    assert result.weighted_signal == pytest.approx(-1.0)


def test_the_multipliers_are_those_of_the_specification():
    expected = {
        "trend": [1.5, 1.3, 1.4, 0.5, 0.7, 1.0, 0.3],
        "mean_reversion": [0.6, 0.5, 0.4, 1.5, 1.0, 1.4, 0.2],
        "momentum": [1.4, 1, 1, 1, 1, 1, 1],
        "volatility": [1, 1, 1, 1, 1.5, 1, 1],
        "model": [1, 1, 1, 1, 1, 1, 1],
    }
    for style, row in expected.items():
        assert [regime_multiplier(MULTIPLIERS, style, regime) for regime in REGIMES] == row
    edited = ArbitratorConfig(multipliers={"trend": {"CRISIS": 2.0}})
    assert regime_multiplier(edited.multipliers, "trend", RegimeType.CRISIS) == 2.0
    assert regime_multiplier(edited.multipliers, "trend", RegimeType.RANGING) == 1.0


def test_a_losing_strategy_is_silenced_with_a_reason_and_speaks_again_only_when_mended():
    config = ArbitratorConfig(
        lookback_window=10, silence_threshold=-0.2, silence_patience=5, silence_hysteresis=1.0, shrinkage=50
    )
    arbitrator = make(config, weak="model", other="model")
    generator = np.random.default_rng(0)
    states, scores, reasons = [], [], []
    for day in range(90):
        drift = -0.02 if day < 30 else 0.02
        earned = {"weak": drift + 0.02 * generator.standard_normal(), "other": 0.01 * generator.standard_normal()}
        result = arbitrator.process_signals(say(day, weak=("LONG", 0.9), other=("SHORT", 0.5)), strategy_returns=earned)
        row = result.strategy_breakdown["weak"]
        states.append(row["silenced"])
        scores.append(row["score"])
        reasons.append(row["reason"])
    states, scores = np.array(states), np.array(scores)
    below = scores < -0.2
    first = int(np.argmax(states))
    assert below[first - 4 : first + 1].all()
    assert not below[: first - 4].any()
    back = first + int(np.argmin(states[first:]))
    assert scores[back] >= 0.8
    assert (scores[first:back] < 0.8).all()
    assert ((scores[first:back] >= -0.2) & (scores[first:back] < 0.8)).any(), "hysteresis was never needed"
    assert not states[back:].any()
    assert "below -0.20 for 5 bars; speaks again at 0.80" in reasons[first]
    assert "recovering" in reasons[back - 1]
    assert reasons[back] == ""


def test_the_last_silent_strategy_leaves_a_flat_market():
    config = ArbitratorConfig(silence_threshold=-0.01, silence_patience=1)
    arbitrator = make(config, only="trend")
    for day, earned in enumerate([-0.01, -0.02, -0.03]):
        result = arbitrator.process_signals(say(day, only=("LONG", 1.0)), RANGING, strategy_returns={"only": earned})
    assert result.signal is SignalType.NEUTRAL
    assert result.weighted_signal == result.confidence == result.consensus_ratio == 0
    assert result.n_active_strategies == 0
    assert arbitrator.get_strategy_summary().loc[0, "silenced"]


def test_market_returns_credit_the_side_taken_one_bar_before():
    arbitrator = make(bull="model", bear="model", quiet="model")
    arbitrator.process_signals(say(0, bull=("LONG", 0.3), bear=("SHORT", 0.9), quiet=("NEUTRAL", 0.5)), None, 0.5)
    arbitrator.process_signals(say(1, bull=("SHORT", 0.3)), None, pd.Series([9.0, 0.02]))
    arbitrator.process_signals(say(2, bull=("SHORT", 0.3)), None, 0.01)
    returns = {name: list(strategy.returns) for name, strategy in arbitrator._strategies.items()}
    np.testing.assert_allclose(returns["bull"], [np.nan, 0.02, -0.01])
    np.testing.assert_allclose(returns["bear"], [np.nan, -0.02, np.nan])
    np.testing.assert_allclose(returns["quiet"], [np.nan, 0.0, np.nan])


def test_a_small_weighted_signal_is_neutral():
    result = make(a="model", b="model").process_signals(say(0, a=("LONG", 0.6), b=("SHORT", 0.45)))
    assert result.signal is SignalType.NEUTRAL
    assert result.weighted_signal == pytest.approx(0.075)


def test_a_better_record_never_weighs_less_in_any_regime():
    for regime in RegimeType:
        for style in ("trend", "mean_reversion"):
            arbitrator = make(ArbitratorConfig(silence_threshold=-100.0), good=style, bad=style)
            state = RegimeState(regime=regime, confidence=1.0, probabilities={})
            for day in range(10):
                wobble = 0.001 * (-1) ** day
                result = arbitrator.process_signals(
                    say(day, good=("LONG", 0.5), bad=("LONG", 0.5)),
                    state,
                    strategy_returns={"good": -0.001 + wobble, "bad": -0.002 + wobble},
                )
            assert result.strategy_breakdown["good"]["weight"] > result.strategy_breakdown["bad"]["weight"]


def test_a_detector_is_asked_for_the_regime_and_may_not_know_it_yet():
    class Detector:
        def state(self, bars):
            if len(bars) < 3:
                raise DataError("too few")
            return RANGING

    arbitrator = StrategyArbitrator(regime_detector=Detector(), lookback_window=20, performance_metric="sortino")
    assert (arbitrator.config.lookback_window, arbitrator.config.performance_metric) == (20, "sortino")
    arbitrator.register_strategy("a", "trend")
    early = arbitrator.process_signals(say(0, a=("LONG", 0.5)), pd.DataFrame(index=range(2)))
    assert early.regime is None
    assert early.regime_confidence == 0
    late = arbitrator.process_signals(say(1, a=("LONG", 0.5)), pd.DataFrame(index=range(3)))
    assert late.regime is RegimeType.RANGING


def test_a_meta_learner_learns_whom_to_believe_in_which_regime():
    generator = np.random.default_rng(0)
    n_rows = 600
    in_trend = generator.random(n_rows) < 0.5
    X = pd.DataFrame(dict.fromkeys(REGIMES, 0.0), index=range(n_rows))
    X["BULL_TREND"], X["RANGING"] = in_trend.astype(float), (~in_trend).astype(float)
    y = pd.Series(generator.integers(0, 2, n_rows).astype(float))
    side = 2 * y - 1
    noise = pd.Series(generator.choice([-1.0, 1.0], n_rows))
    signals = pd.DataFrame({"cross": np.where(in_trend, side, noise), "reversion": np.where(in_trend, noise, side)})
    arbitrator = make(cross="trend", reversion="mean_reversion")
    assert arbitrator.process_signals(say(0, cross=("LONG", 1.0)), RANGING).meta_probability is None
    arbitrator.train_meta_learner(X, y, signals)
    opinions = {"cross": ("LONG", 1.0), "reversion": ("SHORT", 1.0)}
    ranging = arbitrator.process_signals(say(1, **opinions), RANGING)
    bull = RegimeState(regime=RegimeType.BULL_TREND, confidence=1.0, probabilities={RegimeType.BULL_TREND: 1.0})
    trending = arbitrator.process_signals(say(2, **opinions), bull)
    assert ranging.meta_probability < 0.2
    assert trending.meta_probability > 0.8
    assert arbitrator.process_signals(say(3, **opinions)).meta_probability is None


def test_a_meta_learner_refuses_what_cannot_teach():
    X = pd.DataFrame({"RANGING": np.ones(50)})
    signals = pd.DataFrame({"a": np.ones(50)})
    with pytest.raises(DataError, match="with 1 classes teach nothing"):
        make(a="model").train_meta_learner(X, pd.Series(np.ones(50)), signals)
    with pytest.raises(DataError, match="no column names a regime"):
        make(a="model").train_meta_learner(X.rename(columns={"RANGING": "x"}), pd.Series(np.ones(50)), signals)


def test_misuse_is_answered():
    arbitrator = make(a="model")
    with pytest.raises(ConfigError, match="'a' is registered already"):
        arbitrator.register_strategy("a")
    with pytest.raises(ConfigError, match="style is 'x'; choose one of"):
        arbitrator.register_strategy("b", "x")
    with pytest.raises(DataError, match="'z' is not registered"):
        arbitrator.process_signals(say(0, z=("LONG", 0.5)))
    with pytest.raises(DataError, match="speaks twice"):
        arbitrator.process_signals(say(0, a=("LONG", 0.5)) * 2)
    with pytest.raises(DataError, match="give a regime_detector"):
        arbitrator.process_signals([], pd.DataFrame())
    arbitrator.process_signals(say(1, a=("LONG", 0.5)))
    with pytest.raises(DataError, match="keep the order of time"):
        arbitrator.process_signals(say(0, a=("LONG", 0.5)))
    with pytest.raises(ConfigError, match=r"confidence is 1\.5"):
        StrategySignal("a", DAYS[0], SignalType.LONG, 1.5)
    with pytest.raises(ConfigError, match=r"multipliers\.trend\.CRISIS is 0"):
        ArbitratorConfig(multipliers={"trend": {"CRISIS": 0}})
    with pytest.raises(ConfigError, match="performance_metric is 'luck'"):
        ArbitratorConfig(performance_metric="luck")
