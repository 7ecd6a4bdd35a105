"""Tables of the page Features: which carry information?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr

from finml_core.metrics import MultipleHypothesisCorrection, information_coefficient

Z_90 = 1.6449  # normal quantile of a two-sided 90 % interval


def histogram(values: pd.Series, n_bins: int = 40) -> pd.DataFrame:
    """Counts between the 0.5 % and 99.5 % quantiles: `left, right, count`."""
    known = values.dropna().to_numpy()
    if len(known) == 0:
        return pd.DataFrame(columns=["left", "right", "count"])
    low, high = np.quantile(known, [0.005, 0.995])
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(known, bins=n_bins, range=(low, high))
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": counts})


def information_decay(feature: pd.Series, close: pd.Series, horizons: Sequence[int]) -> pd.DataFrame:
    """Rank correlation of a feature with the return over the next h bars: `horizon, ic, lower, upper` (90 %).

    Both series are indexed by (symbol, ts); `close` is adjusted. For the interval see `rank_error`.
    """
    table = []
    for horizon in horizons:
        ahead = return_ahead(close, horizon)
        known = feature.notna() & ahead.notna()
        ic = information_coefficient(feature[known].to_numpy(), ahead[known].to_numpy(), method="rank")
        half = Z_90 * rank_error(int(known.sum()), horizon, crowding(ahead))
        table.append({"horizon": horizon, "ic": ic, "lower": ic - half, "upper": ic + half})
    return pd.DataFrame(table)


def information_table(features: pd.DataFrame, close: pd.Series, horizon: int) -> pd.DataFrame:
    """Every feature's rank correlation with the return over the next h bars, strongest first.

    Returns
    -------
    DataFrame
        `name, ic, error, p_value, p_corrected`; the last bounds the share of false ones among those that pass it
        (Benjamini & Hochberg, 1995). Features that do not vary are missing and come last.
    """
    ahead = return_ahead(close, horizon).reindex(features.index)
    crowd = crowding(ahead)
    outcome = ahead.to_numpy()
    rows = []
    for name in features.columns:
        values = features[name].to_numpy()
        known = np.isfinite(values) & np.isfinite(outcome)
        ic = information_coefficient(values[known], outcome[known], method="rank")
        rows.append({"name": name, "ic": ic, "error": rank_error(int(known.sum()), horizon, crowd)})
    table = pd.DataFrame(rows, columns=["name", "ic", "error"])
    table["p_value"] = 2 * ndtr(-(table["ic"] / table["error"]).abs())
    known = table["p_value"].notna()
    corrected = MultipleHypothesisCorrection(method="bh").correct(table.loc[known, "p_value"])
    table["p_corrected"] = corrected["p_corrected"]
    return table.sort_values("p_value", ignore_index=True)


def return_ahead(close: pd.Series, horizon: int) -> pd.Series:
    """The return of the next `horizon` bars of each symbol; missing at its end."""
    return close.groupby(level="symbol").shift(-horizon) / close - 1


def crowding(ahead: pd.Series) -> float:
    """How many rows one independent row is spread over because symbols move together, at least 1.

    1 + (k - 1) r for k symbols whose returns correlate by r on average (Kish, 1965).
    """
    together = ahead.reset_index(name="ahead").pivot_table(index="ts", columns="symbol", values="ahead")
    k = together.shape[1]
    if k < 2:
        return 1.0
    pairs = together.corr(min_periods=3).to_numpy()[~np.eye(k, dtype=bool)]
    mean = float(np.nanmean(pairs)) if np.isfinite(pairs).any() else 1.0
    return 1 + (k - 1) * min(max(mean, 0.0), 1.0)


def rank_error(n: int, horizon: int, crowd: float) -> float:
    """Standard error of a rank correlation of `n` rows with returns that overlap for `horizon` bars (Fisher, 1921)."""
    return float(1 / np.sqrt(max(n / horizon / crowd, 4.0) - 3))


def correlations(features: pd.DataFrame) -> pd.DataFrame:
    """Rank correlations of every pair, both ways: `a, b, correlation`."""
    matrix = features.corr(method="spearman").rename_axis(index="a")
    return matrix.reset_index().melt("a", var_name="b", value_name="correlation")


def catalogue(features: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """Metadata of each feature with its measured share of missing values, mean and deviation."""
    measured = pd.DataFrame(
        {"missing": features.isna().mean(), "mean": features.mean(), "deviation": features.std()}
    ).rename_axis("name")
    return metadata.merge(measured.reset_index(), on="name", how="inner")
