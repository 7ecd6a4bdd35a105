import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.metrics import data_snooping_test, model_confidence_set

NOISE = np.random.default_rng(0).normal(0, 0.01, (400, 8))


def plain_reality_check(returns, n_bootstrap, seed):
    """White (2000) with single observations resampled: the definition in three lines."""
    generator = np.random.default_rng(seed)
    n, mean = len(returns), returns.mean(axis=0)
    draws = [(returns[generator.integers(0, n, n)].mean(axis=0) - mean).max() for _ in range(n_bootstrap)]
    return np.mean(np.array(draws) > mean.max())


@pytest.mark.parametrize("shift", [0.0, 0.0008])
def test_the_reality_check_is_the_definition_where_blocks_are_single_rows(shift):
    returns = NOISE + shift * (np.arange(8) == 3)
    ours = data_snooping_test(returns, block_size=1, n_bootstrap=2000).reality_check
    assert ours == pytest.approx(plain_reality_check(returns, 2000, 1), abs=0.04)


def test_without_skill_the_best_is_rarely_believed_and_an_edge_is_found():
    generator = np.random.default_rng(2)
    n_searches, alpha = 150, 0.1
    results = [data_snooping_test(generator.normal(size=(120, 6)), n_bootstrap=100) for _ in range(n_searches)]
    limit = alpha + 3 * np.sqrt(alpha * (1 - alpha) / n_searches)
    for test in ("reality_check", "spa"):
        assert np.mean([getattr(result, test) <= alpha for result in results]) <= limit, test
    edge = 0.35 * (np.arange(6) == 4)
    found = [data_snooping_test(generator.normal(size=(120, 6)) + edge, n_bootstrap=100) for _ in range(30)]
    assert np.mean([result.spa <= alpha for result in found]) > 0.85
    assert np.mean([result.best == 4 for result in found]) > 0.85


def test_the_three_versions_of_the_spa_are_ordered():
    hopeless = NOISE - 0.004 * (np.arange(8) > 3)
    result = data_snooping_test(hopeless, n_bootstrap=300)
    assert result.spa_lower <= result.spa <= result.spa_upper
    assert (result.n_obs, result.n_configurations) == (400, 8)


def test_beating_cash_is_not_beating_the_benchmark():
    returns = NOISE + 0.002
    assert data_snooping_test(returns, n_bootstrap=300).spa < 0.01
    assert data_snooping_test(returns, np.full(400, 0.002), n_bootstrap=300).spa > 0.1


def test_the_same_seed_gives_the_same_answer():
    assert data_snooping_test(NOISE, n_bootstrap=100, seed=4) == data_snooping_test(NOISE, n_bootstrap=100, seed=4)


def test_the_confidence_set_holds_the_best_and_drops_the_hopeless():
    names = list("abcdefgh")
    returns = pd.DataFrame(NOISE - NOISE.mean(axis=0) + 0.003 * (np.arange(8) < 2), columns=names)
    table = model_confidence_set(returns, n_bootstrap=300).set_index("configuration")
    assert list(table.index) == names
    assert set(table.index[table["included"]]) == {"a", "b"}
    assert table["p_value"].max() == 1
    assert ((table["p_value"] > 0.1) == table["included"]).all()


def test_the_truly_best_is_seldom_left_out():
    generator = np.random.default_rng(5)
    kept = []
    for _ in range(100):
        returns = generator.normal(size=(120, 4)) + np.array([0.1, 0.0, 0.0, 0.0])
        kept.append(model_confidence_set(returns, size=0.1, n_bootstrap=100)["included"].iloc[0])
    assert np.mean(kept) >= 0.9 - 3 * np.sqrt(0.09 / 100)


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(DataError, match="at least 20 observations"):
        data_snooping_test(NOISE[:10])
    with pytest.raises(DataError, match="missing or infinite"):
        data_snooping_test(np.where(NOISE > 0.03, np.nan, NOISE))
    with pytest.raises(DataError, match="5 returns for 400"):
        data_snooping_test(NOISE, np.zeros(5))
    with pytest.raises(DataError, match="configuration 1 does not vary"):
        data_snooping_test(NOISE * (np.arange(8) != 1))
    with pytest.raises(DataError, match="at least 2"):
        model_confidence_set(NOISE[:, :1])
    with pytest.raises(DataError, match="same series"):
        model_confidence_set(NOISE[:, [0, 1, 1]])
