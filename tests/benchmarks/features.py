"""Features against pandas, Polars and TA-Lib in one run: python -m tests.benchmarks.features [n_symbols n_bars]

Seeded walks of 800 symbols x 3,400 days; fixed lists of features (`peers/feature_peers.py`); new prices in each
repetition, nothing cached; contenders take turns, after a check that they agree, each with as much memory at hand as
its result takes. Each number is the best of the repetitions, so that a neighbour on the machine does not count: quote
the ratios.
"""

import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finml_core.bars import BarStore
from finml_core.features import FEATURES, FeatureEngineer, FeatureStream
from finml_core.features.engineer import compute
from finml_core.features.panel import Panel
from finml_core.schemas import as_bars
from tests.benchmarks.peers.feature_peers import FACTORS, FORTY, TALIB_FEATURES, with_pandas, with_polars, with_talib
from tests.benchmarks.peers.qlib_peer import write_qlib_store

REPETITIONS = 7
TARGETS = {"pandas": 25, "polars": 15, "TA-Lib": 3}
QLIB = "FINML_QLIB_PYTHON"
RUNNING_SUMS = ("zscore", "slope", "realized_volatility", "bollinger", "cci")  # peers lose digits in these
FIRST = 60  # bars after which a peer's warm-up no longer differs


def make_bars(n_symbols: int, n_bars: int, seed: int) -> pd.DataFrame:
    """Sorted long bars of random walks with consistent open, high, low, close."""
    generator = np.random.default_rng(seed)
    shape = (n_symbols, n_bars)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.015, shape), axis=1))
    open_ = close * np.exp(generator.normal(0, 0.005, shape))
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) * np.exp(np.abs(generator.normal(0, 0.004, shape))),
        "low": np.minimum(open_, close) * np.exp(-np.abs(generator.normal(0, 0.004, shape))),
        "close": close,
        "volume": generator.lognormal(13, 0.4, shape).round(),
    }
    keys = {
        "symbol": np.repeat([f"S{number:04d}" for number in range(n_symbols)], n_bars),
        "ts": np.tile(pd.bdate_range("2010-01-04", periods=n_bars).as_unit("us"), n_symbols),
    }
    return as_bars(pd.DataFrame(keys | {name: values.ravel() for name, values in columns.items()}))


def seconds(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def ours(bars: pd.DataFrame, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    return dict(zip(names, compute([FEATURES[name] for name in names], Panel(bars)), strict=True))


def agree(computed: dict[str, np.ndarray], expected: dict[str, np.ndarray], n_bars: int) -> None:
    late = np.arange(len(next(iter(expected.values())))) % n_bars >= FIRST
    for name, values in expected.items():
        tolerance = 1e-6 if name.startswith(RUNNING_SUMS) else 1e-8
        chosen = late & np.isfinite(values)
        np.testing.assert_allclose(computed[name][chosen], values[chosen], rtol=tolerance, atol=tolerance, err_msg=name)


def against_peers(n_symbols: int, n_bars: int) -> None:
    pl = importlib.import_module("polars") if importlib.util.find_spec("polars") else None
    times: dict[str, list[tuple[float, float]]] = {}

    def turn(name: str, n_features: int, work: Callable[..., Any], *arguments: Any) -> Any:
        touch(n_features * n_symbols * n_bars * 8)  # as much for a peer as for us
        before = time.process_time()
        elapsed, result = seconds(work, *arguments)
        times.setdefault(name, []).append((elapsed, time.process_time() - before))
        return result

    for seed in range(REPETITIONS):
        bars = make_bars(n_symbols, n_bars, seed)
        factors = turn("14 factors", len(FACTORS), ours, bars, FACTORS)
        agree(factors, turn("pandas", len(FACTORS), with_pandas, bars), n_bars)
        if pl:
            frame = pl.from_pandas(bars)
            agree(factors, turn("polars", len(FACTORS), with_polars, frame, pl), n_bars)
        del factors
        columns = {name: bars[name].to_numpy().copy() for name in ("high", "low", "close", "volume")}
        indicators = turn("55 indicators", len(TALIB_FEATURES), ours, bars, TALIB_FEATURES)
        agree(indicators, turn("TA-Lib", len(TALIB_FEATURES), with_talib, columns, Panel(bars).offsets), n_bars)
        del indicators
    best = {name: np.min(values, axis=0) for name, values in times.items()}  # of seconds and of processor seconds
    for peer, mine in {"pandas": "14 factors", "polars": "14 factors", "TA-Lib": "55 indicators"}.items():
        if peer not in best:
            print(f"{mine}: {peer} is not installed, left out")
            continue
        wall, processor = best[peer] / best[mine]
        print(f"{mine}: ours {best[mine][0]:.3f} s, {peer} {best[peer][0]:.3f} s, ratio {wall:.1f} "
              f"(target {TARGETS[peer]}); of processor time {processor:.1f}")  # fmt: skip


def everything(n_symbols: int, n_bars: int) -> None:
    for dtype in ("float64", "float32"):
        elapsed, touches = [], []
        for seed in range(REPETITIONS):
            bars = make_bars(n_symbols, n_bars, seed)
            engineer = FeatureEngineer(dtype=dtype).fit(bars)
            touches.append(seconds(touch, len(bars) * len(engineer.features_) * np.dtype(dtype).itemsize)[0])
            took, table = seconds(engineer.transform, bars)
            elapsed.append(took)
            shape, n_bytes = table.shape, table.to_numpy().nbytes + bars.select_dtypes("number").to_numpy().nbytes
            del table
        best = min(elapsed)
        rate, share = shape[0] * shape[1] / best, n_bytes / best / copy_bandwidth()
        print(f"all {shape[1]} features, {dtype}: {best:.3f} s, {rate:.2e} values/s (target 4e8), "
              f"{share:.0%} of copy bandwidth; touching so much memory before it took {min(touches):.2f} to "
              f"{max(touches):.2f} s")  # fmt: skip


def touch(n_bytes: int) -> None:
    """Make the machine have the memory of the result at hand.

    A virtual machine that has given free memory back to its host waits for it at the first touch, up to seconds a GB.
    """
    np.empty(n_bytes, dtype=np.uint8)[::4096] = 0


def copy_bandwidth(n_values: int = 40_000_000) -> float:
    """Bytes a second that all cores together copy; a byte that is read and written counts once."""
    n_threads = len(os.sched_getaffinity(0))
    parts = np.array_split(np.ones(n_values), n_threads)
    targets = [np.zeros_like(part) for part in parts]

    def copy_all() -> None:
        threads = [threading.Thread(target=np.copyto, args=pair) for pair in zip(targets, parts, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return 8 * n_values / min(seconds(copy_all)[0] for _ in range(5))


def from_store(n_symbols: int, n_bars: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = BarStore(Path(folder) / "market.duckdb")
        store.ingest(make_bars(n_symbols, n_bars, 7))
        engineer = FeatureEngineer(dtype="float32").fit(make_bars(2, 300, 0))
        engineer.features_ = {name: FEATURES[name] for name in FORTY}
        loads, wholes = [], []
        for _ in range(2 * REPETITIONS):
            load, bars = seconds(store.load)
            wholes.append(load + seconds(engineer.transform, bars)[0])
            loads.append(load)
    print(f"DuckDB file to {len(FORTY)} features in float32: {min(wholes):.3f} s, of which {min(loads):.3f} s reading")
    python = os.environ.get(QLIB)
    if python is None:
        print(f"qlib left out: {QLIB} names no Python that has pyqlib and tables (redis-server must run beside it)")
        return
    with tempfile.TemporaryDirectory() as folder:
        write_qlib_store(make_bars(n_symbols, n_bars, 7), n_bars, Path(folder))
        command = [python, str(Path(__file__).parent / "peers" / "qlib_peer.py"), folder]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    warm, uncached = (float(word) for word in said.split()[1:])
    print(f"qlib, 14 factors from its store: {warm:.3f} s from its warm cache, {uncached:.3f} s without caches; "
          f"ours {min(wholes) / warm:.2f} of warm (target 0.25)")  # fmt: skip


def next_bar(n_symbols: int) -> None:
    bars = make_bars(n_symbols, 1000, 3)
    number = np.arange(len(bars)) % 1000
    stream = FeatureStream(FeatureEngineer().fit(bars), bars[number < 985])
    elapsed = [seconds(stream.append, bars[number == row])[0] for row in range(985, 1000)]
    print(f"one new bar of {n_symbols} symbols: {1e3 * min(elapsed):.0f} ms")


def alone(n_symbols: int, n_bars: int) -> None:
    """What a fresh process of its own measures: first call, and the peak of memory."""
    small = make_bars(2, 300, 0)
    first, _ = seconds(FeatureEngineer().fit_transform, small)
    again, _ = seconds(FeatureEngineer().fit_transform, small)
    bars = make_bars(n_symbols, n_bars, 0)
    before = _resident()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    table = FeatureEngineer().fit_transform(bars)
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    output, given = table.to_numpy().nbytes, bars.select_dtypes("number").to_numpy().nbytes
    print(json.dumps({"first": first, "again": again, "peak": peak - before + given, "output": output, "input": given}))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def in_fresh_process(n_symbols: int, n_bars: int, **environment: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.features", "alone", str(n_symbols), str(n_bars)]
    environment = {**os.environ, **environment}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env=environment
    )
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


def cold(n_symbols: int, n_bars: int) -> None:
    said = in_fresh_process(n_symbols, n_bars)
    ratio = said["peak"] / (2 * said["output"] + said["input"])
    print(f"cold process, compiled code cached: first call {said['first'] - said['again']:.2f} s more (target 1 s)")
    with tempfile.TemporaryDirectory() as nothing:
        compiling = in_fresh_process(2, 300, NUMBA_CACHE_DIR=nothing)
    print(f"cold process, nothing compiled yet: first call {compiling['first']:.0f} s")
    print(f"peak memory {said['peak'] / 1e9:.2f} GB, {ratio:.2f} of twice the output plus the input (target 1)")


def main(n_symbols: int = 800, n_bars: int = 3400) -> None:
    print(f"{n_symbols} symbols x {n_bars} bars, best of {REPETITIONS}; load {os.getloadavg()[0]:.1f} "
          f"on {len(os.sched_getaffinity(0))} cores")  # fmt: skip
    FeatureEngineer().fit_transform(make_bars(2, 300, 0))
    against_peers(n_symbols, n_bars)
    everything(n_symbols, n_bars)
    from_store(n_symbols, n_bars)
    next_bar(min(n_symbols, 496))
    cold(n_symbols, n_bars)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["alone"]:
        alone(*(int(argument) for argument in sys.argv[2:]))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
