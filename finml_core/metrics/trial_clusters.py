"""The effective number of independent trials: optimal number of clusters (ONC) of their return series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from finml_core.checks import check_integer
from finml_core.errors import DataError
from finml_core.metrics.kmeans import kmeans_labels
from finml_core.metrics.trial_correlation import COPY, correlation_matrix, find_copies
from finml_core.numerics import divide
from finml_core.typing import FloatArray, IntArray

KIN = 0.25  # mean correlation below which the members of a cluster have nothing in common
MOST_PLACED = 150  # trials that k-means sees; the others join the cluster that they correlate with most
FINE = 12  # numbers of clusters up to this one are all tried
GROWTH = 1.25  # between further numbers of clusters that are tried
STARTS = 10  # of k-means for each number of clusters
ALIKE = 0.8  # correlation between two clusters, as a share of that inside them, from which they are one


@dataclass(frozen=True, kw_only=True)
class TrialClusters:
    """Which trials are variations of the same idea."""

    labels: IntArray  # cluster of each trial, 0 first met
    silhouette: FloatArray  # of each trial, -1 to 1: how much nearer its own cluster is than the next
    correlation: FloatArray  # mean correlation of each cluster's members with one another; 1 for a single one

    @property
    def n_clusters(self) -> int:
        """Effective number of independent trials."""
        return len(self.correlation)


def cluster_trials(correlation: ArrayLike, *, n_starts: int = STARTS, seed: int = 0) -> TrialClusters:
    """Cluster trials by the correlation of their returns; the number of clusters is found, not given.

    k-means runs on the rows of the distance matrix sqrt((1 - correlation) / 2) for many numbers of clusters; the best
    has the highest quality, mean over deviation of the silhouettes. Clusters of below-average quality are clustered
    again among themselves, and stay so where that raises the average and the mean silhouette does not fall.

    Parameters
    ----------
    correlation : shape (n, n)
        Symmetric, 1 on the diagonal. Merge mere copies first (`find_copies`): k-means would weigh each of them.
    n_starts : int
        Random starts of k-means for each number of clusters.
    seed : int

    Returns
    -------
    TrialClusters
        One cluster for one trial.

    Raises
    ------
    DataError
        If the matrix is not square, symmetric and finite.

    References
    ----------
    López de Prado & Lewis (2019), Detection of false investment strategies using unsupervised learning methods,
    Quantitative Finance 19(9). Departures: numbers of clusters are tried one by one to 12, then in steps of a quarter;
    of more than 150 trials k-means sees 150 evenly spaced ones, the others join the cluster with which they correlate
    most; since silhouettes cannot say that there is but one cluster, two are one if they correlate with each other by
    0.8 of what they do inside; and since k-means finds clusters in pure noise too, one whose members correlate by less
    than 0.25 on average is taken apart into single trials.
    """
    check_integer("n_starts", n_starts, 1)
    matrix = _checked(correlation)
    with threadpool_limits(limits=1):  # more threads cost more than they save on matrices of this size
        labels = _renumbered(_without_strangers(matrix, _placed(matrix, n_starts, seed)))
    return TrialClusters(
        labels=labels, silhouette=_silhouettes(distance(matrix), labels), correlation=_inner_correlation(matrix, labels)
    )


@dataclass(frozen=True, kw_only=True)
class EffectiveTrials:
    """Trials sorted into mere copies, and the rest into clusters."""

    original: IntArray  # for each trial the one that it is a copy of, or itself
    cluster: IntArray  # for each trial, 0 first met; a copy has that of its original
    n_distinct: int  # trials that are no copies
    n_effective: int  # clusters


def effective_trials(returns: ArrayLike, *, threshold: float = COPY, seed: int = 0) -> EffectiveTrials:
    """How many independent trials these are worth: copies are set aside first, the rest are clustered.

    Parameters
    ----------
    returns : shape (n_obs, n_trials)
        At the same timestamps, in the order in which they were tried; missing where a trial does not reach.
    threshold : float
        Correlation from which a trial is a copy of an earlier one; a further copy changes neither number.
    seed : int
    """
    values = np.asarray(returns, dtype=float)
    original = find_copies(values, threshold=threshold)
    distinct, position = np.unique(original, return_inverse=True)
    clusters = cluster_trials(correlation_matrix(values[:, distinct]), seed=seed)
    return EffectiveTrials(
        original=original,
        cluster=clusters.labels[position],
        n_distinct=len(distinct),
        n_effective=clusters.n_clusters,
    )


def distance(correlation: FloatArray) -> FloatArray:
    """sqrt((1 - correlation) / 2): 0 for the same, 1 for the opposite."""
    return np.sqrt(np.clip((1 - correlation) / 2, 0.0, 1.0))


def _checked(correlation: ArrayLike) -> FloatArray:
    matrix = np.asarray(correlation, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise DataError(f"correlation has shape {matrix.shape}, but must be square with a row for each trial.")
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, atol=1e-8):
        raise DataError("correlation must be symmetric, without missing values.")
    return matrix


def _placed(matrix: FloatArray, n_starts: int, seed: int) -> IntArray:
    """Labels of all from those that k-means sees; who fits none of these clusters is clustered among themselves."""
    n = len(matrix)
    seen = np.unique(np.linspace(0, n - 1, min(n, MOST_PLACED)).round().astype(np.int64))
    labels = np.full(n, -1, dtype=np.int64)
    block = matrix[np.ix_(seen, seen)]
    labels[seen] = _merged(block, _onc(block, n_starts, seed))
    rest = np.flatnonzero(labels < 0)
    if len(rest):
        member = labels[seen][:, None] == np.arange(labels.max() + 1)
        mean = matrix[np.ix_(rest, seen)] @ member / member.sum(axis=0)
        labels[rest] = np.where(mean.max(axis=1) >= KIN, mean.argmax(axis=1), -1)
        alone = np.flatnonzero(labels < 0)
        if len(alone):
            labels[alone] = labels.max() + 1 + _placed(matrix[np.ix_(alone, alone)], n_starts, seed)
    return labels


def _onc(matrix: FloatArray, n_starts: int, seed: int) -> IntArray:
    """The recursion: cluster, then cluster again what is of below-average quality."""
    n = len(matrix)
    if n < 3:
        return np.arange(n)
    labels = _best_kmeans(matrix, n_starts, seed)
    quality = _quality(distance(matrix), labels)
    weak = np.flatnonzero(quality < quality.mean())
    if len(weak) < 2 or len(weak) == len(quality):
        return labels
    rows = np.flatnonzero(np.isin(labels, weak))
    again = labels.copy()
    again[rows] = labels.max() + 1 + _onc(matrix[np.ix_(rows, rows)], n_starts, seed)
    again = _renumbered(again)
    apart = distance(matrix)
    is_better = _quality(apart, again).mean() > quality.mean()
    is_no_looser = _silhouettes(apart, again).mean() >= _silhouettes(apart, labels).mean()
    return again if is_better and is_no_looser else labels


def _best_kmeans(matrix: FloatArray, n_starts: int, seed: int) -> IntArray:
    apart = distance(matrix)
    best, best_quality = np.zeros(len(matrix), dtype=np.int64), -np.inf
    for k in _numbers(len(matrix)):
        labels = kmeans_labels(apart, k, n_starts=n_starts, seed=seed)
        if len(np.unique(labels)) < k:  # fewer distinct rows than clusters
            continue
        silhouette = _silhouettes(apart, labels)
        quality = float(divide(silhouette.mean(), silhouette.std(), empty=-np.inf))
        if quality > best_quality:
            best, best_quality = labels.astype(np.int64), quality
    return best


def _numbers(n: int) -> list[int]:
    """Numbers of clusters to try for n trials: 2 to n - 1, thinned above FINE."""
    numbers, k = [], 2
    while k <= n - 1:
        numbers.append(k)
        k = k + 1 if k < FINE else int(np.ceil(k * GROWTH))
    return numbers


def _silhouettes(apart: FloatArray, labels: IntArray) -> FloatArray:
    """(b - a) / max(a, b) of each row; 0 for a cluster of one, and where there is no other cluster."""
    member = labels[:, None] == np.arange(labels.max() + 1)
    size = member.sum(axis=0)
    if len(size) < 2:
        return np.zeros(len(labels))
    total = apart @ member
    row = np.arange(len(labels))
    own_size = size[labels]
    inside = divide(total[row, labels], own_size - 1, empty=0.0)
    other = total / size
    other[row, labels] = np.inf
    outside = other.min(axis=1)
    return np.where(own_size > 1, divide(outside - inside, np.maximum(inside, outside), empty=0.0), 0.0)


def _quality(apart: FloatArray, labels: IntArray) -> FloatArray:
    """Mean over deviation of the silhouettes of each cluster; 0 for a single member."""
    silhouette = _silhouettes(apart, labels)
    parts = [silhouette[labels == label] for label in range(labels.max() + 1)]
    return np.array([float(divide(part.mean(), part.std(), empty=0.0)) if len(part) > 1 else 0.0 for part in parts])


def _merged(matrix: FloatArray, labels: IntArray) -> IntArray:
    """Clusters as correlated with each other as inside themselves become one, the most alike first."""
    labels = labels.copy()
    while len(np.unique(labels)) > 1:
        labels = _renumbered(labels)
        member = (labels[:, None] == np.arange(labels.max() + 1)).astype(float)
        size = member.sum(axis=0)
        sums = member.T @ matrix @ member
        inside = divide(np.diag(sums) - size, size * (size - 1))  # missing for a single one
        pair = np.stack(np.broadcast_arrays(inside[:, None], inside[None, :]))
        known = np.isfinite(pair)
        reference = divide(np.where(known, pair, 0.0).sum(axis=0), known.sum(axis=0), empty=np.inf)
        share = np.where(reference > 0, divide(sums / np.outer(size, size), reference, empty=0.0), 0.0)
        np.fill_diagonal(share, 0.0)
        first, second = np.unravel_index(int(share.argmax()), share.shape)
        if share[first, second] < ALIKE:
            break
        labels[labels == second] = first
    return _renumbered(labels)


def _without_strangers(matrix: FloatArray, labels: IntArray) -> IntArray:
    apart = labels.copy()
    fresh = labels.max() + 1
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) > 1 and _mean_off_diagonal(matrix[np.ix_(rows, rows)]) < KIN:
            apart[rows] = fresh + np.arange(len(rows))
            fresh += len(rows)
    return apart


def _inner_correlation(matrix: FloatArray, labels: IntArray) -> FloatArray:
    groups = (np.flatnonzero(labels == label) for label in range(labels.max() + 1))
    return np.array([_mean_off_diagonal(matrix[np.ix_(rows, rows)]) for rows in groups])


def _mean_off_diagonal(block: FloatArray) -> float:
    n = len(block)
    return 1.0 if n == 1 else float((block.sum() - np.trace(block)) / (n * (n - 1)))


def _renumbered(labels: IntArray) -> IntArray:
    """The same clusters, numbered in the order in which they are met."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
