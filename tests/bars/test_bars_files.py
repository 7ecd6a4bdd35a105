"""Several files are one ingest, archives are unpacked with care, and monsters are answered."""

import gzip
import zipfile

import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import IngestOptions, preview, source_columns
from finml_core.errors import DataError

GOOD = "2020-01-02,10,11,9,10.5,100"
HEADER = "Date,Open,High,Low,Close,Volume\n"


@pytest.fixture
def folder(tmp_path, panel):
    """One file a symbol, of three kinds."""
    path = tmp_path / "many"
    path.mkdir()
    parts = {name: part.drop(columns="symbol") for name, part in panel.groupby("symbol")}
    parts["S0"].to_csv(path / "S0.csv", index=False)
    parts["S1"].to_parquet(path / "S1.parquet")
    parts["S2"].to_feather(path / "S2.feather")
    (path / "README.md").write_text("no bars")
    return path


def test_a_folder_of_files_is_one_ingest(store, folder, panel):
    report = store.ingest(folder)
    assert (report.rows_read, report.inserted, report.source) == (1800, 1800, "many")
    assert any("3 files" in note for note in report.notes)
    assert_frame_equal(store.load(), panel, rtol=1e-15)
    assert store.version() == 1


def test_a_pattern_and_a_list_are_many_files_too(store, folder):
    assert store.ingest(str(folder / "S[01].*")).inserted == 1200
    assert store.ingest([folder / "S2.feather", folder / "S0.csv"], on_conflict="skip").inserted == 600


def test_one_unusable_file_among_many_stores_nothing(store, folder):
    (folder / "S9.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"S9\.csv has no column for"):
        store.ingest(folder)
    assert not store.path.exists()


def test_bad_rows_of_many_files_keep_their_own_text(store, tmp_path):
    for name, volume in (("A", "-7"), ("B", "-8")):
        lines = [GOOD, f"2020-01-03,10,11,9,10,{volume}", "2020-01-04,1,1", "2020-01-06,10,11,9,10,5"]
        (tmp_path / f"{name}.csv").write_text(HEADER + "\n".join(lines) + "\n")
    report = store.ingest([tmp_path / "A.csv", tmp_path / "B.csv"])
    assert report.quarantined == {"malformed line": 2, "negative volume": 2}
    assert report.rows_read == 8 == report.inserted + report.n_quarantined
    aside = store.quarantine().query("reason == 'negative volume'")
    assert [("-7" in raw, "-8" in raw) for raw in aside["raw"]] == [(True, False), (False, True)]


def test_a_zip_of_files_is_read(store, tmp_path, plain):
    path = tmp_path / "prices.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/ABC.csv", plain.to_csv(index_label="Date"))
        archive.writestr("../XYZ.csv", plain.to_csv(index_label="Date"))
        archive.writestr("__MACOSX/._ABC.csv", "junk")
    assert store.ingest(path).inserted == 120
    assert store.symbols() == ["ABC", "XYZ"]
    assert len(preview(path, n=3)) == 3
    assert "close" in source_columns(path)
    assert [entry.name for entry in store.path.parent.iterdir()] == ["market.duckdb"]


def test_a_zip_bomb_is_refused_and_leaves_nothing(store, tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("A.csv", "w") as member:
        member.write(HEADER.encode())
        for _ in range(60):
            member.write(b"0" * 1_000_000)
    with pytest.raises(DataError, match=r"bomb\.zip unpacks to more than"):
        store.ingest(path)
    assert not store.path.parent.exists()


@pytest.mark.parametrize(
    ("content", "text"), [(b"no archive", "cannot be unpacked"), (None, "holds no .csv"), (b"PK\3\4", "unpacked")]
)
def test_a_broken_or_empty_zip_is_named(store, tmp_path, content, text):
    path = tmp_path / "a.zip"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.md", "x")
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=text):
        store.ingest(path)


def test_an_empty_folder_is_named(store, tmp_path):
    with pytest.raises(DataError, match="holds no file of bars"):
        store.ingest(tmp_path)


@pytest.mark.parametrize("name", ["line.csv", "line.csv.gz"])
def test_one_endless_line_is_an_answer_not_a_full_memory(store, tmp_path, name):
    path = tmp_path / name
    with gzip.open(path, "wt") if name.endswith("gz") else path.open("w") as file:
        file.write(HEADER + GOOD + "\n")
        for _ in range(8):
            file.write("7" * 1_000_000)
    with pytest.raises(DataError, match="a line of more than 2,000,000 bytes"):
        store.ingest(path)
    assert not store.path.exists()


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000)])
def test_epoch_stamps_are_told_by_their_size(store, tmp_path, unit, factor):
    path = tmp_path / "A.csv"
    path.write_text(HEADER + f"{1_577_923_200 * factor},10,11,9,10.5,100\n")
    store.ingest(path, options=IngestOptions(symbol="E"))
    assert str(store.load()["ts"].iloc[0]) == "2020-01-02 00:00:00"
