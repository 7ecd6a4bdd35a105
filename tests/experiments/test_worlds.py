"""Worlds whose answer is known: no skill, an oracle, a noise twin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from finml_core.bars import SyntheticConfig, simulate_bars
from finml_core.experiments import SplitConfig, noise_twin, run_experiment
from finml_core.experiments import predict as predict_module
from finml_core.experiments.data import make_dataset
from finml_core.experiments.predict import predict_out_of_sample
from finml_core.experiments.score import score_folds
from finml_core.features import FeatureEngineer
from finml_core.labels import LabelConfig
from finml_core.metrics import deflated_sharpe_ratio, sharpe_ratio
from finml_core.models import LightGBMConfig, ModelConfig, ModelType
from finml_core.splits import PurgedKFold, audit_features

# trees that can learn rows by heart, so that a leak has somebody to use it
TREES = ModelConfig(
    lightgbm=LightGBMConfig(learning_rate=0.1, num_leaves=31, max_depth=0, min_child_samples=10, reg_lambda=0.0)
)
NO_SKILL = 0.1  # distance of the AUC from 0.5; over seeds its deviation is 0.03, a leak adds 0.25 or more


def mean_auc(samples, splits, model=ModelType.LOGISTIC) -> float:
    out = predict_out_of_sample(samples, splits, [model], TREES)
    return score_folds(out.predictions)["auc"].mean()


def purged(samples):
    return list(PurgedKFold(n_splits=5).split(samples.X, groups=samples.label_end))


def check_no_skill(samples, splits) -> None:
    for model in (ModelType.LOGISTIC, ModelType.LIGHTGBM):
        auc = mean_auc(samples, splits, model)
        assert abs(auc - 0.5) < NO_SKILL, f"{model.value} claims skill: AUC {auc:.2f}"


@pytest.fixture(scope="module")
def no_skill(small):
    """Eight unrelated symbols without a signal; labels over 20 bars overlap, so neighbours nearly share theirs.

    That is some 1000 / 20 * 8 = 400 independent outcomes, and an AUC of them has a standard error of 0.03.
    """
    symbols = tuple(f"SYN0{number}" for number in range(8))
    world = SyntheticConfig(n_symbols=8, n_bars=1000, seed=3, signal_strength=0.0, cross_correlation=0.0)
    config = replace(small, symbols=symbols, label=LabelConfig(horizon=20))
    return make_dataset(config, simulate_bars(world).bars).samples


def test_where_nothing_can_be_predicted_purged_folds_say_so(no_skill):
    check_no_skill(no_skill, purged(no_skill))


def test_where_nothing_can_be_predicted_shuffled_folds_claim_skill(no_skill):
    shuffled = list(KFold(5, shuffle=True, random_state=0).split(no_skill.X))
    with pytest.raises(AssertionError, match=r"lightgbm claims skill: AUC 0.[789]"):
        check_no_skill(no_skill, shuffled)


def test_a_model_that_saw_the_rows_it_is_tested_on_is_caught(no_skill, monkeypatch):
    honest = predict_module._jobs

    def cheating(samples, *args):
        everything = np.arange(len(samples))
        return [replace(job, train=everything) for job in honest(samples, *args)]

    monkeypatch.setattr(predict_module, "_jobs", cheating)
    with pytest.raises(AssertionError, match=r"lightgbm claims skill: AUC (0.[89]|1.0)"):
        check_no_skill(no_skill, purged(no_skill))


def test_an_oracle_is_found_and_named(small, market):
    def leaking(bars: pd.DataFrame) -> pd.DataFrame:
        table = FeatureEngineer(small.features).fit(bars).transform(bars)
        close = bars["close"].to_numpy()
        ahead = bars.groupby("symbol")["close"].shift(-5).to_numpy() / close - 1
        return table.assign(tomorrow=ahead)

    data = make_dataset(small, market)
    samples = replace(data.samples, X=leaking(data.bars).loc[data.samples.X.index])
    assert mean_auc(samples, purged(samples)) > 0.95
    audit = audit_features(leaking, data.bars, n_cuts=2).set_index("feature")
    assert list(audit.index[~audit["passed"].astype(bool)]) == ["tomorrow"]


def test_a_noise_twin_has_no_skill_where_the_market_has(small, market):
    config = replace(small, split=SplitConfig(kind="purged_kfold", n_splits=5))
    real = skill(run_experiment(config, market))
    every_twin = pd.DataFrame([skill(run_experiment(config, noise_twin(market, seed=seed))) for seed in range(3)])
    twins = every_twin.mean()
    assert real["auc"] > 0.65
    assert abs(twins["auc"] - 0.5) < 0.06  # one twin's AUC has a deviation of 0.03
    assert real["information_coefficient"] > 0.3
    assert abs(twins["information_coefficient"]) < 0.12
    assert real["probabilistic_sharpe"] > 0.99
    assert (every_twin["deflated_sharpe"] < 0.9).all()


def skill(result) -> dict[str, float]:
    """What the logistic model seems to know: within folds, of returns, and after luck among the run's own trials."""
    rows = result.predictions.query("model == 'logistic'").dropna()
    sharpes = np.array([sharpe_ratio(trial.returns.to_numpy()) for trial in result.trials])
    own = result.tables["leaderboard"].set_index("model").loc["logistic"]
    moments = (own["sharpe"], int(own["n_obs"]), own["skew"], own["kurtosis"])
    return {
        "auc": result.tables["folds"].query("model == 'logistic'")["auc"].mean(),
        "information_coefficient": np.corrcoef(rows["p_raw"], rows["label_return"])[0, 1],
        "probabilistic_sharpe": own["psr"],
        "deflated_sharpe": deflated_sharpe_ratio(*moments, len(sharpes), sharpes.var(ddof=1)),
    }
