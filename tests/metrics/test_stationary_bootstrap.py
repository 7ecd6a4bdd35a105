"""The bootstrap and the tests on it beside arch's on the very same resampled histories, and beside plain loops."""

import numpy as np
import pytest
from arch.bootstrap import MCS, SPA

from finml_core.metrics.data_snooping import chances, elimination_chances, model_confidence_set
from finml_core.metrics.stationary_bootstrap import resampled_means, stationary_indices, stationary_variance

REPS, BLOCK, SEED = 200, 7, 3


def returns(n_obs: int = 150, n_columns: int = 6, edge: float = 0.002) -> np.ndarray:
    generator = np.random.default_rng(n_columns)
    noise = generator.normal(0, 0.01, (n_obs + 1, n_columns))
    return noise[1:] + 0.4 * noise[:-1] + np.linspace(-2 * edge, edge, n_columns)


def test_p_values_are_those_of_arch_on_the_same_histories():
    ahead = returns()
    test = SPA(np.zeros(len(ahead)), -ahead, block_size=BLOCK, reps=REPS, seed=SEED)
    indices = np.array([test.bootstrap.index.copy() for _ in test.bootstrap.bootstrap(REPS)])
    test.reset()
    test.compute()
    variance = stationary_variance(ahead, BLOCK)
    np.testing.assert_allclose(variance, test._loss_diff_var, rtol=1e-9)
    ours = chances(ahead, resampled_means(ahead, indices), variance, is_studentized=False)
    assert ours == pytest.approx(tuple(test.pvalues[["lower", "consistent", "upper"]]), abs=1e-12)


def test_the_confidence_set_is_that_of_arch_on_the_same_histories():
    values = returns(edge=0.003)
    test = MCS(-values, size=0.1, block_size=BLOCK, reps=REPS, seed=SEED)
    test.compute()
    ours = elimination_chances(values.mean(axis=0), resampled_means(values, np.array(test._bootstrap_indices)))
    np.testing.assert_allclose(ours, test.pvalues["Pvalue"].reindex(range(6)), atol=1e-12)
    assert len(set(ours)) > 2


def test_the_studentized_statistic_is_hansens_written_out():
    ahead = returns(n_columns=4)
    n, reps = len(ahead), 60
    indices = stationary_indices(n, reps, BLOCK, SEED)
    variance = stationary_variance(ahead, BLOCK)
    means = resampled_means(ahead, indices)
    seen, limits = 0.0, {"lower": [], "consistent": [], "upper": []}
    for k in range(4):
        seen = max(seen, np.sqrt(n) * ahead[:, k].mean() / np.sqrt(variance[k]))
    for draw in indices:
        for name, drawn in limits.items():
            best = 0.0
            for k in range(4):
                mean = ahead[:, k].mean()
                threshold = -np.sqrt(variance[k] / n * 2 * np.log(np.log(n)))
                centre = {"lower": max(mean, 0), "consistent": mean if mean >= threshold else 0.0, "upper": mean}[name]
                best = max(best, np.sqrt(n) * (ahead[draw, k].mean() - centre) / np.sqrt(variance[k]))
            drawn.append(best > seen)
    expected = tuple(float(np.mean(drawn)) for drawn in limits.values())
    assert chances(ahead, means, variance, is_studentized=True) == pytest.approx(expected, abs=1e-12)


def test_a_noisy_configuration_does_not_hide_a_steady_edge():
    generator = np.random.default_rng(0)
    steady = 0.0006 + 0.002 * generator.normal(size=(400, 1))
    ahead = np.hstack([steady, 0.05 * generator.normal(size=(400, 8))])
    variance = stationary_variance(ahead, 20)
    means = resampled_means(ahead, stationary_indices(400, 500, 20, 0))
    plain, studentized = (chances(ahead, means, variance, is_studentized=scaled)[1] for scaled in (False, True))
    assert studentized < 0.01 < 0.2 < plain


def test_resampled_means_are_the_means_of_the_rows_drawn():
    values = returns(40, 3)
    indices = stationary_indices(40, 15, 4.0, 1)
    np.testing.assert_allclose(resampled_means(values, indices), [values[draw].mean(axis=0) for draw in indices])


def test_blocks_go_on_in_time_wrap_around_and_have_the_mean_length_asked():
    indices = stationary_indices(50, 4000, 5.0, 2)
    assert indices.min() == 0
    assert indices.max() == 49
    goes_on = indices[:, 1:] == (indices[:, :-1] + 1) % 50
    stays = 1 - 1 / 5.0 + 1 / 5.0 / 50  # a jump may hit the next row by chance
    assert goes_on.mean() == pytest.approx(stays, abs=3 * np.sqrt(stays * (1 - stays) / goes_on.size))
    counts = np.bincount(indices.reshape(-1), minlength=50) / indices.size
    np.testing.assert_allclose(counts, 1 / 50, atol=0.002)
    single = stationary_indices(50, 500, 1.0, 2)
    assert (single[:, 1:] == (single[:, :-1] + 1) % 50).mean() < 0.04
    np.testing.assert_array_equal(indices, stationary_indices(50, 4000, 5.0, 2))


@pytest.mark.parametrize("block", [1.0, 3.0, 12.0])
def test_the_variance_is_that_of_the_means_drawn(block):
    values = returns(120, 2)
    drawn = resampled_means(values, stationary_indices(120, 20_000, block, 5)).var(axis=0) * 120
    np.testing.assert_allclose(stationary_variance(values, block), drawn, rtol=0.05)


def test_no_foreign_library_is_loaded_for_it():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np; from finml_core.metrics import data_snooping_test, model_confidence_set;"
        "x = np.random.default_rng(0).normal(size=(60, 3)); data_snooping_test(x); model_confidence_set(x);"
        "print({'arch', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_hundred_configurations_are_sorted_out():
    values = np.random.default_rng(4).normal(size=(300, 100)) + 0.5 * (np.arange(100) < 3)
    table = model_confidence_set(values, n_bootstrap=100)
    assert table.loc[:2, "included"].all()
    assert table["included"].sum() < 12
