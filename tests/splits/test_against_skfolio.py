import numpy as np
import pandas as pd
import pytest

from finml_core.splits import CombinatorialPurgedCV

skfolio = pytest.importorskip("skfolio.model_selection")


@pytest.mark.parametrize(("n", "k"), [(6, 2), (5, 3), (8, 4)])
@pytest.mark.parametrize(("purge", "embargo"), [(0, 0), (3, 0), (2, 2), (0, 2)])
def test_a_fixed_purge_agrees_with_skfolio(n, k, purge, embargo):
    # skfolio purges a fixed number of rows; its blocks are equal where the count divides
    rows = n * 20
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2020-01-01", periods=rows))
    ours = CombinatorialPurgedCV(n, k, purge_gap=purge, embargo_pct=embargo / rows + 1e-9)
    theirs = skfolio.CombinatorialPurgedCV(n, k, purged_size=purge, embargo_size=embargo)
    assert ours.n_paths == theirs.n_test_paths
    for (train, test), (peer_train, peer_test) in zip(ours.split(X), theirs.split(X), strict=True):
        assert np.array_equal(test, np.sort(np.concatenate(peer_test)))
        assert np.array_equal(train, peer_train)
