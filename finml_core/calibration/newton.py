"""Maximum likelihood of a logistic model with few parameters."""

import numpy as np
from scipy.special import expit

from finml_core.typing import FloatArray

RIDGE = 1e-8  # keeps the Hessian invertible where a column is constant or the classes are separable
SMALL_STEP = 1e-10


def fit_logistic(design: FloatArray, target: FloatArray, *, max_iter: int) -> FloatArray:
    """Coefficients that minimise the log loss of `target` in [0, 1] under expit(design @ coefficients).

    Newton's method with step halving, so that the loss falls in each iteration (Lin, Lin & Weng, 2007, Machine
    Learning 68, 267-276).
    """
    coefficients = np.zeros(design.shape[1])
    loss = _loss(design, target, coefficients)
    for _ in range(max_iter):
        p = expit(design @ coefficients)
        gradient = design.T @ (p - target) + RIDGE * coefficients
        curvature = (design * (p * (1 - p))[:, None]).T @ design + RIDGE * np.eye(len(coefficients))
        step = np.linalg.solve(curvature, gradient)
        scale = 1.0
        while (lower := _loss(design, target, coefficients - scale * step)) > loss and scale > SMALL_STEP:
            scale /= 2
        if lower > loss:
            break  # no step along this direction helps: the minimum is reached within rounding
        coefficients, loss = coefficients - scale * step, lower
        if np.abs(scale * step).max() < SMALL_STEP:
            break
    return coefficients


def _loss(design: FloatArray, target: FloatArray, coefficients: FloatArray) -> float:
    score = design @ coefficients
    # log(1 + e^s) - t s is the log loss of the probability expit(s), without overflow
    return float((np.logaddexp(0, score) - target * score).sum() + 0.5 * RIDGE * coefficients @ coefficients)
