"""Sigmoid calibration."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.calibration.inputs import checked_pairs
from finml_core.calibration.newton import fit_logistic
from finml_core.checks import check_integer
from finml_core.numerics import expit, logit
from finml_core.typing import FloatArray


class SigmoidCalibrator(TransformerMixin, BaseEstimator):
    """Logistic map from raw to calibrated probability, both inside (0, 1) (Platt, 1999).

    Two parameters, so it needs few predictions; it keeps the order of the probabilities or, where past predictions
    say nothing, makes them all equal.
    """

    def __init__(self, *, max_iter: int = 100):
        self.max_iter = max_iter

    def fit(self, p: ArrayLike, y: ArrayLike) -> "SigmoidCalibrator":
        """Learn from raw probabilities and outcomes 0 or 1, none missing."""
        check_integer("max_iter", self.max_iter, 1)
        p, y = checked_pairs(p, y)
        self.slope_, self.intercept_ = fit_sigmoid(logit(p), y, max_iter=self.max_iter)
        return self

    def transform(self, p: ArrayLike) -> FloatArray:
        """Calibrated probabilities; missing where `p` is."""
        check_is_fitted(self)
        return expit(self.slope_ * logit(p) + self.intercept_)


def fit_sigmoid(score: ArrayLike, y: ArrayLike, *, max_iter: int = 100) -> tuple[float, float]:
    """Slope and intercept of expit(slope * score + intercept), by maximum likelihood on smoothed targets.

    Parameters
    ----------
    score : array of shape (n,)
        Any real numbers, such as log-odds.
    y : array of shape (n,)
        0 or 1. In place of them the targets are 1 / (n0 + 2) and (n1 + 1) / (n1 + 2), so that separable classes do
        not ask for certainty.

    Returns
    -------
    (slope, intercept)
        The slope is at least 0.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines, section 2.2.
    """
    score, y = np.asarray(score, dtype=float), np.asarray(y, dtype=float)
    n_ones = y.sum()
    n_zeros = len(y) - n_ones
    target = np.where(y == 1, (n_ones + 1) / (n_ones + 2), 1 / (n_zeros + 2))
    # the fit is the same for a shifted score, and better conditioned for a centred one
    centre = score.mean()
    slope, intercept = fit_logistic(np.column_stack([score - centre, np.ones_like(score)]), target, max_iter=max_iter)
    if slope < 0:
        # Platt lets the slope fall below 0. Here a calibrator must not turn a model's opinion into its opposite:
        # the best slope that is allowed is then 0.
        (intercept,) = fit_logistic(np.ones((len(y), 1)), target, max_iter=max_iter)
        return 0.0, float(intercept)
    return float(slope), float(intercept - slope * centre)
