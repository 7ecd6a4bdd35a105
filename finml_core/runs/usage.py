"""How busy processor and cards are while a run works, sampled by its worker beside the work."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from finml_core.runs.cards import MIB, Cards
from finml_core.runs.files import write_frame

USAGE_FILE = "usage.parquet"
USAGE = ("elapsed_s", "stage", "device", "utilisation", "memory_mib")
SAMPLE_S = 0.5  # between two samples at first
MOST_SAMPLES = 600  # of a device; when there are as many, two become one and samples are taken half as often
WRITE_S = 3.0  # between two writes

Sample = Mapping[str, tuple[float, float]]  # device -> (utilisation, memory_mib)


class Processor:
    """This process's share of all cores, in [0, 1], since it was last asked, and its resident memory."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._cores = psutil.cpu_count() or 1
        self._process.cpu_percent()  # the first answer is about no time at all

    def sample(self) -> dict[str, tuple[float, float]]:
        """Under the name `cpu`."""
        with self._process.oneshot():
            busy = self._process.cpu_percent() / 100 / self._cores
            return {"cpu": (min(busy, 1.0), self._process.memory_info().rss / MIB)}


def sample_all() -> Callable[[], Sample]:
    """A function that samples processor and cards."""
    processor, cards = Processor(), Cards()
    return lambda: {**processor.sample(), **cards.sample()}


class UsageRecorder:
    """Inside its `with` block, samples go into `usage.parquet` of the run's folder; the last is written at its end.

    A row is a sample of a device: seconds since the block began, the run's stage, `cpu` or the card's name, the share
    of its capacity at work since the sample before (`cpu`: of all cores, by this process alone; a card: by everybody),
    MiB of memory taken (`cpu`: resident memory of this process).
    """

    def __init__(
        self,
        folder: Path,
        stage: Callable[[], str],
        *,
        sampler: Callable[[], Callable[[], Sample]] = sample_all,
        every_s: float = SAMPLE_S,
        most: int = MOST_SAMPLES,
    ):
        self._path = folder / USAGE_FILE
        self._stage = stage
        self._sampler = sampler
        self._every_s = every_s
        self._most = most
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="usage", daemon=True)

    def __enter__(self) -> "UsageRecorder":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        sample = self._sampler()
        started = written = time.monotonic()
        while not self._ended.wait(self._every_s):
            self._note(sample(), time.monotonic() - started)
            if time.monotonic() - written > WRITE_S:
                self._write()
                written = time.monotonic()
        self._note(sample(), time.monotonic() - started)
        self._write()

    def _note(self, sample: Sample, elapsed_s: float) -> None:
        for device, (utilisation, memory) in sample.items():
            row = {"elapsed_s": elapsed_s, "stage": self._stage(), "device": device}
            self._rows.setdefault(device, []).append({**row, "utilisation": utilisation, "memory_mib": memory})
        if any(len(rows) >= self._most for rows in self._rows.values()):
            self._rows = {device: halved(rows) for device, rows in self._rows.items()}
            self._every_s *= 2

    def _write(self) -> None:
        rows = [row for of_device in self._rows.values() for row in of_device]
        try:
            write_frame(self._path, pd.DataFrame(rows, columns=list(USAGE)))
        except OSError as error:  # a full disk must not end a training for the sake of a picture
            print(f"the use of the devices could not be written: {error}", flush=True)


def halved(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two samples become one: the mean of their utilisation by the time that each stands for, the most memory."""
    merged = []
    before = 0.0
    for first, second in zip(rows[::2], rows[1::2], strict=False):
        spans = first["elapsed_s"] - before, second["elapsed_s"] - first["elapsed_s"]
        total = sum(spans) or 1.0
        utilisation = (first["utilisation"] * spans[0] + second["utilisation"] * spans[1]) / total
        memory = max(first["memory_mib"], second["memory_mib"])
        merged.append({**second, "utilisation": utilisation, "memory_mib": memory})
        before = second["elapsed_s"]
    return merged + (rows[-1:] if len(rows) % 2 else [])
