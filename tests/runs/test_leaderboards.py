"""The committed file's small sister, from the command line to the table; and boards whose file of bars is elsewhere."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from finml_core.bars import load_snapshot
from finml_core.errors import DataError
from finml_core.experiments.boards import Board, Leaderboards, MostTraded, file_fingerprint
from finml_core.experiments.plain import to_plain
from finml_core.models import ModelType
from finml_core.runs import RunStore
from finml_core.runs.boards import DATA_FOLDER, make_leaderboards, overfitting_of, pin_bars

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "examples" / "leaderboard.yaml"


@pytest.fixture
def committed():
    return Leaderboards.from_yaml(COMMITTED)


def call(home, *arguments):
    environment = {name: value for name, value in os.environ.items() if name != DATA_FOLDER}
    return subprocess.run(
        [sys.executable, "-m", "finml_core", "leaderboard", *map(str, arguments)],
        cwd=ROOT,
        env={**environment, "FINML_HOME": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )


@pytest.mark.slow
def test_a_small_sister_of_the_committed_file_runs_and_prints_its_table(committed, tmp_path):
    board = committed.boards[0]
    experiment = replace(
        board.experiment,
        symbols=("AAPL", "IBM"),
        start="2006-06-01",
        models=(ModelType.NAIVE, ModelType.RIDGE),
        n_seeds=1,
        audit=replace(board.experiment.audit, enabled=False),
    )
    small = Leaderboards(boards=(replace(board, title="Small", experiment=experiment),))
    file, home = tmp_path / "small.yaml", tmp_path / "home"
    file.write_text(yaml.safe_dump(to_plain(small)), encoding="utf-8")
    done = call(home, file)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"Experiment file: `{file_fingerprint(file)}`.")
    assert "## Small" in lines
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert {row[0] for row in table[2:]} == {
        "naive", "ridge", "moving average cross", "zscore reversion", "arbitrated", "equal weight", "equal holding",
    }  # fmt: skip
    store = RunStore(home)
    (status,) = store.list()
    facts = lines[lines.index("## Small") + 2]
    assert f"`{status.run_id}`" in facts
    assert f"`{status.snapshot}`" in facts
    assert "DSR counts 6 trials" in facts
    pbo, n_rows, _ = overfitting_of(store, status.run_id)
    assert n_rows == 6
    assert f": {pbo:.2f}." in facts
    luck = store.luck(status.run_id).set_index("model")["dsr"]
    shown = {row[0].replace(" ", "_"): row[8] for row in table[2:]}
    assert shown["ridge"] == f"{luck['ridge']:.2f}"


def test_a_board_without_its_file_is_refused_before_anything_is_run(tmp_path):
    done = call(tmp_path / "home", COMMITTED)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "sp500_daily.parquet" in line
    assert "--data" in line
    assert not (tmp_path / "home").exists()


def test_a_folder_without_the_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=f"no such file in {tmp_path}"):
        make_leaderboards(COMMITTED, tmp_path / "home", lambda store, run_id: None, tmp_path)


def test_a_file_of_bars_is_checked_chosen_from_and_pinned(tmp_path, panel):
    wrong = panel.index[:2]
    dirty = panel.assign(low=panel["low"].where(~panel.index.isin(wrong), panel["high"] * 2))
    dirty.to_parquet(tmp_path / "bars.parquet")
    board = Board(bars="bars.parquet", most_traded=MostTraded(n_symbols=2, start="2015-01-01", end="2015-02-01"))
    pinned = pin_bars(board, tmp_path / "bars.parquet", tmp_path)
    assert pinned.n_quarantined == 2
    assert len(pinned.config.symbols) == 2
    bars = load_snapshot(tmp_path / "snapshots", pinned.snapshot)
    assert tuple(bars["symbol"].unique()) == pinned.config.symbols
    expected = panel.drop(wrong)[lambda rows: rows["symbol"].isin(pinned.config.symbols)]
    assert len(bars) == len(expected)
    assert bars["ts"].max() == pd.Timestamp(panel["ts"].max())
