"""A snapshot is its content, whatever the order or the layout it came in."""

import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import BarStore, content_hash, delete_snapshot, list_snapshots, load_snapshot, write_snapshot
from finml_core.errors import DataError, StoreError


def test_a_snapshot_comes_back_as_it_was_pinned(store, panel, tmp_path):
    store.ingest(panel)
    snapshot_id = store.snapshot(["S0", "S2"], "2015-02-02", folder=tmp_path / "snapshots")
    assert_frame_equal(load_snapshot(tmp_path / "snapshots", snapshot_id), store.load(["S0", "S2"], "2015-02-02"))
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [f"{snapshot_id}.parquet"]


def test_the_hash_does_not_depend_on_rows_files_or_other_symbols(store, panel, tmp_path):
    store.ingest(panel)
    other = BarStore(tmp_path / "other.duckdb")
    shuffled = panel[panel["symbol"] != "S1"].sample(frac=1, random_state=1)
    for part in (shuffled.iloc[:7], shuffled.iloc[7:500], shuffled.iloc[500:]):
        other.ingest(part)
    ids = {one.snapshot(["S0", "S2"], folder=tmp_path / "s") for one in (store, other)}
    assert ids == {content_hash(shuffled)}


def test_the_hash_depends_on_every_value_and_key(panel):
    whole = content_hash(panel)
    for column in ("open", "volume"):
        changed = panel.copy()
        changed.loc[5, column] *= 1 + 1e-15
        assert content_hash(changed) != whole
    assert content_hash(panel.replace({"symbol": {"S1": "S3"}})) != whole
    assert content_hash(panel.iloc[1:]) != whole
    assert content_hash(panel.assign(adj_close=panel["close"])) != whole
    assert content_hash(panel.assign(adj_close=float("nan"))) == whole


def test_a_snapshot_is_written_once(store, panel, tmp_path):
    store.ingest(panel)
    snapshot_id = store.snapshot(folder=tmp_path)
    written = (tmp_path / f"{snapshot_id}.parquet").stat().st_mtime_ns
    assert store.snapshot(folder=tmp_path) == snapshot_id
    assert (tmp_path / f"{snapshot_id}.parquet").stat().st_mtime_ns == written


def test_missing_and_damaged_snapshots_are_answered(store, panel, tmp_path):
    store.ingest(panel)
    with pytest.raises(StoreError, match="there is no snapshot"):
        load_snapshot(tmp_path, "0" * 32)
    with pytest.raises(StoreError, match="there is no snapshot"):
        load_snapshot(tmp_path, "../home/market")
    with pytest.raises(DataError, match="no stored bar is selected by symbols 'NOPE'"):
        store.snapshot("NOPE", folder=tmp_path)
    snapshot_id = store.snapshot("S0", folder=tmp_path)
    store.load("S1").to_parquet(tmp_path / f"{snapshot_id}.parquet")
    with pytest.raises(StoreError, match="does not hold what its name says"):
        load_snapshot(tmp_path, snapshot_id)
    (tmp_path / f"{snapshot_id}.parquet").write_bytes(b"torn")
    with pytest.raises(StoreError, match="cannot be read"):
        load_snapshot(tmp_path, snapshot_id)


def test_snapshots_are_listed_with_the_runs_that_need_them(tmp_path, panel):
    first, second = write_snapshot(panel, tmp_path), write_snapshot(panel.head(10), tmp_path)
    (tmp_path / "notes.parquet").write_bytes(b"x")
    listed = list_snapshots(tmp_path, {first: ["run-b", "run-a"], "0" * 32: ["run-c"]}).set_index("snapshot_id")
    assert set(listed.index) == {first, second, "0" * 32}
    assert listed.loc[first, ["n_bars", "n_runs", "runs"]].tolist() == [1800, 2, "run-a, run-b"]
    assert listed.loc[second, "n_runs"] == 0
    assert listed["n_bars"].isna().tolist().count(True) == 1
    assert listed.loc[first, ["n_symbols", "first", "last"]].tolist() == [3, panel["ts"].min(), panel["ts"].max()]
    assert listed.loc[second, "n_symbols"] == 1
    assert listed["first"].isna().tolist() == listed["n_bars"].isna().tolist()
    assert list_snapshots(tmp_path / "none").empty


def test_a_snapshot_of_an_earlier_version_is_listed_as_any(tmp_path, panel):
    path = tmp_path / f"{write_snapshot(panel, tmp_path)}.parquet"
    listed = list_snapshots(tmp_path)
    panel.to_parquet(path, index=False)
    columns = ["snapshot_id", "n_symbols", "n_bars", "first", "last"]
    assert_frame_equal(list_snapshots(tmp_path)[columns], listed[columns])
    path.write_bytes(b"torn")
    assert list_snapshots(tmp_path)[["n_bars", "n_symbols"]].isna().all(axis=None)


def test_a_snapshot_that_a_run_needs_is_kept(tmp_path, panel):
    snapshot = write_snapshot(panel, tmp_path)
    with pytest.raises(StoreError, match="needed by run-a, run-b, run-c and 1 more"):
        delete_snapshot(tmp_path, snapshot, used_by=["run-d", "run-c", "run-b", "run-a"])
    delete_snapshot(tmp_path, snapshot, used_by=[])
    assert list_snapshots(tmp_path).empty
    with pytest.raises(StoreError, match="no snapshot"):
        delete_snapshot(tmp_path, "../x", used_by=[])
