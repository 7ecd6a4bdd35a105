"""Forests whose trees draw rows that overlap little."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier as PlainForest

from finml_core.errors import ConfigError, DataError
from finml_core.labels import LabelConfig, make_labels
from finml_core.labels.bootstrap import draw_chances
from finml_core.models import ModelConfig, ModelFactory, ModelType, RandomForestConfig, load_model, save_model
from finml_core.models.trees import RandomForestClassifier, RandomForestRegressor, forest
from finml_core.sequential import draw_sequentially

SMALL = {"n_estimators": 12, "max_depth": 4, "min_child_samples": 10, "max_features": 0.5}


def spans(seed: int, n: int = 40, n_bars: int = 60):
    generator = np.random.default_rng(seed)
    first = generator.integers(0, n_bars, n)
    return first, np.minimum(first + generator.integers(0, 12, n), n_bars - 1)


def slow_draws(first, last, n_bars, n_draws, seed):
    """Every chance anew before each draw, as AFML writes it; labels in order of their first bars."""
    order = np.argsort(first, kind="stable")
    first, last = first[order], last[order]
    drawn_open, picks = np.zeros(n_bars), []
    for uniform in np.random.default_rng(seed).random(n_draws):
        pick = int(np.searchsorted(np.cumsum(draw_chances(first, last, drawn_open)), uniform, side="right"))
        drawn_open[first[pick] : last[pick] + 1] += 1
        picks.append(order[pick])
    return np.array(picks)


@pytest.mark.parametrize("seed", range(12))
def test_quick_draws_are_those_of_the_slow_recursion(seed):
    first, last = spans(seed)
    expected = slow_draws(first, last, 60, 80, seed)
    assert np.array_equal(draw_sequentially(first, last, 60, 80, seed), expected)


def test_labels_of_one_bar_and_a_lone_label_can_be_drawn():
    assert set(draw_sequentially(np.zeros(1, int), np.array([4]), 5, 3, 0)) == {0}
    bars = np.arange(7)
    assert set(draw_sequentially(bars, bars, 7, 200, 1)) == set(bars)


@pytest.fixture(scope="module")
def rows(panel):
    """Features that know something, outcomes over eight bars, and when they end."""
    labels = make_labels(panel, LabelConfig(horizon=8)).dropna()
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(len(labels), 4)), index=labels.index, columns=list("abcd"))
    X["a"] += 0.7 * labels["y"]
    return X, labels["y"], labels["label_end"]


def test_a_tree_grows_on_the_rows_that_were_drawn(rows):
    X, y, label_end = rows
    ours = RandomForestClassifier(**SMALL, row_draws="sequential", seed=5).fit(X, y, label_end=label_end)
    position = pd.Series(np.arange(len(X)), index=X.index)
    first = position.to_numpy()
    last = np.array([position[symbol][:end].iloc[-1] for (symbol, _), end in label_end.items()])
    theirs = PlainForest(
        n_estimators=1, max_depth=4, min_samples_leaf=10, max_features=0.5, bootstrap=False, warm_start=True,
        random_state=5,
    )  # fmt: skip
    for number in range(SMALL["n_estimators"]):
        drawn = slow_draws(first, last, len(X), len(X) // 2, forest._tree_seed(5, number)) if number < 1 else None
        quick = draw_sequentially(first, last, len(X), len(X) // 2, forest._tree_seed(5, number))
        assert drawn is None or np.array_equal(drawn, quick)
        theirs.set_params(n_estimators=number + 1)
        theirs.fit(X.to_numpy(), y.to_numpy(), sample_weight=np.bincount(quick, minlength=len(X)).astype(float))
    assert ours.predict_proba(X)[:, 1] == pytest.approx(theirs.predict_proba(X.to_numpy())[:, 1], abs=1e-12)
    assert ours.n_trees_ == len(ours.trees_.estimators_) == SMALL["n_estimators"]


def test_sequential_draws_share_less_than_uniform_ones(rows):
    _, _, label_end = rows
    n = 400
    first = np.arange(n)
    last = np.minimum(first + 8, n - 1)

    def uniqueness(drawn):
        cover = np.zeros(n)
        for row in drawn:
            cover[row : last[row] + 1] += 1
        return np.mean([np.mean(1 / cover[row : last[row] + 1]) for row in drawn])

    generator = np.random.default_rng(0)
    sequential = [uniqueness(draw_sequentially(first, last, n, 60, seed)) for seed in range(30)]
    uniform = [uniqueness(generator.integers(0, n, 60)) for _ in range(30)]
    assert np.mean(sequential) > np.mean(uniform) + 3 * np.std(uniform) / np.sqrt(30)
    assert len(label_end) > n


def test_the_same_seed_grows_the_same_trees_and_another_one_others(rows):
    X, y, label_end = rows
    settings = {**SMALL, "row_draws": "sequential"}
    one, again, other = (
        RandomForestClassifier(**settings, seed=seed).fit(X, y, label_end=label_end).predict_proba(X)[:, 1]
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    uniform = RandomForestClassifier(**SMALL, seed=1).fit(X, y, label_end=label_end).predict_proba(X)[:, 1]
    assert not np.allclose(one, uniform)


def test_rows_without_weight_teach_nothing(rows):
    X, y, label_end = rows
    weight = np.where(np.arange(len(X)) % 3 == 0, 0.0, 1.0)
    turned = y.where(weight > 0, 1 - y)
    settings = {**SMALL, "row_draws": "sequential", "seed": 3}
    first, second = (
        RandomForestClassifier(**settings).fit(X, outcome, sample_weight=weight, label_end=label_end).predict_proba(X)
        for outcome in (y, turned)
    )
    assert np.array_equal(first, second)


def test_a_number_is_learned_as_well(rows):
    X, _, label_end = rows
    outcome = X["a"] * 0.3
    model = RandomForestRegressor(**SMALL, row_draws="sequential").fit(X, outcome, label_end=label_end)
    assert np.corrcoef(model.predict(X), outcome)[0, 1] > 0.9


def test_it_is_kept_and_found_again(rows, tmp_path):
    X, y, label_end = rows
    model = RandomForestClassifier(**SMALL, row_draws="sequential").fit(X, y, label_end=label_end)
    save_model(model, tmp_path / "kept")
    again = load_model(tmp_path / "kept")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.row_draws == "sequential"


def test_the_factory_passes_the_choice_on(rows):
    X, y, label_end = rows
    config = replace(ModelConfig(), random_forest=RandomForestConfig(**SMALL, row_draws="sequential"))
    model = ModelFactory.create_model(ModelType.RANDOM_FOREST, config)
    assert model.row_draws == "sequential"
    model.fit(X, y, label_end=label_end)
    assert not model.trees_.bootstrap


def test_what_is_missing_or_unknown_is_said(rows):
    X, y, label_end = rows
    model = RandomForestClassifier(**SMALL, row_draws="sequential")
    with pytest.raises(DataError, match="give label_end"):
        model.fit(X, y)
    with pytest.raises(DataError, match="give label_end"):
        model.fit(X.to_numpy(), y.to_numpy(), label_end=label_end.to_numpy())
    with pytest.raises(ConfigError, match="choose one of: sequential, uniform"):
        RandomForestConfig(row_draws="never")
