"""Studies of runs: jobs of their own, queued, watched, cancelled and found again as runs are, and deleted with them."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from finml_core.errors import RunError
from finml_core.runs.files import read_text, write_text
from finml_core.runs.launch import Launcher, launch_study
from finml_core.runs.observe import observe
from finml_core.runs.status import CANCEL_FILE, RunStatus
from finml_core.runs.store import CONFIG_FILE, STUDIES, RunStore, make_run_id

if TYPE_CHECKING:
    from finml_core.experiments import StudyConfig


class StudyStore:
    """The studies of the runs of one store, each a folder below `studies/`.

    One study is worked on at a time, beside the one run: a short question need not wait for a long training.

    Parameters
    ----------
    runs : RunStore
        Whose runs are studied, on the bars that they were made on.
    launcher : callable, optional
        Starts a worker for a study's folder; by default a process of its own.
    """

    def __init__(self, runs: RunStore, *, launcher: Launcher | None = None):
        self._runs = runs
        self._jobs = RunStore(
            runs.home, launcher=launcher or launch_study, take_snapshot=self._snapshot, folder=STUDIES
        )

    def submit(self, config: "StudyConfig") -> str:
        """Ask for a study; asking twice for the same finds the first. Gives its id.

        Raises
        ------
        RunError
            If there is no such run, or no worker could be started.
        """
        return self._jobs.submit(config)

    def find(self, config: "StudyConfig") -> RunStatus | None:
        """Where this study stands; None if nobody asked for it.

        One that an earlier version of the code has done, which wrote the configuration otherwise, is found as well.
        """
        study_id = make_run_id(config.name, config.to_yaml(), self._snapshot(config), self._jobs.code_version)
        try:
            return self._jobs.status(study_id)
        except RunError:
            alike = [study for study in self._jobs.list() if study.state == "done" and self._asks(study, config)]
            return alike[0] if alike else None

    def _asks(self, study: RunStatus, config: "StudyConfig") -> bool:
        try:
            text = read_text(self._jobs.home / STUDIES / study.run_id / CONFIG_FILE)
        except OSError:  # deleted meanwhile
            return False
        return _question(text) == _question(config.to_yaml())

    def status(self, study_id: str) -> RunStatus:
        """Where a study stands; RunError if there is none of this id."""
        return self._jobs.status(study_id)

    def active(self) -> list[RunStatus]:
        """Queued and running studies, the one that is worked on first."""
        return [status for status in reversed(self._jobs.list()) if status.state in ("queued", "running")]

    def table(self, study_id: str, name: str) -> pd.DataFrame:
        """One of the tables that a study left; RunError if it has none."""
        return self._jobs.table(study_id, name)

    def cancel(self, study_id: str) -> None:
        """Ask a queued or running study to stop after the step it is at."""
        self._jobs.cancel(study_id)

    def _snapshot(self, config: "StudyConfig") -> str:
        return self._runs.status(config.run_id).snapshot


def delete_studies(folder: Path, run_id: str) -> None:
    """Remove the ended studies of a run that is gone; one that still works is asked to stop and then stays unread."""
    for study in folder.iterdir() if folder.is_dir() else ():
        if _run_of(study) != run_id:
            continue
        if observe(study).is_finished:
            shutil.rmtree(study, ignore_errors=True)
        else:
            write_text(study / CANCEL_FILE, "")


def _question(text: str) -> tuple[str, str]:
    """Kind, run and model of a study, and its own settings: its text without the experiment, which the run names."""
    return text.split("\nexperiment:", 1)[0], text.rsplit("\nlearning:", 1)[-1]


def _run_of(study: Path) -> str | None:
    """Of which run a folder is a study; None where it does not say."""
    try:
        plain = yaml.safe_load(read_text(study / CONFIG_FILE))
    except (OSError, yaml.YAMLError):
        return None
    return plain.get("run_id") if isinstance(plain, dict) else None
