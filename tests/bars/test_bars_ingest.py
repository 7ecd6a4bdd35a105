"""Every row of a source is stored, left out or kept aside, and counted; a source that is no bars changes nothing."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore, IngestOptions, guess_mapping, preview, source_columns
from finml_core.errors import ConfigError, DataError

GOOD = "2020-01-02,10,11,9,10.5,100"


def test_long_bars_come_back_as_they_went_in(store, panel):
    report = store.ingest(panel.sample(frac=1, random_state=0))
    assert (report.rows_read, report.inserted, report.n_quarantined) == (1800, 1800, 0)
    assert_frame_equal(store.load(), panel)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "feather"])
def test_each_kind_of_file_gives_the_same_bars(kind, store, panel, tmp_path):
    path = tmp_path / f"prices.{kind}"
    write = {"parquet": panel.to_parquet, "feather": panel.to_feather}.get(kind)
    write(path) if write else panel.to_csv(path, index=False)
    store.ingest(path)
    assert_frame_equal(store.load(), panel, rtol=1e-15)


def test_an_arrow_table_and_a_plain_frame_are_welcome(store, plain):
    store.ingest(plain, options=IngestOptions(symbol="ONE"))
    store.ingest(pa.Table.from_pandas(plain.rename_axis("Date").reset_index()), options=IngestOptions(symbol="TWO"))
    one, two = (store.load(symbol).drop(columns="symbol") for symbol in ("ONE", "TWO"))
    assert_frame_equal(one, two)
    assert_frame_equal(one.set_index("ts"), plain, check_names=False, check_freq=False)


def test_a_file_without_a_symbol_column_is_named_by_its_stem(store, write_csv):
    report = store.ingest(write_csv(GOOD, name="Brk.B.csv"))
    assert store.symbols() == ["Brk.B"]
    assert any("Brk.B" in note for note in report.notes)


BAD_LINES = {
    "missing timestamp": ",10,11,9,10,5",
    "unreadable timestamp": "soon,10,11,9,10,5",
    "timestamp out of range": "0012-01-01,10,11,9,10,5",
    "missing price": "2020-02-01,NaN,11,9,10,5",
    "price is no number": "2020-02-01,ten,11,9,10,5",
    "price is infinite": "2020-02-01,10,inf,9,10,5",
    "price not above 0": "2020-02-01,10,11,-9,10,5",
    "high below low": "2020-02-01,10,9,11,10,5",
    "open or close outside low to high": "2020-02-01,10,11,9,12,5",
    "volume is no number": "2020-02-01,10,11,9,10,many",
    "negative volume": "2020-02-01,10,11,9,10,-5",
    "duplicate": "2020-01-02,10,12,9,11,7",
    "malformed line": "2020-02-01,10,11,9",
}


@pytest.mark.parametrize("reason", BAD_LINES)
def test_a_bad_row_is_kept_aside_with_its_reason_and_its_text(reason, store, write_csv):
    report = store.ingest(write_csv(GOOD, BAD_LINES[reason], "2020-03-02,10,11,9,10,5"))
    assert report.quarantined == {reason: 1}
    assert (report.rows_read, report.inserted) == (3, 2)
    aside = store.quarantine()
    assert aside["reason"].tolist() == [reason]
    marker = BAD_LINES[reason].split(",")[4 if reason == "duplicate" else 1]
    assert marker in aside["raw"].iloc[0]


def test_all_bad_rows_together_are_counted_one_by_one(store, write_csv):
    report = store.ingest(write_csv(GOOD, *BAD_LINES.values()))
    assert report.quarantined == dict.fromkeys(BAD_LINES, 1)
    assert store.load()["close"].tolist() == [10.5]


def test_of_duplicates_the_first_row_of_the_file_stays(store, write_csv):
    store.ingest(write_csv("2020-01-03,1,1,1,1,1", "2020-01-02,5,5,5,5,1", "2020-01-02,7,7,7,7,1"))
    assert store.load()["close"].tolist() == [5.0, 1.0]


@pytest.mark.parametrize("empty", ["", "NA", "nan", "-"])
def test_missing_volume_is_no_defect(empty, store, write_csv):
    report = store.ingest(write_csv(f"2020-01-02,1,1,1,1,{empty}", "2020-01-03,1,1,1,1,3"))
    assert report.n_quarantined == 0
    assert store.load()["volume"].isna().tolist() == [True, False]


def test_bars_without_any_volume_are_mapped_so(store, plain):
    with pytest.raises(DataError, match=r"no column for volume.*map volume to nothing"):
        store.ingest(plain.drop(columns="volume"))
    report = store.ingest(plain.drop(columns="volume"), mapping={"volume": None})
    assert report.inserted == len(plain)
    assert store.load()["volume"].isna().all()


def test_a_mixed_column_of_a_frame_spoils_only_its_bad_rows(store, plain):
    dirty = plain.astype({"close": object})
    dirty.iloc[3, 3] = "abc"
    dirty.iloc[4, 3] = None
    report = store.ingest(dirty)
    assert report.quarantined == {"missing price": 1, "price is no number": 1}
    assert report.inserted == len(plain) - 2


@pytest.mark.parametrize(
    ("lines", "header", "text"),
    [
        ([GOOD], "Date,Open,High,Low,Final,Volume", "no column for close; it has 'Date'"),
        ([], "Date,Open,High,Low,Close,Volume", "ABC.csv has 0 rows"),
        (["x,1,1,1,1,1"], "Date,Open,High,Low,Close,Volume", r"no usable row among 1: unreadable timestamp \(1\)"),
        (["02/03/2020,1,1,1,1,1"], "Date,Open,High,Low,Close,Volume", "day_first"),
        (['2020-01-02,"1,5","1,5","1,5","1,5",1'], "Date,Open,High,Low,Close,Volume", "decimal"),
        ([], "", "0 rows: its first line"),
        ([GOOD, '"2020-01-03,1,1,1,1,1', GOOD], "Date,Open,High,Low,Close,Volume", "quote opened in line 3 is never"),
        ([], "Date,Open\rHigh", "cannot be split into columns"),
        ([GOOD], "a\0,b", "NUL"),
    ],
)
def test_a_file_that_is_no_bars_is_named_and_leaves_nothing_behind(lines, header, text, store, write_csv):
    with pytest.raises(DataError, match=text):
        store.ingest(write_csv(*lines, header=header))
    assert not store.path.parent.exists()


def test_an_unusable_file_leaves_an_existing_store_as_it_was(store, plain, write_csv):
    store.ingest(plain)
    before = (store.version(), len(store.quarantine()), len(store.load()))
    with pytest.raises(DataError):
        store.ingest(write_csv("x,1,1,1,1,1"))
    assert (store.version(), len(store.quarantine()), len(store.load())) == before
    assert [path.name for path in store.path.parent.iterdir()] == ["market.duckdb"]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.xlsx", b"x", "of no known kind"),
        ("a.parquet", b"no parquet", "cannot be read as parquet"),
        ("a.feather", b"no arrow", "cannot be read as"),
        ("a.csv.gz", b"no gzip", "cannot be read"),
        ("a.csv", b"x" * 2_000_000, "longer than"),
        ("a.csv", "Date,Größe".encode("utf-16"), "not UTF-8|NUL"),
        ("a.csv", b",".join(b"c%d" % number for number in range(10_000)), "10000 columns"),
    ],
)
def test_a_file_of_another_kind_is_answered_clearly(name, content, text, store, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=text):
        store.ingest(tmp_path / name)


def test_a_missing_file_and_a_foreign_object_are_named(store, tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        store.ingest(tmp_path / "none.csv")
    with pytest.raises(DataError, match="not from int"):
        store.ingest(3)


def test_a_conflict_is_an_error_unless_it_is_skipped_or_replaced(store, plain):
    store.ingest(plain)
    with pytest.raises(DataError, match="60 of 60 usable rows of frame are stored already"):
        store.ingest(plain)
    longer = pd.concat([plain, plain.set_axis(plain.index + pd.Timedelta(days=365), axis=0)]) * 2
    skipped = store.ingest(longer, on_conflict="skip")
    assert (skipped.inserted, skipped.skipped, skipped.replaced) == (60, 60, 0)
    assert store.load().loc[0, "close"] == plain["close"].iloc[0]
    replaced = store.ingest(longer, on_conflict="replace")
    assert (replaced.inserted, replaced.skipped, replaced.replaced) == (0, 0, 120)
    assert store.load().loc[0, "close"] == 2 * plain["close"].iloc[0]
    assert len(store.load()) == 120
    with pytest.raises(ConfigError, match="choose one of: error, replace, skip"):
        store.ingest(plain, on_conflict="ignore")


def test_ingesting_twice_with_skip_is_the_same_as_once(store, panel):
    store.ingest(panel, on_conflict="skip")
    assert store.ingest(panel, on_conflict="skip").inserted == 0
    assert_frame_equal(store.load(), panel)


def test_a_dry_run_reports_and_changes_nothing(store, plain):
    report = store.ingest(plain, dry_run=True)
    assert (report.inserted, report.ingest_id, report.dry_run) == (60, None, True)
    assert "nothing changed" in str(report)
    assert not store.path.parent.exists()
    store.ingest(plain)
    assert store.ingest(plain, dry_run=True, on_conflict="skip").skipped == 60
    assert store.version() == 1


@pytest.mark.parametrize("symbol", ['Ünï\'cødé "x"', "'; DROP TABLE bars; --", "日本", "a%_b", "[*]?"])
def test_any_text_is_a_symbol(symbol, store, plain, tmp_path):
    store.ingest(plain, options=IngestOptions(symbol=symbol))
    path = tmp_path / f"{symbol}.csv"
    plain.to_csv(path, index_label="Date")
    assert store.ingest(path, on_conflict="replace").replaced == 60
    assert store.symbols() == [symbol]
    assert len(store.load([symbol])) == len(store.candles(symbol)) == 60
    assert store.delete(symbol) == 60


def test_odd_column_names_are_mapped_by_hand(store, plain):
    odd = plain.rename(columns={"close": 'the "last"; DROP TABLE bars'})
    with pytest.raises(DataError, match="no column for close"):
        store.ingest(odd)
    with pytest.raises(DataError, match="no column 'nope' for close"):
        store.ingest(odd, mapping={"close": "nope"})
    with pytest.raises(ConfigError, match="the column to map to is 'klose'"):
        store.ingest(odd, mapping={"klose": "x"})
    store.ingest(odd, mapping={"close": 'the "last"; DROP TABLE bars'})
    assert store.load()["close"].to_numpy() == pytest.approx(plain["close"].to_numpy(), rel=0)


def test_the_mapping_may_be_written_from_either_side(store, plain):
    odd = plain.rename(columns={"close": "Px"})
    store.ingest(odd, mapping={"Px": "close"})
    assert len(store.load()) == 60


def test_names_that_vendors_use_are_guessed():
    assert guess_mapping(["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"]) == {
        "ts": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "adj_close": "Adj Close",
        "volume": "Volume",
    }  # fmt: skip
    assert guess_mapping(["timestamp", "Ticker", "o", "h", "l", "c", "v"])["symbol"] == "Ticker"
    assert guess_mapping(["<DATE>", "<TIME>", "<OPEN>"]) == {"ts": "<DATE>", "time": "<TIME>", "open": "<OPEN>"}
    assert guess_mapping(["1. open", "4. close"]) == {"open": "1. open", "close": "4. close"}
    assert guess_mapping([]) == {}


def stamps_of(store: BarStore) -> list[str]:
    return store.load()["ts"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("2020-07-01 10:00", {}, "2020-07-01 10:00:00"),
        ("2020-07-01T10:00:00+02:00", {}, "2020-07-01 08:00:00"),
        ("2020-07-01T10:00:00Z", {"time_zone": "America/New_York"}, "2020-07-01 10:00:00"),
        ("2020-07-01 10:00", {"time_zone": "America/New_York"}, "2020-07-01 14:00:00"),
        ("2020-07-01", {"time_zone": "America/New_York"}, "2020-07-01 00:00:00"),
        ("2020-07-01 10:00", {"stamp": "open", "bar_size": "15min"}, "2020-07-01 10:15:00"),
        ("03/04/2020", {"day_first": True}, "2020-04-03 00:00:00"),
        ("03/04/2020", {"day_first": False}, "2020-03-04 00:00:00"),
        ("20200701", {}, "2020-07-01 00:00:00"),
        ("1593597600", {}, "2020-07-01 10:00:00"),
        ("1593597600000", {}, "2020-07-01 10:00:00"),
        ("2020.07.01", {}, "2020-07-01 00:00:00"),
        ("01-Jul-2020", {}, "2020-07-01 00:00:00"),
    ],
)
def test_stamps_are_read_as_stated(text, options, expected, store, write_csv):
    store.ingest(write_csv(f"{text},1,1,1,1,1"), options=IngestOptions(**options))
    assert stamps_of(store) == [expected]


def test_dates_beside_times_are_read_together(store, write_csv):
    path = write_csv("2020.07.01,10:30,1,1,1,1,1", header="<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>")
    store.ingest(path)
    assert stamps_of(store) == ["2020-07-01 10:30:00"]


def test_a_frame_in_another_time_zone_becomes_utc(store, plain):
    frame = plain.tz_localize("Asia/Tokyo")
    report = store.ingest(frame)
    assert any("UTC" in note for note in report.notes)
    assert store.load()["ts"].iloc[0] == frame.index[0].tz_convert("UTC").tz_localize(None)


def test_decimal_commas_and_semicolons_are_read_when_said_so(store, write_csv):
    header = "Date;Open;High;Low;Close;Volume"
    path = write_csv("2020-01-02;1.001,5;1.002;1.000,25;1001,5;1.000", header=header)
    store.ingest(path, options=IngestOptions(decimal=","))
    row = store.load().iloc[0]
    assert row[["open", "high", "low", "close", "volume"]].tolist() == [1001.5, 1002.0, 1000.25, 1001.5, 1000.0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"time_zone": "Mars/Base"}, "no known zone"),
        ({"stamp": "open"}, "bar_size is needed"),
        ({"stamp": "open", "bar_size": "1d"}, "carry the date"),
        ({"bar_size": "long"}, "write a number and a unit"),
        ({"decimal": ";"}, "decimal is ';'"),
        ({"symbol": " "}, "symbol is empty"),
        ({"stamp": "middle"}, "stamp is 'middle'"),
    ],
)
def test_options_that_cannot_work_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        IngestOptions(**options)


def test_a_preview_shows_bars_and_reasons_without_a_store(write_csv):
    path = write_csv(GOOD, BAD_LINES["price is no number"])
    shown = preview(path, n=5)
    assert shown["close"].tolist() == [10.5, 10.0]
    assert shown["reason"].fillna("").tolist() == ["", "price is no number"]
    assert list(source_columns(path)) == ["Date", "Open", "High", "Low", "Close", "Volume"]


def test_a_compressed_file_with_quotes_and_a_byte_order_mark_is_read(store, tmp_path):
    path = tmp_path / "q.csv.gz"
    text = '\ufeff"Date","Open","High","Low","Close","Volume"\r\n"2020-01-02","1","1","1","1","1"\r\n'
    path.write_bytes(gzip.compress(text.encode()))
    assert store.ingest(path).inserted == 1
    assert store.symbols() == ["q"]


def test_nan_and_infinite_numbers_of_a_frame_are_kept_aside(store, plain):
    plain.iloc[0, 0] = np.nan
    plain.iloc[1, 1] = np.inf
    plain.iloc[2, 4] = np.nan
    assert store.ingest(plain).quarantined == {"missing price": 1, "price is infinite": 1}
