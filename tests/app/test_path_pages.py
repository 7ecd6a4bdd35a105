"""Pages on a run over paths, beside a run of one path in the same deployment."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from finml_core.experiments import SplitConfig
from finml_core.runs import RunStore
from tests.app.conftest import QUICK, finish
from tests.app.test_pages import words

N_PATHS = 3
CONFIG = replace(
    QUICK, name="paths", start="2010-01-01", split=SplitConfig(kind="combinatorial", n_splits=4, n_test_splits=2)
)


@pytest.fixture(scope="module")
def paths_home(finished_home, tmp_path_factory):
    """A run of an earlier version, which knew nothing of paths, and a newer combinatorial one."""
    home = tmp_path_factory.mktemp("paths") / "home"
    shutil.copytree(finished_home, home)
    metrics = next((home / "runs").glob("quick*")) / "metrics.json"
    known = json.loads(metrics.read_text(encoding="utf-8"))
    del known["n_paths"]
    metrics.write_text(json.dumps(known), encoding="utf-8")
    store = RunStore(home)
    status = finish(store, store.submit(CONFIG))
    assert status.state == "done", status
    return home


@pytest.fixture(scope="module")
def run(paths_home):
    """The combinatorial run's id."""
    return next(each.run_id for each in RunStore(paths_home).list() if each.name == "paths")


@pytest.mark.parametrize("page", ["luck", "arbitration", "runs"])  # the others that read runs are tested below
def test_a_page_opens_a_run_over_paths(page, open_at, paths_home):
    app = open_at(page, paths_home)
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) + len(app.dataframe) > 0


def test_the_worker_keeps_the_paths_and_one_trial_a_strategy(paths_home, run):
    store = RunStore(paths_home)
    assert {"paths", "path_returns"} <= set(store.tables(run))
    assert store.summary(run)["n_paths"] == N_PATHS
    assert store.predictions(run)["path"].nunique() == N_PATHS
    own = store.trials().query("run_id == @run")
    assert own["name"].is_unique
    line = store.table(run, "leaderboard").set_index("model").loc["logistic"]
    assert own.set_index("name").loc["logistic", "sharpe"] == pytest.approx(line["sharpe"], abs=1e-12)


def test_validation_shows_scores_by_path_of_the_run_and_its_own_splitter(open_at, paths_home):
    app = open_at("validation", paths_home, val_tab="Scores by path")
    assert not app.exception
    assert app.selectbox(key="val_kind").value == "combinatorial"
    assert app.slider(key="val_blocks").value == 4
    assert "deviation over 3 paths from 6 folds" in words(app)
    app.segmented_control(key="val_path_score").set_value("sharpe_annual").run()
    assert not app.exception
    assert "a year, after costs" in words(app)


def test_validation_says_that_a_run_of_one_path_has_none_to_compare(open_at, finished_home):
    app = open_at("validation", finished_home, val_tab="Scores by path")
    assert not app.exception
    assert "makes one path" in words(app)


def test_backtest_shows_the_median_path_with_the_fan_and_looking_at_others_adds_no_trial(open_at, paths_home, run):
    store = RunStore(paths_home)
    app = open_at("backtest", paths_home, bt_model="Logistic")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) >= 2
    table = store.table(run, "paths").query("model == 'logistic'").set_index("path")["sharpe_annual"]
    median = int(store.table(run, "leaderboard").set_index("model").loc["logistic", "path"])
    assert table[median] == np.median(table)
    assert f"median path {median + 1}" in words(app)
    assert f"path {median + 1}, which is shown" in words(app)
    before, dsr = len(store.trials()), app.metric[1].value
    other = next(path for path in range(N_PATHS) if path != median)
    app.selectbox(key="bt_path").set_value(f"Path {other + 1}").run()
    assert not app.exception
    assert f"path {other + 1}, which is shown" in words(app)
    assert app.metric[1].value == dsr  # that of the median path, whichever is looked at
    assert len(store.trials()) == before
    app.slider(key="bt_commission").set_value(8.5).run()
    assert len(store.trials()) == before + 1


def test_calibration_follows_the_chosen_path(open_at, paths_home, run):
    app = open_at("calibration", paths_home, cal_model="Logistic", cal_tab="By path")
    assert not app.exception
    assert "mean and deviation over 3 paths" in words(app)
    shown = {app.metric[0].value}
    for path in range(N_PATHS):
        app.selectbox(key="cal_path").set_value(f"Path {path + 1}").run()
        assert not app.exception
        assert f"of path {path + 1}." in words(app)
        shown.add(app.metric[0].value)
    assert len(shown) == N_PATHS  # the median one is one of them


@pytest.mark.parametrize("page", ["backtest", "calibration"])
def test_an_earlier_run_opens_and_offers_no_choice_of_paths(page, open_at, paths_home):
    earlier = next(each.run_id for each in RunStore(paths_home).list() if each.name == "quick")
    app = open_at(page, paths_home, run=earlier)
    assert not app.exception
    assert not app.error
    assert not [box for box in app.selectbox if box.label == "Path"]


def test_overview_states_the_mean_over_paths(open_at, paths_home):
    app = open_at("overview", paths_home)
    assert "mean and deviation over 3 paths" in words(app)


def test_models_offers_the_combinatorial_splitter_and_tells_its_fits(open_at, paths_home, monkeypatch):
    asked = []
    monkeypatch.setattr(RunStore, "submit", lambda self, config, **_: asked.append(config) or "run")
    app = open_at("models", paths_home)
    app.selectbox(key="build_split").set_value("combinatorial").run()
    app.slider(key="build_tested").set_value(3).run()
    assert "for 6 paths out of sample" in words(app)
    app.slider(key="build_folds").set_value(2).run()
    assert not app.exception
    app.slider(key="build_folds").set_value(6).run()
    app.button(key="models_train").click().run()
    assert not app.exception
    assert (asked[0].split.kind, asked[0].split.n_splits, asked[0].split.n_test_splits) == ("combinatorial", 6, 2)
