"""From scores and the regime to weights."""

import numpy as np

from finml_core.typing import BoolArray, FloatArray


def fit_to_regime(score: FloatArray, multiplier: FloatArray) -> FloatArray:
    """Score after the regime's say: gains are multiplied, losses divided, so that a good fit never punishes."""
    return np.maximum(score, 0.0) * multiplier + np.minimum(score, 0.0) / multiplier


def softmax_weights(score: FloatArray, is_active: BoolArray, temperature: float) -> FloatArray:
    """Softmax of score / temperature over the active strategies of each row; 0 elsewhere.

    Parameters
    ----------
    score, is_active : arrays of shape (n_bars, n_strategies)

    Returns
    -------
    array of shape (n_bars, n_strategies)
        Rows sum to 1, or to 0 where nobody is active.
    """
    scaled = np.where(is_active, score / temperature, -np.inf)
    highest = scaled.max(axis=1, keepdims=True, initial=-np.inf)
    weight = np.exp(scaled - np.where(np.isfinite(highest), highest, 0.0))
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
