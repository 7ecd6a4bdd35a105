"""Nothing in a whole run knows the future: cutting it off changes nothing before, and shortcuts are caught by that."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from finml_core.calibration import make_calibrator
from finml_core.experiments import decide as decide_module
from finml_core.experiments import run as run_module
from finml_core.experiments import run_experiment
from finml_core.models import linear

PREDICTED = ["model", "symbol", "ts", "fold", "p_raw", "p_cal", "lower", "upper", "regime", "signal", "target_weight"]


@pytest.fixture(scope="module")
def whole(small, market):
    return run_experiment(small, market)


def block_end(result) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The last bar of the second test block, and the bar at which its last label ends."""
    end = result.tables["diagnostics"]["test_end"].iloc[1]
    tested = result.predictions.query("fold == 1 and ts <= @end")
    return end, tested["label_end"].max()


def cut_run(config, market, whole):
    """The same experiment on bars that end when the second block's last label is known."""
    return run_experiment(config, market.loc[market["ts"] <= block_end(whole)[1]])


def past(result, end, cut) -> dict[str, pd.DataFrame]:
    """All that was predicted, decided and earned up to `end`, and the regimes up to `cut`."""
    tables = result.tables

    def until(name, last):
        return tables[name].loc[tables[name]["ts"] <= last]

    return {
        "predictions": until("predictions", end)[PREDICTED].sort_values(PREDICTED[:3], ignore_index=True),
        "decisions": until("decisions", end).sort_values(["symbol", "ts"], ignore_index=True),
        "weights": until("strategy_weights", end).sort_values(["symbol", "ts", "strategy"], ignore_index=True),
        "equity": until("equity", end).sort_values(["model", "ts"], ignore_index=True),
        "costs": until("costs", end).sort_values(["model", "ts"], ignore_index=True),
        "regimes": until("regimes", cut).sort_values(["symbol", "ts"], ignore_index=True),
    }


def changed(first, second) -> set[str]:
    """Names of the tables that differ."""
    names = set()
    for name, table in first.items():
        try:
            pd.testing.assert_frame_equal(table, second[name], rtol=1e-7, atol=1e-9)
        except AssertionError:
            names.add(name)
    return names


def changed_by_the_future(config, market) -> set[str]:
    """Tables whose past differs between the whole run and the one that ends early."""
    whole = run_experiment(config, market)
    end, cut = block_end(whole)
    return changed(past(cut_run(config, market, whole), end, cut), past(whole, end, cut))


def test_cutting_off_the_future_changes_nothing_before(small, market, whole):
    part, (end, cut) = cut_run(small, market, whole), block_end(whole)
    before = past(part, end, cut)
    assert len(before["predictions"]) > 1000
    logistic = before["predictions"].query("model == 'logistic' and fold == 1")
    assert logistic["p_cal"].std() > 0.05  # a constant would be equal whatever happened
    assert (before["equity"].groupby("model").size() > 100).all()
    assert changed(before, past(whole, end, cut)) == set()


def test_a_calibrator_fitted_in_sample_is_caught(small, market, monkeypatch):
    def in_sample(rows, method, *, min_samples):
        known = rows.dropna(subset=["y_true"])
        calibrator = make_calibrator(method).fit(known["p_raw"], known["y_true"])
        return pd.Series(calibrator.transform(rows["p_raw"]), index=rows.index).where(rows["fold"] > 0)

    monkeypatch.setattr(run_module, "cross_fit_calibrate", in_sample)
    assert "predictions" in changed_by_the_future(small, market)


@pytest.mark.parametrize("bars_ahead", [1, 5])
def test_regimes_read_with_hindsight_are_caught(small, market, monkeypatch, bars_ahead):
    filtered = run_module.RuleRegimeDetector.filter

    def smoothed(self, bars):
        return filtered(self, bars).groupby(level="symbol").shift(-bars_ahead).ffill()

    monkeypatch.setattr(run_module.RuleRegimeDetector, "filter", smoothed)
    assert "regimes" in changed_by_the_future(small, market)


def test_a_scaler_fitted_on_all_rows_is_caught(small, market, monkeypatch):
    make_dataset, everything = run_module.make_dataset, []

    def remembered(config, bars, cache):
        data = make_dataset(config, bars, cache)
        everything[:] = [data.samples.X.to_numpy()]
        return data

    class ScalerOfAllRows(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            return super().fit(everything[0])

    monkeypatch.setattr(run_module, "make_dataset", remembered)
    monkeypatch.setattr(linear, "StandardScaler", ScalerOfAllRows)
    assert {"predictions", "equity"} <= changed_by_the_future(small, market)


def test_features_selected_on_all_rows_are_caught(small, market, monkeypatch):
    honest = run_module.make_dataset

    def selected(config, bars, cache):
        data = honest(config, bars, cache)
        strength = data.samples.X.corrwith(data.samples.y).abs()
        chosen = strength.nlargest(8).index.sort_values()
        samples = replace(data.samples, X=data.samples.X[chosen])
        return replace(data, features=data.features[chosen], samples=samples)

    monkeypatch.setattr(run_module, "make_dataset", selected)
    assert {"predictions", "equity"} <= changed_by_the_future(small, market)


def decided(config, market, whole, last=None) -> dict[str, pd.DataFrame]:
    """Decisions and money from the run's own predictions, on bars up to `last`."""
    last = market["ts"].max() if last is None else last
    bars = market.loc[market["ts"] <= last].reset_index(drop=True)
    predictions = whole.predictions.loc[whole.predictions["ts"] <= last]
    regimes = whole.tables["regimes"].loc[lambda table: table["ts"] <= last].set_index(["symbol", "ts"])
    made = decide_module.decide(config, bars, predictions, regimes[["regime", "confidence"]])
    money = {name: result.bars.reset_index() for name, result in made.results.items()}
    return {"decisions": made.arbitration, "weights": made.strategy_weights, **money}


def until(tables, last):
    return {name: table.loc[table["ts"] <= last].reset_index(drop=True) for name, table in tables.items()}


@pytest.mark.parametrize("place", [0.6, 0.75, 0.9])
def test_decisions_and_equity_up_to_the_last_bar_know_nothing_after_it(small, market, whole, place):
    last = market["ts"].quantile(place, interpolation="lower")  # in the middle of a block: no bar of slack
    early = decided(small, market, whole, last)
    assert early["arbitrated"]["ts"].max() == last
    assert changed(early, until(decided(small, market, whole), last)) == set()


def test_an_arbitrator_that_knows_the_next_return_is_caught(small, market, whole, monkeypatch):
    honest = decide_module._strategy_return

    def next_bar(*args):
        return honest(*args).shift(-1)

    monkeypatch.setattr(decide_module, "_strategy_return", next_bar)
    last = market["ts"].quantile(0.75, interpolation="lower")
    early = decided(small, market, whole, last)
    assert {"decisions", "weights"} <= changed(early, until(decided(small, market, whole), last))


def test_a_signal_read_one_bar_early_is_caught_in_the_equity(small, market, whole, monkeypatch):
    honest = decide_module.moving_average_cross

    def early_cross(bars, **windows):
        return honest(bars, **windows).groupby(level="symbol").shift(-1)

    monkeypatch.setattr(decide_module, "moving_average_cross", early_cross)
    stamps = np.sort(market["ts"].unique())
    caught = set()
    for place in range(600, 990, 10):  # a cross is rare: one of many last bars meets it
        last = pd.Timestamp(stamps[place])
        caught |= changed(decided(small, market, whole, last), until(decided(small, market, whole), last))
        if caught:
            break
    assert "decisions" in caught
