import numpy as np
import pytest
from sklearn.cluster import KMeans

from finml_core.metrics.kmeans import kmeans_labels


def cost(points, labels):
    parts = [points[labels == label] for label in np.unique(labels)]
    return sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts)


@pytest.mark.parametrize("k", [1, 3, 6, 20])
def test_it_finds_clusters_as_tight_as_scikit_learn_does(k):
    generator = np.random.default_rng(0)
    points = generator.normal(size=(6, 5))[generator.integers(0, 6, 90)] * 3 + generator.normal(size=(90, 5)) * 0.4
    ours = kmeans_labels(points, k, n_starts=10, seed=0)
    theirs = KMeans(k, n_init=10, random_state=0).fit(points).labels_
    assert len(np.unique(ours)) == k
    assert cost(points, ours) <= 1.05 * cost(points, theirs)


def test_the_same_seed_gives_the_same_clusters_and_coinciding_points_share_one():
    points = np.repeat(np.eye(3), 4, axis=0)
    labels = kmeans_labels(points, 5, n_starts=4, seed=1)
    assert np.array_equal(labels, kmeans_labels(points, 5, n_starts=4, seed=1))
    assert all(len(set(labels[start : start + 4])) == 1 for start in (0, 4, 8))
    assert len(set(labels)) == 3
