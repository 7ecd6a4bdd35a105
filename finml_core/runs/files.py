"""Whole files or none: what another process reads was written to its end."""

import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from finml_core.errors import DataError

ATTEMPTS = 20  # Windows refuses to replace or read a file that another process has open at that moment
PAUSE_S = 0.02


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path` in one step."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_json(path: Path, plain: Any) -> None:
    """Put a plain value at `path` in one step; numbers that are not finite become null."""
    write_text(path, json.dumps(_finite(plain), indent=1, sort_keys=True, allow_nan=False, default=_plain))


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Put a frame at `path` as Parquet in one step, with its index unless that is the plain one."""
    index = None if isinstance(frame.index, pd.RangeIndex) else True
    write_whole(path, lambda unfinished: frame.to_parquet(unfinished, index=index))


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a file of a temporary name beside `path`, then give it its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        write(unfinished)
        _patiently(lambda: os.replace(unfinished, path))
    finally:
        unfinished.unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """The text at `path`, waiting out a replacement in progress."""
    return _patiently(lambda: path.read_text(encoding="utf-8"))


def read_source(path: Path) -> str:
    """A text file that a user names.

    Raises
    ------
    DataError
        If it is absent, no file, or no UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error


def safe_name(key: str) -> str:
    """A file name for any text: distinct texts get distinct names."""
    return quote(key, safe=" ").replace("~", "%7E").replace(" ", "%20")


def _patiently(step: Callable[[], Any]) -> Any:
    for _ in range(ATTEMPTS - 1):
        try:
            return step()
        except PermissionError:
            time.sleep(PAUSE_S)
    return step()


def _finite(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {str(key): _finite(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_finite(value) for value in plain]
    if hasattr(plain, "item") and not hasattr(plain, "__len__"):  # a NumPy scalar
        return _finite(plain.item())
    if isinstance(plain, float) and plain - plain != 0:  # missing or infinite
        return None
    return plain


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
