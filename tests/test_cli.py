"""FinML from the command line, in processes of its own: exit codes, one line of error, nothing changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from finml_core.bars import BarStore
from tests.conftest import random_bars

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def finml(home):
    """Run `python -m finml_core ...` on a home of this test."""

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "finml_core", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "FINML_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return call


@pytest.fixture
def bars():
    return random_bars(2, 500)


def refused(done, *words):
    """Exit code 2 and one line that names what is wrong."""
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert all(word in lines[0] for word in words), lines[0]
    return True


def test_a_file_of_bars_is_checked_dry_then_stored(finml, home, bars, tmp_path):
    file = tmp_path / "bars.csv"
    bars.to_csv(file, index=False)
    dry = finml("ingest", file, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "nothing stored" in dry.stdout
    assert not (home / "market.duckdb").exists()
    done = finml("ingest", file)
    assert done.returncode == 0, done.stderr
    assert "1000 inserted" in done.stdout
    assert BarStore(home / "market.duckdb").symbols() == ["S0", "S1"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda bars: bars.drop(columns="close"), ("bad.csv", "no column for close")),
        (lambda bars: bars.head(0), ("bad.csv", "0 rows")),
        (lambda bars: bars.assign(close="n/a"), ("bad.csv", "no usable row")),
    ],
    ids=["missing column", "0 rows", "no usable row"],
)
def test_a_file_without_bars_is_refused_and_nothing_is_made(finml, home, bars, tmp_path, change, words):
    file = tmp_path / "bad.csv"
    change(bars).to_csv(file, index=False)
    assert refused(finml("ingest", file), *words)
    assert not (home / "market.duckdb").exists()


def test_what_a_file_does_not_say_is_said_by_options(finml, home, tmp_path):
    file = tmp_path / "EUR.csv"
    file.write_text("Date,Open,High,Low,Close\n12/31/2019 10:00,1,2,1,2\n12/31/2019 10:01,1,2,1,2\n", encoding="utf-8")
    assert refused(finml("ingest", file), "map volume to nothing")
    done = finml("ingest", file, "--map", "volume=", "--month-first", "--stamp", "open", "--bar-size", "1min")
    assert done.returncode == 0, done.stderr
    assert "2 inserted" in done.stdout
    assert str(BarStore(home / "market.duckdb").load("EUR")["ts"].iloc[-1]) == "2019-12-31 10:02:00"
    assert refused(finml("ingest", file, "--map", "close"), "must be like close=Last")


def test_a_refused_file_leaves_stored_bars_as_they_were(finml, home, bars, tmp_path):
    BarStore(home / "market.duckdb").ingest(bars)
    before = (home / "market.duckdb").read_bytes()
    file = tmp_path / "bad.csv"
    bars.drop(columns="open").to_csv(file, index=False)
    assert refused(finml("ingest", file), "open")
    assert refused(finml("ingest", tmp_path / "absent.csv"), "absent.csv")
    assert (home / "market.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label: {horizn: 5}", ("horizn",)),
        ("label: {horizon: 0}", ("horizon", "0")),
        ("models: [oracle]", ("oracle",)),
        ("start: 2012-13-01", ("2012-13-01",)),
        ("[1, 2", ("YAML",)),
    ],
)
def test_an_impossible_experiment_is_refused_before_anything_is_made(finml, home, tmp_path, text, words):
    file = tmp_path / "experiment.yaml"
    file.write_text(text, encoding="utf-8")
    assert refused(finml("run", file), *words)
    assert not home.exists()


def test_no_runs_says_how_to_start_one(finml, home):
    done = finml("runs")
    assert done.returncode == 0
    assert "no runs" in done.stdout
    assert not home.exists()


@pytest.mark.slow
def test_a_small_run_prints_its_leaderboard_and_is_listed(finml, home, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(
        "name: small\nsymbols: [MSFT]\nstart: '2009-01-01'\nmodels: [naive]\nsplit: {n_splits: 2}\n", encoding="utf-8"
    )
    done = finml("run", file)
    assert done.returncode == 0, done.stderr
    assert "naive" in done.stdout
    assert "DSR counts" in done.stdout
    listed = finml("runs").stdout
    assert "small" in listed
    assert "done" in listed


def test_a_file_is_audited_without_a_browser(finml, tmp_path):
    bars = tmp_path / "bars.parquet"
    random_bars(2, 200).to_parquet(bars)
    file = tmp_path / "mine.py"
    file.write_text("def feature(bars):\n    return bars['close'].rolling(3).mean()\n")
    done = finml("audit", file, "--bars", bars, "--symbols", "S1")
    assert done.returncode == 0, done.stderr
    assert "No feature sees the future" in done.stdout
    file.write_text("def feature(bars):\n    return bars['close'].shift(-1)\n")
    done = finml("audit", file, "--bars", bars)
    assert done.returncode == 1
    assert "truncation" in done.stdout
    assert refused(finml("audit", tmp_path / "absent.py"), "absent.py")


def test_a_file_that_cannot_be_audited_is_explained(finml, tmp_path):
    bars = tmp_path / "bars.parquet"
    random_bars(2, 200).to_parquet(bars)
    file = tmp_path / "mine.py"
    file.write_text("def feature(bars)\n")
    done = finml("audit", file, "--bars", bars)
    assert done.returncode == 1
    assert "no valid Python in line 1" in done.stderr
    assert refused(finml("audit", file, "--bars", file), "cannot be read as bars")
