"""Worlds whose answer is known: no skill, an oracle, a noise twin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from finml_core.bars import SyntheticConfig, simulate_bars
from finml_core.experiments import SplitConfig, run_experiment
from finml_core.experiments.data import make_dataset
from finml_core.experiments.predict import predict_out_of_sample
from finml_core.experiments.score import score_folds
from finml_core.features import FeatureEngineer
from finml_core.labels import LabelConfig
from finml_core.models import ModelConfig, ModelType
from finml_core.splits import PurgedKFold, audit_features
from tests.experiments.worlds import noise_twin


def mean_auc(samples, splits, model=ModelType.LOGISTIC) -> float:
    out = predict_out_of_sample(samples, splits, [model], ModelConfig())
    return score_folds(out.predictions)["auc"].mean()


@pytest.fixture(scope="module")
def no_skill(small):
    bars = simulate_bars(SyntheticConfig(n_symbols=4, n_bars=1000, seed=5, signal_strength=0.0)).bars
    return make_dataset(replace(small, label=LabelConfig(horizon=20)), bars)


def test_where_nothing_can_be_predicted_purged_folds_say_so(no_skill):
    samples = no_skill.samples
    splits = list(PurgedKFold(n_splits=5).split(samples.X, groups=samples.label_end))
    for model in (ModelType.LOGISTIC, ModelType.LIGHTGBM):
        # labels over 20 bars overlap and symbols move together: far fewer independent outcomes than rows
        assert abs(mean_auc(samples, splits, model) - 0.5) < 0.06


def test_where_nothing_can_be_predicted_shuffled_folds_claim_skill(no_skill):
    samples = no_skill.samples
    splits = list(KFold(5, shuffle=True, random_state=0).split(samples.X))
    assert mean_auc(samples, splits, ModelType.LIGHTGBM) > 0.6


def test_an_oracle_is_found_and_named(small, market):
    def leaking(bars: pd.DataFrame) -> pd.DataFrame:
        table = FeatureEngineer(small.features).fit(bars).transform(bars)
        close = bars["close"].to_numpy()
        ahead = bars.groupby("symbol")["close"].shift(-5).to_numpy() / close - 1
        return table.assign(tomorrow=ahead)

    data = make_dataset(small, market)
    samples = replace(data.samples, X=leaking(data.bars).loc[data.samples.X.index])
    splits = list(PurgedKFold(n_splits=5).split(samples.X, groups=samples.label_end))
    assert mean_auc(samples, splits) > 0.95
    audit = audit_features(leaking, data.bars, n_cuts=2).set_index("feature")
    assert list(audit.index[~audit["passed"].astype(bool)]) == ["tomorrow"]


def test_a_noise_twin_has_no_skill_where_the_market_has(small, market):
    config = replace(small, split=SplitConfig(kind="purged_kfold", n_splits=5))
    real = run_experiment(config, market)
    twin = run_experiment(config, noise_twin(market, seed=1))
    auc = [result.tables["folds"].groupby("model")["auc"].mean()["logistic"] for result in (real, twin)]
    assert auc[0] > 0.54
    assert abs(auc[1] - 0.5) < 0.03
    coefficients = [
        np.corrcoef(rows["p_raw"], rows["label_return"])[0, 1]
        for rows in (result.predictions.query("model == 'logistic'").dropna() for result in (real, twin))
    ]
    assert coefficients[0] > 0.1 > abs(coefficients[1])
