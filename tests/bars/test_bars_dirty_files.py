"""Files as dirty as hypothesis can make them: no row is lost, no order matters, and monsters get an answer."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finml_core.bars import BarStore, content_hash
from finml_core.errors import DataError

HEADER = "symbol,ts,open,high,low,close,volume"
NAMES = ["A", "B b", "Ünï☃", "'); DROP TABLE bars; --", '"; --', "${x}", "NULL,", "a\0b", "-1", "%s"]
DAYS = [f"2020-01-{day:02d}" for day in range(1, 29)]
FIRST = ("A", "2019-12-31", "1", "2", "1", "2", "5")


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


BAD_CELLS = st.sampled_from(["", "x", "-1", "0", "nan", "inf", "1e999", "\0", "☃"])
# a line and the key of the bar in it, or None where there is no bar
GOOD_LINES = st.tuples(st.sampled_from(NAMES), st.sampled_from(DAYS)).map(
    lambda key: (f"{quoted(key[0])},{key[1]},1,2,1,2,5", key)
)
BAD_PRICES = st.tuples(st.sampled_from(DAYS), BAD_CELLS).map(lambda part: (f"A,{part[0]},1,{part[1]},1,2,5", None))
BAD_STAMPS = st.sampled_from(["", "soon", "2020-13-01", "2020-02-30", "01/02/2020", "1e400", "infinity"]).map(
    lambda stamp: (f"A,{stamp},1,2,1,2,5", None)
)
BAD_SHAPES = st.sampled_from(["A", "A,2020-01-05", "A,2020-01-06,1,2,1,2,5,6,7", ",,,,,,", "☃"]).map(
    lambda line: (line, None)
)
LINES = st.lists(GOOD_LINES | BAD_PRICES | BAD_STAMPS | BAD_SHAPES, max_size=40)


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([HEADER, ",".join(FIRST), *lines]) + "\n", encoding="utf-8", newline="")
    return path


@settings(max_examples=6, deadline=None)
@given(lines=LINES)
def test_every_line_of_a_dirty_file_is_stored_or_kept_aside(lines):
    keys = {FIRST[:2], *(key for _, key in lines if key is not None)}
    with tempfile.TemporaryDirectory() as folder:
        path = write_lines(Path(folder) / "dirty.csv", [line for line, _ in lines])
        store = BarStore(Path(folder) / "m.duckdb")
        report = store.ingest(path)
        assert report.rows_read == len(lines) + 1 == report.inserted + report.n_quarantined
        assert len(store.quarantine()) == report.n_quarantined
        bars = store.load()
        assert {(row.symbol, str(row.ts.date())) for row in bars.itertuples()} == keys
        assert len(bars) == len(keys)
        before = content_hash(bars)
        again = store.ingest(path, on_conflict="skip")
        assert (again.inserted, again.skipped) == (0, len(keys))
        assert again.rows_read == again.skipped + again.n_quarantined
        assert content_hash(store.load()) == before


@st.composite
def split_panels(draw):
    """The same bars whole and as shuffled files, some with their bad rows."""
    n_bars = draw(st.integers(2, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    ts = pd.to_datetime("2020-01-01") + pd.to_timedelta(np.arange(n_bars), unit="h")
    close = 100 * np.exp(generator.normal(0, 0.1, n_bars * len(names)).cumsum())
    bars = pd.DataFrame({"symbol": np.repeat(names, n_bars), "ts": np.tile(ts.to_numpy(), len(names)), "open": close})
    bars = bars.assign(
        high=close * 1.1, low=close / 1.1, close=close, volume=generator.integers(0, 9, len(close)) * 1.0
    )
    order = draw(st.permutations(range(len(bars))))
    edges = sorted(draw(st.lists(st.integers(1, len(bars) - 1), max_size=2, unique=True))) if len(bars) > 1 else []
    return bars, [bars.iloc[list(order[a:b])] for a, b in zip([0, *edges], [*edges, len(bars)])]


@settings(max_examples=4, deadline=None)
@given(panel=split_panels(), kind=st.sampled_from(["csv", "parquet"]))
def test_snapshots_do_not_depend_on_the_order_of_rows_and_files(panel, kind):
    bars, parts = panel
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files").mkdir()
        for number, part in enumerate(parts):
            path = folder / "files" / f"{number}.{kind}"
            with_bad_row = pd.concat([part, part.iloc[:1].assign(close=-1.0)])
            with_bad_row.to_csv(path, index=False) if kind == "csv" else with_bad_row.to_parquet(path)
        whole, together, one_by_one = (BarStore(folder / f"{which}.duckdb") for which in ("w", "t", "o"))
        whole.ingest(bars)
        report = together.ingest(folder / "files")
        assert report.rows_read == len(bars) + len(parts)
        assert report.quarantined == {"price not above 0": len(parts)}
        for path in sorted((folder / "files").iterdir(), reverse=True):
            one_by_one.ingest(path)
        ids = {store.snapshot(folder=folder / "pins") for store in (whole, together, one_by_one)}
        assert ids == {content_hash(bars)}


@settings(max_examples=4, deadline=None)
@example(symbol="'); DROP TABLE bars; -- \"$1 ?")
@given(symbol=st.text(st.characters(exclude_categories=["Cs", "Z"]), min_size=1, max_size=20))
def test_any_text_is_a_symbol_in_every_question(symbol, tmp_path_factory):
    store = BarStore(tmp_path_factory.mktemp("symbol") / "m.duckdb")
    ts = pd.date_range("2020-01-01", periods=7)
    bars = pd.DataFrame({"symbol": symbol, "ts": ts, "open": 1.0, "high": 2.0, "low": 1.0, "close": 2.0})
    store.ingest(bars.assign(volume=[1.0, 0, 2, 3, 4, 5, 6]))
    assert store.symbols() == [symbol]
    assert store.search_symbols(symbol) == [symbol]
    assert len(store.load(symbol)) == len(store.candles(symbol)) == 7
    assert len(store.finding_bars("zero volume", symbol, context=1)) == 3
    store.restore(store.exclude_finding("zero volume", symbol))
    assert store.coverage_by_month(symbol)["n_bars"].tolist() == [7]
    assert store.delete(symbol) == 7


def bars_frame() -> pd.DataFrame:
    ts = pd.date_range("2020-01-01", periods=2)
    return pd.DataFrame({"symbol": ["A", "B"], "ts": ts, "open": 1.0, "high": 2.0, "low": 1.0, "close": 2.0}).assign(
        volume=1.0
    )


MONSTERS = {
    "ten thousand columns": (
        lambda: pd.concat([bars_frame(), pd.DataFrame(0.0, index=[0, 1], columns=range(10_000))], axis=1),
        "has 10007 columns",
    ),
    "no column": (lambda: pd.DataFrame(), "has 0 columns"),
    "complex numbers": (lambda: bars_frame().assign(extra=[1j, 2j]), "cannot be read as a table"),
    "half a character": (
        lambda: bars_frame().assign(symbol=pd.Series(["A", "\ud800"], dtype=object)),
        "cannot be read as a table.*surrogates",
    ),
    "a name longer than any file's": (lambda: "x" * 5_000 + ".csv", "of 5004 characters"),
    "a byte of nothing in a path": (lambda: "a\0b.csv", "NUL byte"),
}  # fmt: skip


@pytest.mark.parametrize("name", MONSTERS)
def test_monsters_are_answered_and_nothing_is_made(name, store):
    make, text = MONSTERS[name]
    with pytest.raises(DataError, match=text):
        store.ingest(make())
    assert not store.path.exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"{HEADER}\r\nA,2020-01-02,1,2,1,2,5\r\nB,2020-01-02,1,2,1,2,5\n", "mixes kinds of line ends"),
        (f"{HEADER}\rA,2020-01-02,1,2,1,2,5\r", "carriage return; save the file with line ends"),
    ],
)
def test_line_ends_that_cannot_be_split_are_named(content, text, store, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode())
    with pytest.raises(DataError, match=text):
        store.ingest(path)


def test_a_symbol_as_long_as_a_page_is_kept_aside(store):
    report = store.ingest(bars_frame().assign(symbol=["A" * 200, "B" * 201]))
    assert report.quarantined == {"symbol too long": 1}
    assert store.symbols() == ["A" * 200]
