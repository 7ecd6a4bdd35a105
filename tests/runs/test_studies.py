"""Studies of a run: done by a process of their own, found again, gone with their run."""

import dataclasses

import pytest

from finml_core.bars import BarStore
from finml_core.errors import RunError
from finml_core.experiments import ExperimentConfig, SplitConfig, study_of
from finml_core.features import FeatureConfig
from finml_core.models import ModelType
from finml_core.runs import RunStore, StudyStore
from finml_core.runs.status import read_status, write_status

CONFIG = ExperimentConfig(
    name="small",
    symbols=("S0", "S1"),
    models=(ModelType.NAIVE, ModelType.LOGISTIC),
    features=FeatureConfig(families=("price", "momentum"), momentum=(5, 60)),
    split=SplitConfig(n_splits=3),
)


@pytest.fixture
def runs(tmp_path, panel):
    BarStore(tmp_path / "market.duckdb").ingest(panel)
    return RunStore(tmp_path)


@pytest.fixture
def studied(runs):
    """A run that was only queued: a study needs its bars and its configuration."""
    return runs.submit(CONFIG, launch=False)


def test_a_study_is_done_beside_its_run_found_again_and_gone_with_it(runs, studied, until):
    studies = StudyStore(runs)
    asked = study_of(studied, CONFIG, "families", "logistic")
    assert studies.find(asked) is None
    study_id = studies.submit(asked)
    status = until(studies._jobs, study_id, "done", "failed", "lost", timeout_s=120)
    assert status.state == "done", studies._jobs.log(study_id)
    assert studies.find(asked).run_id == study_id == studies.submit(asked)
    assert studies.active() == []
    assert set(studies.table(study_id, "ablation")["group"]) == {"price", "momentum"}
    assert [run.run_id for run in runs.list()] == [studied]  # a study is no run
    trials = runs.trials()
    assert set(trials["name"]) == {"logistic without price", "logistic without momentum"}
    assert set(trials["state"]) == {"done"}
    other = study_of(studied, CONFIG, "features", "logistic")
    assert studies.find(other) is None

    runs.delete(studied)
    assert not (runs.home / "studies" / study_id).exists()
    assert len(runs.trials()) == 2  # what was shown was shown
    with pytest.raises(RunError, match="there is no run"):
        studies.submit(asked)


def test_what_an_earlier_version_of_the_code_has_done_is_still_found(runs, studied):
    asked = study_of(studied, CONFIG, "families", "logistic")
    studies = StudyStore(runs, launcher=lambda folder: None)
    study_id = studies.submit(asked)
    folder = runs.home / "studies" / study_id
    earlier = folder.with_name("families-of-an-earlier-version")
    folder.rename(earlier)
    text = (earlier / "config.yaml").read_text(encoding="utf-8")
    (earlier / "config.yaml").write_text(text.replace("  n_seeds: 1\n", ""), encoding="utf-8")
    assert studies.find(asked) is None  # it was never done
    write_status(earlier, dataclasses.replace(read_status(earlier), state="done"))
    assert studies.find(asked).run_id == earlier.name
    for kind, run in (("features", studied), ("families", "another")):
        other = dataclasses.replace(asked, kind=kind, run_id=run)
        assert not studies._asks(studies.find(asked), other)


def test_a_failed_or_cancelled_study_has_shown_nothing_and_adds_no_trial(runs, studied, until):
    studies = StudyStore(runs)
    wide = dataclasses.replace(CONFIG, label=dataclasses.replace(CONFIG.label, horizon=500))
    failed = studies.submit(study_of(studied, wide, "learning_curve", "logistic"))
    status = until(studies._jobs, failed, "done", "failed", "lost", timeout_s=120)
    assert status.state == "failed"
    assert "Traceback" not in status.error
    assert runs.trials().empty


def test_a_study_that_waits_is_cancelled_and_can_be_asked_again(runs, studied):
    launched = []
    studies = StudyStore(runs, launcher=launched.append)
    asked = study_of(studied, CONFIG, "families", "logistic")
    study_id = studies.submit(asked)
    assert [study.run_id for study in studies.active()] == [study_id]
    assert studies.submit(asked) == study_id
    assert len(launched) == 1
    studies.cancel(study_id)
    assert (runs.home / "studies" / study_id / "cancel").exists()


def test_deleting_a_run_asks_its_working_studies_to_stop_and_leaves_those_of_others(runs, studied):
    other = runs.submit(dataclasses.replace(CONFIG, name="other"), launch=False)
    studies = StudyStore(runs, launcher=lambda folder: None)
    mine, theirs = (studies.submit(study_of(run, CONFIG, "families", "logistic")) for run in (studied, other))
    runs.delete(studied)
    assert (runs.home / "studies" / mine / "cancel").exists()
    assert not (runs.home / "studies" / theirs / "cancel").exists()
