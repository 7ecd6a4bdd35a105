"""Scores by path: each path is one out-of-sample history; a score over paths is a distribution, not one number."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finml_core.experiments.score import CLASSIFICATION, interval_coverage, score_calibration, score_folds

OUTER = (0.05, 0.95)  # the quantiles between which nine in ten paths lie
EARNED = (
    "sharpe", "sharpe_annual", "sharpe_error_annual", "n_obs", "annual_return", "max_drawdown", "turnover_annual",
    "cost_annual", "exposure",
)  # fmt: skip


def score_paths(predictions: pd.DataFrame, strategies: pd.DataFrame, shown: Mapping[str, int]) -> pd.DataFrame:
    """A row a model and path: what it knew and what it earned on this history.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-sample rows with path, their `fold` being the test block (see `in_blocks`).
    strategies : DataFrame
        The scores of each strategy on each path after costs.
    shown : mapping
        The median path of each strategy.

    Returns
    -------
    DataFrame
        model, path, is_median; auc, log_loss, brier and accuracy (raw probabilities, within each block and averaged
        over the path's blocks), log_loss_cal and ece_cal over its calibrated rows; Sharpe ratio and what else it
        earned. A strategy that makes no predictions has no scores of them.
    """
    blocks = score_folds(predictions, ("model", "path", "fold"))
    within = blocks.groupby(["model", "path"], sort=False)[list(CLASSIFICATION)].mean()
    calibrated = calibration_by_path(predictions).set_index(["model", "path"])[["log_loss_cal", "ece_cal"]]
    earned = strategies.loc[:, ["model", "path", *EARNED]]
    table = earned.join(within, on=["model", "path"]).join(calibrated, on=["model", "path"])
    table.insert(2, "is_median", table["path"] == table["model"].map(dict(shown)))
    return table.sort_values(["model", "path"], ignore_index=True)


def calibration_by_path(predictions: pd.DataFrame) -> pd.DataFrame:
    """`score_calibration` of each path: model, path, then its columns."""
    parts = [score_calibration(rows).assign(path=path) for path, rows in predictions.groupby("path", sort=True)]
    return pd.concat(parts, ignore_index=True)


def mean_calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """Calibration scores of each model, their mean over paths: pooled paths would hide errors that differ in sign."""
    table = calibration_by_path(predictions).drop(columns="path")
    return table.groupby("model", as_index=False, sort=False).mean().astype({"n_calibrated": "int64"})


def mean_coverage(predictions: pd.DataFrame) -> pd.DataFrame:
    """Interval coverage of each model over all paths, with the intervals of one."""
    n_paths = max(predictions["path"].nunique(), 1)
    table = interval_coverage(predictions)
    return table.assign(n_intervals=table["n_intervals"] // n_paths)


def path_summary(paths: pd.DataFrame) -> pd.DataFrame:
    """The distribution over paths of each strategy, as the leaderboard carries it.

    Returns
    -------
    DataFrame indexed by model
        n_paths, path (the median one); Sharpe ratio a year and AUC as mean, deviation (ddof 1) and the quantiles
        between which nine in ten paths lie. A path without a Sharpe ratio traded nothing and counts as 0; a strategy
        flat on every path has none.
    """
    rows = {}
    for model, part in paths.groupby("model", sort=False):
        sharpe = part["sharpe_annual"].fillna(0.0 if part["sharpe_annual"].notna().any() else np.nan)
        rows[model] = {
            "n_paths": len(part),
            "path": int(part.loc[part["is_median"], "path"].iloc[0]),
            **_spread("sharpe_paths", sharpe),
            **_spread("auc_paths", part["auc"]),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")


def _spread(name: str, values: pd.Series) -> dict[str, float]:
    low, high = values.quantile(list(OUTER))
    return {
        f"{name}_mean": float(values.mean()),
        f"{name}_deviation": float(values.std(ddof=1)),
        f"{name}_low": float(low),
        f"{name}_high": float(high),
    }
