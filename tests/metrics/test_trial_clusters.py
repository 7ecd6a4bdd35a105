import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import DataError
from finml_core.metrics import cluster_trials, correlation_matrix, cross_correlation, effective_trials, find_copies


def families(sizes, correlation, n_obs=500, seed=0):
    """Trials of several ideas: alike by `correlation` within one, unrelated between them."""
    generator = np.random.default_rng(seed)
    parts = []
    for size in sizes:
        idea, own = generator.normal(size=(n_obs, 1)), generator.normal(size=(n_obs, size))
        parts.append(np.sqrt(correlation) * idea + np.sqrt(1 - correlation) * own)
    return np.concatenate(parts, axis=1)


def test_correlations_agree_with_pandas_where_series_have_gaps():
    generator = np.random.default_rng(0)
    values = families((3, 4), 0.5, n_obs=200) * 0.01 + 5.0  # a level far from 0 costs digits if not taken off
    values[generator.uniform(size=values.shape) < 0.2] = np.nan
    ours = correlation_matrix(values)
    assert ours == pytest.approx(pd.DataFrame(values).corr(min_periods=30).to_numpy(), abs=1e-9)
    whole = families((3, 4), 0.5, n_obs=200)
    assert correlation_matrix(whole) == pytest.approx(np.corrcoef(whole.T))
    assert cross_correlation(whole[:, :2], whole[:, 2:]) == pytest.approx(np.corrcoef(whole.T)[:2, 2:])


def test_series_that_barely_meet_or_never_vary_are_unrelated():
    series = np.random.default_rng(0).normal(size=200)
    early, late, same = (np.full(200, np.nan) for _ in range(3))
    early[:120], late[90:], same[:120] = series[:120], series[90:], series[:120]
    table = np.column_stack([early, late, same, np.full(200, 0.01)])
    matrix = correlation_matrix(table)
    assert matrix[0, 1] == 0  # 30 rows of 110 and more
    assert matrix[0, 2] == pytest.approx(1)
    assert (matrix[3, :3] == 0).all()
    assert matrix[3, 3] == 1


@pytest.mark.parametrize("sizes", [(5, 5, 5, 5), (10, 3, 8, 12, 2), (4,) * 10])
def test_families_of_trials_are_found(sizes):
    clusters = cluster_trials(correlation_matrix(families(sizes, 0.6)))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    assert clusters.n_clusters == len(sizes)
    assert np.array_equal(clusters.labels, truth)
    assert clusters.correlation == pytest.approx(np.full(len(sizes), 0.6), abs=0.15)
    assert (clusters.silhouette > 0).all()


@pytest.mark.parametrize("n_trials", [1, 2, 3, 40])
def test_unrelated_trials_count_one_by_one(n_trials):
    noise = np.random.default_rng(1).normal(size=(400, n_trials))
    assert cluster_trials(correlation_matrix(noise)).n_clusters == n_trials


@pytest.mark.parametrize("n_trials", [4, 30])
def test_variations_of_one_idea_are_one(n_trials):
    assert cluster_trials(correlation_matrix(families((n_trials,), 0.7))).n_clusters == 1


def test_many_trials_are_subsampled_and_the_rest_joined():
    clusters = cluster_trials(correlation_matrix(families((100, 150, 80), 0.6)))
    assert np.array_equal(clusters.labels, np.repeat([0, 1, 2], (100, 150, 80)))


def test_a_copy_stands_behind_the_first_of_its_kind():
    generator = np.random.default_rng(0)
    base = generator.normal(size=(300, 3))
    near = base[:, 1] + 0.05 * generator.normal(size=300)
    table = np.column_stack([base[:, 0], base[:, 1], near, base[:, 2], 3 * base[:, 0] + 1])
    assert list(find_copies(table)) == [0, 1, 1, 3, 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), which=st.integers(0, 5), n_copies=st.integers(1, 20))
def test_copies_change_neither_number(seed, which, n_copies):
    generator = np.random.default_rng(seed)
    trials = families((2, 3, 1), 0.5, n_obs=120, seed=seed)
    before = effective_trials(trials)
    original = before.original[which]
    copies = trials[:, [original]] * generator.uniform(0.5, 2.0, n_copies)
    copies += 0.01 * generator.normal(size=(120, n_copies))
    after = effective_trials(np.column_stack([trials, copies]))
    assert (after.n_distinct, after.n_effective) == (before.n_distinct, before.n_effective)
    assert np.array_equal(after.cluster[:6], before.cluster)
    assert (after.cluster[6:] == before.cluster[original]).all()


def test_a_thousand_trials_are_sorted_quickly():
    trials = families((40,) * 25, 0.6)
    result = effective_trials(trials)
    assert result.n_distinct == 1000
    assert 20 <= result.n_effective <= 30  # about 3 s, most of it k-means


def test_what_is_no_correlation_matrix_is_refused():
    with pytest.raises(DataError, match="square"):
        cluster_trials(np.ones((2, 3)))
    with pytest.raises(DataError, match="symmetric"):
        cluster_trials(np.array([[1.0, 0.2], [0.5, 1.0]]))
    with pytest.raises(DataError, match="same rows"):
        cross_correlation(np.ones((40, 2)), np.ones((41, 2)))
