"""Splitters, their audits and CSCV against their peers in one run: python -m tests.benchmarks.splits

Prints seconds, the target where there is one, and ratios; quote the ratios. Each number is the best of some repeats, so
that a neighbour on the machine does not count. Both sides are first checked to give the same folds.
"""

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from skfolio.model_selection import CombinatorialPurgedCV as Peer
from sklearn.model_selection import KFold

from finml_core.metrics import probability_of_backtest_overfitting
from finml_core.runs import Ledger
from finml_core.runs.trial_row import trial_row
from finml_core.splits import (
    CombinatorialPurgedCV,
    LabelSpans,
    PurgedKFold,
    audit_splits,
    split_diagnostics,
    split_timeline,
)

HORIZON = 5


def labelled(n_rows: int) -> tuple[pd.DataFrame, pd.Series]:
    ts = pd.date_range("2000-01-01", periods=n_rows + HORIZON, freq="min").as_unit("us").rename("ts")
    X = pd.DataFrame({"x": np.zeros(n_rows)}, index=ts[:n_rows])
    return X, pd.Series(ts[HORIZON:], index=X.index)


def panel(n_stamps: int, n_symbols: int) -> tuple[pd.DataFrame, pd.Series]:
    ts = pd.bdate_range("2000-01-01", periods=n_stamps + HORIZON).as_unit("us")
    index = pd.MultiIndex.from_product([[f"S{n:03}" for n in range(n_symbols)], ts[:n_stamps]], names=["symbol", "ts"])
    X = pd.DataFrame({"x": np.zeros(len(index))}, index=index)
    return X, pd.Series(np.tile(ts[HORIZON:], n_symbols), index=index)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The best of the repeats, after one that is not counted where there are several."""
    if repeats > 1:
        work()
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


def peak_megabytes(work: Callable[[], object]) -> float:
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def exhaust(splits) -> int:
    return sum(1 for _ in splits)


def check_agreement(n: int, k: int) -> None:
    X, _ = labelled(5000)
    ours = CombinatorialPurgedCV(n, k, purge_gap=HORIZON, embargo_pct=0.002).split(X)
    theirs = Peer(n, k, purged_size=HORIZON, embargo_size=10).split(X)
    for (train, _), (peer_train, _) in zip(ours, theirs):
        if len(train) != len(peer_train):  # blocks differ by a row where the count does not divide
            raise SystemExit(f"CPCV({n}, {k}) disagrees: {len(train)} and {len(peer_train)} rows")


def compare(title: str, n_rows: int, n: int, k: int, *, target: float, target_by_end: float) -> None:
    X, label_end = labelled(n_rows)
    embargo = n_rows // 1000
    ours = CombinatorialPurgedCV(n, k, purge_gap=HORIZON, embargo_pct=0.001)

    def fixed() -> int:
        return exhaust(ours.split(X))

    def by_end() -> int:
        return exhaust(ours.split(X, groups=label_end))

    def theirs() -> int:
        return exhaust(Peer(n, k, purged_size=HORIZON, embargo_size=embargo).split(X))

    print(f"{title} (peak {peak_megabytes(by_end):.0f} MB)")
    tell("  fixed purge", seconds(fixed), target)
    tell("  label ends", seconds(by_end), target_by_end)
    peer = seconds(theirs, repeats=1)
    print(f"  skfolio, fixed purge: {peer:.3f} s, {peer / seconds(fixed):.0f} times ours")


def look_at(title: str, n_stamps: int, n_symbols: int, *, target: float) -> None:
    """What the page asks for when a slider moves, and when the label or the bars change."""
    X, label_end = panel(n_stamps, n_symbols)
    spans = LabelSpans(X.index, label_end)
    splitter = PurgedKFold(5)

    def slider() -> None:
        split_timeline(splitter, spans)
        split_diagnostics(splitter, spans)

    def label() -> None:
        fresh = LabelSpans(X.index, label_end)
        split_timeline(splitter, fresh)
        split_diagnostics(splitter, fresh)

    print(f"{title}, 5 folds")
    tell("  timeline and diagnostics, label ends known", seconds(slider), target)
    tell("  the same from new label ends", seconds(label, repeats=3), target)
    tell("  audit of our folds", seconds(lambda: audit_splits(splitter, spans), repeats=3), None)
    shuffled = KFold(5, shuffle=True, random_state=0)
    tell("  audit of shuffled folds, all rows leak", seconds(lambda: audit_splits(shuffled, spans), repeats=3), None)


def list_trials(n_trials: int, n_loose: int, *, target: float) -> None:
    """A ledger as a team leaves it: one compacted file and some loose ones, listed by a process that knows nothing."""
    stamps = pd.bdate_range("2015-01-01", periods=500)
    returns = np.random.default_rng(0).normal(0, 0.01, (500, n_trials))
    trials = [
        SimpleNamespace(
            trial_id=f"{number:016x}",
            name=f"trial {number}",
            kind="backtest",
            identity={"number": number, "settings": "x" * 1500},
            returns=pd.Series(column, index=stamps),
            periods_per_year=252.0,
        )
        for number, column in enumerate(returns.T)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = [trial_row(trial, run_id=None, state="done") for trial in trials[n_loose:]]
        parquet.write_table(pa.concat_tables(kept), folder / "compact-first.parquet", row_group_size=1000)
        for trial in trials[:n_loose]:
            Ledger(folder).record(trial)
        ledger = Ledger(folder)
        tell(f"{n_trials:,} trials listed, {n_loose} of them loose", seconds(lambda: Ledger(folder).trials()), target)
        ledger.trials()
        tell("  the same again, while no trial came", seconds(ledger.trials), target)


def tell(what: str, took: float, target: float | None) -> None:
    print(f"{what}: {took:.3f} s" + ("" if target is None else f" (target {target} s)"))


def main() -> None:
    check_agreement(10, 2)
    compare("45 splits of CPCV(10, 2), 1,000,000 rows", 1_000_000, 10, 2, target=0.1, target_by_end=0.6)
    compare("12,870 splits of CPCV(16, 8), 5,000 rows", 5_000, 16, 8, target=0.5, target_by_end=0.5)
    look_at("3,000 bars x 5 symbols", 3000, 5, target=0.5)
    look_at("2,520 bars x 472 symbols, 1.19 M rows", 2520, 472, target=1.0)
    returns = np.random.default_rng(0).normal(size=(2500, 200))
    took = seconds(lambda: probability_of_backtest_overfitting(returns), repeats=3)
    tell("PBO, 16 partitions, 200 configurations x 2,500 days", took, 2.0)
    list_trials(10_000, 60, target=0.15)


if __name__ == "__main__":
    main()
