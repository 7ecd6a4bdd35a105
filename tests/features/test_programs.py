"""Expressions compute what numpy does, each shared part once, in as little memory as is needed at a time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from finml_core.features import FEATURES, rolling
from finml_core.features.expression import Expression, column, where
from finml_core.features.operations import CODES, WRITE
from finml_core.features.program import make_program
from finml_core.features.segment import Segment
from tests.features.evaluation import evaluate

VALUES = (0.0, -0.0, 1.0, -1.0, 2.5, -7.25, 1e-300, 5e-324, 1e300, np.inf, -np.inf, np.nan)
BY_VALUE = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "copysign": np.copysign,
    "greater": lambda x, y: (x > y) + 0.0,
    "greater_equal": lambda x, y: (x >= y) + 0.0,
    "less": lambda x, y: (x < y) + 0.0,
    "less_equal": lambda x, y: (x <= y) + 0.0,
    "equal": lambda x, y: np.equal(x, y) + 0.0,
    "log": lambda x, y: np.log(x),
    "sqrt": lambda x, y: np.sqrt(x),
    "absolute": lambda x, y: abs(x),
    "negative": lambda x, y: -x,
    "sign": lambda x, y: np.sign(x),
    "tanh": lambda x, y: np.tanh(x),
    "erf": lambda x, y: erf(x),
    "number on the left": lambda x, y: (3 - x) + (3 / y) + 3 * x + np.maximum(3, y),
    "number on the right": lambda x, y: (x - 3) + (y / 3) + x * 3 + np.minimum(y, 3),
}


@pytest.mark.parametrize("name", BY_VALUE)
def test_an_operation_value_by_value_is_that_of_numpy(name):
    x, y = (side.ravel() for side in np.meshgrid(VALUES, VALUES))
    with np.errstate(all="ignore"):
        expected = BY_VALUE[name](x, y)
    for rows in (slice(None), slice(0, 8), slice(3, 4)):  # in eights, and what is left
        np.testing.assert_array_max_ulp(evaluate(BY_VALUE[name], x[rows], y[rows]), expected[rows], maxulp=2)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.floats(width=64), min_size=1, max_size=30))
def test_a_logarithm_is_within_a_unit_in_the_last_place(values):
    x = np.array(values)
    with np.errstate(all="ignore"):
        np.testing.assert_array_max_ulp(evaluate(np.log, x), np.log(x), maxulp=1)


def test_choices_quotients_and_what_is_hidden():
    x, y = (side.ravel() for side in np.meshgrid(VALUES, VALUES))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(evaluate(lambda x, y: where(x > y, x, 2), x, y), np.where(x > y, x, 2))
        expected = np.where(y == 0, 0.5 + 0 * x, x / y)
        np.testing.assert_array_equal(evaluate(lambda x, y: rolling.ratio(x, y, empty=0.5), x, y), expected)
    hidden = x.copy()
    hidden[5:50] = np.nan
    np.testing.assert_array_equal(evaluate(lambda x: rolling.hide(x, 5, 50), x), hidden)


@pytest.mark.parametrize("n_lanes", [1, 3, 8, 19])
@pytest.mark.parametrize("n_bars", [0, 1, 7, 130, 3000, 5000])
def test_a_lag_reaches_back_over_tiles_and_not_into_other_lanes(n_bars, n_lanes):
    x = np.random.default_rng(0).normal(size=(4000, n_lanes))
    expected = pd.DataFrame(x * 2).shift(n_bars).to_numpy()
    np.testing.assert_array_equal(evaluate(lambda x: rolling.lag(x * 2, n_bars) * 1, x), expected)


def test_what_a_lag_reaches_back_to_is_not_written_over_within_its_group():
    x = np.random.default_rng(0).normal(size=(4000, 8))

    def rule(x):
        late = rolling.lag(x + 1, 1000) * 2
        return late, rolling.lag(late - x, 500) + rolling.lag(x * 3, 2000)

    late = 2 * pd.DataFrame(x + 1).shift(1000)
    other = (late - x).shift(500) + pd.DataFrame(x * 3).shift(2000)
    for computed, expected in zip(evaluate(rule, x), (late, other), strict=True):
        np.testing.assert_array_equal(computed, expected.to_numpy())


def test_equal_expressions_are_computed_once():
    def rule():
        x = column(0)
        return rolling.rolling_mean(x, 5) + rolling.rolling_sum(x, 5)

    once, twice = make_program([rule()]), make_program([rule(), rule()])
    assert len(twice.steps) == len(once.steps) + 1  # one more column is written
    assert (twice.steps[:, 0] == CODES["sum"]).sum() == 1


def test_places_are_used_again():
    x = column(0)
    for window in range(2, 60):
        x = rolling.rolling_mean(x, window) * 0.5 + 1
    assert make_program([x]).n_slots == 2
    everything = [feature for feature in FEATURES.values() if not feature.compares_symbols]
    program = make_program([feature.rule(Segment(is_adjusted=True), **feature.parameters) for feature in everything])
    assert (program.steps[:, 0] == WRITE).sum() == len(everything)
    assert program.n_slots < len(everything) / 2


@pytest.mark.parametrize("rule", [np.log, lambda x: rolling.lag(x, 1), lambda x: rolling.rolling_sum(x, 3)])
def test_an_operation_of_columns_refuses_a_number(rule):
    with pytest.raises(TypeError, match="is of columns, not of a number"):
        make_program([rule(Expression("number", numbers=(2,)))])


def test_no_lag_reads_ahead():
    for late in (rolling.lag(column(0), -1), Expression("lag", column(0), numbers=(-3,))):
        with pytest.raises(ValueError, match="a lag must be at least 0 bars, got -"):
            make_program([late])


def test_what_is_unknown_or_writes_in_place_is_refused():
    x = column(0)
    with pytest.raises(TypeError):
        np.cbrt(x)
    with pytest.raises(TypeError):
        np.add(x, 1, out=np.empty(3))
    with pytest.raises(TypeError):
        np.add.reduce(x)
