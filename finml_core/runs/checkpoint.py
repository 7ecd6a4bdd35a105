"""Finished pieces of a run, kept so that a run that was interrupted goes on where it was."""

import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.runs.files import safe_name, write_frame

CHECKPOINTS = "checkpoints"
MODELS = "models"


class FolderCheckpoint:
    """What `run_experiment` takes as its `checkpoint`: frames and fitted models in the folder of the run."""

    def __init__(self, folder: Path):
        self._folder = folder

    def load(self, key: str) -> pd.DataFrame | None:
        """The frame kept under `key`; None if there is none, or none that can be read."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
            print(f"checkpoint {key!r} cannot be read and is made again: {error}", flush=True)
            return None

    def save(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` under `key`."""
        write_frame(self._path(key), frame)

    def keep_model(self, name: str, fold: int, model: Any) -> None:
        """Keep a fitted model; one of the same name and fold is replaced."""
        from finml_core.models import save_model

        folder = model_folder(self._folder, name, fold)
        unfinished = folder.with_name(f".{uuid.uuid4().hex}")
        unfinished.mkdir(parents=True)
        try:
            save_model(model, unfinished)
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def clear(self) -> None:
        """Forget the frames; the models stay."""
        shutil.rmtree(self._folder / CHECKPOINTS, ignore_errors=True)

    def _path(self, key: str) -> Path:
        return self._folder / CHECKPOINTS / f"{safe_name(key)}.parquet"


def model_folder(folder: Path, name: str, fold: int) -> Path:
    """Where the model of this name and fold is kept in a run's folder."""
    return folder / MODELS / f"{safe_name(name)}-{fold}"
