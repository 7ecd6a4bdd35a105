"""Linear models."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from finml_core.checks import check_integer, check_positive
from finml_core.typing import FloatArray

TOLERANCE = 1e-6  # largest gradient at the solution


class LogisticClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression on features standardised by the training rows, both with the sample weights.

    The scaler is inside, so that a fold's scaler never sees another fold. A weight of 2 equals a row twice. With
    C = 0.01 and a thousand rows the penalty is mild; it is there for features that say the same.

    Solved by Newton's method, a handful of steps for some hundred features. It runs on one thread: on matrices this
    small, threads that wait for each other take twenty times as long as the sums they share.
    """

    def __init__(self, *, C: float = 0.01, max_iter: int = 1000):
        self.C = C
        self.max_iter = max_iter

    def fit(self, X, y, sample_weight=None) -> "LogisticClassifier":
        """Fit scaler and weights; features must be complete."""
        check_positive("C", self.C)
        check_integer("max_iter", self.max_iter, 1)
        X, y = validate_data(self, X, y, dtype=np.float64)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.scaler_ = StandardScaler().fit(X, sample_weight=weight)
        self.logistic_ = LogisticRegression(C=self.C, max_iter=self.max_iter, solver="newton-cholesky", tol=TOLERANCE)
        with threadpool_limits(limits=1):
            self.logistic_.fit(self.scaler_.transform(X), y, sample_weight=weight)
        self.classes_ = self.logistic_.classes_
        self.coef_ = self.logistic_.coef_  # per deviation of a feature
        self.n_iter_ = self.logistic_.n_iter_
        return self

    def predict_proba(self, X) -> FloatArray:
        """Probability of each class, shape (n, n_classes)."""
        scaled = self._scaled(X)
        return self.logistic_.predict_proba(scaled)

    def predict(self, X):
        """The likeliest class of each row."""
        scaled = self._scaled(X)
        return self.logistic_.predict(scaled)

    def _scaled(self, X) -> FloatArray:
        check_is_fitted(self)
        return self.scaler_.transform(validate_data(self, X, reset=False, dtype=np.float64))
