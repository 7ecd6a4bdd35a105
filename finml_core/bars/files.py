"""The files that a source stands for: one file, a list, a folder, a pattern, or what a zip archive holds."""

import glob
import os
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finml_core.errors import DataError

CHUNK_BYTES = 1 << 20
MAX_RATIO = 100  # bars as text shrink 3 to 20 times; beyond this an archive is no table
FREE_BYTES = 50_000_000  # an archive that unpacks to less is never a bomb
MAX_BYTES = 50_000_000_000
MAX_FILES = 20_000
ZIPPED = (".csv", ".txt", ".tsv")
READABLE = (".csv", ".txt", ".tsv", ".csv.gz", ".parquet", ".pq", ".feather", ".arrow", ".ipc", ".zip")


def source_files(source: Any, scratch: Path) -> list[Path] | None:
    """Paths of a source in a fixed order, archives unpacked under `scratch`; None for a frame or a table.

    Raises
    ------
    DataError
        If there is no such file, a folder or pattern holds none, or an archive is broken or unpacks to too much.
    """
    if isinstance(source, str | os.PathLike):
        paths = _named(os.fspath(source))
    elif isinstance(source, Sequence) and source and all(isinstance(part, str | os.PathLike) for part in source):
        paths = [path for part in source for path in _named(os.fspath(part))]
    else:
        return None
    if len(paths) > MAX_FILES:
        raise DataError(f"the source has {len(paths)} files; ingest at most {MAX_FILES} at once.")
    return [file for number, path in enumerate(paths) for file in _unpacked(path, scratch / str(number))]


def source_label(source: Any) -> str:
    """A short name of several files for messages and the log."""
    if isinstance(source, str | os.PathLike):
        return Path(source).name or str(source)
    return f"{Path(source[0]).name} and {len(source) - 1} more"


def _named(name: str) -> list[Path]:
    if "\0" in name:
        raise DataError(f"the path {name!r} holds a NUL byte.")
    path = Path(name)
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name that is too long
        raise DataError(f"the path {name[:80]!r} of {len(name)} characters: {error.strerror}.") from error
    if is_folder:
        found = sorted(entry for entry in path.rglob("*") if entry.is_file() and _is_readable(entry))
    elif not path.is_file() and any(letter in name for letter in "*?["):
        found = sorted(Path(entry) for entry in glob.glob(name, recursive=True) if Path(entry).is_file())
    else:
        return [path]
    if not found:
        raise DataError(f"{name!r} holds no file of bars; a file ends in one of {', '.join(READABLE)}.")
    return found


def _is_readable(path: Path) -> bool:
    return path.name.lower().endswith(READABLE) and not path.name.startswith(".")


def _unpacked(path: Path, scratch: Path) -> list[Path]:
    if path.suffix.lower() != ".zip" or not path.is_file():
        return [path]
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_table(member)]
            if not members:
                raise DataError(f"{path.name} holds no {', '.join(ZIPPED)} file.")
            if len(members) > MAX_FILES:
                raise DataError(f"{path.name} holds {len(members)} files; ingest at most {MAX_FILES} at once.")
            allowed = min(max(path.stat().st_size * MAX_RATIO, FREE_BYTES), MAX_BYTES)
            return _extract(archive, members, scratch, allowed, path.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise DataError(f"{path.name} cannot be unpacked: {error}.") from error


def _is_table(member: zipfile.ZipInfo) -> bool:
    name = Path(member.filename).name
    is_hidden = name.startswith(".") or member.filename.startswith("__MACOSX")
    return not member.is_dir() and not is_hidden and name.lower().endswith(ZIPPED)


def _extract(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], scratch: Path, allowed: int, label: str
) -> list[Path]:
    """Unpack under plain names, counting real bytes: what an archive says of its sizes may be false."""
    paths = []
    left = allowed
    for number, member in enumerate(sorted(members, key=lambda member: member.filename)):
        folder = scratch / str(number)  # members of one name in two folders stay apart
        folder.mkdir(parents=True)
        path = folder / Path(member.filename).name
        with archive.open(member) as packed, path.open("wb") as file:
            while chunk := packed.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    shutil.rmtree(scratch, ignore_errors=True)
                    raise DataError(
                        f"{label} unpacks to more than {allowed:,} bytes ({MAX_RATIO} times its size), which no "
                        "table of bars does; unpack it by hand if you trust it."
                    )
                file.write(chunk)
        paths.append(path)
    return paths
