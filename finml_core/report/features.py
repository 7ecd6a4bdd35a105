"""Tables of the page Features: which carry information?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finml_core.metrics import information_coefficient


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
    """Rank correlation of a feature with the return over the next h bars: `horizon, ic, lower, upper`.

    Bounds are 90 % with the count of independent outcomes, n / h, since returns over h bars overlap.
    Both series are indexed by (symbol, ts); `close` is adjusted.
    """
    table = []
    for horizon in horizons:
        ahead = close.groupby(level="symbol").shift(-horizon) / close - 1
        known = feature.notna() & ahead.notna()
        ic = information_coefficient(feature[known].to_numpy(), ahead[known].to_numpy(), method="rank")
        independent = max(int(known.sum()) / horizon, 4)
        half = 1.6449 / np.sqrt(independent - 3)
        table.append({"horizon": horizon, "ic": ic, "lower": ic - half, "upper": ic + half})
    return pd.DataFrame(table)


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
