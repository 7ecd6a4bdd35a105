"""The ledger's files: listing and reading them while others write, and putting many into one.

Compaction makes the new file before it removes the old ones, so a reader may meet a trial twice but never misses one:
it reads again when the files moved under it.
"""

import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from filelock import FileLock

from finml_core.errors import StoreError
from finml_core.runs.files import write_whole
from finml_core.runs.trial_row import schema

if TYPE_CHECKING:
    import pyarrow as pa

EVERY = "SELECT {columns} FROM {source}"
COMPACT = "compact-"
LOCK_FILE = ".compact.lock"
ATTEMPTS = 20


def list_files(folder: Path) -> list[Path]:
    """Every file of trials; listed again if a compaction went on meanwhile."""
    files = _scan(folder)
    for _ in range(ATTEMPTS):
        again = _scan(folder)
        if set(_compact_files(again)) <= set(files):
            return files
        files = again
    return files


def loose_files(files: Sequence[Path]) -> list[Path]:
    """Those that hold a single trial."""
    return [path for path in files if not path.name.startswith(COMPACT)]


def read_files(
    folder: Path, query: str, columns: Sequence[str], *, trial_ids: Sequence[str] | None = None
) -> pd.DataFrame:
    """Run `query` (with {columns} and {source}) over all files, or over some trials' rows.

    Raises
    ------
    StoreError
        As `read_rows`.
    """
    return _read(folder, list_files(folder), query, columns, trial_ids, _frame)


def read_rows(folder: Path, files: Sequence[Path], columns: Sequence[str]) -> "pa.Table":
    """Every row of these files as it stands, or of what has become of them if a compaction went on.

    Raises
    ------
    StoreError
        If a compacted file cannot be read: it holds many trials, and a count without them would be wrong.
    """
    return _read(folder, files, EVERY, columns, None, lambda found: found.to_arrow_table())


def _read(
    folder: Path,
    files: Sequence[Path],
    query: str,
    columns: Sequence[str],
    trial_ids: Sequence[str] | None,
    fetch: Callable[[Any], Any],
) -> Any:
    import duckdb

    error: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            return _query(files, query, columns, fetch, trial_ids)
        except duckdb.Error as met:
            error = met
        if all(path.exists() for path in files):  # nothing moved: a file is broken
            break
        files = list_files(folder)
    unreadable = [path for path in files if path.exists() and not _is_readable(path)]
    broken = _compact_files(unreadable)
    if broken or not unreadable:
        named = broken[0] if broken else folder
        raise StoreError(f"the ledger of trials cannot be read at {named}: {error}.") from error
    readable = [path for path in files if path not in set(unreadable)]
    return _query(readable, query, columns, fetch, trial_ids, unreadable)


def read_loose(folder: Path, query: str, columns: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Run `query` over those of the named loose files that are there and whole; no other file is opened."""
    import duckdb

    files = [path for name in names if (path := folder / f"{name}.parquet").exists()]
    try:
        return _query(files, query, columns, _frame)
    except duckdb.Error:  # one was compacted meanwhile or is broken: the caller asks all files for what is missing
        return _query([], query, columns, _frame)


def compact(folder: Path, query: str) -> int:
    """Put loose and compacted files into one new file; returns how many went in, 0 if there was nothing to do."""
    import pyarrow.parquet as parquet

    if not folder.exists():
        return 0
    with FileLock(folder / LOCK_FILE):
        files = [path for path in _scan(folder) if _is_readable(path)]
        if not loose_files(files):
            return 0
        table = _best(files, query)
        write_whole(
            folder / f"{COMPACT}{uuid.uuid4().hex}.parquet",
            lambda unfinished: parquet.write_table(table, unfinished, row_group_size=1000),
        )
        for path in files:
            _remove(path)
        return len(files)


def _scan(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return [folder / name for name in sorted(names) if name.endswith(".parquet") and not name.startswith(".")]


def _compact_files(files: Sequence[Path]) -> list[Path]:
    return [path for path in files if path.name.startswith(COMPACT)]


def _query(
    files: Sequence[Path],
    query: str,
    columns: Sequence[str],
    fetch: Callable[[Any], Any],
    trial_ids: Sequence[str] | None = None,
    unreadable: Sequence[Path] = (),
) -> Any:
    import duckdb

    wanted = list(columns)
    with duckdb.connect(":memory:") as connection:
        connection.register("nothing", schema().empty_table())
        connection.register("unread", _without_words(unreadable))
        sources = ["SELECT * FROM nothing", "SELECT * FROM unread"]
        values: list[object] = []
        if files:
            sources.append("SELECT * FROM read_parquet(?)")
            values.append([str(path) for path in files])
        chosen = "" if trial_ids is None else " WHERE trial_id IN (SELECT unnest(?))"
        values += [] if trial_ids is None else [list(trial_ids)]
        source = f"(SELECT * FROM ({' UNION ALL BY NAME '.join(sources)}){chosen})"
        text = query.format(columns=", ".join(f'"{column}"' for column in wanted), source=source)
        return fetch(connection.sql(text, params=values))


def _frame(found: Any) -> pd.DataFrame:
    return found.df()


def _best(files: Sequence[Path], query: str):
    import duckdb

    text = query.format(columns=", ".join(f'"{name}"' for name in schema().names), source="read_parquet(?)")
    with duckdb.connect(":memory:") as connection:
        table = connection.sql(text, params=[[str(path) for path in files]]).to_arrow_table()
    return table.cast(schema())


def _without_words(files: Sequence[Path]):
    """A row for each file that cannot be read: its name still says which trial it was."""
    import pyarrow as pa

    rows = []
    for path in files:
        trial_id, _, state = path.stem.rpartition("-")
        rows.append({"trial_id": trial_id or path.stem, "state": state or "failed", "name": "unreadable"})
    return pa.Table.from_pylist(rows, schema=schema())


def _is_readable(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        return set(schema().names) <= set(parquet.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return False


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:  # Windows: somebody is reading it; the next compaction takes it along
        return
