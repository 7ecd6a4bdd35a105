"""How long luck takes: PBO, the ledger of ten thousand trials, clusters of a thousand; printed, never asserted."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from finml_core.metrics import effective_trials, probability_of_backtest_overfitting
from finml_core.runs import Ledger

N_TRIALS, N_IDEAS, N_OBS = 10_000, 40, 500


def timed(label: str, work: Callable[[], Any], budget_s: float | None = None) -> Any:
    """Run once and print how long it took, beside what it may take."""
    started = time.perf_counter()
    result = work()
    spent = time.perf_counter() - started
    print(f"{label:<62} {spent:7.3f} s" + (f"   (budget {budget_s} s)" if budget_s else ""), flush=True)
    return result


def ideas(n_trials: int, n_ideas: int, n_obs: int) -> np.ndarray:
    """Trials that are variations of a few ideas, a column each; half are near copies."""
    generator = np.random.default_rng(0)
    idea = generator.normal(size=(n_obs, n_ideas))[:, generator.integers(0, n_ideas, n_trials)]
    share = np.where(generator.uniform(size=n_trials) < 0.5, 0.99, 0.6)
    return 0.01 * (np.sqrt(share) * idea + np.sqrt(1 - share) * generator.normal(size=(n_obs, n_trials)))


def fill(ledger: Ledger, returns: np.ndarray, first: int = 0) -> None:
    """One loose file a trial, compacted as workers do it by the way."""
    ts = pd.bdate_range("2015-01-01", periods=len(returns))
    for number, column in enumerate(returns.T, first):
        ledger.record(
            SimpleNamespace(
                trial_id=f"{number:016x}",
                name=f"trial {number}",
                kind="backtest",
                identity={"number": number, "settings": "x" * 1500},
                returns=pd.Series(column, index=ts),
                periods_per_year=252.0,
            )
        )
        if number % 500 == 0:
            ledger.compact_if_many()


def main() -> None:
    generator = np.random.default_rng(0)
    timed(
        "PBO, 16 partitions, 200 configurations x 2,500 days",
        lambda: probability_of_backtest_overfitting(generator.normal(size=(2500, 200))),
        2.0,
    )
    timed("clusters of 1,000 trials x 500 bars", lambda: effective_trials(ideas(1000, N_IDEAS, N_OBS)))
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        timed(f"{N_TRIALS:,} trials written one by one", lambda: fill(ledger, ideas(N_TRIALS, N_IDEAS, N_OBS)))
        loose = len([path for path in Path(folder).glob("*.parquet") if not path.name.startswith("compact-")])
        for attempt in ("first", "again"):
            timed(f"{N_TRIALS:,} trials listed, {loose} of them loose files, {attempt}", ledger.trials, 0.3)
        luck = timed("their luck: copies and clusters found for the first time", lambda: ledger.luck(252.0))
        timed("their luck again", lambda: ledger.luck(252.0), 0.3)
        fill(ledger, ideas(1, 1, N_OBS), N_TRIALS)
        timed("their luck after one more trial", lambda: ledger.luck(252.0))
        print(
            f"{luck.n_trials:,} trials, {luck.n_distinct:,} distinct, {luck.n_effective} effective of {N_IDEAS} ideas"
        )


if __name__ == "__main__":
    main()
