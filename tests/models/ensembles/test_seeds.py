"""Means over seeds, and their spread."""

import numpy as np
import pytest

from finml_core.errors import ConfigError
from finml_core.models import (
    GRUConfig,
    LightGBMClassifier,
    LogisticClassifier,
    SeedEnsemble,
    SequenceClassifier,
    TrainConfig,
)

TREES = LightGBMClassifier(n_estimators=10, min_child_samples=20)
NETWORK = SequenceClassifier(
    network=GRUConfig(hidden_dim=4), train=TrainConfig(epochs=2, batch_size=64, device="cpu"), sequence_length=5
)


@pytest.mark.parametrize("estimator", [TREES, NETWORK], ids=["trees", "network"])
def test_the_answer_is_the_mean_of_the_seeds(estimator, world):
    model = SeedEnsemble(estimator, n_seeds=3, first_seed=7).fit(world.X, world.y, label_end=world.label_end)
    p = model.member_probabilities(world.X)
    known = ~np.isnan(p[:, 0])
    assert p.shape == (600, 3)
    np.testing.assert_allclose(model.predict_proba(world.X)[known, 1], p[known].mean(axis=1))
    np.testing.assert_allclose(model.deviation(world.X)[known], p[known].std(axis=1, ddof=1))
    assert (model.deviation(world.X)[known] > 0).any()
    assert set(model.predict(world.X)) <= {0.0, 1.0}


def test_a_member_is_the_model_of_its_seed(world):
    model = SeedEnsemble(TREES, n_seeds=2, first_seed=7).fit(world.X, world.y)
    alone = LightGBMClassifier(n_estimators=10, min_child_samples=20, seed=8).fit(world.X, world.y)
    np.testing.assert_array_equal(model.member_probabilities(world.X)[:, 1], alone.predict_proba(world.X)[:, 1])
    assert np.isnan(SeedEnsemble(TREES, n_seeds=1).fit(world.X, world.y).deviation(world.X)).all()


def test_a_model_that_draws_nothing_is_refused(world):
    with pytest.raises(ConfigError, match="LogisticClassifier draws nothing"):
        SeedEnsemble(LogisticClassifier()).fit(world.X, world.y)
