"""What is left after costs: parts that add up, and errors that statsmodels agrees with."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from finml_core.backtest import run_backtest
from finml_core.report import backtest as report
from finml_core.schemas import key_index


@pytest.fixture(scope="module")
def result(panel):
    """Three symbols, long and short, changing every ten bars, so that every kind of cost is paid."""
    generator = np.random.default_rng(1)
    weight = np.repeat(generator.uniform(-0.3, 0.3, len(panel) // 10), 10)
    return run_backtest(panel, pd.Series(weight, index=key_index(panel)))


def test_the_waterfall_adds_up_from_gross_to_net(result):
    table = report.cost_waterfall(result.bars, result.costs, 252.0).set_index("kind")["value"]
    assert list(table.index) == ["gross", "commission", "spread", "impact", "borrow", "net"]
    assert (table[["commission", "spread", "impact", "borrow"]] < 0).all()
    assert table.drop("net").sum() == pytest.approx(table["net"])
    assert table["net"] == pytest.approx(result.bars["net_return"].mean() * 252)


def test_returns_and_sharpe_by_group_are_those_of_each_group(result):
    bars = result.bars
    year = pd.Series(bars.index.year, index=bars.index)
    table = report.sharpe_by(bars, year, 252.0).set_index("group")
    assert table["n"].sum() == len(bars)
    assert (table["n"] * table["value"]).sum() / len(bars) == pytest.approx(bars["net_return"].mean() * 252)
    for group, row in table.iterrows():
        returns = bars.loc[bars.index.year == int(group), "net_return"]
        error = returns.std() / np.sqrt(len(returns)) * 252
        assert row["upper"] - row["value"] == pytest.approx(1.6449 * error)
        assert row["value"] - row["lower"] == pytest.approx(1.6449 * error)
        assert row["sharpe"] == pytest.approx(returns.mean() / returns.std() * np.sqrt(252))
        # of a normal return the error is sqrt((1 + SR^2 / 2) / (n - 1)) per bar; these are nearly normal
        assert row["error"] == pytest.approx(np.sqrt(252 / len(returns)), rel=0.1)


def test_a_group_of_few_bars_has_a_return_and_no_sharpe(result):
    bars = result.bars
    group = pd.Series(np.where(np.arange(len(bars)) < report.MIN_BARS - 1, "few", "many"), index=bars.index)
    table = report.sharpe_by(bars, group, 252.0).set_index("group")
    assert np.isnan(table.loc["few", "sharpe"])
    assert np.isnan(table.loc["few", "error"])
    assert np.isfinite(table.loc["few", "value"])
    assert np.isfinite(table.loc["many", "sharpe"])


@pytest.mark.parametrize("n", [60, 500, 1500])
def test_the_gain_over_a_baseline_is_that_of_least_squares_with_newey_west_errors(n):
    generator = np.random.default_rng(n)
    noise = generator.normal(0, 0.01, n + 4)
    returns = pd.Series(np.convolve(noise, np.ones(5) / 5, mode="valid") + 0.0003)  # correlated over five bars
    baseline = pd.Series(generator.normal(0, 0.01, n))
    gain, error = report.gain_over(returns, baseline, 252.0)
    lags = int(4 * (n / 100) ** (2 / 9))
    fit = sm.OLS(returns - baseline, np.ones(n)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}
    )
    assert gain == pytest.approx(fit.params.iloc[0] * 252)
    assert error == pytest.approx(fit.bse.iloc[0] * 252)


def test_returns_that_one_side_lacks_do_not_count():
    ts = pd.bdate_range("2020-01-01", periods=50)
    returns = pd.Series(0.01, index=ts)
    baseline = pd.Series(np.linspace(0, 0.01, 40), index=ts[10:])
    gain, _ = report.gain_over(returns, baseline, 1.0)
    assert gain == pytest.approx(0.005)
    assert report.gain_over(returns, returns, 252.0) == (0.0, 0.0)


def test_the_regime_of_the_market_is_the_most_common_one():
    ts = pd.to_datetime(["2020-01-01"] * 3 + ["2020-01-02"] * 3 + ["2020-01-03"] * 2)
    regimes = pd.DataFrame({"ts": ts, "regime": ["A", "B", "B", "C", "A", None, None, None]})
    market = report.market_regime(regimes)
    assert market.to_dict() == {pd.Timestamp("2020-01-01"): "B", pd.Timestamp("2020-01-02"): "A"}


def test_equity_of_the_chosen_ones_only(result):
    bars = result.bars.reset_index()
    equity = pd.concat([bars.assign(model=name) for name in ("one", "two", "three")])
    table = report.equity_series(equity, ["one", "three"])
    assert list(table.columns) == ["ts", "series", "equity", "drawdown"]
    assert table["series"].value_counts().to_dict() == {"one": len(bars), "three": len(bars)}
