import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import psutil
import pytest

from finml_core.runs import status as clock
from finml_core.runs.launch import ROOT
from finml_core.runs.status import now, process_lives, read_status


def test_a_killed_worker_is_lost_and_submitting_again_goes_on_from_its_checkpoints(store, home, fake, until, wait_for):
    config = fake(n_pieces=6, pause_s=0.4)
    run_id = store.submit(config)
    wait_for(lambda: store.status(run_id).fraction > 0.3, "two pieces")
    psutil.Process(store.status(run_id).pid).kill()
    status = until(store, run_id, "lost")
    assert "ended without a word" in status.error
    assert read_status(home / "runs" / run_id).state == "lost"
    trials = store.trials()
    assert trials["state"].tolist() == ["lost", "lost"]
    assert trials["sharpe"].isna().all()

    assert store.submit(config) == run_id
    status = until(store, run_id, "done")
    assert status.attempt == 2
    assert set(store.table(run_id, "pieces")["made_now"]) <= {2, 3, 4, 5}
    assert store.table(run_id, "history")["epoch"].tolist() == [0, 1, 2, 3, 4, 5]
    assert store.trials()["state"].tolist() == ["done", "done"]
    assert not (home / "runs" / run_id / "checkpoints").exists()


def test_a_running_run_stops_when_it_is_cancelled_and_goes_on_when_submitted_again(store, fake, until, wait_for):
    config = fake(n_pieces=6, pause_s=0.3)
    run_id = store.submit(config)
    wait_for(lambda: store.status(run_id).fraction > 0.1, "a piece")
    store.cancel(run_id)
    status = until(store, run_id, "cancelled", "done")
    assert (status.state, status.error) == ("cancelled", None)
    assert store.trials()["state"].tolist() == ["cancelled", "cancelled"]
    store.cancel(run_id)
    store.submit(config)
    until(store, run_id, "done")
    assert 0 not in set(store.table(run_id, "pieces")["made_now"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_terminated_worker_leaves_a_cancelled_run(store, fake, until, wait_for):
    run_id = store.submit(fake(n_pieces=50, pause_s=0.2))
    until(store, run_id, "running")
    os.kill(store.status(run_id).pid, signal.SIGTERM)
    until(store, run_id, "cancelled")


def test_a_user_error_is_told_as_it_stands_and_its_trials_count(store, fake, until):
    run_id = store.submit(fake(fails_at=1))
    status = until(store, run_id, "failed")
    assert status.error == "no rows left: use more history."
    assert store.trials()["state"].tolist() == ["failed", "failed"]
    assert store.trials()["n_obs"].tolist() == [0, 0]
    assert store.table(run_id, "history")["epoch"].tolist() == [0]


def test_a_bug_is_told_with_its_type_and_the_log_has_the_traceback(store, fake, until):
    run_id = store.submit(fake(fails_at=0, error="bug"))
    status = until(store, run_id, "failed")
    assert "ZeroDivisionError: a bug" in status.error
    assert "Traceback" in store.log(run_id)
    assert "Traceback" not in store.log(run_id, lines=1)


def test_a_missing_snapshot_fails_the_run_without_trials(store, home, fake, until):
    (home / "snapshots" / "abc.parquet").unlink()
    status = until(store, store.submit(fake()), "failed")
    assert "abc.parquet" in status.error
    assert store.trials().empty


def test_one_run_trains_at_a_time_in_order_and_the_others_say_whom_they_wait_for(store, fake, until, wait_for):
    first = store.submit(fake(name="first", n_pieces=100, pause_s=0.5))
    second = store.submit(fake(name="second"))
    third = store.submit(fake(name="third"))
    wait_for(lambda: "2 runs ahead" in store.status(third).message, "the third to wait for two")
    wait_for(lambda: store.status(second).waits_for == first, "the second to wait for the first")
    assert f"waits for first ({first})" in store.status(second).message
    store.cancel(third)
    assert until(store, third, "cancelled", "done").state == "cancelled"
    assert until(store, first, "running", "done", "failed").state == "running"
    store.cancel(first)
    earlier, later = until(store, first, "cancelled"), until(store, second, "done")
    assert later.started >= earlier.finished
    assert later.waits_for is None
    assert len(store.trials()) == 4


def test_a_queue_goes_on_after_its_first_run_was_killed(store, fake, until):
    first = store.submit(fake(name="first", n_pieces=50, pause_s=0.5))
    until(store, first, "running")
    second = store.submit(fake(name="second"))
    psutil.Process(store.status(first).pid).kill()
    until(store, second, "done")
    assert store.status(first).state == "lost"


def test_a_worker_that_dies_before_its_first_word_is_lost_at_once(make_store, fake, until):
    from finml_core.runs.launch import launch_process

    store = make_store(launcher=lambda folder: launch_process(folder, [sys.executable, "-c", "print('oh'); exit(3)"]))
    run_id = store.submit(fake())
    assert "Its log ends: oh" in until(store, run_id, "lost").error


def test_a_second_worker_for_the_same_run_leaves_it_alone(store, home, fake, until):
    run_id = store.submit(fake(n_pieces=2, pause_s=0.2))
    until(store, run_id, "done")
    finished = store.status(run_id).finished
    command = [sys.executable, "-m", "finml_core.runs.worker", str(home / "runs" / run_id)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nothing to do" in ended.stdout
    assert store.status(run_id).finished == finished


def test_a_number_that_belongs_to_another_process_by_now_is_no_sign_of_life(store, home, fake):
    run_id = store.submit(fake(), launch=False)
    path = home / "runs" / run_id / "status.json"
    mine = psutil.Process()
    known = json.loads(path.read_text())
    late = (now() - timedelta(seconds=20)).isoformat()
    known |= {"state": "running", "launched": late, "heartbeat": late, "pid": mine.pid}
    known |= {"host": clock.platform.node(), "pid_started": mine.create_time()}
    path.write_text(json.dumps(known))
    assert store.status(run_id).state == "running"
    path.write_text(json.dumps(known | {"pid_started": mine.create_time() - 500}))
    assert store.status(run_id).state == "lost"


@pytest.mark.parametrize("host", ["here", "elsewhere"])
def test_an_old_heartbeat_reads_as_lost(store, home, fake, host):
    run_id = store.submit(fake(), launch=False)
    path = home / "runs" / run_id / "status.json"
    mine = psutil.Process()
    known = json.loads(path.read_text())
    late = (now() - timedelta(seconds=clock.STALE_S + 5)).isoformat()
    known |= {"state": "running", "launched": late, "heartbeat": late, "pid": mine.pid}
    known |= {"host": clock.platform.node() if host == "here" else host, "pid_started": mine.create_time()}
    path.write_text(json.dumps(known))
    assert store.status(run_id).state == "lost"
    lives = process_lives(read_status(home / "runs" / run_id))
    assert lives == (host == "here")
    path.write_text(json.dumps(known | {"heartbeat": now().isoformat()}))
    assert store.status(run_id).state == "running"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
def test_submitting_a_frozen_run_again_ends_the_frozen_worker(store, home, fake, until, monkeypatch):
    monkeypatch.setattr(clock, "STALE_S", 1.5)
    config = fake(n_pieces=3, pause_s=0.4)
    run_id = store.submit(config)
    frozen = until(store, run_id, "running").pid
    os.kill(frozen, signal.SIGSTOP)
    assert "no sign of life" in until(store, run_id, "lost").error
    store.submit(config)
    assert until(store, run_id, "done").pid != frozen
    assert not psutil.pid_exists(frozen) or psutil.Process(frozen).status() == psutil.STATUS_ZOMBIE


def test_no_zombie_stays_behind(store, fake, until, wait_for):
    run_id = store.submit(fake())
    pid = until(store, run_id, "done").pid

    def is_gone():
        store.list()
        return not psutil.pid_exists(pid)

    wait_for(is_gone, "the process to be taken leave of")
