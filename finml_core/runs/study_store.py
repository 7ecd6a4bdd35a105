"""Studies of features on disk: a folder of tables each, named after what it was made from."""

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.experiments import ExperimentConfig
from finml_core.runs.files import write_frame, write_json

MOST_KEPT = 48  # studies; the one that was not read for longest goes first
ABANDONED_S = 3600.0  # age at which what was never finished is cleared away
FACTS = "facts.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Tables and plain values of one study."""

    frames: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)


class StudyStore:
    """The studies below one folder; any number of processes may read and write it at once.

    A study appears under its name only when it is whole. One that cannot be read counts as absent, and is replaced by
    the next that is saved.
    """

    def __init__(self, folder: Path, *, most_kept: int = MOST_KEPT):
        self.folder = folder
        self.most_kept = most_kept

    def load(self, name: str) -> Kept | None:
        """The study of this name; None where there is none that can be read."""
        path = self.folder / name
        try:
            facts = json.loads((path / FACTS).read_text(encoding="utf-8"))
            frames = {table: pd.read_parquet(path / f"{table}.parquet") for table in facts["tables"]}
            os.utime(path)  # read just now
        except (OSError, ValueError, KeyError, TypeError):  # absent, broken, or dropped while it was read
            return None
        return Kept(frames=frames, facts=facts["facts"])

    def save(self, name: str, study: Kept) -> None:
        """Keep a study, in place of any that is there, and drop what is too much."""
        unfinished = self.folder / f".{uuid.uuid4().hex}"
        unfinished.mkdir(parents=True)
        try:
            for table, frame in study.frames.items():
                write_frame(unfinished / f"{table}.parquet", frame)
            write_json(unfinished / FACTS, {"tables": list(study.frames), "facts": dict(study.facts)})
            self._put(unfinished, self.folder / name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._make_room()

    def _put(self, whole: Path, path: Path) -> None:
        """Give a finished folder its name; a folder of that name is moved away first."""
        for _ in range(3):
            old = whole.with_name(f".{uuid.uuid4().hex}")
            try:
                os.rename(path, old)
            except FileNotFoundError:
                old = None
            try:
                os.rename(whole, path)
                return
            except OSError:  # another process was quicker: its study is of the same numbers, and as good
                continue
            finally:
                if old is not None:
                    shutil.rmtree(old, ignore_errors=True)

    def _make_room(self) -> None:
        used = {}
        for path in self.folder.iterdir():
            try:
                used[path] = path.stat().st_mtime
            except FileNotFoundError:
                continue
        kept = sorted((path for path in used if (path / FACTS).exists()), key=used.__getitem__)
        unfinished = [path for path in used if path.name.startswith(".") and path.is_dir()]
        abandoned = [path for path in unfinished if used[path] < time.time() - ABANDONED_S]
        for path in [*kept[: max(0, len(kept) - self.most_kept)], *abandoned]:
            shutil.rmtree(path, ignore_errors=True)


def study_name(content: str, config: ExperimentConfig, piece: str) -> str:
    """The name of a piece of the study of bars of this content: other bars, settings or code give another."""
    settings = json.dumps([asdict(config.features), asdict(config.split)], sort_keys=True, default=str)
    whole = "\n".join([content, settings, _code_version()])
    return f"{hashlib.sha256(whole.encode()).hexdigest()[:32]}-{piece}"


@cache
def _code_version() -> str:
    """Hash of the code that a study runs, and of the libraries that its numbers come from."""
    core = Path(__file__).parents[1]
    files = [*core.glob("*.py"), *(core / "experiments").glob("feature_*.py")]
    for package in ("features", "labels", "metrics", "report", "splits"):
        files += (core / package).rglob("*.py")
    parts = [path.read_bytes() for path in sorted(files)]
    parts += [f"{name} {version(name)}".encode() for name in ("numpy", "numba", "pandas", "scipy", "scikit-learn")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
