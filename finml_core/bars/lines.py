"""A text file is looked over before it is parsed: DuckDB leaves out a line that is longer than its buffer, silently."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

from finml_core.bars.files import FREE_BYTES, MAX_BYTES, MAX_RATIO
from finml_core.errors import DataError

LONGEST_LINE = 2_000_000  # bytes, DuckDB's own limit
STRIDE = 500_000  # a longer line than allowed covers several of these whole
PROBE = 4_096


def check_lines(path: Path, label: str, *, is_gzip: bool) -> None:
    """Refuse a text with a line of more than two million bytes, or gzip that unpacks to too much.

    Of a plain file only a probe in each stride is read, so a gigabyte costs milliseconds.
    """
    try:
        if is_gzip:
            _check_gzip(path, label)
        else:
            with path.open("rb") as file:
                _check_plain(file, path.stat().st_size, label)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{label} cannot be read: {error}.") from error


def _check_plain(file: BinaryIO, size: int, label: str) -> None:
    for start in range(0, size, STRIDE):
        file.seek(start)
        if _has_end(file.read(PROBE)):
            continue
        file.seek(start)
        ahead = file.read(LONGEST_LINE)
        if len(ahead) == LONGEST_LINE and not _has_end(ahead):
            raise _endless(label, start)


def _check_gzip(path: Path, label: str) -> None:
    allowed = min(max(path.stat().st_size * MAX_RATIO, FREE_BYTES), MAX_BYTES)
    position = 0
    last_end = 0
    with gzip.open(path, "rb") as file:
        while chunk := file.read(STRIDE):
            if _has_end(chunk):
                last_end = position
            position += len(chunk)
            if position > allowed:
                raise DataError(f"{label} unpacks to more than {allowed:,} bytes, {MAX_RATIO} times its size.")
            if position - last_end > LONGEST_LINE + STRIDE:
                raise _endless(label, last_end)


def _has_end(text: bytes) -> bool:
    return b"\n" in text or b"\r" in text


def _endless(label: str, position: int) -> DataError:
    return DataError(
        f"{label} has a line of more than {LONGEST_LINE:,} bytes near byte {position:,}; it is no table of bars. "
        "Save it with one bar a line."
    )
