"""Which features say the same: rank correlations and clusters of them."""

from typing import Literal

import numpy as np
import pandas as pd

from finml_core.checks import check_between, check_choice
from finml_core.typing import FloatArray

LINKAGES = ("average", "complete", "single", "ward")


def rank_correlations(X: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation of each pair of columns, of shape (n_features, n_features).

    Ranks are made once a column, among its known values; a pair is compared on the rows that have both. With nothing
    missing this is Spearman's coefficient. Missing for a column that does not vary.
    """
    from scipy.stats import rankdata

    values = X.to_numpy(dtype=float)
    known = np.isfinite(values)
    rank = np.zeros(values.shape)
    for column in range(values.shape[1]):
        rows = known[:, column]
        if rows.any():
            ranked = rankdata(values[rows, column])
            rank[rows, column] = ranked - ranked.mean()
    squares = (rank**2).T @ known.astype(float)
    size = np.sqrt(squares * squares.T)
    matrix = np.divide(rank.T @ rank, size, out=np.full(size.shape, np.nan), where=size > 0)
    return pd.DataFrame(np.clip(matrix, -1, 1), index=X.columns, columns=X.columns)


def cluster_features(
    correlation: pd.DataFrame,
    *,
    threshold: float = 0.5,
    linkage: Literal["average", "complete", "single", "ward"] = "average",
) -> pd.DataFrame:
    """Clusters of features that move together, in either direction.

    Parameters
    ----------
    correlation : DataFrame of shape (n_features, n_features)
        For instance `rank_correlations(X)`, of training rows only where a choice follows. Missing counts as 0.
    threshold : float
        Largest distance 1 - |correlation| inside a cluster, as the linkage measures it; 0 to 1.

    Returns
    -------
    DataFrame in the order of the tree's leaves, neighbours as alike as can be (optimal leaf ordering)
        name, cluster (from 1, in this order), size, is_medoid (the one most alike to the others of its cluster).

    References
    ----------
    López de Prado (2020), Machine Learning for Asset Managers, chapter 4; Bar-Joseph, Gifford & Jaakkola (2001).
    """
    check_between("threshold", threshold, 0, 1)
    check_choice("linkage", linkage, LINKAGES)
    alike = np.nan_to_num(np.abs(correlation.to_numpy(dtype=float)))
    np.fill_diagonal(alike, 1.0)
    label, order = _tree(1 - np.minimum(alike, alike.T), threshold, linkage)
    table = pd.DataFrame({"name": correlation.columns[order], "cluster": pd.factorize(label[order])[0] + 1})
    table["size"] = table.groupby("cluster")["name"].transform("size")
    closeness = np.array([alike[k, label == label[k]].sum() for k in order])
    table["is_medoid"] = False
    table.loc[pd.Series(closeness).groupby(table["cluster"]).idxmax(), "is_medoid"] = True
    return table


def _tree(distance: FloatArray, threshold: float, linkage: str) -> tuple[np.ndarray, np.ndarray]:
    """Cluster label of each feature, and the features in the order of leaves."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    n = len(distance)
    if n < 2:
        return np.ones(n, dtype=int), np.arange(n)
    condensed = squareform(distance, checks=False)
    tree = hierarchy.linkage(condensed, linkage)
    label = hierarchy.fcluster(tree, threshold, criterion="distance")
    return label, hierarchy.leaves_list(hierarchy.optimal_leaf_ordering(tree, condensed))
