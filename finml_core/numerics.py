"""Small numerics that several stages share, each safe at its edges."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, xlogy

from finml_core.typing import FloatArray

__all__ = ["binary_entropy", "divide", "expit", "logit", "softmax"]

SMALLEST = 1e-12  # probabilities are kept this far from 0 and 1 before a logarithm


def logit(p: ArrayLike) -> FloatArray:
    """Log-odds of a probability; 0 and 1 count as 1e-12 from the edge, missing stays missing."""
    p = np.clip(np.asarray(p, dtype=float), SMALLEST, 1 - SMALLEST)
    return np.log(p) - np.log1p(-p)


def softmax(score: ArrayLike, axis: int = -1) -> FloatArray:
    """Weights that are positive and sum to 1 along `axis`; adding a constant changes nothing."""
    score = np.asarray(score, dtype=float)
    weight = np.exp(score - score.max(axis=axis, keepdims=True))
    return weight / weight.sum(axis=axis, keepdims=True)


def divide(numerator: ArrayLike, denominator: ArrayLike, *, empty: float = np.nan) -> FloatArray:
    """Element-wise ratio; wherever the denominator is 0 the answer is `empty`."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    )
    out = np.full(numerator.shape, empty)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def binary_entropy(p: ArrayLike) -> FloatArray:
    """Entropy in nats of a coin that shows heads with probability `p`; 0 at the edges."""
    p = np.asarray(p, dtype=float)
    return -(xlogy(p, p) + xlogy(1 - p, 1 - p))
