"""What must hold for any dirty file."""

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore
from finml_core.errors import DataError

CELLS = st.sampled_from(["1", "2", "3.5", "-1", "0", "nan", "inf", "abc", "", None])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "'; --", "", None]),
        st.sampled_from(["2020-01-01", "2020-01-02", "2020-01-03 10:00", "x", None]),
        *[CELLS] * 5,
    ),
    min_size=1,
    max_size=25,
)
COLUMNS = ["symbol", "ts", "open", "high", "low", "close", "volume"]
GOOD = ("A", "2020-02-01", "1", "2", "1", "2", "5")


@settings(max_examples=8, deadline=None)
@given(rows=ROWS)
def test_rows_in_are_rows_stored_and_rows_kept_aside(rows):
    frame = pd.DataFrame([GOOD, *rows], columns=COLUMNS, dtype=object)
    with tempfile.TemporaryDirectory() as folder:
        store = BarStore(Path(folder) / "m.duckdb")
        first = store.ingest(frame)
        assert first.rows_read == len(frame) == first.inserted + first.n_quarantined
        bars = store.load()
        assert len(bars) == first.inserted
        assert not bars.duplicated(["symbol", "ts"]).any()
        assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
        assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
        assert (bars["low"] > 0).all()
        again = store.ingest(frame, on_conflict="skip")
        assert again.rows_read == again.skipped + again.n_quarantined
        assert_frame_equal(store.load(), bars)


@settings(max_examples=6, deadline=None)
@given(order=st.permutations(range(12)), cut=st.integers(1, 11))
def test_the_order_of_rows_and_files_is_irrelevant(order, cut):
    ts = pd.date_range("2020-01-01", periods=6).astype("datetime64[us]")
    frame = pd.DataFrame({"symbol": ["A"] * 6 + ["B"] * 6, "ts": [*ts, *ts]})
    frame = frame.assign(open=2.0, high=3.0, low=1.0, close=2.5, volume=range(12)).astype({"volume": float})
    shuffled = frame.iloc[list(order)]
    with tempfile.TemporaryDirectory() as folder:
        store = BarStore(Path(folder) / "m.duckdb")
        for part in (shuffled.iloc[:cut], shuffled.iloc[cut:]):
            store.ingest(part)
        assert_frame_equal(store.load(), frame)


@settings(max_examples=8, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_as_a_file_are_stored_or_answered(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(b"Date,Open,High,Low,Close,Volume\n" + content)
        store = BarStore(Path(folder) / "m.duckdb")
        try:
            report = store.ingest(path)
        except DataError:
            assert not store.path.exists()
        else:
            assert report.rows_read == report.inserted + report.n_quarantined
