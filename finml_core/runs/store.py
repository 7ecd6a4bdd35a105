"""The store of runs: a run is a folder, and asking twice finds the same one."""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from filelock import FileLock, Timeout

from finml_core.checks import check_columns
from finml_core.errors import RunError, StoreError
from finml_core.runs.attempt import record_attempt
from finml_core.runs.files import read_text, write_json, write_text
from finml_core.runs.launch import Launcher, kill_process, launch_worker, reap
from finml_core.runs.ledger import Ledger, TrialLike
from finml_core.runs.luck import LuckSummary, leaderboard_luck
from finml_core.runs.observe import is_dead, log_tail, observe
from finml_core.runs.results import find_model, read_document, read_file, read_metrics, read_table, table_names
from finml_core.runs.status import CANCEL_FILE, RunStatus, now, process_lives, read_status, write_status

if TYPE_CHECKING:
    from finml_core.experiments import ExperimentConfig

CONFIG_FILE = "config.yaml"
NOTES_FILE = "notes.json"
STUDIES = "studies"  # folder of the jobs that ask further questions of a run
LOCK_FILE = ".store.lock"
LOCK_S = 20.0  # submitting, deleting and burying take milliseconds
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What people say about a run."""

    tags: tuple[str, ...] = ()
    note: str = ""


class RunStore:
    """The runs and trials under one folder: `market.duckdb`, `snapshots/`, `runs/`, `studies/`, `ledger/`.

    Parameters
    ----------
    home : Path
        The folder that FINML_HOME names; made at the first run.
    launcher : callable, optional
        Starts a worker for a run's folder; by default a process of its own.
    take_snapshot : callable, optional
        Pins the bars of a configuration and gives their hash; by default from `market.duckdb`.
    code_version : str, optional
        Version of the code that matters; by default `experiments.CODE_VERSION`.
    folder : str
        Where below `home` the folders of the jobs lie.
    """

    def __init__(
        self,
        home: Path | str,
        *,
        launcher: Launcher = launch_worker,
        take_snapshot: "Callable[[ExperimentConfig], str] | None" = None,
        code_version: str | None = None,
        folder: str = "runs",
    ):
        self.home = Path(home).resolve()
        self._runs = self.home / folder
        self._launcher = launcher
        self._take_snapshot = take_snapshot or self._snapshot
        self._code_version = code_version
        self.ledger = Ledger(self.home / "ledger")

    @property
    def code_version(self) -> str:
        """Part of what a run is."""
        return self._code_version or _code_version()

    # ---- one run

    def submit(self, config: "ExperimentConfig", *, launch: bool = True) -> str:
        """Ask for a run of `config` on the bars as they are now.

        A run that is done, running or queued is found again; one that failed, was cancelled or lost is queued again
        and goes on from its checkpoints. With `launch=False` it is queued until somebody submits it with a worker.

        Returns
        -------
        str
            `run_id`: the name, then twelve hexadecimal digits of configuration, bars and code.

        Raises
        ------
        DataError, StoreError
            If the bars of the configuration cannot be pinned.
        RunError
            If no worker could be started.
        """
        code_version = self.code_version
        snapshot = self._take_snapshot(config)
        text = config.to_yaml()
        run_id = make_run_id(config.name, text, snapshot, code_version)
        folder = self._runs / run_id
        with self._locked():
            earlier = observe(folder) if folder.exists() else None
            if earlier is not None and not _needs_worker(earlier, launch):
                return run_id
            moment = now()
            status = RunStatus(
                run_id=run_id,
                name=config.name,
                state="queued",
                created=earlier.created if earlier else moment,
                queued=moment,
                launched=moment if launch else None,
                message="queued",
                snapshot=snapshot,
                code_version=code_version,
                attempt=(earlier.attempt if earlier else 0) + int(launch),
            )
            if earlier is not None:
                self._take_over(folder, earlier)
            self._write_folder(folder, text, status)
            if launch:
                self._launch(folder, status)
        return run_id

    def status(self, run_id: str) -> RunStatus:
        """Where a run stands; one whose worker died reads as lost, a broken folder as failed with what is broken.

        Raises
        ------
        RunError
            If there is no such run.
        """
        return self._look(self._folder(run_id))

    def list(self) -> list[RunStatus]:
        """Every run, newest first; never an error for the sake of one folder."""
        reap()
        statuses = [self._look(folder) for folder in self._folders()]
        return sorted(statuses, key=lambda status: (status.created, status.run_id), reverse=True)

    def cancel(self, run_id: str) -> None:
        """Ask a queued or running run to stop; it does so after the step it is at. An ended run stays as it is."""
        folder = self._folder(run_id)
        with self._locked():
            status = observe(folder)
            if status.is_finished:
                return
            if status.launched is None:
                write_status(folder, replace(status, state="cancelled", finished=now(), message="cancelled"))
                return
            write_text(folder / CANCEL_FILE, "")

    def delete(self, run_id: str) -> None:
        """Remove a run's folder and its studies; its trials stay in the ledger.

        Raises
        ------
        RunError
            If the run is queued or running: cancel it first.
        """
        folder = self._folder(run_id)
        status = self.status(run_id)
        with self._locked():
            status = observe(folder)
            if not status.is_finished and status.launched is not None:
                raise RunError(f"run {run_id} is {status.state}; cancel it before deleting it.")
            self._take_over(folder, status)
            rubbish = self._runs / f".deleted-{uuid.uuid4().hex}"
            try:
                os.replace(folder, rubbish)
            except OSError as error:
                raise RunError(f"run {run_id} could not be deleted: {error}.") from error
        shutil.rmtree(rubbish, ignore_errors=True)
        from finml_core.runs.studies import delete_studies

        delete_studies(self.home / STUDIES, run_id)

    # ---- what a run left

    def config(self, run_id: str) -> "ExperimentConfig":
        """The configuration that the run was submitted with."""
        from finml_core.experiments import ExperimentConfig

        return ExperimentConfig.from_yaml(read_file(self._folder(run_id), CONFIG_FILE))

    def tables(self, run_id: str) -> tuple[str, ...]:
        """Names of the tables that the run has left so far."""
        return table_names(self._folder(run_id))

    def table(self, run_id: str, name: str) -> pd.DataFrame:
        """One of the run's tables, for instance `leaderboard`, `folds`, `equity`.

        Raises
        ------
        RunError
            If the run has no such table, not yet, or one that cannot be read.
        """
        return read_table(self._folder(run_id), name)

    def predictions(self, run_id: str) -> pd.DataFrame:
        """The tidy table of out-of-sample predictions."""
        return self.table(run_id, "predictions")

    def summary(self, run_id: str) -> dict[str, Any]:
        """The run's headline numbers."""
        return read_metrics(self._folder(run_id))

    def document(self, run_id: str, name: str) -> dict[str, Any]:
        """One of the run's JSON files, for instance the `certificate` of an audited run; RunError if it has none."""
        return read_document(self._folder(run_id), name)

    def log(self, run_id: str, lines: int = 200) -> str:
        """The last lines that the run's workers wrote; empty if none."""
        return log_tail(self._folder(run_id), lines)

    def model_folder(self, run_id: str, name: str, fold: int) -> Path:
        """Where a fitted model is kept, to be read by `models.load_model`; RunError if the run kept none."""
        return find_model(self._folder(run_id), name, fold)

    def annotate(self, run_id: str, *, tags: tuple[str, ...] = (), note: str = "") -> None:
        """Replace the tags and the note of a run; they are no part of what it is."""
        kept = sorted({tag.strip() for tag in tags if tag.strip()})
        write_json(self._folder(run_id) / NOTES_FILE, {"tags": kept, "note": note})

    def annotation(self, run_id: str) -> Annotation:
        """Tags and note of a run; empty if nobody wrote any, or none that can be read."""
        try:
            plain = json.loads(read_text(self._folder(run_id) / NOTES_FILE))
            return Annotation(tags=tuple(map(str, plain["tags"])), note=str(plain["note"]))
        except (OSError, ValueError, TypeError, KeyError):
            return Annotation()

    # ---- what all runs left

    def metrics(self) -> pd.DataFrame:
        """The leaderboards of all done runs below each other: `run_id, run` (its name), `finished`, then their columns.

        A done run whose leaderboard cannot be read is left out.
        """
        boards = []
        for status in self.list():
            if status.state != "done":
                continue
            try:
                board = self.table(status.run_id, "leaderboard")
            except RunError:
                continue
            board = board.drop(columns=["run_id", "run", "finished"], errors="ignore")
            board.insert(0, "run_id", status.run_id)
            board.insert(1, "run", status.name)
            board.insert(2, "finished", pd.Timestamp(status.finished) if status.finished else pd.NaT)
            boards.append(board)
        boards = [board for board in boards if len(board)]
        return pd.concat(boards, ignore_index=True) if boards else pd.DataFrame(columns=["run_id", "run", "finished"])

    def trials(self) -> pd.DataFrame:
        """Every distinct trial of everyone who shares the folder; see `Ledger.trials`."""
        return self.ledger.trials()

    def record_trial(self, trial: TrialLike, run_id: str | None = None) -> None:
        """Count something that was scored outside a run, such as a slider's position that showed a Sharpe ratio."""
        self.ledger.record(trial, run_id=run_id)

    def luck(self, run_id: str) -> pd.DataFrame:
        """Luck beside each row of the run's leaderboard, from the trials counted by now; see `leaderboard_luck`."""
        leaderboard = self.table(run_id, "leaderboard")
        check_columns(
            leaderboard, ("model", "sharpe", "n_obs", "skew", "kurtosis"), what=f"the leaderboard of {run_id}"
        )
        periods_per_year = self.summary(run_id).get("periods_per_year")
        if not periods_per_year:
            raise RunError(f"metrics.json of run {run_id} does not say `periods_per_year`; submit the run again.")
        return leaderboard_luck(leaderboard, self.trial_luck(periods_per_year))

    def trial_luck(self, periods_per_year: float) -> LuckSummary:
        """Number of trials and variance of their Sharpe ratios, for bars of this size."""
        return self.ledger.luck(periods_per_year)

    # ---- inside

    def _snapshot(self, config: "ExperimentConfig") -> str:
        from finml_core.bars import BarStore

        store = BarStore(self.home / "market.duckdb")
        return store.snapshot(config.symbols, config.start, config.end, folder=self.home / "snapshots")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One submission, deletion or burial at a time, in all processes."""
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder of runs cannot be made at {self._runs}: {error}.") from error
        try:
            with FileLock(self._runs / LOCK_FILE, timeout=LOCK_S):
                yield
        except Timeout as error:
            raise StoreError(f"{self._runs} is locked by another process for {LOCK_S:.0f} s; try again.") from error

    def _folders(self) -> Iterator[Path]:
        if self._runs.is_dir():
            yield from (path for path in self._runs.iterdir() if path.is_dir() and not path.name.startswith("."))

    def _folder(self, run_id: str) -> Path:
        folder = self._runs / run_id
        if not RUN_ID.fullmatch(run_id) or not folder.is_dir():
            raise RunError(f"there is no run {run_id!r} in {self._runs}.")
        return folder

    def _look(self, folder: Path) -> RunStatus:
        """What the folder shows; a death that nobody noticed yet is written down, and its trials are counted."""
        status = observe(folder)
        if status.state != "lost" or not _is_unburied(folder):
            return status
        try:
            with self._locked():
                status = observe(folder)
                if status.state == "lost" and _is_unburied(folder):
                    record_attempt(folder, self.ledger, "lost")
                    write_status(folder, status)
        except (StoreError, OSError):  # no room or no right to write: it is lost all the same, and is buried later
            return status
        return status

    def _take_over(self, folder: Path, status: RunStatus) -> None:
        """See to it that no frozen worker wakes up in a folder that is no longer its own."""
        if status.state == "lost" and status.pid is not None and process_lives(status):
            kill_process(status.pid, status.pid_started)
        record_attempt(folder, self.ledger, "lost")
        (folder / CANCEL_FILE).unlink(missing_ok=True)

    def _write_folder(self, folder: Path, text: str, status: RunStatus) -> None:
        """A new folder appears whole; in an earlier one the status comes last."""
        target = folder if folder.exists() else self._runs / f".new-{uuid.uuid4().hex}"
        write_text(target / CONFIG_FILE, text)
        write_status(target, status)
        if target != folder:
            os.replace(target, folder)

    def _launch(self, folder: Path, status: RunStatus) -> None:
        try:
            self._launcher(folder)
        except RunError as error:
            write_status(folder, replace(status, state="failed", finished=now(), message=str(error), error=str(error)))
            raise


def make_run_id(name: str, config: str, snapshot: str, code_version: str) -> str:
    """A readable name, then twelve hexadecimal digits of configuration, bars and code."""
    content = json.dumps([config, snapshot, code_version])
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "run"
    return f"{readable}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _needs_worker(status: RunStatus, launch: bool) -> bool:
    """Whether submitting this run (again) starts anything."""
    if status.state in ("failed", "cancelled", "lost"):
        return True
    return launch and status.state == "queued" and status.launched is None


def _code_version() -> str:
    from finml_core.experiments import CODE_VERSION

    return str(CODE_VERSION)


def _is_unburied(folder: Path) -> bool:
    try:
        written = read_status(folder)
    except RunError:  # deleted or broken since it was looked at
        return False
    return not written.is_finished and is_dead(folder, written)
