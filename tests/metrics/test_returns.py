import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import (
    annual_return,
    annual_volatility,
    annualize_sharpe,
    calmar_ratio,
    conditional_value_at_risk,
    drawdown,
    equity_line,
    hit_rate,
    kurtosis,
    max_drawdown,
    max_drawdown_length,
    profit_factor,
    return_summary,
    sharpe_ratio,
    sharpe_standard_error,
    skewness,
    sortino_ratio,
    total_return,
    turnover,
    value_at_risk,
)

RETURNS = np.random.default_rng(0).standard_t(4, 750) * 0.01 + 0.0005
WEALTH = np.array([100, 120, 90, 95, 130, 104.0])
SERIES = st.lists(st.floats(-0.5, 0.5).map(lambda value: round(value, 6)), min_size=3, max_size=40).map(np.array)


def test_a_known_line_of_wealth_has_its_known_drawdown():
    # REFERENCES: wealth 100 120 90 95 130 104, maximum drawdown -0.25
    assert max_drawdown(WEALTH) == pytest.approx(-0.25, abs=1e-15)
    assert drawdown(WEALTH) == pytest.approx([0, 0, -0.25, 95 / 120 - 1, 0, -0.2])
    assert max_drawdown_length(WEALTH) == 2
    returns = WEALTH[1:] / WEALTH[:-1] - 1
    assert max_drawdown(equity_line(returns)) == pytest.approx(-0.25)
    assert total_return(returns) == pytest.approx(0.04)


def test_a_first_loss_is_a_drawdown():
    assert max_drawdown(equity_line([-0.1, 0.05])) == pytest.approx(-0.1)


def test_a_series_of_wealth_keeps_its_index():
    equity = pd.Series(WEALTH, index=pd.date_range("2020-01-01", periods=6))
    assert drawdown(equity).index.equals(equity.index)


def test_returns_are_not_taken_for_wealth():
    with pytest.raises(DataError, match="pass wealth, not returns"):
        max_drawdown([-0.01, 0.02])


def test_ratios_agree_with_quantstats():
    qs = pytest.importorskip("quantstats.stats")
    index = pd.date_range("2020-01-01", periods=len(RETURNS))
    series = pd.Series(RETURNS, index=index)
    assert annualize_sharpe(sharpe_ratio(RETURNS), 252) == pytest.approx(qs.sharpe(series))
    assert annualize_sharpe(sortino_ratio(RETURNS), 252) == pytest.approx(qs.sortino(series))
    assert annual_volatility(RETURNS, 252) == pytest.approx(qs.volatility(series))
    assert annual_return(RETURNS, 252) == pytest.approx(qs.cagr(series, periods=252))
    assert max_drawdown(equity_line(RETURNS)) == pytest.approx(qs.max_drawdown(series))
    assert hit_rate(RETURNS) == pytest.approx(qs.win_rate(series))
    assert profit_factor(RETURNS) == pytest.approx(qs.profit_factor(series))
    assert calmar_ratio(RETURNS, 252) == pytest.approx(qs.calmar(series, periods=252))


def test_moments_are_the_samples_own_and_kurtosis_is_raw():
    assert skewness(RETURNS) == pytest.approx(stats.skew(RETURNS))
    assert kurtosis(RETURNS) == pytest.approx(stats.kurtosis(RETURNS, fisher=False))
    assert kurtosis(np.random.default_rng(1).normal(size=100_000)) == pytest.approx(3, abs=0.05)


def test_the_standard_error_is_that_seen_over_many_samples():
    # skewed, fat-tailed returns: 4,000 samples of 400
    sample = np.random.default_rng(2).gamma(2, 0.01, (4000, 400)) - 0.015
    seen = np.std([sharpe_ratio(row) for row in sample])
    true_sharpe, skew, raw = 0.005 / (0.01 * np.sqrt(2)), 2 / np.sqrt(2), 3 + 6 / 2
    assert sharpe_standard_error(true_sharpe, 400, skew, raw) == pytest.approx(seen, rel=0.05)
    # Lo (2002), normal returns
    assert sharpe_standard_error(0.1, 101) == pytest.approx(np.sqrt((1 + 0.1**2 / 2) / 100))


def test_excess_kurtosis_that_no_distribution_has_is_refused():
    with pytest.raises(DataError, match="raw kurtosis is at least 1"):
        sharpe_standard_error(0.1, 100, 0, 0)


@pytest.mark.parametrize("returns", [[0.0] * 10, [0.01] * 100, [0.1], [], [np.nan] * 4])
def test_without_variation_there_is_no_ratio(returns):
    assert np.isnan(sharpe_ratio(returns))
    assert np.isnan(skewness(returns))
    assert np.isnan(kurtosis(returns))


def test_ratios_without_a_loss_do_not_exist():
    assert np.isnan(sortino_ratio([0.01, 0.02]))
    assert np.isnan(calmar_ratio([0.01, 0.02], 252))
    assert np.isnan(profit_factor([0.01, 0.02]))
    assert np.isnan(hit_rate([0.0, 0.0]))


def test_a_total_loss_is_minus_one_a_year():
    assert annual_return([0.1, -1.0, 0.5], 252) == -1


def test_risk_measures_are_historical_losses():
    returns = np.arange(-50, 51) / 1000
    assert value_at_risk(returns, 0.95) == pytest.approx(0.045)
    assert conditional_value_at_risk(returns, 0.95) == pytest.approx(np.mean([0.045, 0.046, 0.047, 0.048, 0.049, 0.05]))


def test_turnover_counts_every_symbol_from_nothing():
    weight = pd.DataFrame({"A": [0.5, 0.5, 0.0, np.nan], "B": [0.0, -0.5, 1.0, 1.0]})
    assert list(turnover(weight)) == [0.5, 0.5, 2.0, 0.0]
    assert list(turnover(weight["A"])) == [0.5, 0.0, 0.5, 0.0]
    assert list(turnover(weight["A"].to_numpy())) == [0.5, 0.0, 0.5, 0.0]


@given(returns=SERIES, scale=st.floats(0.1, 10))
def test_leverage_leaves_sharpe_and_sortino_alone(returns, scale):
    assert sharpe_ratio(returns * scale) == pytest.approx(sharpe_ratio(returns), rel=1e-6, nan_ok=True)
    assert sortino_ratio(returns * scale) == pytest.approx(sortino_ratio(returns), rel=1e-6, nan_ok=True)
    assert sharpe_ratio(-returns) == pytest.approx(-sharpe_ratio(returns), nan_ok=True)


@given(returns=SERIES)
def test_bounds_hold_for_any_returns(returns):
    assert -1 <= max_drawdown(equity_line(returns)) <= 0
    assert conditional_value_at_risk(returns) >= value_at_risk(returns) - 1e-12
    summary = return_summary(returns, 252)
    if np.isfinite(summary["kurtosis"]):
        assert summary["kurtosis"] >= 1 + summary["skew"] ** 2 - 1e-6
        assert 0 <= summary["psr"] <= 1
        assert summary["sharpe_error"] >= 0


def test_missing_returns_are_left_out():
    holed = np.insert(RETURNS, [5, 100], np.nan)
    assert return_summary(holed, 252) == return_summary(RETURNS, 252)


def test_a_summary_of_nothing_is_missing_not_zero():
    summary = return_summary([0.0] * 20, 252)
    for name in ("sharpe", "sharpe_error", "psr", "sortino", "calmar", "hit_rate", "profit_factor", "skew"):
        assert np.isnan(summary[name]), name
    assert summary["total_return"] == 0


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(ConfigError):
        annualize_sharpe(0.1, 0)
    with pytest.raises(ConfigError):
        value_at_risk(RETURNS, 95)
