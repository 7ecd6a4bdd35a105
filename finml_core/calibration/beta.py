"""Beta calibration."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.calibration.inputs import checked_pairs
from finml_core.calibration.newton import fit_logistic
from finml_core.checks import check_integer
from finml_core.numerics import SMALLEST, expit
from finml_core.typing import FloatArray


class BetaCalibrator(TransformerMixin, BaseEstimator):
    """Three-parameter map that holds the identity and bends each end by itself (Kull, Silva Filho & Flach, 2017)."""

    def __init__(self, *, max_iter: int = 100):
        self.max_iter = max_iter

    def fit(self, p: ArrayLike, y: ArrayLike) -> "BetaCalibrator":
        """Learn from raw probabilities and outcomes 0 or 1, none missing."""
        check_integer("max_iter", self.max_iter, 1)
        p, y = checked_pairs(p, y)
        self.a_, self.b_, self.c_ = fit_beta(p, y, max_iter=self.max_iter)
        return self

    def transform(self, p: ArrayLike) -> FloatArray:
        """Calibrated probabilities; missing where `p` is."""
        check_is_fitted(self)
        return beta_map(p, self.a_, self.b_, self.c_)


def beta_map(p: ArrayLike, a: float, b: float, c: float) -> FloatArray:
    """expit(a ln p - b ln(1 - p) + c); (1, 1, 0) is the identity. 0 and 1 count as 1e-12 from the edge."""
    log_p, log_q = _logs(p)
    return expit(a * log_p - b * log_q + c)


def fit_beta(p: ArrayLike, y: ArrayLike, *, max_iter: int = 100) -> tuple[float, float, float]:
    """The parameters (a, b, c) of `beta_map` by maximum likelihood, a and b at least 0 so that the map never falls.

    As in the paper, a parameter that comes out below 0 is set to 0 and the others are fitted again.

    References
    ----------
    Kull, Silva Filho & Flach (2017), Electronic Journal of Statistics 11(2), 5052-5080.
    """
    y = np.asarray(y, dtype=float)
    log_p, log_q = _logs(p)
    columns = {"a": log_p, "b": -log_q, "c": np.ones_like(log_p)}
    while True:
        design = np.column_stack(list(columns.values()))
        found = dict(zip(columns, fit_logistic(design, y, max_iter=max_iter)))
        negative = [name for name in ("a", "b") if found.get(name, 0.0) < 0]
        if not negative:
            return float(found.get("a", 0.0)), float(found.get("b", 0.0)), float(found["c"])
        del columns[min(negative, key=lambda name: found[name])]


def _logs(p: ArrayLike) -> tuple[FloatArray, FloatArray]:
    p = np.clip(np.asarray(p, dtype=float), SMALLEST, 1 - SMALLEST)
    return np.log(p), np.log1p(-p)
