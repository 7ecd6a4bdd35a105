"""Leaderboards from one file: bars checked and pinned, runs done, and what they left told in Markdown."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from finml_core.errors import DataError, RunError
from finml_core.runs.attempt import plan_trials
from finml_core.runs.store import RunStore

if TYPE_CHECKING:
    from finml_core.experiments import ExperimentConfig
    from finml_core.experiments.boards import Board

DATA_FOLDER = "FINML_MARKET_DATA"  # names the folder of files that are no part of the product
LONG, PARTITIONS, FEW_PARTITIONS = 320, 16, 8  # bars from which on history is divided more often

Follow = Callable[[RunStore, str], Any]  # waits for a run to end, gives its status


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """A board whose bars lie in the folder of snapshots."""

    board: "Board"
    config: "ExperimentConfig"  # of the chosen symbols
    snapshot: str
    n_quarantined: int  # rows of the source that cannot be right


def make_leaderboards(file: Path, home: Path, follow: Follow, data: Path | None = None) -> str:
    """Run every board of a file and tell all of them, luck counted over everything that the home's ledger holds.

    Parameters
    ----------
    file : Path
        YAML of `experiments.boards.Leaderboards`.
    home : Path
        Where runs, snapshots and the ledger lie; runs that are done there are found again.
    follow : callable
        Waits until a run has ended, and gives its status.
    data : Path, optional
        Folder of the named files of bars; by default what FINML_MARKET_DATA says.

    Returns
    -------
    str
        Markdown: where the numbers come from, then a section with a table for each board.

    Raises
    ------
    ConfigError, DataError
        If the file asks for what cannot be, or names bars that are not there; nothing has been run then.
    RunError
        If a run did not end as done.
    """
    from finml_core.experiments.boards import Leaderboards, file_fingerprint

    boards = Leaderboards.from_yaml(file)
    sources = [_source(board, data) for board in boards.boards]
    done = []
    for board, source in zip(boards.boards, sources, strict=True):
        pinned = pin_bars(board, source, home)
        store = RunStore(home, take_snapshot=lambda config, snapshot=pinned.snapshot: snapshot)
        run_id = store.submit(pinned.config)
        status = follow(store, run_id)
        if status.state != "done":
            raise RunError(f"run {run_id} of {board.title!r} is {status.state}: {status.error or status.message}")
        done.append((pinned, run_id))
    return f"Experiment file: `{file_fingerprint(file)}`. {tell_leaderboards(RunStore(home), done)}"


def pin_bars(board: "Board", source: Any, home: Path) -> Pinned:
    """Check bars as every ingest does, choose the symbols, and pin what the experiment reads."""
    from finml_core.bars import BarStore, IngestOptions, write_snapshot
    from finml_core.experiments.boards import check_no_look_ahead, choose_symbols

    with TemporaryDirectory(prefix="finml-", ignore_cleanup_errors=True) as folder:
        store = BarStore(Path(folder) / "market.duckdb")
        report = store.ingest(source, options=IngestOptions(source=board.bars))
        span = board.most_traded
        before = pd.DataFrame() if span is None else store.load(None, span.start, span.end)
        config = choose_symbols(board, before)
        bars = store.load(config.symbols, config.start, config.end)
    if bars.empty:
        raise DataError(f"{board.bars} has no bars of the experiment {config.name!r}; choose other symbols or dates.")
    check_no_look_ahead(board, bars["ts"])
    snapshot = write_snapshot(bars, home / "snapshots")
    return Pinned(board=board, config=config, snapshot=snapshot, n_quarantined=sum(report.quarantined.values()))


def tell_leaderboards(store: RunStore, done: Sequence[tuple[Pinned, str]]) -> str:
    """The text of boards whose runs are done, the code's version first."""
    from finml_core.report.boards import board_markdown

    parts = [f"Code version: {store.status(done[0][1]).code_version}."]
    for pinned, run_id in done:
        table = judge(store, run_id)
        parts += [f"## {pinned.board.title}", _facts(store, pinned, run_id), board_markdown(table)]
    return "\n\n".join(parts)


def judge(store: RunStore, run_id: str) -> pd.DataFrame:
    """The honest board of a done run; see `report.boards.honest_board`."""
    from finml_core.report.boards import honest_board
    from finml_core.report.luck import survivors
    from finml_core.report.skill import skill_over_base_rate

    skill = skill_over_base_rate(store.predictions(run_id), store.config(run_id).label.horizon)
    trials = survivors(store.trials()).set_index("trial_id")
    ids = trial_ids(store, run_id)
    corrected = trials.loc[list(ids.values()), ["p_corrected", "survives"]].assign(model=list(ids))
    return honest_board(store.table(run_id, "leaderboard"), skill, store.luck(run_id), corrected)


def trial_ids(store: RunStore, run_id: str) -> dict[str, str]:
    """By name the trials of a run as the ledger knows them, whoever scored them first."""
    from finml_core.bars import load_snapshot

    bars = load_snapshot(store.home / "snapshots", store.status(run_id).snapshot)
    return {trial.name: trial.trial_id for trial in plan_trials(store.config(run_id), bars)}


def overfitting_of(store: RunStore, run_id: str) -> tuple[float, int, int]:
    """PBO of choosing the best row of a run by its past return, the number of rows, and of divisions of history.

    The benchmark is nobody's choice and is left out.
    """
    from finml_core.experiments import HOLDING
    from finml_core.metrics import probability_of_backtest_overfitting

    equity = store.table(run_id, "equity")
    returns = equity[equity["model"] != HOLDING].pivot_table(index="ts", columns="model", values="net_return")
    returns = returns.dropna()
    result = probability_of_backtest_overfitting(returns, PARTITIONS if len(returns) >= LONG else FEW_PARTITIONS)
    return result.pbo, returns.shape[1], len(result.logits)


def _facts(store: RunStore, pinned: Pinned, run_id: str) -> str:
    """Where the numbers of a board come from, in sentences."""
    summary, luck = store.summary(run_id), store.luck(run_id)
    predictions = store.predictions(run_id).dropna(subset=["y_true"])
    judged = store.table(run_id, "equity")["ts"]
    board = store.table(run_id, "leaderboard")
    pbo, n_rows, n_divisions = overfitting_of(store, run_id)
    audits = store.table(run_id, "audits")
    n_symbols, seconds = len(pinned.config.symbols), board["seconds"].sum()
    sentences = [
        f"Run `{run_id}` on bars `{pinned.snapshot}`: {n_symbols} symbols, {summary['first'][:10]} to "
        f"{summary['last'][:10]}, {pinned.n_quarantined} rows of the source in quarantine.",
        f"{summary['n_samples']:,} rows of {summary['n_features']} features; tested out of sample from "
        f"{predictions['ts'].min():%Y-%m-%d} to {predictions['ts'].max():%Y-%m-%d}, traded from "
        f"{judged.min():%Y-%m-%d} on.",
        f"DSR counts {luck['n_trials'].max()} trials, worth {luck['n_effective'].max()} independent ones; the p of a "
        "Sharpe ratio is Holm's over all of them.",
        f"PBO over the {n_rows} rows that somebody could have chosen, {n_divisions:,} divisions of history: {pbo:.2f}.",
        f"{int(audits['passed'].sum())} of {len(audits)} of the run's own checks passed{_twin(store, run_id)}.",
        f"Training took {seconds / 60:.1f} minutes.",
    ]
    return " ".join(sentences)


def _twin(store: RunStore, run_id: str) -> str:
    if "noise_twin" not in store.tables(run_id):
        return ""
    certificate = store.document(run_id, "certificate")
    return f"; leak audit: {certificate['verdict']} ({'; '.join(certificate['reasons'])})"


def _source(board: "Board", data: Path | None) -> Any:
    """What the bars of a board are read from."""
    from finml_core.bars import bundled_bars
    from finml_core.experiments.boards import BUNDLED

    if board.bars == BUNDLED:
        return bundled_bars()
    named = data or os.environ.get(DATA_FOLDER)
    if not named:
        raise DataError(
            f"{board.title!r} needs {board.bars}, which is no part of the product; name its folder by --data or "
            f"{DATA_FOLDER}."
        )
    path = Path(named) / board.bars
    if not path.is_file():
        raise DataError(f"{board.title!r} needs {board.bars}, and there is no such file in {named}.")
    return path
