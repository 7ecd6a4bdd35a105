"""A worker whose experiment is small and obedient: it does what its configuration says, piece by piece."""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from finml_core.errors import DataError, RunError
from finml_core.runs.attempt import AttemptedTrial
from finml_core.runs.worker import Trade, execute

ERRORS = {"data": DataError("no rows left: use more history."), "bug": ZeroDivisionError("a bug")}


def planned_trials(config, bars):
    return [
        AttemptedTrial(
            trial_id=f"{config.name}{number}",
            name=f"model {number}",
            kind="model",
            identity={"config": config.name, "number": number},
            periods_per_year=252.0,
        )
        for number in range(config.n_trials)
    ]


def scored(trial, seed):
    ts = pd.bdate_range("2020-01-01", periods=50)
    returns = pd.Series(np.random.default_rng(seed).normal(0.001, 0.01, 50), index=ts)
    return SimpleNamespace(**{**vars(trial), "returns": returns})


def run_experiment(config, bars, *, progress, should_stop, checkpoint, cache):
    made_now = []
    for piece in range(config.n_pieces):
        key = f"piece-{piece}"
        kept = checkpoint.load(key)
        if kept is None:
            rest(config.pause_s, should_stop)
            if config.fails_at == piece:
                raise ERRORS[config.error]
            kept = pd.DataFrame({"piece": [piece]})
            checkpoint.save(key, kept)
            made_now.append(piece)
        detail = {"model": "lstm", "fold": 0, "epoch": piece, "train_loss": 1 / (piece + 1), "validation_loss": None}
        progress(
            {"stage": "train", "fraction": (piece + 1) / config.n_pieces, "message": f"made piece {piece}", **detail}
        )
    tables = {
        "predictions": pd.DataFrame({"run_id": "", "p_raw": [0.4, 0.6]}),
        "leaderboard": pd.DataFrame(
            {"model": ["lstm", "naive"], "sharpe": [0.1, np.nan], "n_obs": [500, 500], "skew": 0.0, "kurtosis": 3.0}
        ),
        "pieces": pd.DataFrame({"made_now": pd.Series(made_now, dtype="int64")}),
        "bars": bars,
    }
    trials = [scored(trial, seed) for seed, trial in enumerate(planned_trials(config, bars))]
    return SimpleNamespace(
        tables=tables,
        metrics={"periods_per_year": 252.0, "best": float("nan")},
        trials=trials,
        documents={"certificate": {"verdict": "passed", "checks": [{"value": float("nan")}]}},
    )


def rest(seconds, should_stop):
    end = time.monotonic() + seconds
    while True:
        if should_stop():
            raise RunError("cancelled while resting.")
        if time.monotonic() >= end:
            return
        time.sleep(0.02)


def learn():
    return Trade(
        read_config=lambda text: SimpleNamespace(**json.loads(text)),
        load_bars=lambda folder, snapshot: pd.read_parquet(folder / f"{snapshot}.parquet"),
        plan_trials=planned_trials,
        run_experiment=run_experiment,
        feature_cache=lambda home: None,
    )


if __name__ == "__main__":
    sys.exit(execute(Path(sys.argv[1]), learn))
