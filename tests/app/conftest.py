"""Three deployments to open pages on: empty, with a finished run, with a broken run folder."""

import shutil
import time
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from finml_core.bars import BarStore, prepare_store
from finml_core.experiments import ExperimentConfig, SplitConfig
from finml_core.models import ModelType
from finml_core.runs import RunStore

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "overview", "market_data", "features", "validation", "models",
    "calibration", "luck", "regimes", "arbitration", "backtest", "runs",
)  # fmt: skip
QUICK = ExperimentConfig(
    name="quick",
    symbols=("AAPL", "MSFT"),
    split=SplitConfig(n_splits=4),
    models=(ModelType.NAIVE, ModelType.LOGISTIC),
)


def finish(store: RunStore, run_id: str, limit_s: float = 280.0):
    """Wait for a run's end."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        status = store.status(run_id)
        if status.state not in ("queued", "running"):
            return status
        time.sleep(0.2)
    raise AssertionError(f"run {run_id} did not end in {limit_s} s: {store.status(run_id)}")


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory) -> Path:
    """Bundled bars and one finished run."""
    home = tmp_path_factory.mktemp("finished")
    prepare_store(BarStore(home / "market.duckdb"))
    store = RunStore(home)
    status = finish(store, store.submit(QUICK))
    assert status.state == "done", status
    return home


@pytest.fixture(scope="session")
def broken_home(finished_home, tmp_path_factory) -> Path:
    """The same with the run's status unreadable and a table torn."""
    home = tmp_path_factory.mktemp("broken") / "home"
    shutil.copytree(finished_home, home)
    run = next((home / "runs").glob("quick*"))
    (run / "status.json").write_text("{garbage", encoding="utf-8")
    (run / "leaderboard.parquet").write_bytes(b"torn")
    return home


@pytest.fixture
def open_at(monkeypatch):
    """Open a page on a deployment; everything cached of another one is forgotten."""

    def run(page: str, home: Path, **query: str) -> AppTest:
        from pages._ui import load

        monkeypatch.setenv("FINML_HOME", str(home))
        st.cache_data.clear()
        load.bar_store.cache_clear()
        load.run_store.cache_clear()
        app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=240)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return run
