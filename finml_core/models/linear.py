"""Linear models on standardised features, the scaler inside so that a fold's scaler never sees another fold.

They run on one thread: on matrices this small, threads that wait for each other take twenty times as long as the sums
they share.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from finml_core.checks import check_between, check_integer, check_positive
from finml_core.models.configs import ElasticNetConfig, RidgeConfig
from finml_core.models.sparse_logistic import fit_sparse_logistic
from finml_core.models.targets import balanced_weight, two_classes
from finml_core.numerics import expit
from finml_core.typing import FloatArray

TOLERANCE = 1e-6  # largest gradient at the solution


class _Standardised(BaseEstimator):
    """Features in deviations from their mean, both weighted as the training rows are."""

    def _fit_scaler(self, X: FloatArray, weight: FloatArray | None) -> FloatArray:
        self.scaler_ = StandardScaler().fit(X, sample_weight=weight)
        return self.scaler_.transform(X)

    def _scaled(self, X) -> FloatArray:
        check_is_fitted(self)
        return self.scaler_.transform(validate_data(self, X, reset=False, dtype=np.float64))


class LogisticClassifier(ClassifierMixin, _Standardised):
    """Logistic regression on features standardised by the training rows, both with the sample weights.

    A weight of 2 equals a row twice. With C = 0.01 and a thousand rows the penalty is mild; it is there for features
    that say the same. Solved by Newton's method, a handful of steps for some hundred features.
    """

    def __init__(self, *, C: float = 0.01, max_iter: int = 1000, balanced: bool = False):
        self.C = C
        self.max_iter = max_iter
        self.balanced = balanced

    def fit(self, X, y, sample_weight=None) -> "LogisticClassifier":
        """Fit scaler and weights; features must be complete."""
        check_positive("C", self.C)
        check_integer("max_iter", self.max_iter, 1)
        X, y = validate_data(self, X, y, dtype=np.float64)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if self.balanced:
            weight = np.ones(len(X)) if weight is None else weight
            weight = balanced_weight(np.unique(y, return_inverse=True)[1], weight)
        scaled = self._fit_scaler(X, weight)
        self.logistic_ = LogisticRegression(C=self.C, max_iter=self.max_iter, solver="newton-cholesky", tol=TOLERANCE)
        with threadpool_limits(limits=1):
            self.logistic_.fit(scaled, y, sample_weight=weight)
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


class RidgeRegressor(RegressorMixin, _Standardised):
    """Least squares with an L2 penalty (Hoerl & Kennard, 1970); a weight of 2 equals a row twice."""

    def __init__(self, *, alpha: float = RidgeConfig().alpha):
        self.alpha = alpha

    def fit(self, X, y, sample_weight=None) -> "RidgeRegressor":
        """Fit scaler and weights; features must be complete."""
        check_positive("alpha", self.alpha)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        scaled = self._fit_scaler(X, weight)
        with threadpool_limits(limits=1):
            self.ridge_ = Ridge(alpha=self.alpha, solver="cholesky").fit(scaled, y, sample_weight=weight)
        self.coef_ = self.ridge_.coef_  # per deviation of a feature
        return self

    def predict(self, X) -> FloatArray:
        """Expected outcome of each row, shape (n,)."""
        scaled = self._scaled(X)
        return self.ridge_.predict(scaled)


class ElasticNetClassifier(ClassifierMixin, _Standardised):
    """Logistic regression with an elastic-net penalty (Zou & Hastie, 2005), for two classes.

    A weight of 2 equals a row twice. `alpha` is on the mean loss over rows: its effect does not fade as rows come in.
    """

    def __init__(
        self,
        *,
        alpha: float = ElasticNetConfig().alpha,
        l1_ratio: float = ElasticNetConfig().l1_ratio,
        max_iter: int = ElasticNetConfig().max_iter,
        balanced: bool = False,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.max_iter = max_iter
        self.balanced = balanced

    def fit(self, X, y, sample_weight=None) -> "ElasticNetClassifier":
        """Fit scaler and weights; features must be complete."""
        ElasticNetConfig(**self.get_params())
        X, y = validate_data(self, X, y, dtype=np.float64)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.classes_, code = two_classes(y, weight)
        if self.balanced:
            weight = balanced_weight(code, weight)
        scaled = self._fit_scaler(X, weight)
        with threadpool_limits(limits=1):
            solution = fit_sparse_logistic(
                scaled, code, weight, alpha=self.alpha, l1_ratio=self.l1_ratio, max_iter=self.max_iter
            )
        self.coef_ = solution.coef[None, :]  # per deviation of a feature
        self.intercept_ = np.array([solution.intercept])
        self.n_iter_ = np.array([solution.n_iter])
        return self

    def decision_function(self, X) -> FloatArray:
        """Log-odds of the second class, shape (n,)."""
        scaled = self._scaled(X)
        return scaled @ self.coef_[0] + self.intercept_[0]

    def predict_proba(self, X) -> FloatArray:
        """Probability of the two classes, shape (n, 2)."""
        p = expit(self.decision_function(X))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        """The likelier class of each row."""
        chosen = (self.decision_function(X) > 0).astype(int)
        return self.classes_[chosen]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class ElasticNetRegressor(RegressorMixin, _Standardised):
    """Least squares with an elastic-net penalty; a weight of 2 equals a row twice.

    The outcome is standardised as well, so that one `alpha` means the same for returns of a day and of a month: a lone
    feature whose correlation with the outcome is below alpha x l1_ratio gets no weight.
    """

    def __init__(
        self,
        *,
        alpha: float = ElasticNetConfig().alpha,
        l1_ratio: float = ElasticNetConfig().l1_ratio,
        max_iter: int = ElasticNetConfig().max_iter,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.max_iter = max_iter

    def fit(self, X, y, sample_weight=None) -> "ElasticNetRegressor":
        """Fit scaler and weights; features must be complete."""
        check_positive("alpha", self.alpha)
        check_between("l1_ratio", self.l1_ratio, 0.0, 1.0)
        check_integer("max_iter", self.max_iter, 1)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        scaled = self._fit_scaler(X, weight)
        mean = np.average(y, weights=weight)
        scale = np.sqrt(np.average((y - mean) ** 2, weights=weight))
        scale = scale if scale > 0 else 1.0  # a constant outcome is met by the intercept
        net = ElasticNet(alpha=self.alpha, l1_ratio=self.l1_ratio, max_iter=self.max_iter, tol=TOLERANCE)
        with threadpool_limits(limits=1):
            net.fit(scaled, (y - mean) / scale, sample_weight=weight)
        self.coef_ = net.coef_ * scale  # per deviation of a feature
        self.intercept_ = float(net.intercept_ * scale + mean)
        self.n_iter_ = net.n_iter_
        return self

    def predict(self, X) -> FloatArray:
        """Expected outcome of each row, shape (n,)."""
        return self._scaled(X) @ self.coef_ + self.intercept_
