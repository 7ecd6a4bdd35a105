"""What the very first start does: bundled bars into the store, the default experiment into the queue."""

from pathlib import Path

from finml_core.bars import BarStore, prepare_store
from finml_core.experiments import ExperimentConfig
from finml_core.runs.store import RunStore


def first_start(home: Path, experiment: ExperimentConfig) -> tuple[bool, str | None]:
    """Ingest the bundled bars once, and queue `experiment` where nobody has run anything yet.

    Returns
    -------
    (bool, str or None)
        Whether bars were ingested, and the id of the queued run.
    """
    added = prepare_store(BarStore(home / "market.duckdb"))
    marker = home / "first_run"  # outlives the runs, so that deleting them all does not start this one again
    if marker.exists():
        return added, None
    runs = RunStore(home)
    run_id = None if runs.list() else runs.submit(experiment)
    marker.write_text(run_id or "", encoding="utf-8")
    return added, run_id
