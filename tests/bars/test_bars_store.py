"""The store keeps bars whole: between readers and writers, between processes, and through a kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore, IngestOptions, prepare_store
from finml_core.errors import ConfigError, StoreError

SOURCE = Path(__file__).parents[2]


def run_python(code: str, *arguments: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_a_store_that_does_not_exist_reads_as_empty_and_stays_so(store):
    assert store.symbols() == []
    assert store.version() == 0
    assert store.load("A").empty
    assert list(store.load().columns) == ["symbol", "ts", "open", "high", "low", "close", "volume"]
    for frame in (store.coverage(), store.ingests(), store.quarantine(), store.candles("A"), store.quality()):
        assert frame.empty
    assert store.delete("A") == 0
    assert not store.path.parent.exists()


def test_selections_include_both_ends(store, panel):
    store.ingest(panel)
    part = store.load(["S0", "S2"], start="2015-02-02", end="2015-02-27")
    expected = panel[panel["symbol"].isin(["S0", "S2"]) & panel["ts"].between("2015-02-02", "2015-02-27")]
    assert_frame_equal(part, expected.reset_index(drop=True))
    assert store.load([]).empty
    with pytest.raises(ConfigError, match="start is 'soon'"):
        store.load(start="soon")


def test_a_pure_date_as_end_is_the_whole_day(store, plain):
    minutes = plain.set_axis(pd.date_range("2020-01-01 23:30", periods=60, freq="min"), axis=0)
    store.ingest(minutes)
    assert len(store.load(end="2020-01-01")) == 30
    assert len(store.load(end=pd.Timestamp("2020-01-01"))) == 0
    assert len(store.load(end=pd.Timestamp("2020-01-01 23:30"))) == 1


def test_loaded_bars_may_be_changed_in_place(store, panel):
    store.ingest(panel)
    for bars in (store.load("S1"), store.load(), store.cross_section(panel["ts"].iloc[5])):
        bars.loc[0, ["close", "volume"]] = 7.0
        bars.loc[0, "ts"] = pd.Timestamp("2000-01-01")
        assert bars.loc[0, ["close", "volume"]].tolist() == [7.0, 7.0]


def test_optional_columns_show_only_where_they_have_values(store, plain):
    store.ingest(plain.assign(adj_close=plain["close"] / 2), options=IngestOptions(symbol="WITH"))
    store.ingest(plain, options=IngestOptions(symbol="WITHOUT"))
    assert "adj_close" in store.load().columns
    assert "adj_close" not in store.load("WITHOUT").columns
    assert "bid" not in store.load().columns


def test_coverage_log_and_version_tell_what_is_there(store, panel, plain):
    store.ingest(panel)
    store.ingest(plain, options=IngestOptions(symbol="X", source="by hand"))
    coverage = store.coverage().set_index("symbol")
    assert coverage["n_bars"].to_dict() == {"S0": 600, "S1": 600, "S2": 600, "X": 60}
    assert coverage.loc["X", "source"] == "by hand"
    assert store.coverage_by_month().query("symbol == 'X'")["n_bars"].sum() == 60
    assert store.delete(["S0", "S1"]) == 1200
    log = store.ingests()
    assert log["action"].tolist() == ["delete", "ingest", "ingest"]
    assert (store.version(), store.symbols()) == (3, ["S2", "X"])


def test_candles_lose_no_extreme_and_no_volume(store, panel):
    store.ingest(panel)
    bars = panel[panel["symbol"] == "S1"]
    candles = store.candles("S1", max_points=37)
    assert len(candles) <= 37
    assert candles["high"].max() == bars["high"].max()
    assert candles["low"].min() == bars["low"].min()
    assert candles["volume"].sum() == pytest.approx(bars["volume"].sum())
    assert candles["n_bars"].sum() == len(bars)
    assert candles["open"].iloc[0] == bars["open"].iloc[0]
    assert candles["close"].iloc[-1] == bars["close"].iloc[-1]
    assert len(store.candles("S1", max_points=10_000)) == len(bars)


def test_adjusted_candles_end_at_the_adjusted_close(store, plain):
    store.ingest(plain.assign(adj_close=plain["close"] / 2))
    ends = [store.candles("ASSET", max_points=5, adjusted=adjusted)["close"].iloc[-1] for adjusted in (True, False)]
    assert ends[0] == pytest.approx(ends[1] / 2)


def test_the_bundled_bars_are_put_in_once(store):
    assert prepare_store(store)
    assert not prepare_store(store)
    coverage = store.coverage().set_index("symbol")
    assert coverage["source"].value_counts().to_dict() == {"synthetic": 50, "bundled": 7}
    assert coverage.loc[["AAPL", "SPX"], "n_bars"].to_dict() == {"AAPL": 3270, "SPX": 5031}
    assert store.quarantine().empty
    store.delete("AAPL")
    assert not prepare_store(store)


HOLD = """
import duckdb, sys, time
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_another_process_is_waited_for(store, plain):
    store.ingest(plain)
    holder = run_python(HOLD, str(store.path), "0.5")
    try:
        assert holder.stdout.readline().strip() == "held"
        assert len(store.load()) == 60
    finally:
        holder.wait()
        holder.stdout.close()


def test_a_store_held_too_long_names_the_process(store, plain):
    store.ingest(plain)
    impatient = BarStore(store.path, timeout_s=0.2)
    holder = run_python(HOLD, str(store.path), "30")
    try:
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(StoreError, match=rf"in use by process {holder.pid} .*waited for 0.2 s"):
            impatient.load()
        with pytest.raises(StoreError, match=f"in use by process {holder.pid}"):
            impatient.ingest(plain, on_conflict="skip")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert [path.name for path in store.path.parent.iterdir()] == ["market.duckdb"]


def test_a_file_that_is_no_store_is_named(tmp_path):
    (tmp_path / "m.duckdb").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match=r"m\.duckdb cannot be opened as a store"):
        BarStore(tmp_path / "m.duckdb").load()


def test_a_foreign_database_is_answered_clearly(tmp_path):
    with duckdb.connect(str(tmp_path / "m.duckdb")) as connection:
        connection.execute("CREATE TABLE other (x INTEGER)")
    with pytest.raises(StoreError, match="cannot be read"):
        BarStore(tmp_path / "m.duckdb").load()


def test_readers_and_writers_of_one_process_see_whole_ingests(store, plain):
    failures: list[BaseException] = []
    sizes: list[int] = []
    is_done = threading.Event()

    def read() -> None:
        try:
            while not is_done.is_set():
                sizes.append(len(store.load()))
        except StoreError as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    writers = [
        threading.Thread(target=store.ingest, args=(plain,), kwargs={"options": IngestOptions(symbol=f"W{number}")})
        for number in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    is_done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert {size % 60 for size in sizes} == {0}
    assert len(store.load()) == 240


# of the time of an ingest; past 1 because its process starts slowly
KILL_POINTS = np.random.default_rng(20).uniform(0.05, 1.3, 20).round(3).tolist()
INGEST = """
import sys
import pandas as pd
from finml_core.bars import BarStore
print("ready", flush=True)
BarStore(sys.argv[1]).ingest(sys.argv[2])
print("done", flush=True)
"""


def big_file(path: Path, n_bars: int = 150_000) -> Path:
    close = 100 + np.random.default_rng(0).random(n_bars)
    frame = pd.DataFrame(
        {"ts": pd.date_range("2000-01-01", periods=n_bars, freq="min"), "open": close, "high": close + 1}
    )
    frame.assign(low=close - 1, close=close, volume=1.0, symbol="BIG").to_parquet(path)
    return path


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> tuple[Path, float]:
    """A file and how long its ingest takes here."""
    folder = tmp_path_factory.mktemp("big")
    path = big_file(folder / "big.parquet")
    started = time.perf_counter()
    BarStore(folder / "m.duckdb").ingest(path)
    return path, time.perf_counter() - started


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("share", [0.7, *(pytest.param(share, marks=pytest.mark.slow) for share in KILL_POINTS)])
def test_a_killed_ingest_leaves_the_store_before_or_after_it(share, big, store, plain):
    path, seconds = big
    store.ingest(plain)
    process = run_python(INGEST, str(store.path), str(path))
    assert process.stdout.readline().strip() == "ready"
    time.sleep(share * seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    n_bars = len(store.load())
    assert (n_bars, store.version()) in ((60, 1), (150_060, 2))
    store.ingest(path, on_conflict="skip")
    assert len(store.load()) == 150_060


def test_a_reader_in_another_process_sees_the_store_before_or_after(big, store, plain):
    path, _ = big
    store.ingest(plain)
    process = run_python(INGEST, str(store.path), str(path))
    sizes = set()
    while process.poll() is None:
        sizes.add(len(store.load()))
    process.stdout.close()
    assert process.returncode == 0
    assert sizes <= {60, 150_060}
    assert len(store.load()) == 150_060


FIRST_INGEST = """
import sys
import pandas as pd
from finml_core.bars import BarStore, IngestOptions
path, bars, symbol = sys.argv[1:]
BarStore(path).ingest(pd.read_parquet(bars), options=IngestOptions(symbol=symbol))
print("done", flush=True)
"""


def test_writing_processes_queue_even_for_the_first_ingest(store, plain, tmp_path):
    bars = tmp_path / "plain.parquet"
    plain.to_parquet(bars)
    processes = [run_python(FIRST_INGEST, str(store.path), str(bars), symbol) for symbol in ("P0", "P1")]
    assert [process.communicate()[0].strip() for process in processes] == ["done", "done"]
    assert store.symbols() == ["P0", "P1"]


QUEUE = """
import sys, time
import duckdb
with duckdb.connect(sys.argv[1]):
    print("ready", flush=True)
    time.sleep(1.5)
"""


def test_a_writer_that_queues_says_for_whom(store, plain):
    store.ingest(plain)
    process = run_python(QUEUE, str(store.path))
    assert process.stdout.readline().strip() == "ready"
    said: list[str] = []
    report = store.ingest(plain, on_conflict="replace", on_wait=said.append)
    process.wait()
    process.stdout.close()
    assert report.replaced == 60
    assert len(said) == 1
    assert f"process {process.pid}" in said[0]


def test_what_a_killed_process_left_is_cleared_when_old(store, plain):
    store.ingest(plain)
    left = store.path.with_name("market.duckdb.0123.staging")
    left.write_bytes(b"")
    store.ingest(plain, on_conflict="skip")
    assert left.exists()
    os.utime(left, (0, 0))
    store.ingest(plain, on_conflict="skip")
    assert not left.exists()
