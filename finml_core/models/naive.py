"""The baseline that every model must beat."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from finml_core.typing import FloatArray


class NaiveClassifier(ClassifierMixin, BaseEstimator):
    """States the weighted share of each class among the training rows, whatever the row."""

    def fit(self, X, y, sample_weight=None) -> "NaiveClassifier":
        """Learn the shares; a weight of 2 counts as a row twice. Features are looked at for their names only."""
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.classes_, code = np.unique(y, return_inverse=True)
        total = np.bincount(code, weights=weight, minlength=len(self.classes_))
        self.class_share_ = total / total.sum()
        return self

    def predict_proba(self, X) -> FloatArray:
        """The same shares in every row, shape (n, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return np.tile(self.class_share_, (len(X), 1))

    def predict(self, X):
        """The most frequent class in every row."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.poor_score = True
        return tags
