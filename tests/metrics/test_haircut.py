import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import haircut_sharpe

YEAR = 252


# Harvey & Liu (2015): an annual Sharpe ratio of 0.75 over 20 years has p = 0.0008 alone; after 200 tests about 0.32 of
# it is left, a haircut of about 60 % (they multiply chances where Bonferroni adds them: 0.15 for 0.16)
def test_the_example_of_the_paper():
    row = haircut_sharpe([0.75 / np.sqrt(YEAR)], 20 * YEAR, method="bonferroni", n_tests=200).iloc[0]
    assert row["t_ratio"] == pytest.approx(3.354, abs=5e-4)
    assert row["p_value"] == pytest.approx(0.0008, abs=5e-5)
    assert row["p_corrected"] == pytest.approx(0.16, abs=0.005)
    assert row["haircut_sharpe"] * np.sqrt(YEAR) == pytest.approx(0.32, abs=0.01)
    assert row["haircut"] == pytest.approx(0.58, abs=0.02)


def test_p_values_are_those_of_students_t():
    sample = np.random.default_rng(0).normal(0.1, 1, 60)
    sharpe = sample.mean() / sample.std(ddof=1)
    row = haircut_sharpe([sharpe], 60).iloc[0]
    assert row["p_value"] == pytest.approx(stats.ttest_1samp(sample, 0).pvalue)
    assert row["haircut_sharpe"] == pytest.approx(sharpe)  # a single test needs no haircut
    assert row["haircut"] == pytest.approx(0, abs=1e-9)


@given(
    sharpes=st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=12),
    extra=st.integers(0, 50),
    method=st.sampled_from(["bonferroni", "holm", "bh", "by"]),
)
def test_a_haircut_only_takes_away_and_keeps_sign_and_order(sharpes, extra, method):
    table = haircut_sharpe(sharpes, 200, method=method, n_tests=len(sharpes) + extra)
    before, after = table["sharpe"].to_numpy(), table["haircut_sharpe"].to_numpy()
    assert (np.abs(after) <= np.abs(before) + 1e-9).all()
    assert (after * before >= 0).all()
    order = np.argsort(np.abs(before), kind="stable")
    assert (np.diff(np.abs(after)[order]) >= -1e-9).all()


def test_tests_without_a_sharpe_ratio_count():
    alone = haircut_sharpe(pd.Series({"a": 0.2, "b": 0.1}), 250)
    among = haircut_sharpe(pd.Series({"a": 0.2, "b": 0.1}), 250, n_tests=40)
    assert list(among.index) == ["a", "b"]
    assert (among["p_corrected"] > alone["p_corrected"]).all()
    assert among.loc["a", "p_corrected"] == pytest.approx(40 * among.loc["a", "p_value"])


@pytest.mark.parametrize("method", ["bonferroni", "holm", "bh", "by"])
def test_without_skill_a_survivor_is_rare_and_a_real_edge_survives(method):
    generator = np.random.default_rng(1)
    n_searches, n_trials, n_obs = 400, 20, 250
    sharpes = generator.normal(size=(n_searches, n_trials)) / np.sqrt(n_obs)
    rejected = [(haircut_sharpe(row, n_obs, method=method)["p_corrected"] <= 0.05).to_numpy() for row in sharpes]
    assert np.any(rejected, axis=1).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_searches)
    sharpes[:, 0] += 0.3  # 4.7 annual: a t-ratio of 4.7
    found = [(haircut_sharpe(row, n_obs, method=method)["p_corrected"] <= 0.05).iloc[0] for row in sharpes[:100]]
    assert np.mean(found) > 0.85


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(DataError, match="is missing; leave it out"):
        haircut_sharpe([0.1, np.nan], 100)
    with pytest.raises(DataError, match="n_obs is 1"):
        haircut_sharpe([0.1], 1)
    with pytest.raises(ConfigError, match="n_tests is 1, but there are 2"):
        haircut_sharpe([0.1, 0.2], 100, n_tests=1)
    with pytest.raises(ConfigError, match="choose one of"):
        haircut_sharpe([0.1], 100, method="half")
