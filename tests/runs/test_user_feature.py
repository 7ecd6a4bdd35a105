"""A user's feature in a process of its own: judged, limited, and never able to reach the store."""

import os
import time

import psutil
import pytest

from finml_core.bars import BarStore
from finml_core.errors import ConfigError, DataError
from finml_core.runs import UserCodeError, audit_user_feature, bars_for_audit
from tests.conftest import random_bars

CAUSAL = """
def feature(bars):
    return bars.groupby("symbol")["close"].pct_change(5).rename("change")
"""


@pytest.fixture(scope="module")
def bars():
    return random_bars(2, 200)


def failure(source, bars, **limits):
    with pytest.raises(UserCodeError) as caught:
        audit_user_feature(source, bars, **limits)
    return str(caught.value)


def test_a_causal_feature_passes(bars):
    table = audit_user_feature(CAUSAL, bars, n_cuts=2)
    assert table["verdict"].tolist() == ["passed"]
    assert table["feature"].tolist() == ["change"]
    assert table["forgets_after"].tolist() == [5]


def test_a_feature_from_the_future_is_named_with_its_first_bar(bars):
    source = """
def feature(bars):
    close = bars.groupby("symbol")["close"]
    return close.shift(-3) / bars["close"] - 1
"""
    row = audit_user_feature(source, bars, n_cuts=1).iloc[0]
    assert row["verdict"] == "failed"
    assert row["failed_tests"] == "truncation, append"
    assert row["first_symbol"] == "S0"
    assert row["first_offence"] == bars["ts"].unique()[64]  # the last known one is 66: three bars before 67
    assert row["max_difference"] == float("inf")


def test_a_declared_warm_up_is_held_to(bars):
    source = "WARM_UP = 2\n" + CAUSAL
    assert audit_user_feature(source, bars, n_cuts=1)["verdict"].tolist() == ["doubtful"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def feature(bars):\n    return bars[\n", ("no valid Python", "line 2")),
        ("x = 1", ("defines no function `feature(bars)`", "one row a bar out")),
        ("def feature(bars):\n    return bars['price']\n", ("failed in line 2", "KeyError", "price")),
        (
            "def feature(bars):\n    return bars['close'].to_numpy()[:7]\n",
            (r"shape (7,) for 400 bars", "one row a bar"),
        ),
        ("def feature(bars):\n    return bars['symbol']\n", ("must be numbers",)),
        ("import sys\nsys.exit(0)\n", ("no result", "call exit")),
        ("import os\ndef feature(bars):\n    os.abort()\n", ("crashed", "SIGABRT")),
    ],
    ids=["syntax", "no function", "error", "shape", "text", "exit", "crash"],
)
def test_code_that_does_not_work_is_explained(bars, source, words):
    told = failure(source, bars)
    for word in words:
        assert word in told


def test_too_much_memory_is_explained(bars):
    source = "import numpy as np\ndef feature(bars):\n    return np.ones(2**33)\n"
    assert "needs more than the 1500 MB" in failure(source, bars, memory_mb=1500)


def test_what_takes_too_long_is_ended_with_all_that_it_started(bars, tmp_path):
    note = tmp_path / "child"
    source = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
open({str(note)!r}, "w").write(str(child.pid))
time.sleep(60)
"""
    begin = time.monotonic()
    assert "did not end within 4 s" in failure(source, bars, timeout_s=4)
    assert time.monotonic() - begin < 15
    child = int(note.read_text())
    end = time.monotonic() + 5
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_process_sees_neither_environment_nor_store_nor_folder(bars, tmp_path, monkeypatch):
    monkeypatch.setenv("FINML_HOME", str(tmp_path))
    monkeypatch.setenv("A_SECRET", "42")
    store = BarStore(tmp_path / "market.duckdb")
    store.ingest(bars)
    source = """
import os, resource
assert not {"FINML_HOME", "A_SECRET"} & set(os.environ), sorted(os.environ)
assert sorted(os.listdir(".")) == ["bars.parquet", "feature.py", "output.txt"], os.listdir(".")
opened = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
targets = [os.readlink(path) for path in opened if os.path.exists(path)]
assert not any("duckdb" in target for target in targets), targets
assert resource.getrlimit(resource.RLIMIT_AS)[0] == 2**31
def feature(bars):
    return bars["close"]
"""
    with (tmp_path / "market.duckdb").open("rb"):
        assert audit_user_feature(source, bars, n_cuts=1)["passed"].all()
    assert "A_SECRET" in os.environ


def test_a_file_that_is_too_large_to_write_fails(bars):
    source = """
def feature(bars):
    with open("large", "wb") as file:
        for _ in range(80):
            file.write(bytes(2**20))
    return bars["close"]
"""
    assert "OSError" in failure(source, bars)


def test_mistakes_are_named(bars):
    with pytest.raises(ConfigError, match=r"timeout_s is 0\.1"):
        audit_user_feature(CAUSAL, bars, timeout_s=0.1)
    with pytest.raises(ConfigError, match="memory_mb is 100"):
        audit_user_feature(CAUSAL, bars, memory_mb=100)
    with pytest.raises(DataError, match="1 to 60,000 bars, not 0"):
        audit_user_feature(CAUSAL, bars[:0])
    assert "at most 200,000" in failure("#" * 300_000, bars)


def test_the_last_bars_of_each_symbol_are_audited(bars):
    part = bars_for_audit(bars, most=100)
    assert part.groupby("symbol").size().tolist() == [50, 50]
    assert part["ts"].max() == bars["ts"].max()
