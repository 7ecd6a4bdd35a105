"""Starting a worker as a process of its own that outlives the browser tab, and the server if need be."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from finml_core.errors import RunError

LOG_FILE = "log.txt"
ROOT = Path(__file__).resolve().parents[2]  # the folder that holds finml_core
MOST_THREADS = 8  # small models gain nothing from more

Launcher = Callable[[Path], None]
_children: list[tuple[Path, subprocess.Popen[bytes]]] = []  # the last of a folder counts
_children_lock = threading.Lock()


def launch_worker(folder: Path) -> None:
    """Run `python -m finml_core.runs.worker FOLDER` in the background; its output goes to the run's log."""
    launch_process(folder, [sys.executable, "-m", "finml_core.runs.worker", str(folder)])


def launch_study(folder: Path) -> None:
    """The same for a study of a run."""
    launch_process(folder, [sys.executable, "-m", "finml_core.runs.study_worker", str(folder)])


def launch_process(folder: Path, command: list[str]) -> None:
    """Start `command` detached from this process's terminal and working folder.

    Raises
    ------
    RunError
        If the operating system refuses.
    """
    reap()
    try:
        child = start_process(folder / LOG_FILE, command)
    except OSError as error:
        raise RunError(f"the worker of run {folder.name} could not be started: {error}.") from error
    with _children_lock:
        _children.append((folder, child))


def start_process(log_file: Path, command: list[str], order: Any = None) -> subprocess.Popen[bytes]:
    """A detached process whose output goes to a file; it may read `order` (a plain value) as JSON where it is given."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log, tempfile.TemporaryFile() as said:
        said.write(json.dumps(order).encode())
        said.seek(0)
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL if order is None else said,
            stdout=log,
            stderr=subprocess.STDOUT,
            **_detached(),
        )


def reap() -> None:
    """Take leave of ended workers, so that none stays behind as a zombie."""
    with _children_lock:
        last = dict(_children)
        _children[:] = [
            (folder, child)
            for folder, child in _children
            if child.poll() is None or (last[folder] is child and folder.exists())
        ]


def ended_before_reporting(folder: Path, pid: int | None) -> bool:
    """Whether the worker that this process started for the folder ended without ever writing its number."""
    if pid is not None:
        return False
    with _children_lock:
        last = next((child for of, child in reversed(_children) if of == folder), None)
    return last is not None and last.poll() is not None


def kill_process(pid: int, started: float | None) -> None:
    """End a worker that no longer answers, if the number still belongs to it."""
    try:
        process = psutil.Process(pid)
        if started is not None and abs(process.create_time() - started) >= 1.0:
            return
        process.kill()
        process.wait(5)
    except psutil.NoSuchProcess:
        return
    except (psutil.AccessDenied, psutil.TimeoutExpired) as error:
        raise RunError(
            f"process {pid} does not answer and could not be ended ({error}); end it, then try again."
        ) from error


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    inherited = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
    environment.setdefault("OMP_NUM_THREADS", str(min(os.cpu_count() or 1, MOST_THREADS)))
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    return environment


def _detached() -> dict[str, int | bool]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
