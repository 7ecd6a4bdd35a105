"""What the page Validation reads out of a split and of a run: drift with its error, and how scores are spread."""

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.typing import FloatArray

FAR = 2.0  # standard errors beyond which a drift is called one


def outcome_drift(folds: pd.DataFrame, outcome: FloatArray) -> pd.DataFrame:
    """How far the mean outcome of the test rows of each fold lies from that of its training rows.

    Parameters
    ----------
    folds : DataFrame
        The folds of a `SplitAudit` made with outcomes.
    outcome : array of shape (n_rows,)
        Of all rows, for their deviation.

    Returns
    -------
    DataFrame
        fold, train_mean, test_mean, drift, and where the effective sizes are known drift_error: the standard error of
        the difference of two means over so many independent rows, and is_far: whether the drift is beyond FAR of them.
        Symbols are taken to be independent, so on a panel the error is too small rather than too large.
    """
    check_columns(folds, ("fold", "train_mean", "test_mean", "class_drift"), what="the folds of an audit")
    found = folds.loc[:, ["fold", "train_mean", "test_mean"]].assign(drift=folds["class_drift"])
    sizes = ("effective_sample_size", "effective_test_size")
    if not set(sizes) <= set(folds.columns):
        return found
    each = sum(1 / folds[size].where(folds[size] > 0) for size in sizes)
    error = float(np.std(outcome, ddof=1)) * np.sqrt(each)
    return found.assign(drift_error=error, is_far=found["drift"].abs() > FAR * error)


def seed_spread(seeds: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row a model: model, n_folds, n_seeds, mean, fold_deviation, seed_deviation, fold_seed_deviation.

    `seeds` has model, fold, seed and the metric. `fold_deviation` is that of the folds' means over seeds,
    `seed_deviation` that of the seeds' means over folds, and `fold_seed_deviation` that of the seeds within one fold,
    pooled over folds: what one training of one fold owes to its draw. All ddof 1; missing for a single fold or seed.
    """
    check_columns(seeds, ("model", "fold", "seed", metric), what="the frame of seeds")
    rows = []
    for model, part in seeds.groupby("model", sort=False):
        within = part.groupby("fold")[metric].var(ddof=1)
        rows.append(
            {
                "model": model,
                "n_folds": part["fold"].nunique(),
                "n_seeds": part["seed"].nunique(),
                "mean": float(part[metric].mean()),
                "fold_deviation": float(part.groupby("fold")[metric].mean().std(ddof=1)),
                "seed_deviation": float(part.groupby("seed")[metric].mean().std(ddof=1)),
                "fold_seed_deviation": float(np.sqrt(within.mean())),
            }
        )
    return pd.DataFrame(rows)


def seeds_by_fold(seeds: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row a model and fold: model, fold, n_seeds, mean, deviation (ddof 1), lowest, highest over seeds."""
    check_columns(seeds, ("model", "fold", "seed", metric), what="the frame of seeds")
    grouped = seeds.groupby(["model", "fold"], sort=False)[metric]
    table = grouped.agg(n_seeds="size", mean="mean", deviation="std", lowest="min", highest="max")
    return table.reset_index()
