"""Scores of probabilities for outcomes that are 0 or 1. Rows in which either is missing are left out."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy

from finml_core.checks import check_between
from finml_core.errors import DataError
from finml_core.metrics.pairs import check_binary, paired, paired_probability
from finml_core.numerics import SMALLEST


def auc(y: ArrayLike, score: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """Probability that a 1 is scored above a 0, ties counting half: the area under the ROC curve.

    Parameters
    ----------
    y : 0 or 1
    score : any real number
        Only its order matters.
    sample_weight : at least 0, optional

    Returns
    -------
    float in [0, 1]
        Missing if only one class is there.
    """
    y, score, weight = _weighted(y, score, sample_weight)
    check_binary(y)
    _, rank = np.unique(score, return_inverse=True)
    ones, zeros = np.bincount(rank, weight * y), np.bincount(rank, weight * (1 - y))
    if ones.sum() == 0 or zeros.sum() == 0:
        return np.nan
    beaten = np.cumsum(zeros) - zeros / 2
    return float(ones @ beaten / (ones.sum() * zeros.sum()))


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Mean negative log-likelihood in nats; probabilities count as at least 1e-12 from 0 and 1. Missing if no rows."""
    y, p = paired_probability(y, p)
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return _mean(-(xlogy(y, p) + xlogy(1 - y, 1 - p)))


def brier_score(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared difference of probability and outcome (Brier, 1950). Missing if no rows."""
    y, p = paired_probability(y, p)
    return _mean((p - y) ** 2)


def accuracy(y: ArrayLike, p: ArrayLike, threshold: float = 0.5) -> float:
    """Share of outcomes on the forecast side of `threshold`; a probability at it says 0. Missing if no rows."""
    check_between("threshold", threshold, 0, 1)
    y, p = paired_probability(y, p)
    return _mean((p > threshold) == (y == 1))


def base_rate(y: ArrayLike) -> float:
    """Share of ones among the known outcomes: the accuracy of always saying 1. Missing if none is known."""
    y, _ = paired(y, y)
    check_binary(y)
    return _mean(y)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _weighted(y: ArrayLike, score: ArrayLike, sample_weight: ArrayLike | None) -> tuple[np.ndarray, ...]:
    if sample_weight is None:
        y, score = paired(y, score)
        return y, score, np.ones(len(y))
    known, weight = paired(np.asarray(y, dtype=float) + np.asarray(score, dtype=float) * 0, sample_weight)
    y, score = paired(y, score)
    if len(known) != len(y) or (weight < 0).any():
        raise DataError("a sample weight is missing or below 0; give one of at least 0 a row.")
    return y, score, weight
