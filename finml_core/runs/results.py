"""Reading what a run left in its folder, each broken file answered by what it is and what to do."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.errors import RunError
from finml_core.runs.checkpoint import model_folder
from finml_core.runs.files import read_text
from finml_core.runs.observe import observe

NAME = re.compile(r"[a-z0-9_]+")
AGAIN = "delete the run and submit it again"


def table_names(folder: Path) -> tuple[str, ...]:
    """Names of the tables that the run has left so far."""
    return tuple(sorted(path.stem for path in folder.glob("*.parquet") if not path.name.startswith(".")))


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """One of the run's tables."""
    path = folder / f"{name}.parquet"
    if not NAME.fullmatch(name) or not path.exists():
        raise RunError(_why_missing(folder, f"table {name!r}"))
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path.name} of run {folder.name} is broken ({error}); {AGAIN}.") from error


def read_metrics(folder: Path) -> dict[str, Any]:
    """The run's headline numbers."""
    return read_document(folder, "metrics")


def read_document(folder: Path, name: str) -> dict[str, Any]:
    """One of the run's JSON files; numbers that were not finite read as None."""
    if not NAME.fullmatch(name):
        raise RunError(_why_missing(folder, f"document {name!r}"))
    try:
        return dict(json.loads(read_file(folder, f"{name}.json")))
    except (TypeError, ValueError) as error:
        raise RunError(f"{name}.json of run {folder.name} is broken ({error}); {AGAIN}.") from error


def read_file(folder: Path, name: str) -> str:
    """The text of one of the run's files."""
    try:
        return read_text(folder / name)
    except FileNotFoundError as error:
        raise RunError(_why_missing(folder, name)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{name} of run {folder.name} cannot be read: {error}.") from error


def find_model(folder: Path, name: str, fold: int) -> Path:
    """Where a fitted model is kept."""
    kept = model_folder(folder, name, fold)
    if not kept.is_dir():
        raise RunError(_why_missing(folder, f"model {name!r} of fold {fold}"))
    return kept


def _why_missing(folder: Path, what: str) -> str:
    state = observe(folder).state
    if state in ("queued", "running"):
        return f"run {folder.name} is {state}; {what} is not there yet."
    if state == "done":
        return f"run {folder.name} has no {what}; its tables are: {', '.join(table_names(folder)) or 'none'}."
    return f"run {folder.name} is {state} and left no {what}; submit it again."
