"""Compiled code of an earlier version is not used."""

import os

from finml_core.features.compiling import SHARED, forget_outdated


def test_indices_older_than_the_files_that_all_are_built_from_are_removed(tmp_path):
    changed = max(path.stat().st_mtime for path in SHARED)
    ages = {"old.nbi": -10, "new.nbi": 10, "old.nbc": -10}
    for name, age in ages.items():
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (changed + age, changed + age))
    forget_outdated(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"new.nbi", "old.nbc"}


def test_a_compiled_loop_forgets_what_is_outdated_beside_it(tmp_path):
    from finml_core.features import kernels

    folder = kernels.rolling_sum.stats.cache_path
    assert forget_outdated.cache_info().currsize >= 1
    changed = max(path.stat().st_mtime for path in SHARED)
    indices = [index for index in os.scandir(folder) if index.name.endswith(".nbi")]
    assert all(index.stat().st_mtime >= changed for index in indices)
