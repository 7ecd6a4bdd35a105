"""Nested windows that end where the test begins: against two loops, and against scores written out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from sklearn.metrics import roc_auc_score

from finml_core.errors import ConfigError, SplitError
from finml_core.experiments import ExperimentCancelled, LearningConfig, make_dataset
from finml_core.experiments.data import Dataset
from finml_core.experiments.learning_curve import learning_curve, summarize_curve, training_windows
from finml_core.models import ModelFactory, ModelType
from finml_core.samples import Samples

FEW = LearningConfig(n_lengths=3, n_tests=3, shortest=0.25)


def rows(generator: np.random.Generator, n_stamps: int, n_symbols: int, longest: int) -> Samples:
    """Samples of a panel with gaps, whose labels end after random numbers of bars."""
    stamps = pd.bdate_range("2015-01-01", periods=n_stamps + longest + 1).as_unit("us")
    kept = generator.uniform(size=(n_symbols, n_stamps)) < 0.9
    symbol, stamp = np.nonzero(kept)
    index = pd.MultiIndex.from_arrays([[f"S{n}" for n in symbol], stamps[stamp]], names=["symbol", "ts"])
    end = stamps[stamp + generator.integers(1, longest + 1, len(stamp))]
    y = pd.Series(generator.integers(0, 2, len(index)).astype(float), index=index)
    return Samples(
        X=pd.DataFrame({"x": generator.normal(size=len(index))}, index=index),
        y=y,
        label_return=y - 0.5,
        label_end=pd.Series(end, index=index),
        sample_weight=y * 0 + 1,
        dropped={},
    )


@given(
    seed=some.integers(0, 10_000),
    n_stamps=some.integers(60, 140),
    n_symbols=some.integers(1, 3),
    longest=some.integers(1, 6),
    n_tests=some.integers(2, 6),
    n_lengths=some.integers(2, 5),
)
@settings(max_examples=40, deadline=None)
def test_windows_are_those_of_two_loops_nested_and_without_overlap(
    seed, n_stamps, n_symbols, longest, n_tests, n_lengths
):
    samples = rows(np.random.default_rng(seed), n_stamps, n_symbols, longest)
    windows = training_windows(samples, LearningConfig(n_lengths=n_lengths, n_tests=n_tests, shortest=0.4))
    ts, end = samples.X.index.get_level_values("ts"), samples.label_end.to_numpy()
    stamps = np.unique(ts)
    shares = list(windows)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for share in shares:
        length, folds = windows[share]
        for number, (train, test) in enumerate(folds):
            start = np.searchsorted(stamps, ts[test].min())
            known = stamps[start - length : start]
            slow = [row for row in range(len(ts)) if ts[row] in known and end[row] < ts[test].min()]
            assert train.tolist() == slow
            np.testing.assert_array_equal(test, windows[1.0][1][number][1])  # every length has the same tests
            assert set(train) <= set(windows[1.0][1][number][0])
    tested = np.concatenate([test for _, test in windows[1.0][1]])
    assert len(np.unique(tested)) == len(tested)  # once each
    assert ts[tested].min() > stamps[windows[1.0][0] - 1]


def test_the_scores_are_those_of_models_trained_by_hand(small, market):
    data = make_dataset(replace(small, symbols=("SYN00", "SYN01")), market)
    samples = data.samples
    found = learning_curve(data, ModelType.LOGISTIC, small, FEW)
    windows = training_windows(samples, FEW)
    by_hand = found.scores.set_index(["share", "fold"])
    for share, (length, folds) in windows.items():
        for fold, (train, test) in enumerate(folds):
            model = ModelFactory.create_model("logistic", small.model)
            model.fit(samples.X.iloc[train], samples.y.iloc[train], sample_weight=np.ones(len(train)))
            row = by_hand.loc[(share, fold)]
            for column, part in (("score", test), ("train", train)):
                p = model.predict_proba(samples.X.iloc[part])[:, 1]
                assert row[column] == pytest.approx(roc_auc_score(samples.y.iloc[part], p))
            assert (row["length"], row["n_train"], row["n_test"]) == (length, len(train), len(test))
    assert {share: len(part) for share, part in found.predictions.items()} == {
        share: sum(len(test) for _, test in folds) for share, (_, folds) in windows.items()
    }


def test_the_intervals_are_those_of_student(small, market):
    generator = np.random.default_rng(0)
    scores = pd.DataFrame(
        [(share, int(100 * share), fold, 0.9, generator.normal(0.5 + 0.1 * share, 0.03), 200, 50)
         for share in (0.25, 0.5, 1.0) for fold in range(6)],
        columns=["share", "length", "fold", "train", "score", "n_train", "n_test"],
    )  # fmt: skip
    curve = summarize_curve(scores, confidence=0.8).set_index("share")
    table = scores.pivot_table(index="fold", columns="share", values="score")
    for share, row in curve.iterrows():
        low, high = stats.t(5, table[share].mean(), stats.sem(table[share])).interval(0.8)
        assert (row["lower"], row["upper"]) == pytest.approx((low, high))
    gap = table[0.25] - table[1.0]
    low, high = stats.ttest_rel(table[0.25], table[1.0]).confidence_interval(0.8)
    assert curve.loc[0.25, "behind"] == pytest.approx(gap.mean())
    assert (curve.loc[0.25, "behind_lower"], curve.loc[0.25, "behind_upper"]) == pytest.approx((low, high))
    assert curve.loc[1.0, ["behind", "behind_lower", "behind_upper"]].tolist() == [0, 0, 0]


def test_a_test_without_both_outcomes_has_no_score_and_no_part_in_the_mean():
    scores = pd.DataFrame(
        {"share": [0.5] * 3 + [1.0] * 3, "length": [5] * 3 + [10] * 3, "fold": [0, 1, 2] * 2, "train": 0.9,
         "score": [0.5, np.nan, 0.6, 0.6, np.nan, 0.8], "n_train": 10}
    )  # fmt: skip
    curve = summarize_curve(scores).set_index("share")
    assert curve.loc[1.0, "score"] == pytest.approx(0.7)
    assert curve.loc[0.5, "behind"] == pytest.approx(-0.15)


def test_more_history_helps_where_the_world_stays_the_same(small):
    generator = np.random.default_rng(3)
    samples = rows(generator, 2400, 1, 1)
    X = pd.DataFrame(generator.normal(size=(len(samples), 20)), index=samples.X.index).add_prefix("x")
    y = (X.sum(axis=1) + generator.normal(size=len(X), scale=4) > 0).astype(float)
    data = Dataset(bars=X, features=X, samples=replace(samples, X=X, y=y))
    curve = learning_curve(data, ModelType.LOGISTIC, small, replace(FEW, shortest=0.1, n_tests=6)).curve
    assert curve["train"].is_monotonic_decreasing  # fewer rows are learned by heart
    assert curve["score"].is_monotonic_increasing
    assert curve["behind_upper"].iloc[0] < 0  # and the shortest window is behind for sure


def test_it_tells_where_it_is_stops_when_asked_and_goes_on_from_what_is_kept(small, market):
    data = make_dataset(replace(small, symbols=("SYN00",)), market)
    kept, events = {}, []

    class Memory:
        load = staticmethod(kept.get)
        save = staticmethod(kept.__setitem__)

        @staticmethod
        def keep_model(name, fold, model):
            raise AssertionError("no model of a window is kept")

    def run(**extra):
        return learning_curve(data, ModelType.LOGISTIC, small, FEW, checkpoint=Memory(), **extra)

    with pytest.raises(ExperimentCancelled):
        run(progress=events.append, should_stop=lambda: len(kept) == 2)
    assert len(kept) == 2
    fractions = [event["fraction"] for event in events]
    assert fractions == sorted(fractions)
    assert "bars of history: training logistic, fold 1 of 3" in events[0]["message"]
    before = dict(kept)
    again = run()
    assert all(kept[key] is before[key] for key in before)
    pd.testing.assert_frame_equal(again.curve, learning_curve(data, ModelType.LOGISTIC, small, FEW).curve)


def test_what_cannot_be_compared_is_refused():
    samples = rows(np.random.default_rng(0), 60, 1, 20)
    with pytest.raises(SplitError, match=r"a window of \d+ of \d+ timestamps has no row"):
        training_windows(samples, LearningConfig(shortest=0.05))
    with pytest.raises(ConfigError, match="n_lengths"):
        LearningConfig(n_lengths=1)
    with pytest.raises(ConfigError, match="first_test"):
        LearningConfig(first_test=1.0)
