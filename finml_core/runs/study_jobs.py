"""Processes that compute studies for this one: started once each, watched, ended when nobody wants them."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from finml_core.errors import RunError
from finml_core.runs.feature_studies import StudyOrder, progress_file
from finml_core.runs.launch import start_process

LOG = "log.txt"


@dataclass(frozen=True, kw_only=True)
class Working:
    """How far a study is."""

    fraction: float
    message: str
    seconds: float  # since it was started


@dataclass
class _Job:
    child: subprocess.Popen[bytes]
    log: Path
    started: float
    is_cancelled: bool = False


_jobs: dict[str, _Job] = {}
_lock = threading.Lock()


def watch(order: StudyOrder) -> Working | None:
    """Start the process of this order unless it is at work; None once it has ended well.

    Raises
    ------
    RunError
        If it was cancelled or failed; `forget` lets the next call start it again.
    """
    with _lock:
        job = _jobs.get(order.name)
        if job is None:
            job = _jobs[order.name] = _start(order)
        code = job.child.poll()
        if code == 0:
            del _jobs[order.name]
            job.log.unlink(missing_ok=True)
            return None
    said = _said(order)
    if job.is_cancelled:
        raise RunError("a reader cancelled this study before it was done.")
    if code is not None:
        raise RunError(str(said.get("error") or f"the study's process ended early: {_last_line(job.log)}"))
    return Working(
        fraction=float(said.get("fraction", 0.0)),
        message=str(said.get("message", "starting a process for it")),
        seconds=time.monotonic() - job.started,
    )


def cancel(name: str) -> None:
    """End the process; whoever waits for it is told."""
    with _lock:
        job = _jobs.get(name)
        if job is not None:
            job.is_cancelled = True
            job.child.terminate()


def forget(name: str) -> None:
    """Let a study that failed or was cancelled be started again."""
    with _lock:
        job = _jobs.get(name)
        if job is not None and job.child.poll() is not None:
            del _jobs[name]
            job.log.unlink(missing_ok=True)


def _start(order: StudyOrder) -> _Job:
    progress = progress_file(Path(order.home), order.name)
    progress.unlink(missing_ok=True)
    log = progress.with_name(f"{order.name}.{LOG}")
    child = start_process(log, [sys.executable, "-m", "finml_core.runs.feature_studies"], asdict(order))
    return _Job(child, log, time.monotonic())


def _said(order: StudyOrder) -> dict[str, object]:
    try:
        return dict(json.loads(progress_file(Path(order.home), order.name).read_text(encoding="utf-8")))
    except (OSError, ValueError):  # nothing yet, or it is just being replaced
        return {}


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
