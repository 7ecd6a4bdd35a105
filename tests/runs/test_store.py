import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from finml_core.errors import RunError, StoreError
from finml_core.runs import Annotation, RunStore
from finml_core.runs.launch import ROOT
from finml_core.runs.store import make_run_id


def test_a_run_ends_with_its_tables_numbers_and_trials(store, fake, until):
    run_id = store.submit(fake(name="My First Run!"))
    status = until(store, run_id, "done", "failed")
    assert run_id.startswith("my-first-run-")
    assert (status.state, status.fraction, status.error, status.name) == ("done", 1.0, None, "My First Run!")
    assert status.created <= status.started <= status.finished
    assert store.tables(run_id) == ("bars", "history", "leaderboard", "pieces", "predictions", "usage")
    assert store.predictions(run_id)["run_id"].unique().tolist() == [run_id]
    assert store.table(run_id, "bars")["close"].tolist() == [1.0, 2.0]
    assert store.table(run_id, "history")["epoch"].tolist() == [0, 1, 2]
    assert store.summary(run_id) == {"periods_per_year": 252.0, "best": None}
    trials = store.trials()
    assert trials["state"].tolist() == ["done", "done"]
    assert trials["run_id"].unique().tolist() == [run_id]
    board = store.metrics()
    assert board["run_id"].tolist() == [run_id, run_id]
    assert board["run"].tolist() == ["My First Run!"] * 2
    luck = store.luck(run_id)
    assert luck["n_trials"].tolist() == [2, 2]
    assert 0 < luck["dsr"].iloc[0] < 1
    assert pd.isna(luck["dsr"].iloc[1])


def test_the_same_configuration_on_the_same_bars_is_the_same_run(store, make_store, fake, until):
    first = store.submit(fake(pause_s=0.1))
    assert store.submit(fake(pause_s=0.1)) == first
    until(store, first, "done")
    assert make_store().submit(fake(pause_s=0.1)) == first
    assert store.status(first).attempt == 1
    assert [status.run_id for status in store.list()] == [first]
    assert make_run_id("quick", "other", "abc", "1") != first
    assert make_store(code_version="2").submit(fake(pause_s=0.1)) != first


def test_many_who_submit_at_the_same_moment_share_one_worker(make_store, fake):
    launched = []
    stores = [make_store(launcher=launched.append) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        run_ids = set(pool.map(lambda store: store.submit(fake()), stores))
    assert len(run_ids) == len(launched) == 1


def test_a_home_that_cannot_be_written_is_named(tmp_path, make_store, fake):
    (tmp_path / "file").write_text("in the way")
    store = RunStore(tmp_path / "file", take_snapshot=lambda config: "abc", code_version="1")
    assert store.list() == []
    with pytest.raises(StoreError, match="folder of runs cannot be made"):
        store.submit(fake())


def test_the_package_loads_no_heavy_library():
    code = (
        "import finml_core.runs, sys; print({'streamlit', 'torch', 'lightgbm', 'duckdb', 'altair'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


def test_a_run_submitted_without_a_worker_waits_until_somebody_gives_it_one(store, fake, until):
    run_id = store.submit(fake(), launch=False)
    assert store.status(run_id).state == "queued"
    assert store.submit(fake(), launch=False) == run_id
    assert store.submit(fake()) == run_id
    until(store, run_id, "done")


def test_a_worker_that_cannot_be_started_fails_the_run_and_says_so(make_store, fake, until):
    def refuse(folder):
        raise RunError("the worker could not be started: no memory.")

    store = make_store(launcher=refuse)
    with pytest.raises(RunError, match="no memory"):
        store.submit(fake())
    (status,) = store.list()
    assert status.state == "failed"
    assert "no memory" in status.error
    until(make_store(), make_store().submit(fake()), "done")


@pytest.mark.parametrize(
    "text", ["", "{ garbage", "[]", '{"state": "sleeping"}', '{"state": "done", "created": 5}', "{}"]
)
def test_a_broken_status_is_listed_as_failed_with_what_is_broken(store, home, fake, text):
    run_id = store.submit(fake(), launch=False)
    (home / "runs" / run_id / "status.json").write_text(text)
    (status,) = store.list()
    assert status.state == "failed"
    assert "status.json" in status.error
    with pytest.raises(RunError, match="is failed and left no table"):
        store.table(run_id, "leaderboard")
    store.submit(fake(), launch=False)
    assert store.status(run_id).state == "queued"


def test_folders_and_files_that_are_no_runs_break_nothing(store, home, fake, until):
    run_id = store.submit(fake())
    until(store, run_id, "done")
    (home / "runs" / "empty").mkdir()
    (home / "runs" / "stray.txt").write_text("hello")
    (home / "runs" / run_id / "leaderboard.parquet").write_bytes(b"PAR1 broken")
    assert {status.run_id: status.state for status in store.list()} == {run_id: "done", "empty": "failed"}
    assert store.metrics().empty
    with pytest.raises(RunError, match=r"leaderboard.parquet of run .* is broken"):
        store.table(run_id, "leaderboard")
    with pytest.raises(RunError, match="has no table 'equity'; its tables are: bars, history"):
        store.table(run_id, "equity")
    with pytest.raises(RunError, match="has no table"):
        store.table(run_id, "../empty")
    store.delete("empty")
    assert len(store.list()) == 1


@pytest.mark.parametrize("run_id", ["nothing", "../runs", "", ".store.lock"])
def test_a_run_that_does_not_exist_is_named(store, run_id):
    with pytest.raises(RunError, match="there is no run"):
        store.status(run_id)


def test_a_run_at_work_is_not_deleted_and_an_ended_one_leaves_its_trials(store, fake, until):
    run_id = store.submit(fake(pause_s=0.3))
    with pytest.raises(RunError, match="cancel it before"):
        store.delete(run_id)
    with pytest.raises(RunError, match="is not there yet"):
        store.predictions(run_id)
    until(store, run_id, "done")
    store.delete(run_id)
    assert store.list() == []
    assert len(store.trials()) == 2
    again = store.submit(fake(pause_s=0.3))
    until(store, again, "done")
    assert len(store.trials()) == 2


def test_tags_and_notes_are_kept_beside_the_run(store, home, fake):
    run_id = store.submit(fake(), launch=False)
    assert store.annotation(run_id) == Annotation()
    store.annotate(run_id, tags=("b", " a ", "a", ""), note="look again")
    assert store.annotation(run_id) == Annotation(tags=("a", "b"), note="look again")
    (home / "runs" / run_id / "notes.json").write_text("garbage")
    assert store.annotation(run_id) == Annotation()


def test_an_empty_home_has_no_runs_and_makes_no_folder(home, store):
    assert store.list() == []
    assert store.metrics().empty
    assert store.trials().empty
    assert sorted(path.name for path in home.iterdir()) == ["snapshots"]


def test_a_status_of_a_later_version_is_still_read(store, home, fake):
    run_id = store.submit(fake(), launch=False)
    path = home / "runs" / run_id / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mood": "good"}))
    assert store.status(run_id).state == "queued"


def test_a_runs_documents_are_read_by_name(store, fake, until):
    run_id = store.submit(fake())
    until(store, run_id, "done")
    assert store.document(run_id, "certificate") == {"verdict": "passed", "checks": [{"value": None}]}
    with pytest.raises(RunError, match=r"has no nothing\.json"):
        store.document(run_id, "nothing")
    with pytest.raises(RunError, match="has no document"):
        store.document(run_id, "../status")
