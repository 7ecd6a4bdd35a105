from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import probability_of_backtest_overfitting

NOISE = np.random.default_rng(0).normal(0, 0.01, (800, 20))


def slow_logits(returns, n_partitions, performance):
    blocks = np.array_split(returns, n_partitions)
    logits = []
    for half in combinations(range(n_partitions), n_partitions // 2):
        inside = np.concatenate([blocks[number] for number in half])
        outside = np.concatenate([blocks[number] for number in range(n_partitions) if number not in half])
        best = np.argmax(performance(inside))
        share = rankdata(performance(outside))[best] / (returns.shape[1] + 1)
        logits.append(np.log(share / (1 - share)))
    return np.array(logits)


@pytest.mark.parametrize("n_obs", [64, 67])
@pytest.mark.parametrize(
    ("metric", "performance"),
    [("mean", lambda part: part.mean(axis=0)), ("sharpe", lambda part: part.mean(axis=0) / part.std(axis=0, ddof=1))],
)
def test_logits_agree_with_the_definition_written_out(n_obs, metric, performance):
    returns = NOISE[:n_obs, :7] + 0.002
    result = probability_of_backtest_overfitting(returns, 8, metric)
    assert result.logits == pytest.approx(slow_logits(returns, 8, performance))


def test_there_are_12870_combinations_of_sixteen_partitions():
    result = probability_of_backtest_overfitting(NOISE)
    assert len(result.logits) == len(result.in_sample) == len(result.out_of_sample) == 12870


def test_without_skill_it_is_about_one_half():
    generator = np.random.default_rng(1)
    values = [probability_of_backtest_overfitting(generator.normal(size=(400, 20)), 8).pbo for _ in range(60)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("n_obs", [800, 795])
def test_demeaned_columns_ranked_by_mean_are_wholly_overfitted(n_obs):
    returns = NOISE[:n_obs] - NOISE[:n_obs].mean(axis=0)
    assert probability_of_backtest_overfitting(returns, metric="mean").pbo == 1


def test_a_real_edge_in_some_columns_is_believed():
    edge = np.where(np.arange(20) < 3, 0.004, 0)
    result = probability_of_backtest_overfitting(NOISE + edge)
    assert result.pbo < 0.01
    assert result.probability_of_loss < 0.01
    assert set(result.chosen) <= {0, 1, 2}


def test_choosing_on_noise_degrades_out_of_sample():
    result = probability_of_backtest_overfitting(NOISE - NOISE.mean(axis=0))
    slope, intercept = result.degradation
    assert slope == pytest.approx(np.polyfit(result.in_sample, result.out_of_sample, 1)[0])
    assert intercept == pytest.approx(np.polyfit(result.in_sample, result.out_of_sample, 1)[1])
    assert slope < 0
    assert result.in_sample.mean() > 0 > result.out_of_sample.mean()


def test_order_of_configurations_and_units_change_nothing():
    result = probability_of_backtest_overfitting(NOISE, 8)
    other = probability_of_backtest_overfitting(NOISE[:, ::-1] * 7, 8)
    assert other.logits == pytest.approx(result.logits)


def test_a_configuration_that_never_trades_has_performance_zero():
    returns = NOISE - 0.01
    returns[:, 4] = 0
    result = probability_of_backtest_overfitting(returns, 8)
    assert set(result.chosen) == {4}
    assert result.pbo == 0


def test_a_transposed_table_is_refused():
    with pytest.raises(DataError, match=r"shape \(20, 800\).*Transpose"):
        probability_of_backtest_overfitting(NOISE.T)
    ts = pd.date_range("2020-01-01", periods=30)
    with pytest.raises(DataError, match="Transpose"):
        probability_of_backtest_overfitting(pd.DataFrame(np.zeros((40, 30)), columns=ts))


def test_rows_with_timestamps_may_be_fewer_than_columns():
    wide = pd.DataFrame(NOISE.T[:, :30].T @ np.ones((20, 1)) + np.random.default_rng(2).normal(size=(30, 50)))
    wide.index = pd.date_range("2020-01-01", periods=30)
    assert len(probability_of_backtest_overfitting(wide, 4).logits) == 6


@pytest.mark.parametrize(
    ("returns", "text"),
    [
        (NOISE[:, 0], "must have a column"),
        (NOISE[:, :1], "must have a column"),
        (NOISE[:25], "25 observations are too few"),
        (np.where(NOISE > 0.03, np.nan, NOISE), "missing or infinite"),
    ],
)
def test_tables_that_cannot_be_judged_are_refused(returns, text):
    with pytest.raises(DataError, match=text):
        probability_of_backtest_overfitting(returns)


@pytest.mark.parametrize("settings", [{"n_partitions": 5}, {"n_partitions": 0}, {"metric": "luck"}])
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ConfigError):
        probability_of_backtest_overfitting(NOISE, **settings)
