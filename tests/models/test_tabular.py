"""Baselines, linear models and trees."""

import importlib.util
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from finml_core.errors import ConfigError, DataError
from finml_core.models import (
    AlwaysUpClassifier,
    ElasticNetClassifier,
    ElasticNetRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBMClassifier,
    LightGBMRegressor,
    LogisticClassifier,
    ModelError,
    NaiveClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    RidgeRegressor,
    XGBoostClassifier,
    XGBoostRegressor,
)

NEEDS_XGBOOST = pytest.mark.skipif(
    importlib.util.find_spec("xgboost") is None, reason="xgboost is not installed: pip install -r requirements.txt"
)
SMALL = {"min_child_samples": 20}
CLASSIFIERS = [
    LightGBMClassifier(**SMALL),
    GradientBoostingClassifier(**SMALL),
    RandomForestClassifier(**SMALL),
    pytest.param(XGBoostClassifier(min_child_weight=5.0), marks=NEEDS_XGBOOST),
]
REGRESSORS = [
    LightGBMRegressor(**SMALL),
    GradientBoostingRegressor(**SMALL),
    RandomForestRegressor(**SMALL),
    pytest.param(XGBoostRegressor(min_child_weight=5.0), marks=NEEDS_XGBOOST),
]
BOOSTED = [CLASSIFIERS[0], CLASSIFIERS[1], CLASSIFIERS[3]]


def kind(value) -> str:
    return type(value).__name__


def test_logistic_is_scikit_learns_on_standardised_features(world):
    X = world.X * [1, 10, 100, 1e3, 1e4, 1e5] + 7
    oracle = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, tol=1e-8, max_iter=1000)).fit(X, world.y)
    model = LogisticClassifier().fit(X, world.y)
    np.testing.assert_allclose(model.predict_proba(X), oracle.predict_proba(X), atol=1e-6)


def test_naive_states_the_weighted_share(world):
    model = NaiveClassifier().fit(np.zeros((4, 1)), [0, 0, 1, 1], sample_weight=[1, 1, 3, 1])
    np.testing.assert_allclose(model.predict_proba(np.ones((2, 1))), [[1 / 3, 2 / 3]] * 2)


def test_always_up_never_doubts(world):
    model = AlwaysUpClassifier(confidence=0.9).fit(world.X, world.y)
    np.testing.assert_allclose(model.predict_proba(world.X), [[0.1, 0.9]] * len(world.X))
    assert (model.predict(world.X) == 1).all()


def test_ridge_is_scikit_learns_on_standardised_features(world):
    y = world.X["feature_0"] * 2 + world.X["feature_1"] + 5
    X = world.X * [1, 10, 100, 1e3, 1e4, 1e5] + 7
    oracle = make_pipeline(StandardScaler(), Ridge(alpha=50.0)).fit(X, y)
    np.testing.assert_allclose(RidgeRegressor(alpha=50.0).fit(X, y).predict(X), oracle.predict(X))


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_the_elastic_net_is_that_of_another_solver(l1_ratio, world):
    n, alpha = len(world.X), 0.02
    oracle = make_pipeline(
        StandardScaler(),
        LogisticRegression(solver="saga", C=1 / (alpha * n), l1_ratio=l1_ratio, tol=1e-9, max_iter=5000),
    ).fit(world.X, world.y)
    model = ElasticNetClassifier(alpha=alpha, l1_ratio=l1_ratio).fit(world.X, world.y)
    np.testing.assert_allclose(model.predict_proba(world.X), oracle.predict_proba(world.X), atol=1e-5)


def test_the_elastic_net_drops_what_says_nothing(world):
    noisy = ElasticNetClassifier(alpha=0.1, l1_ratio=1.0).fit(world.X, world.y)
    assert noisy.coef_[0, 0] > 0
    assert (noisy.coef_[0, 1:] == 0).all()
    y = 0.01 * world.X["feature_0"]
    number = ElasticNetRegressor(alpha=0.2, l1_ratio=1.0).fit(world.X, y)
    assert number.coef_[0] > 0
    assert (number.coef_[1:] == 0).all()


def test_an_elastic_net_without_a_signal_states_the_base_rate(no_skill):
    model = ElasticNetClassifier(alpha=10.0, l1_ratio=1.0).fit(no_skill.X, no_skill.y)
    np.testing.assert_allclose(model.predict_proba(no_skill.X)[:, 1], no_skill.y.mean(), atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [LogisticClassifier(balanced=True), ElasticNetClassifier(balanced=True), *CLASSIFIERS],
    ids=kind,
)
def test_balanced_classes_weigh_alike(model, world):
    rare = (world.X["feature_0"] > 1.0).astype(float)  # a sixth of the rows
    plain = clone(model).set_params(balanced=False).fit(world.X, rare).predict_proba(world.X)[:, 1]
    balanced = clone(model).set_params(balanced=True).fit(world.X, rare)
    weight = np.where(rare == 1, 0.5 / rare.mean(), 0.5 / (1 - rare.mean()))
    by_hand = clone(model).set_params(balanced=False).fit(world.X, rare, sample_weight=weight)
    p = balanced.predict_proba(world.X)[:, 1]
    np.testing.assert_allclose(p, by_hand.predict_proba(world.X)[:, 1], atol=1e-6)
    assert p.mean() > plain.mean() + 0.02


@pytest.mark.parametrize("model", BOOSTED, ids=kind)
def test_trees_stop_by_the_purged_tail(model, no_skill):
    model = clone(model).set_params(n_estimators=300, learning_rate=0.2, patience=5)
    model.fit(no_skill.X, no_skill.y, label_end=no_skill.label_end)
    assert 1 <= model.n_trees_ < 100
    whole = clone(model).set_params(n_estimators=30, patience=0).fit(no_skill.X, no_skill.y)
    assert whole.n_trees_ == 30


@pytest.mark.parametrize("model", BOOSTED, ids=kind)
def test_the_trees_that_are_kept_have_the_least_loss_on_the_tail(model, world):
    settings = {"learning_rate": 0.2, "patience": 8}
    chosen = clone(model).set_params(n_estimators=200, **settings).fit(world.X, world.y, label_end=world.label_end)
    ts = world.X.index.get_level_values("ts")
    is_tail = ts >= ts.unique()[-30]
    is_train = ~is_tail & (world.label_end < ts.unique()[-30])

    def loss(n_trees):
        grown = (
            clone(model).set_params(n_estimators=n_trees, learning_rate=0.2).fit(world.X[is_train], world.y[is_train])
        )
        return log_loss(world.y[is_tail], grown.predict_proba(world.X[is_tail])[:, 1])

    around = range(max(chosen.n_trees_ - 3, 1), chosen.n_trees_ + 4)
    assert chosen.n_trees_ == min(around, key=loss)


@pytest.mark.parametrize("model", BOOSTED, ids=kind)
def test_labels_of_the_purged_rows_grow_no_tree(model, no_skill):
    stamps = no_skill.X.index.get_level_values("ts").unique()
    is_purged = no_skill.X.index.get_level_values("ts").isin(stamps[335:340])  # the tail starts at 340 of 400
    flipped = no_skill.y.where(~is_purged, 1 - no_skill.y)
    p = [
        clone(model)
        .set_params(n_estimators=20, patience=20)
        .fit(no_skill.X, y, label_end=no_skill.label_end)
        .predict_proba(no_skill.X)
        for y in (no_skill.y, flipped)
    ]
    np.testing.assert_array_equal(p[0], p[1])


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=kind)
@pytest.mark.parametrize(("side", "sign"), [("increasing", 1), ("decreasing", -1)])
def test_a_feature_can_be_made_to_push_one_way_only(side, sign, model, world):
    model = clone(model).set_params(**{side: ("feature_1",)}).fit(world.X, world.y)
    grid = world.X.iloc[np.repeat(np.arange(20), 30)].copy()
    grid["feature_1"] = np.tile(np.linspace(-3, 3, 30), 20)
    stated = model.predict_proba(grid)[:, 1] if hasattr(model, "classes_") else model.predict(grid)
    assert (sign * np.diff(stated.reshape(20, 30), axis=1) >= -1e-9).all()


@pytest.mark.parametrize("model", [*CLASSIFIERS, *REGRESSORS], ids=kind)
def test_trees_take_missing_features(model, world):
    X = world.X.mask(world.X > 1.5)
    assert np.isfinite(clone(model).fit(X, world.y).predict(X)).all()


@pytest.mark.parametrize("model", CLASSIFIERS, ids=kind)
def test_trees_are_the_same_on_any_number_of_threads(model, world):
    few = clone(model).set_params(n_estimators=5)
    p = [clone(few).set_params(n_jobs=n_jobs).fit(world.X, world.y).predict_proba(world.X) for n_jobs in (1, 2)]
    np.testing.assert_allclose(p[0], p[1], atol=1e-12)


def test_settings_are_checked_when_fitted(world):
    with pytest.raises(ConfigError, match="num_leaves is 1"):
        LightGBMClassifier(num_leaves=1).fit(world.X, world.y)
    with pytest.raises(ConfigError, match="C is -1"):
        LogisticClassifier(C=-1).fit(world.X, world.y)
    with pytest.raises(DataError, match="only one class"):
        LightGBMClassifier().fit(world.X, world.y * 0)
    with pytest.raises(ConfigError, match="'a' is named as increasing and as decreasing"):
        RandomForestClassifier(increasing=("a",), decreasing=("a",)).fit(world.X, world.y)
    with pytest.raises(DataError, match="'a' is to push one way, but is no feature"):
        RandomForestClassifier(increasing=("a",)).fit(world.X, world.y)
    with pytest.raises(DataError, match="no timestamps to hold its end out"):
        GradientBoostingClassifier(patience=3).fit(world.X.to_numpy(), world.y)


def test_a_library_that_is_not_installed_is_told(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ModelError, match="XGBoost is not installed here"):
        XGBoostClassifier().fit(world.X, world.y)
