"""The real experiment in a real worker, from the bundled kind of bars to the ledger."""

import dataclasses

import pytest

from finml_core.bars import BarStore
from finml_core.experiments import ExperimentConfig
from finml_core.models import ModelType
from finml_core.runs import RunStore
from finml_core.schemas import PREDICTIONS


@pytest.fixture
def real_store(tmp_path, panel):
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    return RunStore(tmp_path)


@pytest.fixture
def small_config(panel):
    config = ExperimentConfig(
        name="small", symbols=("S0", "S1"), models=(ModelType.NAIVE, ModelType.LOGISTIC), start="2015-01-01"
    )
    return dataclasses.replace(config, split=dataclasses.replace(config.split, n_splits=3))


@pytest.mark.slow
def test_an_experiment_runs_in_its_worker_and_is_found_again(real_store, small_config, until):
    run_id = real_store.submit(small_config)
    status = until(real_store, run_id, "done", "failed", "lost", timeout_s=120)
    assert status.state == "done", real_store.log(run_id)
    assert real_store.config(run_id) == small_config
    predictions = real_store.predictions(run_id)
    assert list(predictions.columns) == list(PREDICTIONS)
    assert predictions["run_id"].unique().tolist() == [run_id]
    assert (real_store.model_folder(run_id, "logistic", 0)).is_dir()
    trials = real_store.trials()
    assert set(trials["state"]) == {"done"}
    assert trials["sharpe"].notna().any()
    luck = real_store.luck(run_id)
    assert luck["n_trials"].unique().tolist() == [len(trials)]
    assert luck["dsr"].dropna().between(0, 1).all()
    assert real_store.submit(small_config) == run_id
    assert len(real_store.list()) == 1


@pytest.mark.slow
def test_a_failed_experiment_leaves_the_trials_that_it_would_have_scored(real_store, small_config, until):
    wide = dataclasses.replace(small_config.label, horizon=500)
    run_id = real_store.submit(dataclasses.replace(small_config, label=wide))
    status = until(real_store, run_id, "done", "failed", "lost", timeout_s=120)
    assert status.state == "failed"
    assert "Traceback" not in status.error
    trials = real_store.trials()
    assert set(trials["state"]) == {"failed"}
    assert {"naive", "logistic", "arbitrated"} <= set(trials["name"])


@pytest.mark.slow
def test_trials_noted_before_the_work_are_those_that_are_scored_after_it(real_store, small_config, panel):
    from finml_core.experiments import run_experiment
    from finml_core.runs.attempt import plan_trials

    bars = panel.loc[panel["symbol"].isin(small_config.symbols)]
    scored = {trial.trial_id for trial in run_experiment(small_config, bars).trials}
    assert scored == {trial.trial_id for trial in plan_trials(small_config, bars)}
