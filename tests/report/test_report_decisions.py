"""Decisions taken apart, regimes in spells, the latest bar, and whether a run may be believed."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from finml_core.arbitration import arbitrate, moving_average_cross, zscore_reversion
from finml_core.regimes import RuleRegimeDetector, label_regimes, transition_matrix
from finml_core.report import arbitration, latest_cards, regimes, trust_panel
from finml_core.schemas import REGIMES


@pytest.fixture(scope="module")
def history(panel):
    """One symbol, two rules, whose returns are drawn."""
    bars = panel.loc[panel["symbol"] == "S0"]
    opinions = {
        "cross": moving_average_cross(bars, fast=5, slow=20).xs("S0"),
        "reversion": zscore_reversion(bars, window=10, entry=0.5).xs("S0"),
    }
    earned = pd.DataFrame(
        np.random.default_rng(0).normal(0, 0.01, (len(bars), 2)), index=bars["ts"], columns=list(opinions)
    )
    return arbitrate(opinions, earned)


@pytest.fixture(scope="module")
def weather(panel):
    probabilities = RuleRegimeDetector().fit(panel).filter(panel)
    return probabilities.join(label_regimes(probabilities)).reset_index()


def test_contributions_add_up_to_the_weighted_signal(history):
    known = history.decisions.loc[history.decisions["signal_strength"] > 0]
    for ts in known.index[::37]:
        parts = arbitration.breakdown_at(history.weights, ts)
        assert parts["strategy"].tolist() == ["cross", "reversion"]
        assert parts["contribution"].sum() == pytest.approx(known.loc[ts, "weighted_signal"])
    before = arbitration.breakdown_at(history.weights, history.weights["ts"].min())
    assert before["contribution"].tolist() == [0.0, 0.0]


@pytest.fixture(scope="module")
def decided():
    """2,000 decisions that come true as often as they say."""
    generator = np.random.default_rng(4)
    confidence = generator.uniform(0.3, 0.9, 2000)
    side = generator.choice(["LONG", "SHORT", "NEUTRAL"], 2000)
    hit = generator.uniform(size=2000) < confidence
    ts = pd.date_range("2010-01-01", periods=2000)
    decisions = pd.DataFrame({"symbol": "A", "ts": ts, "signal": side, "confidence": confidence})
    outcomes = pd.DataFrame({"symbol": "A", "ts": ts, "y_true": ((side == "LONG") == hit).astype(float)})
    return decisions, pd.concat([outcomes.assign(model=name) for name in ("a", "b")])


def test_confidence_is_compared_with_what_came_true(decided):
    table = arbitration.confidence_outcome(*decided, 5)
    assert table["count"].sum() == (decided[0]["signal"] != "NEUTRAL").sum()  # each decision once
    assert table["count"].max() - table["count"].min() <= 1
    assert table["confidence"].is_monotonic_increasing
    np.testing.assert_allclose(table["outcome"], table["confidence"], atol=0.1)
    for row in table.itertuples():
        interval = binomtest(round(row.outcome * row.count), row.count).proportion_ci(0.9, method="wilson")
        assert (row.lower, row.upper) == pytest.approx((interval.low, interval.high))


def test_more_confident_decisions_come_true_more_often(decided):
    gain, error = arbitration.confidence_pays(arbitration.confidence_outcome(*decided, 4))
    assert gain == pytest.approx(0.3, abs=3 * error)
    assert error == pytest.approx(np.sqrt(2 * 0.25 / 665), rel=0.1)
    empty = arbitration.confidence_outcome(decided[0].head(3), decided[1], 5)
    assert empty.empty
    assert np.isnan(arbitration.confidence_pays(empty)[0])


def test_spells_cover_every_bar_once(weather):
    one = weather.loc[weather["symbol"] == "S0"]
    known = one.dropna(subset=["regime"]).set_index("ts")
    table = regimes.spells(one)
    assert table["n_bars"].sum() == len(known)
    assert (table["regime"].to_numpy()[1:] != table["regime"].to_numpy()[:-1]).all()
    for row in table.itertuples():
        inside = known.loc[row.start : row.end]
        assert len(inside) == row.n_bars
        assert set(inside["regime"]) == {row.regime}
        assert row.confidence == pytest.approx(inside["confidence"].mean())


def test_durations_leave_out_the_spell_that_is_not_over():
    table = pd.DataFrame({"regime": ["A", "B", "A", "B"], "n_bars": [10, 4, 20, 99]})
    lengths = regimes.durations(table).set_index("regime")
    assert lengths["expected_bars"].to_dict() == {"A": 15.0, "B": 4.0}
    assert lengths["n_spells"].to_dict() == {"A": 2, "B": 1}
    assert lengths.loc["A", "error"] == pytest.approx(np.std([10, 20], ddof=1) / np.sqrt(2))
    assert np.isnan(lengths.loc["B", "error"])


def test_transitions_of_regimes_that_occurred_sum_to_one(weather):
    one = weather.loc[weather["symbol"] == "S0"].set_index("ts")["regime"]
    tidy = regimes.transitions_tidy(transition_matrix(one))
    assert (tidy.groupby("from_regime")["probability"].sum() - 1).abs().max() < 1e-12
    assert set(tidy["to_regime"]) == set(tidy["from_regime"]) <= set(REGIMES)


def test_probabilities_of_a_bar_sum_to_one_and_name_the_runner_up(weather):
    tidy = regimes.probabilities_long(weather, "S1")
    assert (tidy.groupby("ts")["probability"].sum() - 1).abs().max() < 1e-9
    assert tidy["ts"].nunique() == weather.loc[weather["symbol"] == "S1", "regime"].notna().sum()
    row = weather.dropna().iloc[-1]
    name, probability = regimes.runner_up(row)
    ranked = sorted(((row[regime], regime) for regime in REGIMES), reverse=True)
    assert (probability, name) == ranked[1]


def test_a_card_shows_the_last_bar_and_the_one_before():
    ts = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"])
    keys = pd.DataFrame({"symbol": np.repeat(["A", "B"], 3), "ts": np.tile(ts, 2)})
    decisions = keys.assign(
        signal=["LONG", "LONG", "SHORT", "NEUTRAL", "LONG", "LONG"],
        confidence=np.linspace(0, 1, 6),
        consensus_ratio=0.5,
        target_weight=np.arange(6) / 10,
    ).iloc[::-1]
    own = keys.assign(model="m", p_cal=np.linspace(0.4, 0.6, 6), lower=-0.1, upper=0.1)
    predictions = pd.concat([own.assign(model="other", p_cal=0.9), own])
    weather = keys.assign(regime="RANGING", confidence=0.7)
    cards = latest_cards(predictions, decisions, weather, "m").set_index("symbol")
    assert (cards["ts"] == ts[-1]).all()
    assert cards["signal"].to_dict() == {"A": "SHORT", "B": "LONG"}
    assert cards["previous_signal"].to_dict() == {"A": "LONG", "B": "LONG"}
    assert cards["p_cal"].tolist() == pytest.approx([0.48, 0.6])
    assert cards["previous_p_cal"].tolist() == pytest.approx([0.44, 0.56])
    assert cards["target_weight"].tolist() == pytest.approx([0.2, 0.5])
    assert cards["regime_confidence"].tolist() == [0.7, 0.7]
    assert cards["confidence"].to_dict() == pytest.approx({"A": 0.4, "B": 1.0})  # the decision's, not the regime's


AUDITS = pd.DataFrame({"check": ["features", "purge"], "passed": [True, True], "reason": ["fine", "fine"]})


def panel_of(ece=0.01, dsr=0.99, coverage=0.9, audits=AUDITS):
    row = pd.Series({"ece_cal": ece, "coverage": coverage})
    return trust_panel(audits, row, dsr, 7, 0.9).set_index("subject")


@pytest.mark.parametrize(
    ("subject", "settings", "verdict"),
    [
        ("Leaks", {}, "passed"),
        ("Calibration", {"ece": 0.03}, "passed"),
        ("Calibration", {"ece": 0.031}, "doubtful"),
        ("Calibration", {"ece": 0.08}, "doubtful"),
        ("Calibration", {"ece": 0.081}, "failed"),
        ("Calibration", {"ece": np.nan}, "doubtful"),
        ("Luck", {"dsr": 0.95}, "passed"),
        ("Luck", {"dsr": 0.949}, "doubtful"),
        ("Luck", {"dsr": 0.5}, "doubtful"),
        ("Luck", {"dsr": 0.499}, "failed"),
        ("Luck", {"dsr": np.nan}, "doubtful"),
        ("Coverage", {"coverage": 0.875}, "passed"),
        ("Coverage", {"coverage": 0.925}, "passed"),
        ("Coverage", {"coverage": 0.86}, "doubtful"),
        ("Coverage", {"coverage": 0.99}, "failed"),
        ("Coverage", {"coverage": np.nan}, "doubtful"),
    ],
)
def test_each_line_of_the_trust_panel_has_its_thresholds(subject, settings, verdict):
    panel = panel_of(**settings)
    assert panel.loc[subject, "verdict"] == verdict
    others = panel.drop(index=subject)["verdict"]
    assert (others == "passed").all()


def test_a_failed_audit_is_told_with_its_own_reason():
    broken = AUDITS.assign(passed=[True, False], reason=["fine", "3 rows share time"])
    line = panel_of(audits=broken).loc["Leaks"]
    assert line["verdict"] == "failed"
    assert line["reason"] == "3 rows share time"
    assert line["page"] == "validation"
