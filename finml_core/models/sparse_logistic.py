"""Logistic regression with an L1 part in its penalty, by accelerated proximal gradients."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from finml_core.numerics import expit
from finml_core.typing import FloatArray, IntArray

TOLERANCE = 1e-7  # largest change of a coefficient, relative to the largest coefficient


@dataclass(frozen=True, kw_only=True)
class SparseSolution:
    """Where the solver stopped."""

    coef: FloatArray  # (n_features,)
    intercept: float
    n_iter: int


def fit_sparse_logistic(
    X: FloatArray, target: IntArray, weight: FloatArray, *, alpha: float, l1_ratio: float, max_iter: int
) -> SparseSolution:
    """Minimise the weighted mean log loss plus alpha (l1_ratio |coef|_1 + (1 - l1_ratio) / 2 |coef|_2^2).

    The intercept is not penalised. Each step is as long as the curvature allows everywhere (a quarter of the largest
    eigenvalue of the design), so that no step size is searched; momentum starts anew whenever it points uphill.

    Parameters
    ----------
    X : array of shape (n, n_features)
        Standardised with `weight`, or the steps are small.
    target : array of shape (n,)
        0 or 1.
    weight : array of shape (n,)
        At least 0.
    alpha, l1_ratio, max_iter : float, float, int

    Returns
    -------
    SparseSolution
        With a ConvergenceWarning if `max_iter` came first.

    References
    ----------
    Beck & Teboulle (2009), SIAM Journal on Imaging Sciences 2(1), 183-202; the restart: O'Donoghue & Candès (2015),
    Foundations of Computational Mathematics 15, 715-732.
    """
    design = np.column_stack([X, np.ones(len(X))])
    share = weight / weight.sum()
    largest = np.linalg.eigvalsh((design * share[:, None]).T @ design)[-1]
    step = 1.0 / (0.25 * largest + alpha * (1 - l1_ratio))
    pull = np.r_[np.full(X.shape[1], alpha), 0.0]
    threshold, shrink = step * pull * l1_ratio, pull * (1 - l1_ratio)
    solution = ahead = np.zeros(design.shape[1])
    momentum, n_iter = 1.0, 0
    while n_iter < max_iter:
        n_iter += 1
        gradient = design.T @ (share * (expit(design @ ahead) - target)) + shrink * ahead
        moved = ahead - step * gradient
        previous, solution = solution, np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0.0)
        change = solution - previous
        if np.abs(change).max() <= TOLERANCE * max(1.0, np.abs(solution).max()):
            break
        if (ahead - solution) @ change > 0:
            momentum = 1.0
        following = 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        ahead = solution + (momentum - 1) / following * change
        momentum = following
    else:
        warnings.warn(
            f"the elastic net has not settled after {max_iter} iterations; allow more or raise alpha.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return SparseSolution(coef=solution[:-1], intercept=float(solution[-1]), n_iter=n_iter)
