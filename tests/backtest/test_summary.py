import numpy as np
import pandas as pd
import pytest

from finml_core.backtest import run_backtest
from finml_core.backtest.summary import summarise
from finml_core.schemas import key_index


def frame(net_return, **columns):
    ts = pd.bdate_range("2020-01-01", periods=len(net_return), name="ts")
    columns = {"gross_return": net_return, "cost": 0.0, "turnover": 0.0, "exposure": 1.0} | columns
    return pd.DataFrame({"net_return": net_return, **columns}, index=ts)


def test_wealth_of_a_known_path_has_its_known_drawdown():
    # wealth 100 120 90 95 130 104: maximum drawdown -0.25, under water for two bars before the new peak
    wealth = np.array([100, 120, 90, 95, 130, 104.0])
    summary = summarise(frame(wealth[1:] / wealth[:-1] - 1))
    assert summary["max_drawdown"] == pytest.approx(-0.25)
    assert summary["max_drawdown_length"] == 2
    assert summary["total_return"] == pytest.approx(0.04)
    assert summary["hit_rate"] == pytest.approx(3 / 5)
    assert summary["calmar"] == pytest.approx((1.04 ** (252 / 5) - 1) / 0.25)


def test_the_sharpe_ratio_is_annual_and_has_its_error():
    returns = np.random.default_rng(0).normal(0.001, 0.01, 500)
    summary = summarise(frame(returns))
    per_bar = returns.mean() / returns.std(ddof=1)
    assert summary["sharpe_per_period"] == pytest.approx(per_bar)
    assert summary["sharpe"] == pytest.approx(per_bar * np.sqrt(252))
    # Lo (2002): for normal returns the error of a Sharpe ratio is about sqrt((1 + SR^2 / 2) / n)
    assert summary["sharpe_error"] == pytest.approx(np.sqrt((1 + per_bar**2 / 2) / 500 * 252), rel=0.05)
    assert 0.5 < summary["psr"] < 1
    assert summary["conditional_value_at_risk"] > summary["value_at_risk"] > 0
    assert summary["annual_volatility"] == pytest.approx(returns.std(ddof=1) * np.sqrt(252))


def test_trading_and_its_cost_are_told_a_year():
    net = np.array([0.01, -0.01, 0.02, 0.0])
    summary = summarise(frame(net, gross_return=net + 0.001, cost=0.001, turnover=0.5, exposure=0.25))
    assert summary["cost_annual"] == pytest.approx(0.252)
    assert summary["turnover_annual"] == pytest.approx(126)
    assert summary["exposure"] == pytest.approx(0.25)
    assert summary["gross_annual_return"] > summary["annual_return"]


def test_without_variation_there_is_no_ratio():
    summary = summarise(frame(np.zeros(10), exposure=0.0))
    for name in ("sharpe", "sharpe_error", "psr", "sortino", "calmar", "hit_rate", "profit_factor"):
        assert np.isnan(summary[name]), name
    assert summary["total_return"] == 0


def test_the_summary_starts_at_the_first_decision(panel):
    weight = pd.Series(0.3, index=key_index(panel))
    ts = panel["ts"].unique()
    weight.loc[pd.IndexSlice[:, : ts[299]]] = np.nan
    assert run_backtest(panel, weight).summary["n_obs"] == 300
