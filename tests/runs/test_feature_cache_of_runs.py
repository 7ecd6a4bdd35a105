"""What a run computes of its bars is found by the next run on the same bars, and by nothing else."""

import dataclasses

import pandas as pd
import pytest

from finml_core.bars import BarStore, load_snapshot
from finml_core.errors import ConfigError
from finml_core.experiments import ExperimentConfig, run_experiment
from finml_core.features import FeatureConfig
from finml_core.features import cache as cache_module
from finml_core.models import ModelType
from finml_core.runs import RunStore
from finml_core.runs.feature_cache import feature_cache, most_bytes

SMALL = ExperimentConfig(
    name="small",
    symbols=("S0", "S1"),
    models=(ModelType.NAIVE,),
    start="2016-01-01",
    features=FeatureConfig(families=("price",)),
)


@pytest.fixture
def computed(monkeypatch):
    """How many features were computed, call by call."""
    calls, compute = [], cache_module.compute

    def counted(features, *rest):
        calls.append(len(features))
        return compute(features, *rest)

    monkeypatch.setattr(cache_module, "compute", counted)
    return calls


def test_a_second_run_reads_what_the_first_computed(tmp_path, panel, computed):
    first = run_experiment(SMALL, panel, cache=feature_cache(tmp_path))
    assert len(computed) == 1
    longer = dataclasses.replace(SMALL, name="other", label=dataclasses.replace(SMALL.label, horizon=3))
    run_experiment(longer, panel, cache=feature_cache(tmp_path))
    again = run_experiment(SMALL, panel, cache=feature_cache(tmp_path))
    assert len(computed) == 1
    plain = run_experiment(SMALL, panel)
    for other in (first, again):
        for name in ("predictions", "equity", "decisions"):
            pd.testing.assert_frame_equal(other.tables[name], plain.tables[name])


def test_other_bars_another_configuration_or_other_code_compute_anew(tmp_path, panel, computed, monkeypatch):
    def run(config, bars):
        run_experiment(config, bars, cache=feature_cache(tmp_path))
        return len(computed)

    assert run(SMALL, panel) == 1
    changed = panel.copy()
    changed.loc[changed.index[-1], "close"] *= 1.0001
    changed.loc[changed.index[-1], "high"] *= 1.0002
    last = changed.loc[changed.index[-1], "symbol"]
    assert run(dataclasses.replace(SMALL, symbols=("S0", last)), panel) == 2
    assert run(dataclasses.replace(SMALL, symbols=("S0", last)), changed) == 3
    assert run(dataclasses.replace(SMALL, features=FeatureConfig(families=("price", "volume"))), panel) == 4
    monkeypatch.setattr(cache_module, "_code_version", lambda: "a later one")
    assert run(SMALL, panel) == 5
    assert run(SMALL, panel) == 5


def test_noise_twins_leave_nothing_behind(tmp_path, panel, computed):
    audited = dataclasses.replace(SMALL, audit=dataclasses.replace(SMALL.audit, enabled=True, n_twins=1))
    run_experiment(audited, panel, cache=feature_cache(tmp_path))
    assert len(list((tmp_path / "features").glob("*.npy"))) == 1
    assert len(computed) == 1


def test_a_worker_keeps_the_features_of_its_snapshot(tmp_path, panel, until, computed):
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    store = RunStore(tmp_path)
    run_id = store.submit(SMALL)
    status = until(store, run_id, "done", "failed", "lost", timeout_s=180)
    assert status.state == "done", store.log(run_id)
    bars = load_snapshot(tmp_path / "snapshots", status.snapshot)
    run_experiment(SMALL, bars, cache=feature_cache(tmp_path))
    assert computed == []


def test_the_setting_says_how_much_is_kept(tmp_path, panel, monkeypatch):
    monkeypatch.delenv("FINML_FEATURE_CACHE_GB", raising=False)
    assert most_bytes() == 4_000_000_000
    monkeypatch.setenv("FINML_FEATURE_CACHE_GB", "0.5")
    assert feature_cache(tmp_path).max_bytes == 500_000_000
    monkeypatch.setenv("FINML_FEATURE_CACHE_GB", "0")
    run_experiment(SMALL, panel, cache=feature_cache(tmp_path))
    assert not (tmp_path / "features").exists()
    for wrong in ("-1", "much", "inf", "nan"):
        monkeypatch.setenv("FINML_FEATURE_CACHE_GB", wrong)
        with pytest.raises(ConfigError, match=r"FINML_FEATURE_CACHE_GB is .* must be a number of gigabytes"):
            most_bytes()
