"""Isotonic calibration."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.calibration.inputs import checked_pairs
from finml_core.typing import FloatArray


class IsotonicCalibrator(TransformerMixin, BaseEstimator):
    """The best map from raw to calibrated probability that never falls (Zadrozny & Elkan, 2002).

    It takes any shape and so needs more predictions than a sigmoid, some thousands. It may answer 0 or 1 exactly at
    the ends, where the log loss of a single surprise is infinite.
    """

    def fit(self, p: ArrayLike, y: ArrayLike) -> "IsotonicCalibrator":
        """Learn from raw probabilities and outcomes 0 or 1, none missing."""
        from sklearn.isotonic import IsotonicRegression

        p, y = checked_pairs(p, y)
        self.regression_: Any = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(p, y)
        return self

    def transform(self, p: ArrayLike) -> FloatArray:
        """Calibrated probabilities; missing where `p` is, level beyond the range that was fitted on."""
        check_is_fitted(self)
        p = np.asarray(p, dtype=float)
        known = ~np.isnan(p)
        out = np.full(p.shape, np.nan)
        if known.any():
            out[known] = self.regression_.predict(p[known])
        return out
