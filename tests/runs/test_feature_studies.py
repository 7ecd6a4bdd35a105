"""Studies of features on disk: computed once, found by everybody, made anew where anything changed or broke."""

import os
import time
from dataclasses import replace

import pandas as pd
import pytest

from finml_core.bars import BarStore
from finml_core.errors import RunError
from finml_core.experiments import ExperimentConfig
from finml_core.experiments.feature_choice import choose_features
from finml_core.experiments.feature_study import feature_values, lay_out, study_features
from finml_core.features import FeatureCache, FeatureConfig, FeatureEngineer
from finml_core.runs import feature_studies as module
from finml_core.runs import study_jobs, study_store
from finml_core.runs.feature_studies import StudyOrder, choice_piece, compute, load_choice, load_study, studies
from finml_core.runs.home import DEFAULT_EXPERIMENT
from finml_core.runs.study_store import Kept, StudyStore, study_name

SMALL = ExperimentConfig(name="small", symbols=("S0",), features=FeatureConfig(families=("price",)))
TABLE = Kept(frames={"one": pd.DataFrame({"a": [1.0, 2.0]})}, facts={"n": 2})


@pytest.fixture
def world(panel):
    return lay_out(panel)


@pytest.fixture
def order(tmp_path, panel, world, monkeypatch):
    """An order for the board of a home that holds the panel, by a small experiment."""
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.to_yaml(), encoding="utf-8")
    monkeypatch.setattr(module, "DEFAULT_EXPERIMENT", file)
    return StudyOrder(
        home=str(tmp_path),
        symbols=tuple(world.rows),
        start=None,
        end=None,
        piece=module.BOARD,
        name=study_name(world.content, SMALL, module.BOARD),
    )


def test_a_study_is_found_until_it_is_too_old(tmp_path):
    store = StudyStore(tmp_path / "studies", most_kept=2)
    assert store.load("a") is None
    for name in ("a", "b"):
        store.save(name, TABLE)
    os.utime(store.folder / "b", (1, 1))
    store.save("c", TABLE)
    assert store.load("b") is None
    for name in ("a", "c"):
        found = store.load(name)
        pd.testing.assert_frame_equal(found.frames["one"], TABLE.frames["one"])
        assert found.facts == {"n": 2}
    assert sorted(path.name for path in store.folder.iterdir()) == ["a", "c"]


@pytest.mark.parametrize("file", ["one.parquet", "facts.json"])
def test_a_broken_study_counts_as_absent_and_is_replaced(tmp_path, file):
    store = StudyStore(tmp_path / "studies")
    store.save("a", TABLE)
    (store.folder / "a" / file).write_bytes(b"torn")
    assert store.load("a") is None
    store.save("a", TABLE)
    pd.testing.assert_frame_equal(store.load("a").frames["one"], TABLE.frames["one"])


def test_what_was_never_finished_is_cleared_away(tmp_path):
    store = StudyStore(tmp_path / "studies")
    for name, age in ((".old", 7200), (".new", 0)):
        (store.folder / name).mkdir(parents=True)
        os.utime(store.folder / name, (time.time() - age, time.time() - age))
    store.save("a", TABLE)
    assert sorted(path.name for path in store.folder.iterdir()) == [".new", "a"]


def test_other_bars_settings_or_code_have_another_name(monkeypatch):
    names = {
        study_name("bars", SMALL, "board"),
        study_name("other bars", SMALL, "board"),
        study_name("bars", SMALL, choice_piece("f_test", 5)),
        study_name("bars", SMALL, choice_piece("f_test", 10)),
        study_name("bars", replace(SMALL, features=FeatureConfig(families=("trend",))), "board"),
        study_name("bars", replace(SMALL, split=replace(SMALL.split, n_splits=3)), "board"),
    }
    monkeypatch.setattr(study_store, "_code_version", lambda: "a later one")
    names.add(study_name("bars", SMALL, "board"))
    assert len(names) == 7
    assert study_name("bars", replace(SMALL, name="renamed"), "board") in names


def test_what_is_computed_once_is_found_the_second_time(order, tmp_path, world, monkeypatch):
    compute(order)
    found = load_study(studies(tmp_path), SMALL, world)
    fresh = study_features(SMALL.features, world, FeatureCache(tmp_path / "other"))
    for table in ("board", "sample", "unit_roots", "audit"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(fresh, table), check_freq=False)
    assert found.left_out == fresh.left_out
    monkeypatch.setattr(module, "study_features", None)
    compute(order)
    compute(replace(order, piece=choice_piece("f_test", 5)))
    choice = load_choice(studies(tmp_path), SMALL, world, "f_test", 5)
    again = choose_features(world, fresh.sample, SMALL.split, "f_test", 5)
    assert (choice.left_out, choice.n_rows, list(choice.folds)) == (again.left_out, again.n_rows, list(again.folds))
    for fold, table in choice.folds.items():
        pd.testing.assert_frame_equal(table, again.folds[fold], check_dtype=False)
    monkeypatch.setattr(module, "choose_features", None)
    compute(replace(order, piece=choice_piece("f_test", 5)))


def test_changed_bars_are_studied_anew(order, tmp_path, panel):
    compute(order)
    changed = panel.copy()
    changed.loc[changed.index[-1], "volume"] += 1.0
    assert load_study(studies(tmp_path), SMALL, lay_out(panel)) is not None
    assert load_study(studies(tmp_path), SMALL, lay_out(changed)) is None


def test_one_feature_is_read_as_the_study_left_it(tmp_path, world, monkeypatch):
    cache = FeatureCache(tmp_path)
    fresh = feature_values(SMALL.features, world, cache, "log_return_5")
    study_features(SMALL.features, world, cache)
    whole = FeatureEngineer(SMALL.features).fit(world.bars).transform(world.bars)
    monkeypatch.setattr("finml_core.features.feature.Feature.compute", None)
    kept = feature_values(SMALL.features, world, cache, "log_return_5")
    for values in (fresh, kept):
        pd.testing.assert_series_equal(pd.Series(values, index=whole.index, name="log_return_5"), whole["log_return_5"])


def test_a_process_computes_it_while_others_watch(order, tmp_path, world, wait_for):
    """The process knows only the default experiment; its study is found under that one's name."""
    default = ExperimentConfig.from_yaml(DEFAULT_EXPERIMENT)
    order = replace(order, name=study_name(world.content, default, module.BOARD))
    seen = []

    def done() -> bool:
        seen.append(study_jobs.watch(order))
        return seen[-1] is None

    wait_for(done, "the study", timeout_s=300)
    assert seen[0].message
    assert all(0 <= working.fraction <= 1 for working in seen[:-1])
    found = load_study(studies(tmp_path), default, world)
    assert found.board["name"].nunique() > 100
    left = sorted(path.name for path in studies(tmp_path).folder.iterdir() if not path.name.startswith("."))
    assert left == [order.name]


def test_what_cannot_be_studied_is_told_and_may_be_tried_again(order, wait_for):
    order = replace(order, symbols=("NOBODY",), name="nobody-board")

    def failed() -> bool:
        try:
            study_jobs.watch(order)
        except RunError:
            return True
        return False

    wait_for(failed, "the message", timeout_s=120)
    with pytest.raises(RunError, match="no bars to study"):
        study_jobs.watch(order)
    study_jobs.forget(order.name)
    assert study_jobs.watch(order) is not None
    study_jobs.cancel(order.name)
    with pytest.raises(RunError, match="cancelled"):
        study_jobs.watch(order)
