"""The baselines that every model must beat: they look at no feature."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from finml_core.checks import check_between
from finml_core.models.configs import AlwaysUpConfig
from finml_core.models.targets import two_classes
from finml_core.typing import FloatArray


class _FeatureBlind(BaseEstimator):
    """Features are looked at for their names and number only, and may be missing."""

    def _rows(self, X, **validation):
        return validate_data(self, X, ensure_all_finite="allow-nan", **validation)

    def _n_rows(self, X) -> int:
        return len(self._rows(X, reset=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class NaiveClassifier(ClassifierMixin, _FeatureBlind):
    """States the weighted share of each class among the training rows, whatever the row."""

    def fit(self, X, y, sample_weight=None) -> "NaiveClassifier":
        """Learn the shares; a weight of 2 counts as a row twice. Features are looked at for their names only."""
        X, y = self._rows(X, y=y)
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.classes_, code = np.unique(y, return_inverse=True)
        total = np.bincount(code, weights=weight, minlength=len(self.classes_))
        self.class_share_ = total / total.sum()
        return self

    def predict_proba(self, X) -> FloatArray:
        """The same shares in every row, shape (n, n_classes)."""
        check_is_fitted(self)
        return np.tile(self.class_share_, (self._n_rows(X), 1))

    def predict(self, X):
        """The most frequent class in every row."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class NaiveRegressor(RegressorMixin, _FeatureBlind):
    """States the weighted mean outcome of the training rows, whatever the row."""

    def fit(self, X, y, sample_weight=None) -> "NaiveRegressor":
        """Learn the mean; a weight of 2 counts as a row twice."""
        X, y = self._rows(X, y=y, y_numeric=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.mean_ = float(np.average(y, weights=weight))
        return self

    def predict(self, X) -> FloatArray:
        """The same number in every row, shape (n,)."""
        check_is_fitted(self)
        return np.full(self._n_rows(X), self.mean_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class AlwaysUpClassifier(ClassifierMixin, _FeatureBlind):
    """States the second class with the same confidence in every row: who holds and never doubts."""

    def __init__(self, *, confidence: float = AlwaysUpConfig().confidence):
        self.confidence = confidence

    def fit(self, X, y, sample_weight=None) -> "AlwaysUpClassifier":
        """Learn the names of the two classes and nothing else."""
        check_between("confidence", self.confidence, 0.5, 0.9999)
        X, y = self._rows(X, y=y)
        self.classes_, _ = two_classes(y, _check_sample_weight(sample_weight, X, ensure_non_negative=True))
        return self

    def predict_proba(self, X) -> FloatArray:
        """The same two numbers in every row, shape (n, 2)."""
        check_is_fitted(self)
        return np.tile([1 - self.confidence, self.confidence], (self._n_rows(X), 1))

    def predict(self, X):
        """The second class in every row."""
        check_is_fitted(self)
        return np.repeat(self.classes_[1:], self._n_rows(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        tags.classifier_tags.multi_class = False
        return tags


class AlwaysUpRegressor(RegressorMixin, _FeatureBlind):
    """States a rise of the usual size in every row: the weighted mean of the outcomes' absolute values."""

    def fit(self, X, y, sample_weight=None) -> "AlwaysUpRegressor":
        """Learn the usual size."""
        X, y = self._rows(X, y=y, y_numeric=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.mean_size_ = float(np.average(np.abs(y), weights=weight))
        return self

    def predict(self, X) -> FloatArray:
        """The same number in every row, shape (n,)."""
        check_is_fitted(self)
        return np.full(self._n_rows(X), self.mean_size_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
