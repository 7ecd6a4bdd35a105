"""Feature frames on disk, for many processes at once: computed by the first that asks, mapped by all others."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_integer
from finml_core.features.config import FeatureConfig
from finml_core.features.engineer import FeatureEngineer, compute
from finml_core.features.frames import as_long, on_input_index
from finml_core.features.panel import Panel
from finml_core.schemas import segments
from finml_core.typing import FloatArray, IntArray

ABANDONED_S = 3600.0  # age at which a file that was never finished is cleared away


class FeatureCache:
    """A folder of computed features, one file for each bars, configuration, precision and version of the code.

    A file appears under its name only when it is whole, so a reader finds all of it or none, whoever else writes, and a
    killed process leaves nothing that would be read. It is mapped into memory, not loaded: what one process has read,
    the next one finds there. Each feature's sum is kept behind the values: a file that no longer agrees with its sums,
    or is cut short, counts as absent and is written anew. Beyond `max_bytes` the files that were not used for longest
    are dropped.

    Parameters
    ----------
    folder : path
        Made at the first write.
    max_bytes : int
        Bound on all files together; larger features are computed and not kept, and with 0 none are.
    """

    def __init__(self, folder: str | os.PathLike[str], *, max_bytes: int = 8_000_000_000):
        check_integer("max_bytes", max_bytes, 0)
        self.folder = Path(folder)
        self.max_bytes = max_bytes

    def transform(self, engineer: FeatureEngineer, bars: pd.DataFrame, *, snapshot: str | None = None) -> pd.DataFrame:
        """What `engineer.transform(bars)` gives, from the folder if it is there.

        Parameters
        ----------
        engineer : fitted FeatureEngineer
        bars : DataFrame, long or plain
        snapshot : str, optional
            `bars_hash` of these bars, where it is known; else they are hashed (0.1 s for 2.7 million bars).
        """
        check_is_fitted(engineer)
        long = as_long(bars)
        names = list(engineer.features_)
        path = self._path(engineer, snapshot or bars_hash(long), len(long))
        values = _mapped(path, (len(names), len(long)))
        if values is None:
            values = compute(list(engineer.features_.values()), Panel(long), engineer.dtype)
            if 0 < values.nbytes <= self.max_bytes:
                self._keep(values, path)
        return on_input_index(values.T, names, long, bars)

    def read(self, engineer: FeatureEngineer, name: str, snapshot: str, n_bars: int) -> FloatArray | None:
        """One feature of shape (n_bars,) from what `transform` kept under this snapshot; None where it is not there."""
        path, names = self._path(engineer, snapshot, n_bars), list(engineer.features_)
        values = _mapped(path, (len(names), n_bars), names.index(name))
        return None if values is None else values[0]

    def _path(self, engineer: FeatureEngineer, snapshot: str, n_bars: int) -> Path:
        return self.folder / f"{_key(engineer, snapshot, n_bars)}.npy"

    def _keep(self, values: FloatArray, path: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=path.stem, suffix=".part", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                np.lib.format.write_array(file, values, allow_pickle=False)
                file.write(_sums(values).tobytes())
            os.replace(unfinished, path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        self._make_room()

    def _make_room(self) -> None:
        """Drop what was not used for longest; another process may do so at the same time."""
        now = time.time()
        found = [(path, status) for path in self.folder.glob("*.npy") if (status := _status(path))]
        excess = sum(status.st_size for _, status in found) - self.max_bytes
        for path, status in sorted(found, key=lambda each: each[1].st_mtime_ns):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= status.st_size
        for path in self.folder.glob("*.part"):
            if (status := _status(path)) and now - status.st_mtime > ABANDONED_S:
                path.unlink(missing_ok=True)


def bars_hash(bars: pd.DataFrame) -> str:
    """Hash of sorted long bars: the same for the same symbols, times and numbers, whatever frame holds them."""
    offsets = segments(bars)
    symbols = json.dumps([bars["symbol"].iloc[offsets[:-1]].tolist(), offsets.tolist(), list(bars.columns)]).encode()
    columns = [np.ascontiguousarray(bars[name].to_numpy()).view(np.uint8) for name in bars.columns[1:]]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return _digest(pool.map(lambda part: hashlib.sha256(part).digest(), [symbols, *columns]))


def _key(engineer: FeatureEngineer, snapshot: str, n_bars: int) -> str:
    config = json.dumps(asdict(engineer.config or FeatureConfig()), sort_keys=True, default=str)
    parts = [snapshot, str(n_bars), config, engineer.dtype, *engineer.features_, _code_version()]
    return _digest(part.encode() for part in parts)


@cache
def _code_version() -> str:
    """Hash of the source that the numbers depend on, and of what compiles it."""
    package = Path(__file__).parents[1]
    files = [*sorted((package / "features").rglob("*.py")), package / "schemas.py", package / "numerics.py"]
    versions = [f"{name} {version(name)}".encode() for name in ("numpy", "numba", "pandas")]
    return _digest([*(file.read_bytes() for file in files), *versions])


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.hexdigest()[:32]


def _mapped(path: Path, shape: tuple[int, int], row: int | None = None) -> FloatArray | None:
    """The values of a file (or one row), which the caller may change for himself; None where it is absent or broken."""
    asked = slice(None) if row is None else slice(row, row + 1)
    try:
        values = np.load(path, mmap_mode="c", allow_pickle=False).view(np.ndarray)
        sums = np.fromfile(path, dtype=np.uint64, count=shape[0], offset=path.stat().st_size - 8 * shape[0])
        os.utime(path)  # used just now
    except (OSError, ValueError, EOFError):  # absent, dropped just now, or cut short
        return None
    if values.shape != shape or not np.array_equal(sums[asked], _sums(values[asked])):
        return None
    return values[asked]


def _sums(values: FloatArray) -> IntArray:
    """The bits of each row as whole numbers, added up modulo 2**64: twenty times as fast as any hash."""
    bits: IntArray = values.view(f"u{values.itemsize}").sum(axis=1, dtype=np.uint64)
    return bits


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
