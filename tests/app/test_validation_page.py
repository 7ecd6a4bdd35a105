"""Validation, from its own file: what it asks of a finished run, and what it says of a split."""

import shutil
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.experiments import study_of
from finml_core.runs import RunStore, StudyStore
from pages._ui.run_studies import corrected
from tests.app.test_pages import words


@pytest.fixture
def own_home(finished_home, tmp_path):
    """A copy of the deployment, whose ledger and studies nobody else touches."""
    return shutil.copytree(finished_home, tmp_path / "home")


def alts(app) -> list[str]:
    return [chart.proto.alt for chart in app.get("vega_lite_chart")]


def wait(app, key: str, limit_s: float = 120.0):
    """Run the page until the study behind this button is done."""
    end = time.monotonic() + limit_s
    app.button(key=key).click().run()
    while any(button.key and button.key.startswith("study_cancel") for button in app.button):
        assert time.monotonic() < end, "the study takes too long"
        time.sleep(0.5)
        app.run()
    return app


def test_a_learning_curve_is_started_watched_drawn_and_counted(open_at, own_home):
    app = open_at("validation", own_home, val_tab="Learning curve")
    assert not app.exception
    assert "About 36 fits" in words(app)
    before = len(RunStore(own_home).trials())
    app = wait(app, "study_learning_curve")
    assert not app.exception
    assert not app.error
    assert "AUC of Logistic against the length of its training history" in alts(app)
    assert "90\u202f% over 6 tests" in words(app)
    assert len(RunStore(own_home).trials()) == before + 6
    again = open_at("validation", own_home, val_tab="Learning curve")  # another reader finds it
    assert "AUC of Logistic against the length of its training history" in alts(again)
    assert len(RunStore(own_home).trials()) == before + 6


def test_an_ablation_is_started_drawn_and_corrected_as_asked(open_at, own_home):
    app = open_at("validation", own_home, val_tab="Ablation")
    assert "What does the skill rest on?" in words(app)
    app = wait(app, "study_families")
    assert not app.exception
    assert not app.error
    assert any(alt.startswith("AUC lost without each of") for alt in alts(app))
    assert "after Benjamini-Hochberg" in words(app)
    bonferroni = app.selectbox(key="val_correction").set_value("bonferroni").run()
    assert "after Bonferroni" in words(bonferroni)
    run = RunStore(own_home).list()[0].run_id
    config = RunStore(own_home).config(run)
    study = StudyStore(RunStore(own_home)).find(study_of(run, config, "families", "logistic"))
    table = StudyStore(RunStore(own_home)).table(study.run_id, "ablation")
    ours = corrected(table, "bonferroni")
    np.testing.assert_allclose(ours["p_corrected"], np.minimum(table["p_value"] * len(table), 1))


def test_a_study_that_failed_says_why_and_can_be_asked_again(open_at, own_home, monkeypatch):
    from finml_core.runs import status as statuses

    store = RunStore(own_home)
    run = store.list()[0].run_id
    studies = StudyStore(store, launcher=lambda folder: None)
    study_id = studies.submit(study_of(run, store.config(run), "learning_curve", "logistic"))
    folder = own_home / "studies" / study_id
    queued = statuses.read_status(folder)
    statuses.write_status(folder, replace(queued, state="failed", finished=queued.created, error="no room left."))
    app = open_at("validation", own_home, val_tab="Learning curve")
    assert not app.exception
    assert "It failed. no room left." in words(app)
    assert app.button(key="study_learning_curve")


def test_one_seed_says_so_where_no_model_draws(open_at, finished_home):
    app = open_at("validation", finished_home, val_tab="Seeds")
    assert not app.exception
    assert "another seed would make the same model" in words(app)


def test_the_noise_twin_is_offered_here_too(open_at, finished_home):
    app = open_at("validation", finished_home, val_tab="Noise twin")
    assert not app.exception
    assert app.button(key="val_audit").label == "Audit this run"


def test_the_audit_draws_the_drift_between_training_and_test(open_at, finished_home):
    app = open_at("validation", finished_home, val_tab="Splitters compared")
    assert not app.exception
    assert "Mean outcome in training and in the test of each fold of This split" in alts(app)
    assert "the largest drift of 4 folds" in words(app)
    foreign = open_at("validation", finished_home, val_tab="Splitters compared", val_splitter="K-fold, shuffled")
    assert not foreign.exception
    assert "Mean outcome in training and in the test of each fold of K-fold, shuffled" in alts(foreign)


def test_several_seeds_are_drawn_by_model_and_fold(open_at, own_home):
    """The run's tables, as a run with three seeds of a model that draws leaves them."""
    store = RunStore(own_home)
    run = store.list()[0]
    folder = own_home / "runs" / run.run_id
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    (folder / "config.yaml").write_text(
        text.replace("n_seeds: 1", "n_seeds: 3").replace("- logistic\n", "- logistic\n- lightgbm\n", 1),
        encoding="utf-8",
    )
    seeds = pd.read_parquet(folder / "seeds.parquet")
    own = seeds.loc[seeds["model"] == "logistic"]
    drawn = [own.assign(model="lightgbm", seed=seed, auc=own["auc"] + 0.01 * seed) for seed in range(3)]
    pd.concat([seeds, *drawn], ignore_index=True).to_parquet(folder / "seeds.parquet")
    app = open_at("validation", own_home, val_tab="Seeds")
    assert not app.exception
    assert "AUC of each seed in each fold of 1 model" in alts(app)
    assert "± 0.010 over 3 seeds" in words(app)
