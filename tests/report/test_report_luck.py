"""What the page Luck shows, against the slow and obvious way to reckon it."""

import numpy as np
import pandas as pd
import pytest

from finml_core.metrics import expected_max_sharpe, haircut_sharpe, probability_of_backtest_overfitting
from finml_core.report import luck as reports


@pytest.fixture
def trials() -> pd.DataFrame:
    """Twelve trials, one failed, daily and weekly bars."""
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "trial_id": [f"t{number}" for number in range(12)],
            "name": ["logistic", "lstm", "arbitrated"] * 4,
            "created": pd.date_range("2024-01-01", periods=12),
            "sharpe": generator.normal(0.03, 0.03, 12),
            "n_obs": 500,
            "periods_per_year": [252.0] * 9 + [52.0] * 3,
        }
    )
    return table.assign(sharpe=table["sharpe"].where(table.index != 4), n_obs=table["n_obs"].where(table.index != 4, 0))


@pytest.fixture
def groups(trials) -> pd.DataFrame:
    """The sixth and the seventh are copies; four clusters."""
    original = trials["trial_id"].where(~trials.index.isin([6, 7]), "t2")
    return pd.DataFrame({"original": original, "cluster": [0, 0, 1, 1, 2, 0, 1, 1, 3, 3, 0, 1]})


def test_the_line_is_what_the_ledger_would_have_said_each_time(trials, groups):
    line = reports.best_so_far(trials, groups)
    assert list(line["n_trials"]) == list(range(1, 13))
    annual = trials["sharpe"] * np.sqrt(trials["periods_per_year"])
    for row in line.itertuples():
        then = slice(0, row.n_trials)
        part, placed = annual.iloc[then], groups.iloc[then]
        best = part.idxmax()
        assert row.best == pytest.approx(part[best])
        own = part[(placed["original"] == trials["trial_id"].iloc[then]) & part.notna()]
        least = trials.loc[best, "periods_per_year"] / trials.loc[best, "n_obs"]
        scatter = max(own.var(ddof=1), least) if len(own) > 1 else least
        assert row.expected == pytest.approx(expected_max_sharpe(row.n_trials, scatter))
        firsts = own.groupby(placed["cluster"]).first()
        scatter = max(firsts.var(ddof=1), least) if len(firsts) > 1 else least
        assert row.n_effective == placed["cluster"].nunique()
        assert row.expected_effective == pytest.approx(expected_max_sharpe(row.n_effective, scatter))


def test_one_trial_is_expected_to_show_nothing_and_none_draws_nothing(trials, groups):
    line = reports.best_so_far(trials.iloc[:1], groups.iloc[:1])
    assert line[["expected", "expected_effective"]].to_numpy().tolist() == [[0.0, 0.0]]
    assert reports.best_so_far(trials.iloc[4:5], groups.iloc[4:5]).empty


def test_a_long_ledger_is_thinned_to_a_line():
    n = 3000
    many = pd.DataFrame(
        {"trial_id": range(n), "name": "x", "created": pd.Timestamp("2024"), "sharpe": np.linspace(0, 0.1, n),
         "n_obs": 500, "periods_per_year": 252.0}
    )  # fmt: skip
    line = reports.best_so_far(many, pd.DataFrame({"original": range(n), "cluster": range(n)}))
    assert len(line) == reports.POINTS
    assert line["n_trials"].iloc[[0, -1]].tolist() == [1, n]
    assert line["best"].is_monotonic_increasing


def test_survivors_are_corrected_for_every_trial_failed_ones_too(trials):
    trials.loc[0, "sharpe"] = 0.3
    table = reports.survivors(trials, method="bonferroni")
    assert list(table.index) == list(trials.index)
    alone = haircut_sharpe([0.3], 500).iloc[0]
    assert table.loc[0, "p_corrected"] == pytest.approx(min(12 * alone["p_value"], 1))
    assert table.loc[0, "survives"]
    assert 0 < table.loc[0, "haircut_annual"] < table.loc[0, "sharpe_annual"]
    assert not table.loc[4, "survives"]
    assert np.isnan(table.loc[4, "sharpe_annual"])
    trials.loc[0, "sharpe"] = -0.3
    assert not reports.survivors(trials).loc[0, "survives"]  # significant, and no use


def test_clusters_add_up(trials, groups):
    table = reports.cluster_table(trials, groups)
    assert table["n_trials"].sum() == 12
    assert table["n_distinct"].sum() == 10
    assert list(table["cluster"]) == [1, 2, 3, 4]
    assert table["n_trials"].is_monotonic_decreasing
    points = reports.cluster_points(trials, groups, most=2)
    assert set(points["cluster"]) == {"1", "2", "others"}
    assert len(points) == 11


def test_only_trials_that_know_the_same_bars_are_compared():
    generator = np.random.default_rng(1)
    stamps = pd.bdate_range("2020-01-01", periods=200)
    whole = {name: pd.Series(generator.normal(size=200), index=stamps) for name in ("anchor", "other")}
    late = pd.Series(generator.normal(size=120), index=stamps[80:])
    nearly = pd.Series(generator.normal(size=190), index=stamps[10:])
    flat = pd.Series(0.0, index=stamps)
    table = reports.comparable({"late": late, **whole, "nearly": nearly, "flat": flat}, "anchor")
    assert list(table.columns) == ["anchor", "other", "nearly"]
    assert table.index.equals(stamps[10:])
    pd.testing.assert_series_equal(table["other"], whole["other"].iloc[10:], check_names=False, check_freq=False)


@pytest.mark.parametrize("n_configurations", [4, 80])
def test_the_histogram_counts_every_division_and_its_left_part_is_pbo(n_configurations):
    returns = np.random.default_rng(2).normal(size=(300, n_configurations))
    result = probability_of_backtest_overfitting(returns, 10)
    table = reports.logit_histogram(result)
    assert table["count"].sum() == len(result.logits)
    assert table.loc[table["below"], "count"].sum() / table["count"].sum() == pytest.approx(result.pbo)
    assert (table["left"].to_numpy()[1:] == table["right"].to_numpy()[:-1]).all()


def test_the_line_of_degradation_goes_through_the_middle_of_the_points():
    returns = np.random.default_rng(3).normal(size=(300, 12))
    result = probability_of_backtest_overfitting(returns, 8)
    points, line = (make(result, 252.0) for make in (reports.degradation_points, reports.degradation_line))
    slope, intercept = np.polyfit(points["in_sample"], points["out_of_sample"], 1)
    assert line["out_of_sample"].to_numpy() == pytest.approx(intercept + slope * line["in_sample"].to_numpy())
