"""A store whose workers are real processes with a small experiment inside."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest

from finml_core.runs import RunStore
from finml_core.runs.launch import launch_process

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


@dataclass(frozen=True, kw_only=True)
class FakeConfig:
    """What the experiment of fake_worker.py should do."""

    name: str = "quick"
    n_pieces: int = 3
    pause_s: float = 0.0  # for each piece
    fails_at: int | None = None  # a piece
    error: str = "data"
    n_trials: int = 2

    def to_yaml(self) -> str:
        return json.dumps(asdict(self))


def _launch_fake(folder: Path) -> None:
    launch_process(folder, [sys.executable, str(FAKE_WORKER), str(folder)])


def _wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"still waiting: {what}")
        time.sleep(0.05)


@pytest.fixture
def fake():
    """How to make a configuration: fake(name=..., n_pieces=...)."""
    return FakeConfig


@pytest.fixture
def home(tmp_path):
    """An empty FINML_HOME with one snapshot of bars."""
    home = tmp_path / "home"
    (home / "snapshots").mkdir(parents=True)
    pd.DataFrame({"close": [1.0, 2.0]}).to_parquet(home / "snapshots" / "abc.parquet")
    return home


@pytest.fixture
def make_store(home):
    """Stores on the same home; workers that are left are ended after the test."""

    def make(launcher=_launch_fake, code_version="1"):
        return RunStore(home, launcher=launcher, take_snapshot=lambda config: "abc", code_version=code_version)

    yield make
    for status in make().list():
        if status.pid not in (None, os.getpid()) and status.state in ("queued", "running"):
            psutil.Process(status.pid).kill()


@pytest.fixture
def store(make_store):
    return make_store()


@pytest.fixture
def until():
    """until(store, run_id, *states): wait for a state, give the status."""

    def wait(store, run_id, *states, timeout_s=30.0):
        try:
            _wait_for(lambda: store.status(run_id).state in states, f"{run_id} to be {states}", timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {store.status(run_id)}\n{store.log(run_id)}") from error
        return store.status(run_id)

    return wait


@pytest.fixture
def wait_for():
    return _wait_for


@pytest.fixture
def make_trial():
    """make_trial("a", sharpe=...): a trial whose returns have that Sharpe ratio per period."""

    def make(trial_id, *, sharpe=0.1, n_obs=100, periods_per_year=252.0, returns="made"):
        noise = np.random.default_rng(0).normal(size=n_obs)
        noise = (noise - noise.mean()) / noise.std(ddof=1)
        made = pd.Series(0.01 * (noise + sharpe), index=pd.bdate_range("2020-01-01", periods=n_obs))
        return SimpleNamespace(
            trial_id=trial_id,
            name=f"trial {trial_id}",
            kind="model",
            identity={"id": trial_id},
            returns=made if isinstance(returns, str) else returns,
            periods_per_year=periods_per_year,
        )

    return make
