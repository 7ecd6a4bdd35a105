"""Several horizons by one network, or by a model each."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from finml_core.errors import ConfigError, DataError
from finml_core.models import (
    GRUConfig,
    LightGBMClassifier,
    LogisticClassifier,
    MultiHorizonForecaster,
    RidgeRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TrainConfig,
)

HORIZONS = (1, 5)
TRAIN = TrainConfig(epochs=15, batch_size=64, learning_rate=1e-2, device="cpu")
NETWORK = {"network": GRUConfig(hidden_dim=8, dropout=0.0), "train": TRAIN, "sequence_length": 5}


def outcomes(world, number: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each horizon's outcome hangs on a feature of its own; the last bars do not know theirs."""
    ts = world.X.index.get_level_values("ts")
    stamps = ts.unique()
    later = [*stamps, *[pd.NaT] * max(HORIZONS)]
    ends = pd.DataFrame({h: np.tile(later[h : h + len(stamps)], 3) for h in HORIZONS}, index=world.X.index)
    tells = {1: world.X["feature_0"], 5: world.X["feature_1"]}
    y = pd.DataFrame({h: feature if number else (feature > 0).astype(float) for h, feature in tells.items()})
    return y.where(ends.notna()), ends


@pytest.mark.parametrize(
    "estimator", [LogisticClassifier(), LightGBMClassifier(min_child_samples=20), SequenceClassifier(**NETWORK)],
    ids=["logistic", "trees", "network"],
)  # fmt: skip
def test_each_horizon_is_told_by_its_own_feature(estimator, world):
    y, ends = outcomes(world)
    model = MultiHorizonForecaster(estimator, horizons=HORIZONS).fit(world.X, y, label_end=ends)
    assert len(model.estimators_) == (1 if hasattr(estimator, "sequence_length") else 2)
    p = model.predict(world.X)
    assert list(p.columns) == [1, 5]
    assert p.index.equals(world.X.index)
    for horizon in HORIZONS:
        known = y[horizon].notna() & p[horizon].notna()
        assert roc_auc_score(y.loc[known, horizon], p.loc[known, horizon]) > 0.9


@pytest.mark.parametrize(
    "estimator", [RidgeRegressor(alpha=1.0), SequenceRegressor(**NETWORK)], ids=["ridge", "network"]
)
def test_returns_of_several_horizons(estimator, world):
    y, ends = outcomes(world, number=True)
    stated = MultiHorizonForecaster(estimator, horizons=HORIZONS).fit(world.X, y, label_end=ends).predict(world.X)
    for horizon in HORIZONS:
        known = y[horizon].notna() & stated[horizon].notna()
        assert np.corrcoef(y.loc[known, horizon], stated.loc[known, horizon])[0, 1] > 0.9


def test_the_tail_is_purged_by_the_longest_horizon(world):
    y, ends = outcomes(world)
    model = MultiHorizonForecaster(SequenceClassifier(**NETWORK), horizons=HORIZONS).fit(world.X, y, label_end=ends)
    short = SequenceClassifier(**NETWORK).fit(world.X[y[1].notna()], y[1].dropna(), label_end=ends[1].dropna())
    assert model.estimators_[0].n_windows_ == short.n_windows_ - 3 * 4


def test_what_cannot_work_is_refused(world):
    y, _ = outcomes(world)
    with pytest.raises(ConfigError, match="each longer than the one before"):
        MultiHorizonForecaster(LogisticClassifier(), horizons=(5, 1)).fit(world.X, y)
    with pytest.raises(DataError, match="no column 20"):
        MultiHorizonForecaster(LogisticClassifier(), horizons=(1, 20)).fit(world.X, y)
    with pytest.raises(DataError, match="another index"):
        MultiHorizonForecaster(LogisticClassifier(), horizons=HORIZONS).fit(world.X, y.iloc[:5])
