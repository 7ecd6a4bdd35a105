"""The ledger of trials: everything that was ever scored, so that luck can be measured instead of guessed.

Many writers never share a file: a trial is one immutable Parquet file, named by its identity and state. Reading is a
DuckDB query over the files; compaction puts many of them into one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from finml_core.errors import RunError
from finml_core.runs.compaction import compact, list_files, loose_files, read_files, read_loose
from finml_core.runs.files import write_whole
from finml_core.runs.listing import Listing
from finml_core.runs.luck import LuckSummary, summarize
from finml_core.runs.luck_groups import TrialGroups
from finml_core.runs.trial_row import STATES, trial_row

MANY = 100  # loose files before they are compacted by the way

# The best word on each trial: `done` beats `failed`, the earlier beats the later; unreadable files come without a word.
BEST = """
    SELECT {columns} FROM {source}
    QUALIFY row_number() OVER (
        PARTITION BY trial_id ORDER BY list_position(['done', 'failed', 'cancelled', 'lost'], state), created, run_id
    ) = 1
    ORDER BY created, trial_id
"""
SERIES = ("trial_id", "n_obs", "ts", "net_return")


class TrialLike(Protocol):
    """What the ledger needs of a trial; `experiments.Trial` is one."""

    @property
    def trial_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def identity(self) -> Any: ...
    @property
    def returns(self) -> pd.Series | None: ...
    @property
    def periods_per_year(self) -> float: ...


class Ledger:
    """The trials of everyone who shares the folder."""

    def __init__(self, folder: Path):
        self._folder = Path(folder)
        self._listing = Listing(self._folder)
        self._groups = TrialGroups(self._folder)

    def record(self, trial: TrialLike, *, run_id: str | None = None, state: str = "done") -> None:
        """Leave a trial: the first word of each state stays, saying it again changes nothing.

        Raises
        ------
        RunError
            For a state other than done, failed, cancelled or lost.
        """
        if state not in STATES:
            raise RunError(f"state of a trial is {state!r}; choose one of: {', '.join(STATES)}.")
        path = self._folder / f"{trial.trial_id}-{state}.parquet"
        if path.exists():
            return
        import pyarrow.parquet as parquet

        row = trial_row(trial, run_id=run_id, state=state)
        write_whole(path, lambda unfinished: parquet.write_table(row, unfinished))

    def trials(self) -> pd.DataFrame:
        """One row a distinct trial, oldest first.

        Returns
        -------
        DataFrame
            `trial_id, run_id, name, kind, state, created` (naive UTC), `user, periods_per_year, n_obs, sharpe` (per
            period), `skew, kurtosis` (raw), `identity` (JSON). A trial without returns, or whose returns never
            change, has no Sharpe ratio and counts all the same; so does a file that cannot be read.
        """
        return self._listing.read()

    def returns(self, trial_id: str) -> pd.Series:
        """Net returns per bar of a trial, indexed by ts; empty if it has none.

        Raises
        ------
        RunError
            If the ledger has no such trial.
        """
        found = self.returns_of([trial_id])
        if not found:
            raise RunError(f"the ledger has no trial {trial_id!r}.")
        return found[trial_id]

    def returns_of(self, trial_ids: Sequence[str]) -> dict[str, pd.Series]:
        """Net returns per bar of many trials at once, by id; an id that the ledger does not know is left out."""
        wanted = list(dict.fromkeys(trial_ids))
        found = _series(read_loose(self._folder, BEST, SERIES, [f"{trial_id}-done" for trial_id in wanted]))
        rest = [trial_id for trial_id in wanted if trial_id not in found]
        if rest:
            found |= _series(read_files(self._folder, BEST, SERIES, trial_ids=rest))
        return {trial_id: found[trial_id] for trial_id in wanted if trial_id in found}

    def groups(self, trials: pd.DataFrame | None = None) -> pd.DataFrame:
        """`original, cluster` of each trial: of whom it is a copy, and whose variation it is.

        `trials` is what `trials()` gave, which is asked again otherwise; the result is on its index.
        """
        trials = self.trials() if trials is None else trials
        return self._groups.assign(trials, self.returns_of)

    def luck(self, periods_per_year: float) -> LuckSummary:
        """How many trials there were, and how far their Sharpe ratios scatter, for bars of the size asked."""
        trials = self.trials()
        return summarize(trials, periods_per_year, self.groups(trials))

    def compact(self) -> int:
        """Put the loose files into one; safe beside readers and writers. The count of files that went in."""
        return compact(self._folder, BEST)

    def compact_if_many(self) -> None:
        """Compact once reading the loose files would be felt."""
        if len(loose_files(list_files(self._folder))) > MANY:
            self.compact()


def _series(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Each row's returns as a Series indexed by ts."""
    found = {}
    for trial_id, n_obs, ts, values in frame.loc[:, list(SERIES)].itertuples(index=False):
        if pd.isna(n_obs) or n_obs == 0:
            ts, values = [], []
        index = pd.DatetimeIndex(ts, name="ts").as_unit("us")
        found[trial_id] = pd.Series(values, index=index, dtype="float64", name=trial_id)
    return found
