"""Linear models and trees."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from finml_core.errors import ConfigError, DataError
from finml_core.models import LightGBMClassifier, LogisticClassifier, NaiveClassifier


def test_logistic_is_scikit_learns_on_standardised_features(world):
    X = world.X * [1, 10, 100, 1e3, 1e4, 1e5] + 7
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, tol=1e-8, max_iter=1000)).fit(X, world.y)
    model = LogisticClassifier().fit(X, world.y)
    np.testing.assert_allclose(model.predict_proba(X), oracle.predict_proba(X), atol=1e-6)


def test_naive_states_the_weighted_share(world):
    model = NaiveClassifier().fit(np.zeros((4, 1)), [0, 0, 1, 1], sample_weight=[1, 1, 3, 1])
    np.testing.assert_allclose(model.predict_proba(np.ones((2, 1))), [[1 / 3, 2 / 3]] * 2)


def test_trees_stop_by_the_purged_tail(no_skill):
    model = LightGBMClassifier(n_estimators=300, learning_rate=0.2, min_child_samples=20, patience=5)
    model.fit(no_skill.X, no_skill.y, label_end=no_skill.label_end)
    assert 1 <= model.n_trees_ < 100
    whole = LightGBMClassifier(n_estimators=30, min_child_samples=20).fit(no_skill.X, no_skill.y)
    assert whole.n_trees_ == 30


def test_labels_of_the_purged_rows_grow_no_tree(no_skill):
    stamps = no_skill.X.index.get_level_values("ts").unique()
    is_purged = no_skill.X.index.get_level_values("ts").isin(stamps[335:340])  # the tail starts at 340 of 400
    flipped = no_skill.y.where(~is_purged, 1 - no_skill.y)
    p = [
        LightGBMClassifier(n_estimators=20, patience=20, min_child_samples=20)
        .fit(no_skill.X, y, label_end=no_skill.label_end)
        .predict_proba(no_skill.X)
        for y in (no_skill.y, flipped)
    ]
    np.testing.assert_array_equal(p[0], p[1])


def test_trees_take_missing_features_and_an_array_after_a_frame(world):
    X = world.X.mask(world.X > 1.5)
    p = LightGBMClassifier(min_child_samples=20).fit(X, world.y).predict_proba(X)
    assert not np.isnan(p).any()


def test_trees_are_the_same_on_any_number_of_threads(world):
    p = [
        LightGBMClassifier(min_child_samples=20, n_jobs=n_jobs).fit(world.X, world.y).predict_proba(world.X)
        for n_jobs in (1, 2)
    ]
    np.testing.assert_array_equal(p[0], p[1])


def test_settings_are_checked_when_fitted(world):
    with pytest.raises(ConfigError, match="num_leaves is 1"):
        LightGBMClassifier(num_leaves=1).fit(world.X, world.y)
    with pytest.raises(ConfigError, match="C is -1"):
        LogisticClassifier(C=-1).fit(world.X, world.y)
    with pytest.raises(DataError, match="only one class"):
        LightGBMClassifier().fit(world.X, world.y * 0)
