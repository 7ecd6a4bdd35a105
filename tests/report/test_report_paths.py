"""The distribution over paths, against sums by hand."""

import numpy as np
import pandas as pd
import pytest

from finml_core.metrics import max_drawdown
from finml_core.report import paths as reports


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    ts = pd.bdate_range("2020-01-01", periods=60, name="ts")
    return pd.DataFrame(generator.normal(0.001, 0.01, (60, 30)), index=ts)


def test_the_fan_holds_the_quantiles_over_paths_at_each_bar_and_the_path_looked_at(returns):
    fan, _ = reports.equity_fan(returns, path=7)
    last = np.prod(1 + returns.to_numpy(), axis=0)
    assert fan["low"].iloc[-1] == pytest.approx(np.quantile(last, 0.05))
    assert fan["median"].iloc[-1] == pytest.approx(np.median(last))
    assert fan["high"].iloc[-1] == pytest.approx(np.quantile(last, 0.95))
    assert fan["equity"].iloc[-1] == pytest.approx(last[7])
    assert (fan["low"] <= fan["median"]).all()
    assert (fan["median"] <= fan["high"]).all()
    assert len(fan) == len(returns)


def test_of_many_paths_some_are_drawn_the_outermost_among_them(returns):
    _, lines = reports.equity_fan(returns, path=0)
    last = np.prod(1 + returns.to_numpy(), axis=0)
    assert lines["path"].nunique() == reports.MOST_LINES
    assert {last.argmin(), last.argmax()} <= set(lines["path"])
    ends = lines.groupby("path")["equity"].last()
    np.testing.assert_allclose(ends, last[ends.index])
    _, few = reports.equity_fan(returns[[0, 1, 2]], path=0)
    assert set(few["path"]) == {0, 1, 2}


def test_every_strategy_can_be_put_on_one_path(returns):
    tidy = returns[[0, 1]].melt(ignore_index=False, var_name="path", value_name="net_return").reset_index()
    both = pd.concat([tidy.assign(model="a"), tidy.assign(model="b", net_return=-tidy["net_return"])])
    table = reports.equity_on(both, 1)
    for model, sign in (("a", 1), ("b", -1)):
        own = table.loc[table["model"] == model]
        np.testing.assert_allclose(own["equity"], np.cumprod(1 + sign * returns[1].to_numpy()))
        assert own["drawdown"].min() == pytest.approx(max_drawdown(np.r_[1.0, own["equity"]]))


def test_the_spread_counts_a_flat_path_as_zero():
    found = reports.annual_spread(pd.Series([0.1, np.nan, 0.2]), 252.0)
    year = np.sqrt(252.0)
    assert found["mean"] == pytest.approx(0.1 * year)
    assert found["deviation"] == pytest.approx(0.1 * year)
    assert found["low"] == pytest.approx(0.01 * year)


def test_a_distribution_has_a_row_a_model_that_has_the_score():
    table = pd.DataFrame({"model": ["a", "a", "a", "b", "b"], "auc": [0.5, 0.6, 0.55, np.nan, np.nan]})
    (row,) = reports.path_distribution(table, "auc").to_dict("records")
    assert (row["model"], row["n_paths"], row["least"], row["most"]) == ("a", 3, 0.5, 0.6)
    assert row["mean"] == row["median"] == pytest.approx(0.55)
    assert row["deviation"] == pytest.approx(0.05)
