"""The regression on top learns from what members said of rows that they had not seen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import roc_auc_score

from finml_core.errors import DataError, SplitError
from finml_core.models import (
    AlwaysUpClassifier,
    LightGBMClassifier,
    LogisticClassifier,
    LSTMConfig,
    ModelFactory,
    NaiveClassifier,
    SequenceClassifier,
    StackedEnsemble,
    TrainConfig,
)

TREES = LightGBMClassifier(n_estimators=20, min_child_samples=10)


class Memory(ClassifierMixin, BaseEstimator):
    """Knows every row that it was trained on, and nothing else."""

    seen: list = []

    def fit(self, X, y, sample_weight=None, label_end=None):
        self.classes_ = np.unique(y)
        self.known_ = dict(zip(X.index, np.asarray(y)))
        self.seen.append((X.index, label_end))
        return self

    def predict_proba(self, X):
        p = np.array([0.5 if row not in self.known_ else 0.02 + 0.96 * self.known_[row] for row in X.index])
        return np.column_stack([1 - p, p])


def test_a_member_that_only_remembers_gets_no_trust(world):
    stack = StackedEnsemble({"memory": Memory(), "logistic": LogisticClassifier()})
    stack.fit(world.X, world.y, label_end=world.label_end)
    weight = dict(zip(stack.estimators_, stack.final_.coef_[0]))
    assert weight["memory"] == pytest.approx(0, abs=1e-9)
    assert weight["logistic"] > 0.5


def test_every_row_is_predicted_by_members_that_were_purged_of_it(world):
    Memory.seen = []
    StackedEnsemble({"memory": Memory()}, n_splits=4, embargo_pct=0.02).fit(world.X, world.y, label_end=world.label_end)
    stamps = world.X.index.get_level_values("ts").unique()
    assert len(Memory.seen) == 5  # four blocks, then all rows
    for block, (index, ends) in zip(np.array_split(stamps, 4), Memory.seen):
        ts = index.get_level_values("ts")
        assert not ts.isin(block).any()
        before = ends[ts < block[0]]
        assert (before < block[0]).all()
        after = ts[ts > block[-1]]
        if len(after):
            reach = stamps.get_loc(block[-1]) + 5 + 4  # five bars of label, four of embargo
            assert after.min() == stamps[reach + 1]
    assert len(Memory.seen[-1][0]) == len(world.X)


def test_the_ensemble_is_as_good_as_its_best_member(world):
    members = {"naive": NaiveClassifier(), "up": AlwaysUpClassifier(), "logistic": LogisticClassifier(), "trees": TREES}
    ts = world.X.index.get_level_values("ts")
    is_train = ts < ts.unique()[120]
    stack = StackedEnsemble(members).fit(world.X[is_train], world.y[is_train], label_end=world.label_end[is_train])
    p = stack.predict_proba(world.X[~is_train])
    np.testing.assert_allclose(p.sum(axis=1), 1)
    best = max(
        roc_auc_score(world.y[~is_train], member.predict_proba(world.X[~is_train])[:, 1])
        for member in stack.estimators_.values()
    )
    assert roc_auc_score(world.y[~is_train], p[:, 1]) > best - 0.02


def test_members_that_read_windows_are_given_the_context(world):
    train = TrainConfig(epochs=2, device="cpu")
    network = SequenceClassifier(network=LSTMConfig(hidden_dim=4), train=train, sequence_length=6)
    stack = StackedEnsemble({"lstm": network, "logistic": LogisticClassifier()}, n_splits=3)
    stack.fit(world.X, world.y, label_end=world.label_end)
    missing = stack.out_of_fold_["lstm"].isna()
    assert missing.sum() == 15  # the first five bars of each symbol; later blocks reach back over their edge
    p = stack.predict_proba(world.X.iloc[100:110], context=world.X)
    assert np.isfinite(p).all()


def test_it_repeats_itself_and_can_be_cloned(world):
    stack = clone(StackedEnsemble({"trees": TREES, "logistic": LogisticClassifier()}))
    first = stack.fit(world.X, world.y).predict_proba(world.X)
    np.testing.assert_array_equal(clone(stack).fit(world.X, world.y).predict_proba(world.X), first)
    assert set(stack.predict(world.X)) == {0.0, 1.0}


def test_the_factory_makes_one(world):
    stack = ModelFactory.create_ensemble(["logistic", "naive"])
    assert list(stack.estimators) == ["logistic", "naive"]
    assert stack.fit(world.X, world.y).predict_proba(world.X).shape == (600, 2)


def test_what_cannot_work_is_refused(world):
    with pytest.raises(SplitError, match="3 timestamps cannot make 5 blocks"):
        StackedEnsemble({"a": NaiveClassifier()}).fit(world.X.loc[["S0"]].iloc[:3], [0, 1, 0])
    with pytest.raises(DataError, match="no estimators"):
        StackedEnsemble({}).fit(world.X, world.y)
    with pytest.raises(DataError, match="need a frame"):
        StackedEnsemble({"a": NaiveClassifier()}).fit(world.X.to_numpy(), world.y)
    late = pd.Series(world.X.index.get_level_values("ts")[-1], index=world.X.index)
    with pytest.raises(SplitError, match="no row is left to train on"):
        StackedEnsemble({"a": NaiveClassifier()}, n_splits=2, embargo_pct=0.5).fit(world.X, world.y, label_end=late)
