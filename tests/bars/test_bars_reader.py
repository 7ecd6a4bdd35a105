"""One DuckDB reads all stores of the process and holds a file only while somebody reads it."""

import os
import subprocess
import sys
import threading

import duckdb
import pytest

from finml_core.bars import BarStore
from finml_core.bars.connection import reading
from finml_core.bars.reader import Reader
from finml_core.errors import StoreError

WRITE = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"


def can_be_written(path) -> bool:
    return subprocess.run([sys.executable, "-c", WRITE, str(path)], capture_output=True).returncode == 0


def test_a_file_is_free_for_writers_as_soon_as_nobody_reads_it(store, plain):
    store.ingest(plain)
    with reading(store.path, 1), reading(store.path, 1):
        assert not can_be_written(store.path)
    assert can_be_written(store.path)


def test_two_stores_are_read_at_once_and_do_not_mix(tmp_path, plain):
    stores = [BarStore(tmp_path / f"{name}.duckdb") for name in "ab"]
    for number, store in enumerate(stores, start=1):
        store.ingest(plain.iloc[: 10 * number])
    with reading(stores[0].path, 1) as one, reading(stores[1].path, 1) as other:
        counts = [connection.execute("SELECT count(*) FROM bars").fetchone()[0] for connection in (one, other)]
    assert counts == [10, 20]


def test_temporary_tables_of_readers_do_not_meet(store, plain):
    store.ingest(plain)
    with reading(store.path, 1) as one, reading(store.path, 1) as other:
        for number, connection in enumerate((one, other)):
            connection.execute(f"CREATE TEMP TABLE mine AS SELECT {number} AS number")
        assert [connection.execute("FROM mine").fetchone()[0] for connection in (one, other)] == [0, 1]


def test_a_reader_cannot_write(store, plain):
    store.ingest(plain)
    with pytest.raises(StoreError, match="read-only"), reading(store.path, 1) as connection:
        connection.execute("DELETE FROM bars")
    assert len(store.load()) == 60


def test_many_threads_attach_and_detach_without_a_loss(store, plain):
    store.ingest(plain)
    sizes: list[int] = []

    def read() -> None:
        sizes.extend(len(store.load()) for _ in range(10))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [60] * 40
    assert can_be_written(store.path)


def test_a_database_that_foreign_code_of_this_process_writes_is_waited_for(store, plain):
    store.ingest(plain)
    impatient = BarStore(store.path, timeout_s=0.2)
    with duckdb.connect(str(store.path)), pytest.raises(StoreError, match=r"in use and was waited for 0\.2 s"):
        impatient.load()
    assert len(impatient.load()) == 60


def test_a_file_that_cannot_be_attached_leaves_nothing_attached(store, plain):
    reader = Reader()
    with pytest.raises(duckdb.Error), reader.reading(store.path):
        pass
    store.ingest(plain)
    with reader.reading(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM bars").fetchone()[0] == 60


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_reads_with_a_reader_of_its_own(store, plain):
    code = """
import os, sys
from finml_core.bars import BarStore
store = BarStore(sys.argv[1])
store.load()
child = os.fork()
if child == 0:
    os._exit(7 if len(store.load()) == 60 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(store.load()))
"""
    store.ingest(plain)
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(store.path)], capture_output=True, text=True, timeout=60
    )
    assert answer.stdout.split() == ["7", "60"], answer.stderr
