import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.regimes import expected_durations, label_regimes, transition_matrix
from finml_core.schemas import REGIMES


def test_the_label_is_the_likeliest_regime_with_its_probability():
    values = np.full((3, len(REGIMES)), 0.1)
    values[0, 3], values[1, 0], values[2] = 0.4, 0.4, np.nan
    labels = label_regimes(pd.DataFrame(values, columns=list(REGIMES)))
    assert list(labels["regime"][:2]) == ["RANGING", "BULL_TREND"]
    assert labels["regime"].isna().tolist() == [False, False, True]
    np.testing.assert_allclose(labels["confidence"], [0.4, 0.4, np.nan])


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="'CRISIS'"):
        label_regimes(pd.DataFrame(columns=list(REGIMES[:-1])))


def test_transitions_are_counted_within_symbols_and_known_bars():
    index = pd.MultiIndex.from_product([["A", "B"], range(4)], names=["symbol", "ts"])
    names = ["RANGING", "RANGING", "CRISIS", None, "CRISIS", "CRISIS", "RANGING", "RANGING"]
    matrix = transition_matrix(pd.Series(names, index=index, dtype="str"))
    np.testing.assert_allclose(matrix.loc["RANGING", ["RANGING", "CRISIS"]], [2 / 3, 1 / 3])
    np.testing.assert_allclose(matrix.loc["CRISIS", ["RANGING", "CRISIS"]], [1 / 2, 1 / 2])
    assert matrix.loc["BULL_TREND"].isna().all()


def test_durations_are_those_of_the_chain_that_was_drawn():
    generator = np.random.default_rng(0)
    stay = 0.9
    moves = generator.random(40_000) > stay
    names = np.array(["BULL_TREND", "BEAR_TREND"])[np.cumsum(moves) % 2]
    durations = expected_durations(transition_matrix(pd.Series(names)))
    assert durations["BULL_TREND"] == pytest.approx(10, rel=0.05)
    assert durations["BEAR_TREND"] == pytest.approx(10, rel=0.05)
    assert np.isnan(durations["CRISIS"])
    forever = expected_durations(transition_matrix(pd.Series(["CRISIS"] * 5)))
    assert forever["CRISIS"] == np.inf
