"""Opening the store's file: many readers or one writer, inside this process and between processes.

DuckDB lets either one writing process or several reading ones open a file, and one process may not mix the two modes.
So every query opens, answers and closes; a readers-writer lock keeps the modes apart inside the process, and another
process's lock is waited for with growing pauses. What opens is `reader.Reader`, which makes it cheap.
"""

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb

from finml_core.bars.layout import TABLES, complete
from finml_core.bars.reader import reader
from finml_core.bars.source import first_sentence
from finml_core.errors import StoreError

FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.1
_HELD = re.compile(r"held in (.*?) ?\(PID (\d+)\)")
IN_USE_HERE = (duckdb.ConnectionException, duckdb.ResourceInUseException)  # in the other mode, by foreign code
Connect = Callable[[], duckdb.DuckDBPyConnection]
OnWait = Callable[[str], None] | None  # told once whom a writer waits for
WRITER_MEMORY = "1GB"  # sorts of larger ingests spill to disk beside the file


class ReadWriteLock:
    """Any number of readers or one writer; a waiting writer goes before new readers. Not re-entrant."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._is_writing = False
        self._writers_waiting = 0

    @contextmanager
    def reading(self, timeout_s: float) -> Iterator[None]:
        """Hold the lock beside other readers."""
        with self._condition:
            if not self._condition.wait_for(lambda: not self._is_writing and not self._writers_waiting, timeout_s):
                raise StoreError(_busy_here(timeout_s))
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()

    @contextmanager
    def writing(self, timeout_s: float, on_wait: OnWait = None) -> Iterator[None]:
        """Hold the lock alone."""
        with self._condition:
            if on_wait is not None and (self._is_writing or self._readers):
                on_wait("waiting for other work of this process on the store to end.")
            self._writers_waiting += 1
            try:
                if not self._condition.wait_for(lambda: not self._is_writing and not self._readers, timeout_s):
                    raise StoreError(_busy_here(timeout_s))
                self._is_writing = True
            finally:
                self._writers_waiting -= 1
                self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._is_writing = False
                self._condition.notify_all()


_locks: dict[Path, ReadWriteLock] = {}
_locks_guard = threading.Lock()


def lock_of(path: Path) -> ReadWriteLock:
    """The one lock that this process has for a store."""
    with _locks_guard:
        return _locks.setdefault(path.resolve(), ReadWriteLock())


def connect_utc(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A private database (in memory without a path) whose time zone is UTC, whatever the machine's is."""
    connection = duckdb.connect(":memory:" if path is None else str(path))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET memory_limit = '{WRITER_MEMORY}'")
    return connection


@contextmanager
def reading(path: Path, timeout_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection for one query; an empty store in memory if the file does not exist yet."""
    with lock_of(path).reading(timeout_s), ExitStack() as opened:
        if path.exists():
            connection = _patiently(path, timeout_s, lambda: opened.enter_context(reader().reading(path)))
        else:
            connection = opened.enter_context(closing(empty_store()))
        try:
            yield connection
        except duckdb.Error as error:
            raise StoreError(f"the store {path.name} cannot be read: {first_sentence(error)}") from error


@contextmanager
def writing(path: Path, timeout_s: float, on_wait: OnWait = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection inside one transaction: committed at the end, rolled back by any error."""
    with lock_of(path).writing(timeout_s, on_wait):
        if not path.exists():
            _publish_empty_store(path)
        connection = _patiently(path, timeout_s, lambda: duckdb.connect(str(path)), on_wait)
        try:
            connection.execute(f"SET memory_limit = '{WRITER_MEMORY}'")
            connection.execute("BEGIN")
            complete(connection)
            yield connection
            connection.execute("COMMIT")
        except duckdb.Error as error:
            raise StoreError(f"the store {path.name} cannot be written: {first_sentence(error)}") from error
        finally:
            connection.close()  # rolls back what was not committed


def _patiently(path: Path, timeout_s: float, connect: Connect, on_wait: OnWait = None) -> duckdb.DuckDBPyConnection:
    """What `connect` gives, called again until the file is free."""
    deadline = time.monotonic() + timeout_s
    pause = FIRST_PAUSE_S
    while True:
        try:
            return connect()
        except IN_USE_HERE as error:
            reason: Exception = error
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise StoreError(f"{path.name} cannot be opened as a store: {first_sentence(error)}") from error
            reason = error
        except duckdb.Error as error:
            raise StoreError(f"{path.name} cannot be opened as a store: {first_sentence(error)}") from error
        if on_wait is not None:
            on_wait(f"waiting for {_holder(reason)} to end its work on the store {path.name}.")
            on_wait = None
        if time.monotonic() >= deadline:
            raise StoreError(_busy_elsewhere(path, timeout_s, reason)) from reason
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def empty_store() -> duckdb.DuckDBPyConnection:
    """A store without a bar, in memory."""
    connection = duckdb.connect()
    connection.execute(TABLES)
    return connection


def _publish_empty_store(path: Path) -> None:
    """Make the store under another name and give it its own only if nobody was faster, so that no half store shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(draft)) as connection:
            connection.execute(TABLES)
        _name_if_free(draft, path)
    except (duckdb.Error, OSError) as error:
        raise StoreError(f"the store {path} cannot be created: {first_sentence(error)}") from error
    finally:
        draft.unlink(missing_ok=True)


def _name_if_free(draft: Path, path: Path) -> None:
    try:
        if os.name == "nt":
            draft.rename(path)  # refuses an existing name there
        else:
            os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not path.exists():
            draft.rename(path)


def _busy_here(timeout_s: float) -> str:
    return f"the store is busy in this process for more than {timeout_s:g} s; wait for the ingest to end and try again."


def _busy_elsewhere(path: Path, timeout_s: float, reason: Exception) -> str:
    if _HELD.search(str(reason)) is None:
        return (
            f"the store {path.name} is in use and was waited for {timeout_s:g} s: {first_sentence(reason)} "
            "Close what holds it and try again."
        )
    return (
        f"the store {path.name} is in use by {_holder(reason)} and was waited for {timeout_s:g} s; "
        "let that process end or stop it, then try again."
    )


def _holder(reason: Exception) -> str:
    held = _HELD.search(str(reason))
    return "another program" if held is None else f"process {held[2]} ({Path(held[1]).name or 'a program'})"
