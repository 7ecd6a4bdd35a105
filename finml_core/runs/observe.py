"""What a run's folder shows to somebody who looks in from outside, its worker's death included."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from finml_core.errors import RunError
from finml_core.runs.launch import LOG_FILE, ended_before_reporting
from finml_core.runs.status import RunStatus, is_fresh, now, process_lives, read_status


def observe(folder: Path) -> RunStatus:
    """The status as written, or what has become of it: lost if the worker is gone, failed if the folder is broken."""
    try:
        status = read_status(folder)
    except RunError as error:
        return _broken(folder, str(error))
    if status.is_finished or status.launched is None:
        return status
    if is_dead(folder, status):
        return _lost(folder, status)
    return status if is_fresh(status) else replace(status, state="lost", error=_frozen(status))


def is_dead(folder: Path, status: RunStatus) -> bool:
    """Whether nobody will write this unfinished status again."""
    return ended_before_reporting(folder, status.pid) or not process_lives(status)


def _lost(folder: Path, status: RunStatus) -> RunStatus:
    last = log_tail(folder, 1).strip()
    process = f"worker (process {status.pid})" if status.pid is not None else "worker"
    error = f"the {process} ended without a word; submit the run again and it goes on from its checkpoints."
    if last:
        error += f" Its log ends: {last}"
    return replace(
        status, state="lost", finished=status.heartbeat or now(), message="lost", error=error, waits_for=None
    )


def _frozen(status: RunStatus) -> str:
    return (
        f"process {status.pid} on {status.host} gives no sign of life since {status.heartbeat}; submit the run again."
    )


def _broken(folder: Path, error: str) -> RunStatus:
    try:
        created = datetime.fromtimestamp(folder.stat().st_mtime, UTC).replace(tzinfo=None)
    except OSError:  # deleted meanwhile
        created = now()
    return RunStatus(run_id=folder.name, name=folder.name, state="failed", created=created, message=error, error=error)


def log_tail(folder: Path, lines: int) -> str:
    """The last lines of the log; empty if there is none."""
    try:
        with (folder / LOG_FILE).open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(log.tell() - 400 * lines - 4000, 0))
            text = log.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
