import json
import threading

import pandas as pd
import pytest

from finml_core.runs.files import read_text, safe_name, write_frame, write_json, write_text, write_whole


def test_a_reader_sees_whole_texts_only_while_another_writes(tmp_path):
    path, ended = tmp_path / "status.json", threading.Event()
    texts = {letter * 200_000 for letter in "abcdef"}
    write_text(path, "a" * 200_000)

    def write():
        for _ in range(20):
            for text in sorted(texts):
                write_text(path, text)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        assert read_text(path) in texts
    writer.join()


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "table.parquet"
    write_frame(path, pd.DataFrame({"a": [1]}))

    def fail(unfinished):
        unfinished.write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_whole(path, fail)
    assert pd.read_parquet(path)["a"].tolist() == [1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.parquet"]


def test_numbers_that_are_not_finite_become_null_in_json(tmp_path):
    write_json(tmp_path / "m.json", {"a": float("nan"), "b": [float("inf"), 1], "c": pd.Timestamp("2020-01-01")})
    read = json.loads(read_text(tmp_path / "m.json"))
    assert read == {"a": None, "b": [None, 1], "c": "2020-01-01T00:00:00"}


def test_a_frame_keeps_its_index(tmp_path):
    index = pd.MultiIndex.from_product([["A", "B"], pd.date_range("2020", periods=2)], names=["symbol", "ts"])
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, None]}, index=index)
    write_frame(tmp_path / "x.parquet", frame)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), frame)


def test_distinct_keys_get_distinct_names_without_separators():
    names = {safe_name(key) for key in ("a/b", "a b", "a_b", "../x", "a%2Fb")}
    assert len(names) == 5
    assert not any(set(name) & set("/\\: ") for name in names)
