"""The list of trials: the best word on each, chosen without carrying long texts through a sort, and remembered.

The files of the ledger never change, they only come and go; while the same ones are there, the list is the same.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from finml_core.runs.compaction import list_files, read_rows
from finml_core.runs.trial_row import STATES

if TYPE_CHECKING:
    import pyarrow as pa

SCALARS = (
    "trial_id", "run_id", "name", "kind", "state", "created", "user", "periods_per_year",
    "n_obs", "sharpe", "skew", "kurtosis", "identity",
)  # fmt: skip


class Listing:
    """One row a distinct trial, read again only when files came or went."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._kept: tuple[list[Path], pd.DataFrame] | None = None

    def read(self) -> pd.DataFrame:
        """The columns SCALARS of each trial, oldest first; the caller's own, whatever is done to it."""
        files = list_files(self._folder)
        kept = self._kept
        if kept is None or kept[0] != files:
            kept = files, best_words(read_rows(self._folder, files, SCALARS)).to_pandas()
            if kept[1]["kind"].notna().all():  # a file that cannot be read may be readable next time
                self._kept = kept
        return kept[1].copy(deep=False)


def best_words(rows: "pa.Table") -> "pa.Table":
    """The best word on each trial, oldest first: `done` beats `failed`, the earlier beats the later."""
    import pyarrow as pa
    import pyarrow.compute as compute

    if compute.count_distinct(rows["trial_id"]).as_py() < len(rows):
        rank = compute.index_in(rows["state"], pa.array(STATES))
        order = compute.sort_indices(
            rows.select(["created", "run_id"]).append_column("rank", rank),
            [("rank", "ascending"), ("created", "ascending"), ("run_id", "ascending")],
        )
        rows = rows.take(order)
        rows = rows.filter(pa.array(~rows["trial_id"].to_pandas().duplicated().to_numpy()))
    keys = rows.select(["created", "trial_id"])
    return rows.take(compute.sort_indices(keys, [("created", "ascending"), ("trial_id", "ascending")]))
