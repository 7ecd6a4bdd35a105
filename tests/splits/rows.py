"""Random rows with label ends, and the purge as two loops."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def labelled_rows(n_stamps: int, n_symbols: int, longest: int, seed: int, *, shuffled: bool = False) -> pd.Series:
    """Label ends of random length, on and between irregular timestamps, indexed by (symbol, ts); some bars missing."""
    generator = np.random.default_rng(seed)
    hours = np.cumsum(generator.integers(1, 50, n_stamps + longest))
    stamps = pd.Timestamp("2020-01-01").as_unit("us") + pd.to_timedelta(hours, unit="h").as_unit("us")
    parts = []
    for number in range(n_symbols):
        kept = np.flatnonzero(generator.random(n_stamps) < (1 if n_symbols == 1 else 0.8))
        kept = np.union1d(kept, [number % n_stamps])
        ends = stamps[kept + generator.integers(0, longest + 1, len(kept))]
        ends = ends + pd.to_timedelta(generator.integers(0, 2, len(kept)) * 30, unit="min").as_unit("us")
        index = pd.MultiIndex.from_arrays([[f"S{number}"] * len(kept), stamps[kept]], names=["symbol", "ts"])
        parts.append(pd.Series(ends, index=index, name="label_end"))
    label_end = pd.concat(parts)
    return label_end.iloc[generator.permutation(len(label_end))] if shuffled else label_end


def random_rows() -> st.SearchStrategy[pd.Series]:
    return st.builds(
        labelled_rows,
        n_stamps=st.integers(12, 40),
        n_symbols=st.integers(1, 3),
        longest=st.integers(0, 9),
        seed=st.integers(0, 10_000),
        shuffled=st.booleans(),
    )


def two_loops(
    label_end: pd.Series, test_stamps: np.ndarray, candidates: np.ndarray, embargo: int
) -> tuple[set[int], set[int], set[int]]:
    """Rows to train on, purged and embargoed, by comparing every row with every test row.

    `test_stamps` are the tested timestamps, `candidates` those that may be trained on.
    """
    ts = label_end.index.get_level_values("ts")
    stamps = np.sort(ts.unique())
    tested = np.flatnonzero(np.isin(ts, test_stamps))
    resting = set()
    for block in np.split(test_stamps, np.flatnonzero(np.diff(np.searchsorted(stamps, test_stamps)) > 1) + 1):
        latest = max(label_end.iloc[row] for row in tested if ts[row] in pd.DatetimeIndex(block))
        resting |= set(stamps[stamps > latest.to_datetime64()][:embargo])
    train, purged, embargoed = set(), set(), set()
    for row in range(len(ts)):
        if row in set(tested) or ts[row].to_datetime64() not in candidates:
            continue
        if any(ts[row] <= label_end.iloc[other] and ts[other] <= label_end.iloc[row] for other in tested):
            purged.add(row)
        elif ts[row].to_datetime64() in resting:
            embargoed.add(row)
        else:
            train.add(row)
    return train, purged, embargoed
