"""Where a run stands: `status.json`, and whether the process that should be writing it still lives."""

import json
import platform
import threading
import time
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from finml_core.errors import RunError
from finml_core.runs.files import read_text, write_json

STATUS_FILE = "status.json"
CANCEL_FILE = "cancel"
STATES = ("queued", "running", "done", "failed", "cancelled", "lost")
UNFINISHED = ("queued", "running")

HEARTBEAT_S = 1.0  # between two heartbeats
STALE_S = 60.0  # a heartbeat older than this is none
START_S = 60.0  # a worker that was launched may take this long to report
IDENTITY_S = 10.0  # a process of another start time is believed alive for this long after a heartbeat
WRITE_S = 0.2  # between two writes of progress
TIMES = ("created", "queued", "launched", "started", "finished", "heartbeat")


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """One look at a run; times are naive UTC."""

    run_id: str
    name: str  # of the experiment
    state: str  # one of STATES
    created: datetime  # first submitted
    queued: datetime | None = None  # last submitted: the order of the queue
    launched: datetime | None = None  # a worker was asked for
    started: datetime | None = None  # its turn came
    finished: datetime | None = None
    heartbeat: datetime | None = None
    host: str = ""
    pid: int | None = None
    pid_started: float | None = None  # seconds since 1970, tells a process from a later one of the same number
    fraction: float = 0.0  # of the work, 0 to 1
    stage: str = ""
    message: str = ""
    error: str | None = None
    snapshot: str = ""  # content hash of the bars
    code_version: str = ""
    waits_for: str | None = None  # run_id of the run whose turn it is
    attempt: int = 0  # how often it was submitted to a worker

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen unless the run is submitted again."""
        return self.state not in UNFINISHED

    @property
    def elapsed_s(self) -> float | None:
        """Seconds since the run's turn came, to its end or to now; None before."""
        if self.started is None:
            return None
        end = self.finished or self.heartbeat if self.is_finished else now()
        return max((end - self.started).total_seconds(), 0.0) if end else None


def now() -> datetime:
    """The time as it is kept: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def write_status(folder: Path, status: RunStatus) -> None:
    """Replace the folder's status as a whole."""
    write_json(folder / STATUS_FILE, asdict(status))


def read_status(folder: Path) -> RunStatus:
    """The status as last written.

    Raises
    ------
    RunError
        If `status.json` is missing or holds something else; the text says what.
    """
    try:
        plain = json.loads(read_text(folder / STATUS_FILE))
    except FileNotFoundError as error:
        raise RunError(
            f"the folder of run {folder.name} has no {STATUS_FILE}; delete the run or submit it again."
        ) from error
    except (OSError, ValueError) as error:
        raise RunError(
            f"{STATUS_FILE} of run {folder.name} is broken ({error}); delete the run or submit it again."
        ) from error
    return _from_plain(folder, plain)


def process_lives(status: RunStatus) -> bool:
    """Whether the worker of a queued or running status exists; on another machine only its heartbeat can tell."""
    if status.pid is None:
        return status.launched is not None and _age_s(status.launched) < START_S
    if status.host != platform.node():
        return is_fresh(status)
    try:
        process = psutil.Process(status.pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        is_same = status.pid_started is None or abs(process.create_time() - status.pid_started) < 1.0
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return is_fresh(status)
    return is_same or (status.heartbeat is not None and _age_s(status.heartbeat) < IDENTITY_S)


def is_fresh(status: RunStatus) -> bool:
    """Whether the last heartbeat is young enough."""
    last = status.heartbeat or status.launched
    return last is not None and _age_s(last) < STALE_S


class StatusWriter:
    """The one writer of a status while a worker lives: keeps it in memory, beats, and limits how often it writes."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._written = 0.0
        self._ended = threading.Event()
        process = psutil.Process()
        self._status = replace(
            read_status(folder), host=platform.node(), pid=process.pid, pid_started=process.create_time()
        )
        self._beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def status(self) -> RunStatus:
        return self._status

    def start(self) -> None:
        """Report for the first time and begin to beat."""
        self.update()
        self._beating.start()

    def update(self, *, soon: bool = False, **changes: Any) -> None:
        """Change fields; with `soon`, the file may follow by the next heartbeat."""
        with self._lock:
            self._status = replace(self._status, **changes)
            if not soon or time.monotonic() - self._written > WRITE_S:
                self._write()

    def finish(self, state: str, **changes: Any) -> None:
        """The last word: no heartbeat follows it."""
        self._ended.set()
        if self._beating.is_alive():
            self._beating.join()
        self.update(state=state, finished=now(), waits_for=None, **changes)

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            try:
                self.update()
            except OSError as error:  # a full disk must not stop the beat: it may have room again in a second
                print(f"the heartbeat could not be written: {error}", flush=True)

    def _write(self) -> None:
        self._status = replace(self._status, heartbeat=now())
        write_status(self._folder, self._status)
        self._written = time.monotonic()


def _from_plain(folder: Path, plain: Any) -> RunStatus:
    known = {field.name for field in fields(RunStatus)}
    try:
        values = {key: value for key, value in plain.items() if key in known}
        values |= {key: datetime.fromisoformat(values[key]) for key in TIMES if values.get(key) is not None}
        status = RunStatus(**values | {"run_id": folder.name})
    except (AttributeError, TypeError, ValueError) as error:
        raise RunError(
            f"{STATUS_FILE} of run {folder.name} is broken ({error}); delete the run or submit it again."
        ) from error
    if status.state not in STATES or not isinstance(status.created, datetime):
        raise RunError(
            f"{STATUS_FILE} of run {folder.name} says state {status.state!r}; delete the run or submit it again."
        )
    return status


def _age_s(moment: datetime) -> float:
    return (now() - moment).total_seconds()
