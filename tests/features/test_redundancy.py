"""Rank correlations against scipy, and clusters whose members are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from finml_core.errors import ConfigError
from finml_core.features import cluster_features, rank_correlations


@pytest.fixture(scope="module")
def table():
    """Three groups: a and its noisy negative, b three times, and one alone; one that never varies."""
    generator = np.random.default_rng(0)
    a, b, c = generator.normal(size=(3, 400))

    def noisy(x):
        return x + 0.1 * generator.normal(size=400)

    columns = {"b1": b, "a1": a, "alone": c, "b2": noisy(b), "a2": -noisy(a), "b3": noisy(b), "still": np.ones(400)}
    return pd.DataFrame(columns)


def test_ranks_correlate_as_in_scipy(table):
    found = rank_correlations(table)
    for one in ("a1", "b2", "alone"):
        for other in ("a2", "b1", "b3"):
            assert found.loc[one, other] == pytest.approx(spearmanr(table[one], table[other]).statistic)
    assert found["still"].isna().all()
    np.testing.assert_allclose(found, found.T)


def test_with_holes_a_pair_is_compared_on_the_rows_that_have_both(table):
    holed = table[["a1", "a2"]].copy()
    holed.iloc[:100, 0] = np.nan
    expected = np.corrcoef(holed["a1"].rank()[100:], holed["a2"].rank()[100:])[0, 1]
    assert rank_correlations(holed).iloc[0, 1] == pytest.approx(expected, abs=0.01)
    assert rank_correlations(table.assign(gone=np.nan))["gone"].isna().all()


@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
def test_groups_are_found_and_stand_together(table, linkage):
    found = cluster_features(rank_correlations(table), threshold=0.3, linkage=linkage)
    groups = found.groupby("cluster")["name"].apply(set).tolist()
    assert sorted(map(sorted, groups)) == [["a1", "a2"], ["alone"], ["b1", "b2", "b3"], ["still"]]
    assert found["cluster"].is_monotonic_increasing
    assert (found.groupby("cluster")["is_medoid"].sum() == 1).all()
    assert found.set_index("name").loc["b2", "size"] == 3
    # b1 is what the other two are noisy copies of
    assert found.set_index("name").loc["b1", "is_medoid"]


def test_the_order_of_columns_changes_no_group(table):
    shuffled = table[list(table.columns[::-1])]
    one, other = (
        cluster_features(rank_correlations(x)).groupby("cluster")["name"].apply(frozenset) for x in (table, shuffled)
    )
    assert set(one) == set(other)


def test_one_feature_is_one_cluster(table):
    assert cluster_features(rank_correlations(table[["a1"]]))["cluster"].tolist() == [1]
    with pytest.raises(ConfigError, match="threshold is 2"):
        cluster_features(rank_correlations(table), threshold=2.0)
    with pytest.raises(ConfigError, match="linkage is 'x'"):
        cluster_features(rank_correlations(table), linkage="x")
