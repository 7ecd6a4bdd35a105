"""Tables of the page Arbitration: whom do we listen to, and does listening pay?"""

import numpy as np
import pandas as pd

from finml_core.metrics import wilson_interval


def breakdown_at(weights: pd.DataFrame, ts: pd.Timestamp) -> pd.DataFrame:
    """One decision taken apart: each strategy's weight, opinion and contribution = weight x sign x confidence."""
    rows = weights.loc[weights["ts"] == ts].copy()
    rows["contribution"] = rows["weight"] * rows["signal"].fillna(0.0) * rows["confidence"].fillna(0.0)
    columns = ["strategy", "signal", "confidence", "score", "weight", "contribution", "silenced", "reason"]
    return rows[columns].reset_index(drop=True)


def confidence_outcome(decisions: pd.DataFrame, predictions: pd.DataFrame, n_bins: int) -> pd.DataFrame:
    """Does confidence pay? Bins of equal counts: `confidence, outcome, lower, upper, count` (Wilson interval, 90 %)."""
    outcome = predictions[["symbol", "ts", "y_true"]].drop_duplicates(["symbol", "ts"])
    rows = decisions.merge(outcome, on=["symbol", "ts"]).dropna(subset=["y_true"])
    rows = rows.loc[rows["signal"].isin(["LONG", "SHORT"])]
    if len(rows) < n_bins:
        return pd.DataFrame(columns=["confidence", "outcome", "lower", "upper", "count"])
    hit = (rows["signal"] == "LONG") == (rows["y_true"] == 1.0)
    bins = pd.qcut(rows["confidence"].rank(method="first"), n_bins, labels=False)
    table = (
        pd.DataFrame({"confidence": rows["confidence"], "hit": hit})
        .groupby(bins)
        .agg(confidence=("confidence", "mean"), outcome=("hit", "mean"), count=("hit", "size"))
    )
    count = table["count"].to_numpy()
    table["lower"], table["upper"] = wilson_interval(table["outcome"].to_numpy() * count, count, 0.9)
    return table.reset_index(drop=True)


def confidence_pays(outcome: pd.DataFrame) -> tuple[float, float]:
    """Hit rate of the more confident half of the bins less that of the other, and its standard error.

    `outcome` is that of `confidence_outcome`; decisions count as independent, so the error is a lower bound.
    """
    rows = outcome.sort_values("confidence")
    halves = [rows.iloc[: len(rows) // 2], rows.iloc[(len(rows) + 1) // 2 :]]
    if any(half.empty for half in halves):
        return np.nan, np.nan
    counts = [float(half["count"].sum()) for half in halves]
    shares = [float(np.average(half["outcome"], weights=half["count"])) for half in halves]
    variance = sum(share * (1 - share) / n for share, n in zip(shares, counts, strict=True))
    return shares[1] - shares[0], float(np.sqrt(variance))
