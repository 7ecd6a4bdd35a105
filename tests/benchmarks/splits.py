"""Splitters and CSCV against their peers in one run: python -m tests.benchmarks.splits

Prints seconds and ratios; quote the ratios. Both sides are first checked to give the same folds.
"""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pandas as pd
from skfolio.model_selection import CombinatorialPurgedCV as Peer

from finml_core.metrics import probability_of_backtest_overfitting
from finml_core.splits import CombinatorialPurgedCV, PurgedKFold, split_diagnostics, split_timeline

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


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median of the repeats, after one that is not counted."""
    work()
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


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


def compare(title: str, n_rows: int, n: int, k: int, *, with_peer: bool = True) -> None:
    X, label_end = labelled(n_rows)
    embargo = n_rows // 1000
    ours = CombinatorialPurgedCV(n, k, purge_gap=HORIZON, embargo_pct=0.001)

    def fixed() -> int:
        return exhaust(ours.split(X))

    def by_end() -> int:
        return exhaust(ours.split(X, groups=label_end))

    print(f"{title}: fixed purge {seconds(fixed):.3f} s, label ends {seconds(by_end):.3f} s", end="")
    print(f" (peak {peak_megabytes(by_end):.0f} MB)", end="")
    if with_peer:

        def theirs() -> int:
            return exhaust(Peer(n, k, purged_size=HORIZON, embargo_size=embargo).split(X))

        peer = seconds(theirs, repeats=1)
        print(f"; skfolio, fixed purge {peer:.3f} s: {peer / seconds(fixed):.1f}x")
    else:
        print()


def main() -> None:
    check_agreement(10, 2)
    compare("45 splits of CPCV(10, 2), 1,000,000 rows", 1_000_000, 10, 2)
    compare("12,870 splits of CPCV(16, 8), 5,000 rows", 5_000, 16, 8)
    for n_stamps, n_symbols in ((3000, 5), (2520, 472)):
        X, label_end = panel(n_stamps, n_symbols)
        title = f"timeline and diagnostics of 5 folds, {n_stamps} bars x {n_symbols} symbols"
        drawn = seconds(lambda X=X, label_end=label_end: split_timeline(PurgedKFold(), X, label_end))
        counted = seconds(lambda X=X, label_end=label_end: split_diagnostics(PurgedKFold(), X, label_end))
        print(f"{title}: {drawn:.3f} s and {counted:.3f} s")
    returns = np.random.default_rng(0).normal(size=(2500, 200))
    took = seconds(lambda: probability_of_backtest_overfitting(returns))
    print(f"PBO, 16 partitions, 200 configurations x 2,500 days: {took:.3f} s")


if __name__ == "__main__":
    main()
