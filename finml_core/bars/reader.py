"""One private DuckDB that reads every store of this process.

Attaching a file to it costs half a millisecond, while a DuckDB of its own for each question costs fifteen. A file is
attached while somebody reads it and no longer: then its lock is free for a writer.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from finml_core.bars.source import literal


@dataclass
class _Attached:
    alias: str
    n_readers: int = 0


class Reader:
    """Files attached read-only, counted by their readers."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._attached: dict[Path, _Attached] = {}
        self._n_aliases = 0

    @contextmanager
    def reading(self, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own, with its own temporary tables, whose unqualified names are the file's.

        Raises
        ------
        duckdb.Error
            If the file cannot be attached: it is locked, or no database.
        """
        path = path.resolve()
        connection = self._enter(path)
        try:
            yield connection
        finally:
            self._leave(path, connection)

    def _enter(self, path: Path) -> duckdb.DuckDBPyConnection:
        with self._guard:
            if self._database is None:
                self._database = _in_memory()
            if path not in self._attached:
                self._n_aliases += 1
                alias = f"store_{self._n_aliases}"
                self._database.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
                self._attached[path] = _Attached(alias)
            attached = self._attached[path]
            connection = self._database.cursor()
            connection.execute(f"USE {attached.alias}")
            attached.n_readers += 1
            return connection

    def _leave(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        with self._guard:
            connection.close()
            attached = self._attached[path]
            attached.n_readers -= 1
            if not attached.n_readers and self._database is not None:
                del self._attached[path]
                self._database.execute(f"DETACH {attached.alias}")


def reader() -> Reader:
    """The one of this process."""
    return _state["reader"]


def _in_memory() -> duckdb.DuckDBPyConnection:
    spill = Path(tempfile.gettempdir()) / f"finml-{os.getpid()}"  # made only when something does not fit in memory
    return duckdb.connect(":memory:", config={"temp_directory": str(spill)})


_state = {"reader": Reader()}
_of_parents: list[Reader] = []  # kept, since a DuckDB whose threads stayed in the parent cannot be closed


def _start_anew() -> None:
    _of_parents.append(_state["reader"])
    _state["reader"] = Reader()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
