"""What an experiment tells while it works: the status for the bar on the page, and the history for its curves."""

import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.runs.files import write_frame
from finml_core.runs.status import StatusWriter

HISTORY_FILE = "history.parquet"
HISTORY = ("model", "fold", "seed", "epoch", "train_loss", "validation_loss")
HISTORY_KEY = ["model", "fold", "seed", "epoch"]
HISTORY_S = 1.0  # between two writes of the history


class ProgressKeeper:
    """The `progress` that `run_experiment` calls with events, from any of its threads."""

    def __init__(self, folder: Path, writer: StatusWriter):
        self._path = folder / HISTORY_FILE
        self._writer = writer
        self._history = _earlier(self._path)
        self._is_kept = True
        self._kept_at = 0.0
        self._lock = threading.RLock()

    def __call__(self, event: dict[str, Any]) -> None:
        """Take one event: `stage, fraction, message`, and for an epoch `model, fold, seed, epoch` and its losses."""
        with self._lock:
            self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        before = self._writer.status
        stage = str(event.get("stage", before.stage))
        self._writer.update(
            soon=stage == before.stage,
            stage=stage,
            fraction=float(event.get("fraction", before.fraction)),
            message=str(event.get("message", before.message)),
        )
        if event.get("epoch") is not None:
            self._history.append({column: event.get(column) for column in HISTORY})
            self._is_kept = False
            if time.monotonic() - self._kept_at > HISTORY_S:
                self.write_history()

    def write_history(self) -> None:
        """Put the epochs seen so far on the disk; of one epoch told twice, the later stays."""
        with self._lock:
            if self._is_kept:
                return
            frame = pd.DataFrame(self._history, columns=list(HISTORY))
            write_frame(self._path, frame.drop_duplicates(HISTORY_KEY, keep="last", ignore_index=True))
            self._is_kept = True
            self._kept_at = time.monotonic()


def _earlier(path: Path) -> list[dict[str, Any]]:
    try:
        return pd.read_parquet(path).to_dict("records")
    except (OSError, ValueError):  # none yet, or none that can be read
        return []
