"""The trials that a run sets out to make, written down before it starts: failed and abandoned ones count too."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.runs.files import read_text, write_json
from finml_core.runs.ledger import Ledger, TrialLike

ATTEMPT_FILE = "attempt.json"

PlanTrials = Callable[[Any, pd.DataFrame], Iterable[TrialLike]]


@dataclass(frozen=True, kw_only=True)
class AttemptedTrial:
    """A trial without returns."""

    trial_id: str
    name: str
    kind: str
    identity: Mapping[str, Any]
    periods_per_year: float
    returns: None = None


def plan_trials(config: Any, bars: pd.DataFrame) -> Iterable[TrialLike]:
    """The trials of an experiment, by the same identities that it gives them when it ends."""
    from finml_core.experiments import bars_fingerprint
    from finml_core.experiments.data import choose_bars
    from finml_core.experiments.trials import run_trials
    from finml_core.schemas import bars_per_year

    chosen = choose_bars(config, bars)
    return run_trials(config, bars_fingerprint(chosen), None, bars_per_year(chosen["ts"]))


def write_attempt(folder: Path, trials: Iterable[TrialLike]) -> None:
    """Note in the run's folder what it sets out to score."""
    rows = [
        {
            "trial_id": trial.trial_id,
            "name": trial.name,
            "kind": trial.kind,
            "identity": dict(trial.identity),
            "periods_per_year": trial.periods_per_year,
        }
        for trial in trials
    ]
    write_json(folder / ATTEMPT_FILE, rows)


def clear_attempt(folder: Path) -> None:
    """Forget the note: nothing of it is left open."""
    (folder / ATTEMPT_FILE).unlink(missing_ok=True)


def record_attempt(folder: Path, ledger: Ledger, state: str) -> None:
    """Leave the noted trials in the ledger as `state`; those that were scored in another run stay as they are."""
    for trial in _read(folder):
        ledger.record(trial, run_id=folder.name, state=state)
    clear_attempt(folder)


def _read(folder: Path) -> list[AttemptedTrial]:
    try:
        return [AttemptedTrial(**row) for row in json.loads(read_text(folder / ATTEMPT_FILE))]
    except (OSError, ValueError, TypeError):  # none was noted, or the folder is broken
        return []
