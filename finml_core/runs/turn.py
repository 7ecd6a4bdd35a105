"""The queue: one training at a time, first come, first served, and everybody knows whom they wait for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from finml_core.errors import RunError
from finml_core.runs.status import RunStatus, StatusWriter, process_lives, read_status

DEVICE_LOCK = ".device.lock"  # in the folder of runs; the operating system frees it when its holder dies
POLL_S = 0.3


@contextmanager
def turn(folder: Path, writer: StatusWriter, check_stop: Callable[[], None]) -> Iterator[None]:
    """Wait until no earlier run lives and the device is free; keep it until the block ends.

    `check_stop` is called while waiting and raises to give up the place in the queue.
    """
    lock = FileLock(folder.parent / DEVICE_LOCK)
    finished: set[Path] = set()  # those come back only behind this run, so they are not looked at again
    while True:
        check_stop()
        ahead = runs_ahead(folder, writer.status, finished)
        if not ahead and _try(lock):
            break
        _tell(writer, ahead)
        time.sleep(POLL_S)
    try:
        yield
    finally:
        lock.release()


def runs_ahead(folder: Path, mine: RunStatus, finished: set[Path] | None = None) -> list[RunStatus]:
    """Living runs of the same folder that are running or were queued before this one, the next to end first."""
    finished = set() if finished is None else finished
    ahead = []
    for other in folder.parent.iterdir():
        if other == folder or other in finished or other.name.startswith(".") or not other.is_dir():
            continue
        try:
            status = read_status(other)
        except RunError:
            continue
        if status.is_finished:
            finished.add(other)
        elif process_lives(status) and (status.state == "running" or _place(status) < _place(mine)):
            ahead.append(status)
    return sorted(ahead, key=lambda status: (status.state != "running", _place(status)))


def _place(status: RunStatus) -> tuple[datetime, str]:
    return status.queued or status.created, status.run_id


def _try(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _tell(writer: StatusWriter, ahead: list[RunStatus]) -> None:
    waits_for = ahead[0].run_id if ahead else writer.status.waits_for
    others = f", {len(ahead)} runs ahead" if len(ahead) > 1 else ""
    name = f"{ahead[0].name} ({ahead[0].run_id}){others}" if ahead else "another run to let go of the device"
    message = f"waits for {name}"
    if message != writer.status.message:
        writer.update(waits_for=waits_for, message=message)
