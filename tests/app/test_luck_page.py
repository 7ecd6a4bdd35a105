"""Luck, from its own file: one trial, trials without a score, trials whose run is gone."""

import shutil

import numpy as np
import pandas as pd
import pytest

from finml_core.experiments import Trial
from finml_core.runs import RunStore
from tests.app.test_pages import words


def trial(name: str, seed: int | None) -> Trial:
    """A trial over two years of noise; one without returns where no seed is given."""
    stamps = pd.bdate_range("2010-01-01", periods=500)
    returns = None if seed is None else pd.Series(np.random.default_rng(seed).normal(0.001, 0.01, 500), index=stamps)
    return Trial(name=name, kind="backtest", identity={"name": name}, returns=returns, periods_per_year=252.0)


def headlines(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_with_one_trial_dsr_is_psr_and_the_page_says_so(open_at, tmp_path):
    RunStore(tmp_path).record_trial(trial("only", 0))
    app = open_at("luck", tmp_path)
    assert not app.exception
    assert headlines(app)["Trials"] == "1"
    assert "DSR is the same as PSR" in words(app)
    assert "needs two comparable trials" in words(app)


def test_trials_without_a_score_count_and_nothing_breaks(open_at, tmp_path):
    store = RunStore(tmp_path)
    store.ledger.record(trial("failed", None), state="failed")
    app = open_at("luck", tmp_path)
    assert not app.exception
    assert "none with a Sharpe ratio" in words(app)
    store.record_trial(trial("first", 1))
    app = open_at("luck", tmp_path)
    assert not app.exception
    assert headlines(app)["Trials"] == "2"
    assert headlines(app)["Survivors"].endswith(" of 2")


TABS = {
    "Trials": "6 shown of 6 that count",
    "Overfitting": "divisions of history",
    "Reality check": "Hansen's SPA",
    "Effective number": "of like returns",
    "Noise twin": "An audit belongs to a finished run",
    "What counts": "deleting a run keeps",
}


@pytest.mark.parametrize("tab", TABS)
def test_trials_whose_runs_are_gone_can_still_be_judged(open_at, tmp_path, tab):
    store = RunStore(tmp_path)
    for seed in range(6):
        store.record_trial(trial(f"t{seed}", seed))
    app = open_at("luck", tmp_path, luck_tab=tab)
    assert not app.exception
    assert not app.error
    assert headlines(app)["Trials"] == "6"
    assert headlines(app)["PBO"] != "—"
    assert TABS[tab] in words(app)


def test_a_model_of_the_run_can_be_judged_instead(open_at, finished_home, tmp_path):
    home = shutil.copytree(finished_home, tmp_path / "home")
    app = open_at("luck", home, luck_judge="Logistic")
    assert not app.exception
    assert app.selectbox(key="luck_judge").value == "logistic"
    assert "Judged: Logistic" in words(app)
