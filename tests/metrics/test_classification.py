import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from finml_core.errors import DataError
from finml_core.metrics import accuracy, auc, base_rate, brier_score, log_loss

GENERATOR = np.random.default_rng(0)
Y = GENERATOR.integers(0, 2, 300).astype(float)
P = np.round(GENERATOR.uniform(0.01, 0.99, 300), 2)  # with ties
WEIGHT = GENERATOR.uniform(0, 3, 300)
PAIRS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=30)


def test_scores_agree_with_scikit_learn():
    assert auc(Y, P) == pytest.approx(oracle.roc_auc_score(Y, P))
    assert auc(Y, P, WEIGHT) == pytest.approx(oracle.roc_auc_score(Y, P, sample_weight=WEIGHT))
    assert log_loss(Y, P) == pytest.approx(oracle.log_loss(Y, P))
    assert brier_score(Y, P) == pytest.approx(oracle.brier_score_loss(Y, P))
    assert accuracy(Y, P) == pytest.approx(oracle.accuracy_score(Y, P > 0.5))
    assert accuracy(Y, P, 0.7) == pytest.approx(oracle.accuracy_score(Y, P > 0.7))


def test_brier_score_of_the_reference():
    assert brier_score([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]) == pytest.approx(0.0375, abs=1e-15)


@given(pairs=PAIRS)
def test_auc_is_the_share_of_pairs_in_order(pairs):
    y, score = np.array(pairs).T
    ones, zeros = score[y == 1], score[y == 0]
    if len(ones) == 0 or len(zeros) == 0:
        assert np.isnan(auc(y, score))
        return
    expected = np.mean((ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros))
    assert auc(y, score) == pytest.approx(expected)
    assert auc(1 - y, score) == pytest.approx(1 - expected)
    assert auc(1 - y, -score) == pytest.approx(expected)


def test_a_weight_counts_rows():
    weight = GENERATOR.integers(0, 4, 300)
    assert auc(Y, P, weight) == pytest.approx(auc(np.repeat(Y, weight), np.repeat(P, weight)))


def test_rows_with_something_missing_are_left_out():
    y, p = np.r_[Y, np.nan, 1], np.r_[P, 0.5, np.nan]
    assert auc(y, p) == auc(Y, P)
    assert auc(y, p, np.r_[WEIGHT, 1, 1]) == pytest.approx(auc(Y, P, WEIGHT))
    assert log_loss(y, p) == log_loss(Y, P)
    assert base_rate(y) == np.mean(np.r_[Y, 1])


def test_certainty_that_fails_costs_much_but_is_finite():
    assert log_loss([1.0], [0.0]) == pytest.approx(-np.log(1e-12))
    assert log_loss([1.0, 0.0], [1.0, 0.0]) == pytest.approx(0, abs=1e-11)


def test_no_rows_have_no_score():
    for score in (auc, log_loss, brier_score, accuracy):
        assert np.isnan(score([], []))
    assert np.isnan(base_rate([np.nan]))


def test_what_is_no_outcome_or_probability_is_refused():
    with pytest.raises(DataError, match="an outcome is 2, but must be 0 or 1"):
        log_loss([0, 2], [0.5, 0.5])
    with pytest.raises(DataError, match="an outcome is -1"):
        auc([-1, 1], [0.1, 0.2])
    with pytest.raises(DataError, match=r"a probability is 1\.5"):
        brier_score([0, 1], [0.5, 1.5])
    with pytest.raises(DataError, match="2 outcomes for 3 forecasts"):
        accuracy([0, 1], [0.5, 0.5, 0.5])
    with pytest.raises(DataError, match="sample weight"):
        auc([0, 1], [0.5, 0.6], [1, -1])
    with pytest.raises(DataError, match="sample weight"):
        auc([0, 1], [0.5, 0.6], [1, np.nan])
