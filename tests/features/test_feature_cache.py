"""Features on disk: found again when nothing has changed, never half, by any number of processes."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FeatureCache, FeatureConfig, FeatureEngineer
from finml_core.features import cache as cache_module
from finml_core.features.cache import bars_hash
from finml_core.schemas import as_bars

CONFIG = FeatureConfig(families=("price", "trend"))


@pytest.fixture
def engineer(panel):
    return FeatureEngineer(CONFIG).fit(panel)


@pytest.fixture
def never_computed(monkeypatch):
    def fail(*_):
        raise AssertionError("these features were in the folder")

    return lambda: monkeypatch.setattr(cache_module, "compute", fail)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npy"))


def test_the_second_time_nothing_is_computed(tmp_path, panel, engineer, never_computed):
    cache = FeatureCache(tmp_path / "features")
    first = cache.transform(engineer, panel)
    never_computed()
    pd.testing.assert_frame_equal(first, engineer.transform(panel))
    pd.testing.assert_frame_equal(cache.transform(engineer, panel.sample(frac=1, random_state=0)), first)
    twin = FeatureEngineer(replace(CONFIG, trend_windows=list(CONFIG.trend_windows))).fit(panel)
    pd.testing.assert_frame_equal(FeatureCache(tmp_path / "features").transform(twin, panel), first)


def test_a_plain_frame_comes_back_on_its_own_index(tmp_path, panel, never_computed):
    asset = panel[panel["symbol"] == "S1"].set_index("ts").drop(columns="symbol").sample(frac=1, random_state=1)
    engineer = FeatureEngineer(CONFIG).fit(asset)
    cache = FeatureCache(tmp_path)
    first = cache.transform(engineer, asset)
    never_computed()
    pd.testing.assert_frame_equal(cache.transform(engineer, asset), first)
    assert first.index.equals(asset.index)


def test_whatever_changes_the_numbers_is_another_file(tmp_path, panel, engineer):
    cache = FeatureCache(tmp_path)
    cache.transform(engineer, panel)
    changed = panel.copy()
    changed.loc[5, "close"] += 1e-9
    renamed = panel.assign(symbol=panel["symbol"].replace("S2", "S3"))
    cases = [(engineer, changed), (engineer, renamed), (engineer, panel.iloc[:-1])]
    for config in (replace(CONFIG, trend_windows=(5, 11)), replace(CONFIG, include_levels=True)):
        cases.append((FeatureEngineer(config).fit(panel), panel))
    cases.append((FeatureEngineer(CONFIG, dtype="float32").fit(panel), panel))
    for number, (other, bars) in enumerate(cases):
        pd.testing.assert_frame_equal(cache.transform(other, bars), other.transform(bars))
        assert len(files(tmp_path)) == number + 2


def test_a_snapshot_names_the_bars(tmp_path, panel, engineer, monkeypatch, never_computed):
    cache = FeatureCache(tmp_path)
    first = cache.transform(engineer, panel, snapshot="abc")
    monkeypatch.setattr(cache_module, "bars_hash", None)
    never_computed()
    pd.testing.assert_frame_equal(cache.transform(engineer, panel, snapshot="abc"), first)


def test_what_a_caller_writes_stays_with_him(tmp_path, panel, engineer):
    cache = FeatureCache(tmp_path)
    cache.transform(engineer, panel)
    mine = cache.transform(engineer, panel)
    mine.iloc[:, :] = 7.0
    pd.testing.assert_frame_equal(cache.transform(engineer, panel), engineer.transform(panel))


def test_the_least_recently_used_goes_first(tmp_path, panel, engineer):
    FeatureCache(tmp_path / "one").transform(engineer, panel)
    (one,) = files(tmp_path / "one")
    cache = FeatureCache(tmp_path, max_bytes=2 * one.stat().st_size)
    symbols = [panel.assign(symbol=panel["symbol"] + suffix) for suffix in "abc"]
    for bars in symbols[:2]:
        cache.transform(engineer, bars)
    oldest, newer = sorted(files(tmp_path), key=lambda path: path.stat().st_mtime_ns)
    os.utime(oldest, ns=(1, 1))
    cache.transform(engineer, symbols[0])  # used again: now the other one is the oldest
    os.utime(newer, ns=(2, 2))
    cache.transform(engineer, symbols[2])
    assert oldest.exists()
    assert not newer.exists()
    assert len(files(tmp_path)) == 2


def test_what_does_not_fit_is_not_kept_and_empty_bars_neither(tmp_path, panel, engineer):
    cache = FeatureCache(tmp_path / "features", max_bytes=1000)
    pd.testing.assert_frame_equal(cache.transform(engineer, panel), engineer.transform(panel))
    assert FeatureCache(tmp_path / "features").transform(engineer, panel.iloc[:0]).empty
    assert not (tmp_path / "features").exists()


def test_an_unfinished_file_is_never_read_and_cleared_away_later(tmp_path, panel, engineer):
    cache = FeatureCache(tmp_path)
    cache.transform(engineer, panel)
    (whole,) = files(tmp_path)
    torn = tmp_path / f"{whole.stem}x.part"
    torn.write_bytes(whole.read_bytes()[:1000])
    whole.unlink()
    pd.testing.assert_frame_equal(cache.transform(engineer, panel), engineer.transform(panel))
    assert torn.exists()
    os.utime(torn, (time.time() - 7200, time.time() - 7200))
    whole.unlink()
    cache.transform(engineer, panel)
    assert not torn.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: b"",
        lambda whole: whole[:50],
        lambda whole: whole[:-1],
        lambda whole: whole[:5000] + bytes(4096) + whole[9096:],
        lambda whole: whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
        lambda whole: b"no numbers at all" * 1000,
        lambda whole: whole[:-8] + bytes(8),
    ],
    ids=["empty", "header cut", "last byte gone", "a page of zeros", "one bit", "another format", "sums"],
)
def test_a_broken_file_is_computed_again_and_replaced(tmp_path, panel, engineer, never_computed, spoil):
    cache = FeatureCache(tmp_path)
    cache.transform(engineer, panel)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(spoil(whole))
    pd.testing.assert_frame_equal(cache.transform(engineer, panel), engineer.transform(panel))
    assert path.read_bytes() == whole
    never_computed()
    pd.testing.assert_frame_equal(cache.transform(engineer, panel), engineer.transform(panel))


def test_other_code_finds_nothing_of_the_older(tmp_path, panel, engineer, monkeypatch):
    cache = FeatureCache(tmp_path)
    cache.transform(engineer, panel)
    monkeypatch.setattr(cache_module, "_code_version", lambda: "a later one")
    cache.transform(engineer, panel)
    assert len(files(tmp_path)) == 2


def test_a_failed_write_leaves_nothing_behind(tmp_path, panel, engineer, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="no space left"):
        FeatureCache(tmp_path).transform(engineer, panel)
    assert list(tmp_path.iterdir()) == []


WORKER = """
import sys
import numpy as np
from finml_core.features import FeatureCache, FeatureConfig, FeatureEngineer
from tests.conftest import random_bars

cache = FeatureCache(sys.argv[1], max_bytes=int(sys.argv[2]))
for turn in range(9):
    bars = random_bars(2, 300, seed=turn % 3)
    engineer = FeatureEngineer(FeatureConfig(families=("price",))).fit(bars)
    np.testing.assert_array_equal(cache.transform(engineer, bars).to_numpy(), engineer.transform(bars).to_numpy())
print("done")
"""


def test_many_processes_share_a_folder_that_is_too_small(tmp_path):
    """Three write, read and drop the same files at once; every frame is whole and right."""
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    root = Path(__file__).parents[2]
    workers = [
        subprocess.Popen([*command, "150000"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for worker in workers:
        said, complaint = worker.communicate(timeout=200)
        assert said.strip() == "done", complaint
    assert list(tmp_path.glob("*.part")) == []
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 150_000


def test_the_hash_of_bars_is_that_of_their_content(panel):
    again = as_bars(panel.sample(frac=1, random_state=5))
    assert bars_hash(as_bars(panel)) == bars_hash(again)
    later = again.assign(ts=again["ts"] + pd.Timedelta("1s"))
    assert bars_hash(again) != bars_hash(later)
