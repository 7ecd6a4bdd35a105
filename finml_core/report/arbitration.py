"""Tables of the page Arbitration: whom do we listen to, and does listening pay?"""

import numpy as np
import pandas as pd


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
    table["lower"], table["upper"] = wilson_interval(table["outcome"].to_numpy(), table["count"].to_numpy())
    return table.reset_index(drop=True)


def wilson_interval(share: np.ndarray, n: np.ndarray, z: float = 1.6449) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a binomial share (Wilson, 1927); `z` 1.6449 gives 90 %."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return centre - half, centre + half
