"""The process that does one run: `python -m finml_core.runs.worker FOLDER`.

It beats, waits for its turn, runs the experiment on the pinned bars, keeps what came out, and says `done` last.
"""

import faulthandler
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from filelock import FileLock, Timeout

from finml_core.errors import FinmlError, RunError
from finml_core.runs.attempt import PlanTrials, clear_attempt, plan_trials, record_attempt, write_attempt
from finml_core.runs.checkpoint import FolderCheckpoint
from finml_core.runs.files import read_text, write_frame, write_json
from finml_core.runs.ledger import Ledger
from finml_core.runs.progress import ProgressKeeper
from finml_core.runs.status import CANCEL_FILE, StatusWriter, now
from finml_core.runs.turn import turn
from finml_core.runs.usage import UsageRecorder

WORKER_LOCK = ".worker.lock"  # in the run's folder: two workers never share one
TAKEOVER_S = 10.0  # a worker that is just ending may hold its lock for this long


class Cancelled(RunError):
    """Somebody asked the run to stop before its turn came."""


@dataclass(frozen=True, kw_only=True)
class Trade:
    """What a worker knows how to do; tests give it simpler tools."""

    read_config: Callable[[str], Any]
    load_bars: Callable[[Path, str], pd.DataFrame]
    plan_trials: PlanTrials
    run_experiment: Callable[..., Any]
    feature_cache: Callable[[Path], Any]


def experiment_trade() -> Trade:
    """The real tools, whose libraries are loaded only when the run's turn has come."""
    from finml_core.bars import load_snapshot
    from finml_core.experiments import ExperimentConfig, run_experiment
    from finml_core.runs.feature_cache import feature_cache

    return Trade(
        read_config=ExperimentConfig.from_yaml,
        load_bars=load_snapshot,
        plan_trials=plan_trials,
        run_experiment=run_experiment,
        feature_cache=feature_cache,
    )


def execute(folder: Path, learn: Callable[[], Trade] = experiment_trade) -> int:
    """Do the run of this folder to its end.

    Parameters
    ----------
    folder : Path
        `FINML_HOME/runs/<run_id>` with `config.yaml` and a `status.json` that says queued.
    learn : callable, optional
        Called when the run's turn has come; gives the tools.

    Returns
    -------
    int
        Exit code: 0 done or nothing to do, 1 failed, 130 cancelled.
    """
    lock = FileLock(folder / WORKER_LOCK)
    try:
        lock.acquire(timeout=TAKEOVER_S)
    except Timeout:
        print(f"another worker does run {folder.name} already", flush=True)
        return 0
    try:
        writer = StatusWriter(folder)
        if writer.status.state != "queued":
            print(f"run {folder.name} is {writer.status.state}, not queued: nothing to do", flush=True)
            return 0
        writer.start()
        return _Work(folder, writer, learn).do()
    finally:
        lock.release()


class _Work:
    """One attempt at a run."""

    def __init__(self, folder: Path, writer: StatusWriter, learn: Callable[[], Trade]):
        self._folder = folder
        self._home = folder.parent.parent
        self._writer = writer
        self._learn = learn
        self._ledger = Ledger(self._home / "ledger")
        self._checkpoint = FolderCheckpoint(folder)
        self._progress = ProgressKeeper(folder, writer)
        self._is_signalled = False
        self._was_asked_to_stop = False

    def do(self) -> int:
        self._listen()
        try:
            with turn(self._folder, self._writer, self._check_stop):
                self._run()
        except FinmlError as error:
            return self._end("cancelled" if self._was_asked_to_stop else "failed", str(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the run must say so
            traceback.print_exc()
            return self._end("failed", f"{type(error).__name__}: {error} (the log of the run has more)")
        self._checkpoint.clear()
        return 0

    def _run(self) -> None:
        self._writer.update(
            state="running", started=now(), waits_for=None, stage="load", message="loading the bars and the libraries"
        )
        with UsageRecorder(self._folder, lambda: self._writer.status.stage):
            result = self._work()
        self._keep(result)

    def _work(self) -> Any:
        trade = self._learn()
        config = trade.read_config(read_text(self._folder / "config.yaml"))
        bars = trade.load_bars(self._home / "snapshots", self._writer.status.snapshot)
        write_attempt(self._folder, trade.plan_trials(config, bars))
        return trade.run_experiment(
            config,
            bars,
            progress=self._progress,
            should_stop=self._should_stop,
            checkpoint=self._checkpoint,
            cache=trade.feature_cache(self._home),
        )

    def _keep(self, result: Any) -> None:
        """Write the results, then the trials, and say `done` last."""
        self._writer.update(stage="keep", message="keeping the results")
        run_id = self._folder.name
        if "history" not in result.tables:
            self._progress.write_history()
        for name, frame in result.tables.items():
            kept = frame.assign(run_id=run_id) if name == "predictions" else frame
            write_frame(self._folder / f"{name}.parquet", kept)
        write_json(self._folder / "metrics.json", dict(result.metrics))
        for name, document in getattr(result, "documents", {}).items():
            write_json(self._folder / f"{name}.json", document)
        for trial in result.trials:
            self._ledger.record(trial, run_id=run_id)
        clear_attempt(self._folder)
        self._ledger.compact_if_many()
        self._writer.finish("done", fraction=1.0, message="done", error=None)

    def _end(self, state: str, error: str) -> int:
        """Say what happened; what was attempted is counted."""
        print(f"{state}: {error}", flush=True)
        self._progress.write_history()
        record_attempt(self._folder, self._ledger, state)
        is_failed = state == "failed"
        self._writer.finish(state, message=error if is_failed else "cancelled", error=error if is_failed else None)
        return 1 if is_failed else 130

    def _listen(self) -> None:
        def hear(number: int, frame: Any) -> None:
            self._is_signalled = True

        signal.signal(signal.SIGTERM, hear)
        signal.signal(signal.SIGINT, hear)

    def _should_stop(self) -> bool:
        if self._is_signalled or (self._folder / CANCEL_FILE).exists():
            self._was_asked_to_stop = True
        return self._was_asked_to_stop

    def _check_stop(self) -> None:
        if self._should_stop():
            raise Cancelled("cancelled while waiting for its turn.")


def be_polite() -> None:
    """Yield the processor to the dashboard's server whenever it has something to do."""
    process = psutil.Process()
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 10)


def main(arguments: list[str], learn: Callable[[], Trade] = experiment_trade) -> int:
    """Entry of the process; a folder that cannot be read is told on the standard error."""
    if len(arguments) != 1:
        print("usage: python -m finml_core.runs.worker FOLDER", file=sys.stderr)
        return 2
    faulthandler.enable()
    be_polite()
    try:
        return execute(Path(arguments[0]).resolve(), learn)
    except FinmlError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
