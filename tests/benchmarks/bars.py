"""Ingest and loading of bars beside DuckDB's own bare insert, in one run: python -m tests.benchmarks.bars

Prints seconds and ratios; quote the ratios. Each ingest checks every row and writes both layouts. Each measured step
runs in a fresh process, so that its peak of memory is its own. Two numbers after the module's name are the rows of the
Parquet and of the CSV file; FINML_MARKET_DATA may name a folder of real files.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from finml_core.bars import BarStore
from finml_core.bars.connection import reading

N_DAYS = 2_520
N_LOADS = 9


def main(n_rows: int, n_csv_rows: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, rows in (("parquet", n_rows), ("csv", n_csv_rows)):
            path = folder / f"made.{kind}"
            write_panel(path, rows // N_DAYS)
            compare(path, folder)
        show_loads(BarStore(folder / "made.parquet.duckdb"))
        show_candles(BarStore(folder / "minutes.duckdb"))
        real = Path(os.environ.get("FINML_MARKET_DATA", "")) / "sp500_daily.parquet"
        if os.environ.get("FINML_MARKET_DATA") and real.is_file():
            compare(real, folder)


def write_panel(path: Path, n_symbols: int) -> None:
    """Daily bars by symbol and day, prices with four decimals."""
    kind = "" if path.suffix == ".parquet" else "(HEADER)"
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"""COPY (
                SELECT 'SYM' || lpad((i // {N_DAYS})::VARCHAR, 5, '0') AS symbol,
                       (DATE '2010-01-01' + (i % {N_DAYS})::INTEGER)::TIMESTAMP AS ts, price AS open,
                       price * 1.01 AS high, price * 0.99 AS low, price * 1.002 AS close,
                       round(1e6 * random()) AS volume, price * 0.9 AS adj_close
                FROM (SELECT i, round(20 + 100 * random(), 4) AS price FROM range({n_symbols * N_DAYS}) rows(i))
                ) TO '{path}' {kind}"""
        )


def compare(path: Path, folder: Path) -> None:
    """One ingest against one bare insert of the same file."""
    bare_s, _ = in_fresh_process("bare", path, folder / f"{path.name}.bare")
    ours_s, peak_mb = in_fresh_process("ingest", path, folder / f"{path.name}.duckdb")
    n_bars = len_of(folder / f"{path.name}.duckdb")
    print(
        f"{path.name}: {n_bars:,} bars in {ours_s:.1f} s, bare insert {bare_s:.1f} s, ratio {ours_s / bare_s:.1f}, "
        f"peak {peak_mb:,.0f} MB"
    )


def len_of(store: Path) -> int:
    with duckdb.connect(str(store), read_only=True) as connection:
        by_symbol, by_day = connection.execute(
            "SELECT (SELECT count(*) FROM bars), (SELECT count(*) FROM bars_by_day)"
        ).fetchone()
    if by_symbol != by_day:
        raise SystemExit(f"the layouts differ: {by_symbol} bars by symbol, {by_day} by day")
    return by_symbol


def in_fresh_process(work: str, path: Path, target: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of one step."""
    command = [sys.executable, "-m", "tests.benchmarks.bars", work, str(path), str(target)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(output[0]), float(output[1])


def bare(path: Path, target: Path) -> None:
    reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"CREATE TABLE bars AS SELECT * FROM {reader}('{path}') LIMIT 0")
        connection.execute(f"INSERT INTO bars SELECT * FROM {reader}('{path}')")


def ingest(path: Path, target: Path) -> None:
    BarStore(target).ingest(path)


def show_loads(store: BarStore) -> None:
    symbols = store.symbols()
    day = store.load(symbols[0])["ts"].iloc[1000]
    one = milliseconds(lambda: store.load(symbols[len(symbols) // 2]))
    section = milliseconds(lambda: store.cross_section(day))
    opening = milliseconds(lambda: open_and_close(store.path))
    own = milliseconds(lambda: duckdb.connect(str(store.path), read_only=True).close())
    search = milliseconds(lambda: store.search_symbols("99"))
    print(
        f"with opening: one symbol {one:.1f} ms, one day of {len(symbols):,} symbols {section:.1f} ms, "
        f"search {search:.1f} ms; opening alone {opening:.1f} ms, a DuckDB of its own {own:.1f} ms"
    )


def open_and_close(path: Path) -> None:
    with reading(path, 30.0):
        pass


def show_candles(store: BarStore) -> None:
    """A chart of a million bars against one bare sum of them over as many equal spans, on an open connection."""
    n_bars = 1_000_000
    close = 100 + np.random.default_rng(0).normal(0, 0.01, n_bars).cumsum()
    ts = pd.date_range("2010-01-01", periods=n_bars, freq="min")
    frame = pd.DataFrame({"ts": ts, "open": close, "high": close + 0.1, "low": close - 0.1, "close": close})
    store.ingest(frame.assign(volume=1.0))
    whole = milliseconds(lambda: store.candles("ASSET", max_points=900))
    month = milliseconds(lambda: store.candles("ASSET", "2010-03-01", "2010-03-31 12:00", max_points=900))
    query = """SELECT min(ts), max(ts), arg_min(open, ts), max(high), min(low), arg_max(close, ts), sum(volume),
               count(*) FROM bars GROUP BY epoch_us(ts) // 66667000000"""
    with reading(store.path, 30.0) as connection:
        bare_ms = milliseconds(lambda: connection.execute(query).df())
    print(
        f"900 candles of 1,000,000 bars {whole:.1f} ms, of one month {month:.1f} ms; bare sum of all {bare_ms:.1f} ms, "
        f"ratio {whole / bare_ms:.1f}"
    )


def milliseconds(work: Callable[[], object]) -> float:
    took = []
    for _ in range(N_LOADS):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took)


if __name__ == "__main__":
    if sys.argv[1:2] in (["bare"], ["ingest"]):
        begun = time.perf_counter()
        {"bare": bare, "ingest": ingest}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
        print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        given = [int(text) for text in sys.argv[1:]]
        main(*(given or [12_600_000, 12_600_000]))
