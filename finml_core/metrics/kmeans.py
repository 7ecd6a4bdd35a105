"""k-means for a few hundred points, all random starts in one batch: no library needs to be loaded for it."""

import numpy as np

from finml_core.typing import FloatArray, IntArray

MOST_ROUNDS = 100


def kmeans_labels(points: FloatArray, k: int, *, n_starts: int, seed: int) -> IntArray:
    """The cluster of each point, from the start with the least sum of squared distances.

    Parameters
    ----------
    points : shape (n, n_dimensions)
    k : int
        Number of clusters, 1 to n; fewer come back where points coincide.
    n_starts : int
        Random starts by k-means++ (Arthur & Vassilvitskii, 2007), each followed by Lloyd's rounds.
    seed : int

    Returns
    -------
    array of shape (n,)
        0 .. k - 1.
    """
    centres = points[_plus_plus(points, k, n_starts, np.random.default_rng(seed))]  # (starts, k, dimensions)
    own = (points**2).sum(axis=1)
    labels = np.full((n_starts, len(points)), -1)
    for _ in range(MOST_ROUNDS):
        apart = own[None, :, None] - 2 * points @ centres.transpose(0, 2, 1) + (centres**2).sum(axis=2)[:, None, :]
        found = apart.argmin(axis=2)
        if np.array_equal(found, labels):
            break
        labels = found
        member = (labels[:, :, None] == np.arange(k)).astype(float)  # (starts, n, k)
        size = member.sum(axis=1)[:, :, None]
        means = member.transpose(0, 2, 1) @ points
        centres = np.where(size > 0, means / np.maximum(size, 1), centres)  # an empty cluster stays where it is
    cost = np.take_along_axis(apart, labels[:, :, None], axis=2).sum(axis=(1, 2))
    return labels[cost.argmin()]


def _plus_plus(points: FloatArray, k: int, n_starts: int, generator: np.random.Generator) -> IntArray:
    """The first centres of each start: each further one the best of a few, drawn by their squared distance."""
    own = (points**2).sum(axis=1)
    apart = np.maximum(own[:, None] - 2 * points @ points.T + own[None, :], 0.0)
    chosen = generator.integers(0, len(points), (n_starts, 1))
    nearest = apart[chosen[:, 0]]
    n_tries = 2 + int(np.log(k))
    start = np.arange(n_starts)
    for _ in range(k - 1):
        reach = np.cumsum(nearest, axis=1)
        level = generator.uniform(size=(n_starts, n_tries)) * reach[:, -1:]
        drawn = np.minimum((reach[:, None, :] < level[:, :, None]).sum(axis=2), len(points) - 1)
        closer = np.minimum(nearest[:, None, :], apart[drawn])  # (starts, tries, n)
        best = closer.sum(axis=2).argmin(axis=1)
        chosen = np.column_stack([chosen, drawn[start, best]])
        nearest = closer[start, best]
    return chosen
