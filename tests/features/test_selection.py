"""Selection finds what was planted, bounds what it finds in noise, and reads training rows only."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency
from sklearn.base import clone
from sklearn.feature_selection import f_regression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from finml_core.errors import ConfigError, DataError
from finml_core.features import FeatureSelector, select_features
from finml_core.features.selection_scores import METHODS

QUICK = {"random_forest": 10, "mutual_information": 60}


def world(seed: int, *, n: int = 240, n_symbols: int = 2, n_features: int = 8, horizon: int = 5, planted: float = 0.0):
    """Persistent features and overlapping outcomes of symbols that move together; x0 tells `planted` of the outcome."""
    generator = np.random.default_rng(seed)
    ts = pd.bdate_range("2015-01-01", periods=n + horizon)
    market, tables, outcomes = generator.normal(size=n + horizon), [], []
    for _ in range(n_symbols):
        steps = 0.7 * generator.normal(size=n + horizon) + 0.7 * market
        walk = generator.normal(size=(n + 10, n_features)).cumsum(axis=0)
        features = (walk[10:] - walk[:-10]) / 3
        tables.append(features)
        outcomes.append(np.convolve(steps, np.ones(horizon), "valid")[1 : n + 1] + planted * features[:, 0])
    names = [f"S{k}" for k in range(n_symbols)]
    index = pd.MultiIndex.from_product([names, ts[:n]], names=["symbol", "ts"])
    X = pd.DataFrame(np.vstack(tables), index=index, columns=[f"x{k}" for k in range(n_features)])
    label_end = pd.Series(np.tile(ts[horizon:], n_symbols), index=index)
    return X, pd.Series((np.concatenate(outcomes) > 0).astype(float), index=index), label_end


def chosen(method, X, y, label_end, **settings):
    return select_features(X, y, method=method, label_end=label_end, n_permutations=QUICK.get(method), **settings)


@pytest.mark.parametrize(("method", "n_worlds"), [("f_test", 200), ("mutual_information", 60)])
def test_in_noise_something_is_found_no_more_often_than_stated(method, n_worlds):
    found = 0
    for seed in range(n_worlds):
        found += chosen(method, *world(seed))["selected"].any()
    # with nothing to find, the share of false discoveries is 1 in a world where anything is chosen
    assert found / n_worlds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_worlds)


@pytest.mark.parametrize(("method", "n_worlds"), [("random_forest", 4), ("clustered_mda", 6)])
def test_in_noise_p_values_of_forests_are_small_no_more_often_than_stated(method, n_worlds):
    p = pd.concat([chosen(method, *world(seed))["p_value"] for seed in range(n_worlds)])
    assert (p < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


@pytest.mark.parametrize("method", METHODS)
def test_what_was_planted_is_found(method):
    table = chosen(method, *world(7, planted=3.0)).set_index("name")
    assert table.loc["x0", "selected"]
    assert table["score"].idxmax() == "x0"
    assert table["selected"].sum() <= 3


@pytest.mark.parametrize("method", METHODS)
def test_nothing_outside_the_training_rows_changes_the_result(method):
    X, y, label_end = world(3, planted=1.0)
    rows = np.flatnonzero(X.index.get_level_values("ts") < X.index.get_level_values("ts").unique()[160])
    other_X, other_y, other_end = X.copy(), y.copy(), label_end.copy()
    outside = np.setdiff1d(np.arange(len(X)), rows)
    other_X.iloc[outside] = 1e9
    other_y.iloc[outside] = 5.0
    other_end.iloc[outside] = pd.NaT
    settings = {"method": method, "rows": rows, "n_permutations": QUICK.get(method)}
    one = select_features(X, y, label_end=label_end, **settings)
    other = select_features(other_X, other_y, label_end=other_end, **settings)
    pd.testing.assert_frame_equal(one, other)
    alone = select_features(X.iloc[rows], y.iloc[rows], label_end=label_end.iloc[rows], **settings | {"rows": None})
    pd.testing.assert_frame_equal(one, alone)


def test_a_mask_is_as_good_as_row_numbers():
    X, y, label_end = world(3)
    rows = np.arange(100, 400)
    pd.testing.assert_frame_equal(
        chosen("f_test", X, y, label_end, rows=rows),
        chosen("f_test", X, y, label_end, rows=np.isin(np.arange(len(X)), rows)),
    )


def test_the_f_statistic_is_that_of_scikit_learn_and_its_p_value_on_independent_rows():
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(400, 3)), columns=list("abc"))
    y = 0.15 * X["a"] + generator.normal(size=400)
    table = select_features(X, y, method="f_test")
    score, p = f_regression(X, y)
    np.testing.assert_allclose(table["score"], score)
    np.testing.assert_allclose(table["p_value"], p, atol=0.05, rtol=0.3)


def test_mutual_information_is_half_the_likelihood_ratio_a_row():
    generator = np.random.default_rng(1)
    X = pd.DataFrame({"a": generator.normal(size=800)})
    y = (X["a"] ** 2 + generator.normal(size=800) > 1).astype(float)
    table = select_features(X, y, n_permutations=50)
    bins = pd.qcut(X["a"], 8, labels=False)
    g = chi2_contingency(pd.crosstab(bins, y), lambda_="log-likelihood", correction=False).statistic
    assert table.loc[0, "score"] == pytest.approx(g / (2 * 800))
    assert table.loc[0, "selected"]  # no line tells it, but the bins do
    assert not select_features(X, y, method="f_test").loc[0, "selected"]


def test_overlap_is_paid_for():
    X, y, label_end = world(11, planted=0.5)
    honest = chosen("f_test", X, y, label_end).set_index("name")
    naive = select_features(X.reset_index(drop=True), y.to_numpy(), method="f_test").set_index("name")
    np.testing.assert_allclose(honest["score"], naive["score"])
    assert naive["p_value"].median() < honest["p_value"].median()


def test_clusters_are_judged_once_and_together():
    X, y, label_end = world(5, planted=3.0, n_features=4)
    X = X.assign(twin=-X["x0"] + 0.05 * np.random.default_rng(0).normal(size=len(X)))
    table = chosen("clustered_mda", X, y, label_end).set_index("name")
    assert table.loc["x0", "cluster"] == table.loc["twin", "cluster"]
    assert table.loc["x0", "p_value"] == table.loc["twin", "p_value"]
    assert table.loc[["x0", "twin"], "selected"].all()
    pairs = [(np.arange(0, 60 * k), np.arange(60 * k, 60 * (k + 1))) for k in range(1, 7)]
    assert chosen("clustered_mda", X, y, label_end, splits=pairs)["score"].notna().all()


@pytest.mark.parametrize("method", METHODS)
def test_a_feature_that_does_not_vary_is_not_chosen(method):
    X, y, label_end = world(2, planted=2.0, n_features=3)
    table = chosen(method, X.assign(still=1.0), y, label_end).set_index("name")
    assert np.isnan(table.loc["still", "p_value"])
    assert not table.loc["still", "selected"]


def test_a_number_is_an_outcome_too():
    X, _, label_end = world(2, n_features=3)
    y = X["x1"] + 0.5 * pd.Series(np.random.default_rng(0).normal(size=len(X)), X.index)
    for method in METHODS:
        assert chosen(method, X, y, label_end).set_index("name").loc["x1", "selected"], method


def test_a_selector_is_a_step_of_a_pipeline():
    X, y, label_end = world(7, planted=3.0)
    selector = FeatureSelector(method="f_test")
    pipeline = make_pipeline(clone(selector), LogisticRegression()).fit(X, y)
    assert "x0" in pipeline[0].get_feature_names_out()
    assert pipeline.score(X, y) > 0.6
    noise, y, label_end = world(1)
    kept = FeatureSelector(method="f_test", least=2).fit(noise, y, label_end)
    assert kept.get_support().sum() == max(2, kept.table_["selected"].sum())


def test_mistakes_are_named():
    X, y, label_end = world(0)
    with pytest.raises(ConfigError, match="method is 'luck'; choose one of: clustered_mda"):
        select_features(X, y, method="luck")
    with pytest.raises(ConfigError, match="fdr is 2"):
        select_features(X, y, fdr=2)
    with pytest.raises(ConfigError, match="n_permutations is 3"):
        select_features(X, y, n_permutations=3)
    with pytest.raises(DataError, match="make both alike"):
        select_features(X, y[:-1])
    with pytest.raises(DataError, match="a selection needs 30"):
        select_features(X, y, rows=np.arange(20))
    with pytest.raises(DataError, match="needs 3 to be judged"):
        chosen("clustered_mda", X, y, label_end, splits=[(np.arange(100), np.arange(110, 150))])
