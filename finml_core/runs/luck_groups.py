"""Which trials of the ledger are copies of others, and which are variations of one idea; kept up to date as they come.

Comparing all with all would grow with the square of the ledger, so each trial is compared once, when it is first met,
with the originals: the trials that were no copy of an earlier one.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from finml_core.runs.kept_groups import KeptGroups, KeptRoom, read_groups, write_groups
from finml_core.typing import FloatArray, IntArray

SHOWN = ["trial_id", "n_obs"]  # on which the answer depends
LONG_S = 0.2  # what took longer is kept
READ, BATCH = 1000, 200  # trials read and trials compared at once
MOST_ORIGINALS = 1000  # later ones are not compared with; each joins the cluster of the original it is most like
KIN = 0.25  # unless it correlates with none of them by as much
DAILY, STEP = 300.0, 4.0  # bars a year: sizes of bars that differ by more than about half a step are never compared

RULES = {"most_originals": MOST_ORIGINALS, "kin": KIN, "daily": DAILY, "step": STEP}  # what is kept follows these

ReadReturns = Callable[[Sequence[str]], dict[str, pd.Series]]


class TrialGroups:
    """Copies and clusters of the trials that were shown to it; later trials never change which are originals.

    Parameters
    ----------
    ledger : Path, optional
        Where to keep what took long to find, for processes to come.
    """

    def __init__(self, ledger: Path | None = None) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._is_asked = False
        self._last: tuple[pd.DataFrame, pd.DataFrame] | None = None  # asked about, and answered
        self._rooms: dict[int, _Room] = {}
        self._original: dict[str, str] = {}

    def assign(self, trials: pd.DataFrame, read_returns: ReadReturns) -> pd.DataFrame:
        """Place the trials that are new, and tell where each stands.

        Parameters
        ----------
        trials : DataFrame, oldest first
            `trial_id, n_obs, periods_per_year`; those without returns stand for themselves.
        read_returns : callable
            From ids to the returns of those trials.

        Returns
        -------
        DataFrame on the index of `trials`
            `original`, the trial_id that each is a copy of or its own, and `cluster`, a number from 0 on.
        """
        with self._lock:
            started = time.perf_counter()
            self._remember(trials)
            if self._last is not None and self._last[0].equals(trials[SHOWN]):
                return self._last[1].copy(deep=False)
            has_returns = trials["n_obs"].fillna(0) > 0
            fresh = trials.loc[has_returns & ~trials["trial_id"].isin(self._original)]
            room = fresh["periods_per_year"].map(_room_of)
            for number, members in fresh.groupby(room, sort=False):
                for start in range(0, len(members), READ):
                    batch = members["trial_id"].iloc[start : start + READ].tolist()
                    self._place(int(number), batch, read_returns)
            original = trials["trial_id"].map(self._original).fillna(trials["trial_id"])
            labels: dict[str, tuple[int, int]] = {}
            for number, room in self._rooms.items():
                labels |= {trial_id: (number, label) for trial_id, label in room.labels().items()}
            if self._ledger is not None and time.perf_counter() - started > LONG_S:
                write_groups(self._ledger, self._kept(), RULES)
            key = [labels.get(trial_id, trial_id) for trial_id in original]
            cluster = pd.factorize(pd.Series(key, index=trials.index, dtype=object))[0]
            found = pd.DataFrame({"original": original, "cluster": cluster}, index=trials.index)
            self._last = trials[SHOWN].copy(), found
            return found.copy(deep=False)

    def _remember(self, trials: pd.DataFrame) -> None:
        """At first, take over what another process kept, unless it knows trials that the ledger does not."""
        if self._is_asked or self._ledger is None:
            return
        self._is_asked = True
        kept = read_groups(self._ledger, RULES)
        if kept is not None and set(kept.original) <= set(trials["trial_id"]):
            self._original = dict(kept.original)
            self._rooms = {number: _Room(room) for number, room in kept.rooms.items()}

    def _kept(self) -> KeptGroups:
        return KeptGroups(original=self._original, rooms={number: room.kept() for number, room in self._rooms.items()})

    def _place(self, number: int, trial_ids: list[str], read_returns: ReadReturns) -> None:
        room = self._rooms.setdefault(number, _Room())
        room.recall(read_returns)
        returns = read_returns(trial_ids)
        known = [trial_id for trial_id in trial_ids if len(returns.get(trial_id, ()))]
        for start in range(0, len(known), BATCH):
            self._original |= room.add({trial_id: returns[trial_id] for trial_id in known[start : start + BATCH]})


class _Room:
    """The originals of one size of bars: their returns, correlations and clusters."""

    def __init__(self, kept: KeptRoom | None = None) -> None:
        self._ids: list[str] = [] if kept is None else list(kept.ids)
        self._returns = pd.DataFrame(index=pd.DatetimeIndex([], name="ts"))
        self._correlation: FloatArray = np.empty((0, 0)) if kept is None else kept.correlation
        self._labels: IntArray | None = None if kept is None else kept.labels
        self._nearest: dict[str, str] = {} if kept is None else dict(kept.nearest)  # of originals not compared with

    def kept(self) -> KeptRoom:
        """All but the returns, which the ledger has."""
        return KeptRoom(ids=self._ids, correlation=self._correlation, labels=self._labels, nearest=self._nearest)

    def recall(self, read_returns: ReadReturns) -> None:
        """Read the originals' returns where they are not at hand, since others are to be compared with them."""
        if self._returns.shape[1] < len(self._ids):
            self._returns = pd.DataFrame(read_returns(self._ids)).loc[:, self._ids]
            self._returns.index.name = "ts"

    def add(self, returns: dict[str, pd.Series]) -> dict[str, str]:
        """The original of each new trial; those that are copies of none become originals."""
        from finml_core.metrics import correlation_matrix, cross_correlation, find_copies
        from finml_core.metrics.trial_correlation import COPY

        new = pd.DataFrame(returns)
        stamps = self._returns.index.union(new.index)
        if len(stamps) > len(self._returns):
            self._returns = self._returns.reindex(stamps)
        ids, values = list(new.columns), new.reindex(stamps).to_numpy()
        found: dict[str, str] = {}
        near = cross_correlation(self._returns.to_numpy(), values) if self._ids else np.empty((0, len(ids)))
        is_copy = near.max(axis=0, initial=-1.0) >= COPY
        for column in np.flatnonzero(is_copy):
            found[ids[column]] = self._ids[int(near[:, column].argmax())]
        rest = np.flatnonzero(~is_copy)
        first = find_copies(values[:, rest]) if len(rest) else np.empty(0, dtype=np.int64)
        found |= {ids[rest[position]]: ids[rest[first[position]]] for position in range(len(rest))}
        originals = rest[first == np.arange(len(rest))]
        n_kept = max(MOST_ORIGINALS - len(self._ids), 0)
        own, surplus = originals[:n_kept], originals[n_kept:]
        if len(own):
            inner = correlation_matrix(values[:, own])
            self._correlation = np.block([[self._correlation, near[:, own]], [near[:, own].T, inner]])
            kept = pd.DataFrame(values[:, own], index=stamps, columns=[ids[column] for column in own])
            self._returns = pd.concat([self._returns, kept], axis=1)
            self._ids += list(kept.columns)
            self._labels = None
        if len(surplus):
            self._join({ids[column]: values[:, column] for column in surplus})
        return found

    def _join(self, surplus: dict[str, FloatArray]) -> None:
        """Remember whom each of these is most like, if anybody."""
        from finml_core.metrics import cross_correlation

        near = cross_correlation(self._returns.to_numpy(), np.column_stack(list(surplus.values())))
        for trial_id, column in zip(surplus, near.T, strict=True):
            if column.max() >= KIN:
                self._nearest[trial_id] = self._ids[int(column.argmax())]

    def labels(self) -> dict[str, int]:
        """The cluster of each original that has one; the others stand for themselves."""
        from finml_core.metrics import cluster_trials

        if self._labels is None:
            self._labels = cluster_trials(self._correlation).labels if self._ids else np.empty(0, dtype=np.int64)
        found = dict(zip(self._ids, self._labels.tolist(), strict=True))
        return found | {trial_id: found[nearest] for trial_id, nearest in self._nearest.items()}


def _room_of(periods_per_year: float) -> int:
    return round(math.log(periods_per_year / DAILY) / math.log(STEP))
