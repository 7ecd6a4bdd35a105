"""The arithmetic of a decision, for one bar or for all of them at once."""

from dataclasses import dataclass

import numpy as np

from finml_core.arbitration.config import ArbitratorConfig
from finml_core.arbitration.weighting import fit_to_regime, softmax_weights
from finml_core.numerics import divide
from finml_core.typing import BoolArray, FloatArray, IntArray

SIGNALS = np.array(["SHORT", "NEUTRAL", "LONG"])  # by sign + 1


@dataclass(frozen=True, kw_only=True)
class Combined:
    """Decisions of shape (n_bars,), and the weights of shape (n_bars, n_strategies) behind them."""

    weight: FloatArray
    weighted_signal: FloatArray
    sign: IntArray
    consensus_ratio: FloatArray
    n_active: IntArray
    confidence: FloatArray


def combine(
    sign: FloatArray,
    confidence: FloatArray,
    score: FloatArray,
    multiplier: FloatArray,
    silenced: BoolArray,
    regime_confidence: FloatArray,
    config: ArbitratorConfig,
) -> Combined:
    """Weigh the opinions of each bar.

    Parameters
    ----------
    sign, confidence : arrays of shape (n_bars, n_strategies)
        Missing where a strategy says nothing.
    score, multiplier, silenced : arrays of shape (n_bars, n_strategies)
    regime_confidence : array of shape (n_bars,)
        0 where the regime is unknown.

    Returns
    -------
    Combined
        A bar at which nobody is active is flat, with a confidence of 0.
    """
    is_active = np.isfinite(sign) & np.isfinite(confidence) & ~silenced
    sign, confidence = np.where(is_active, sign, 0.0), np.where(is_active, confidence, 0.0)
    weight = softmax_weights(fit_to_regime(score, multiplier), is_active, config.temperature)
    weighted_signal = np.clip((weight * sign * confidence).sum(axis=1), -1.0, 1.0)
    agrees = is_active & (np.sign(sign) == np.sign(weighted_signal)[:, None])
    consensus = np.minimum((weight * agrees).sum(axis=1), 1.0)
    n_active = is_active.sum(axis=1)
    mean_confidence = divide(confidence.sum(axis=1), n_active, empty=0.0)
    stated = agreement_confidence(weighted_signal, mean_confidence, consensus, regime_confidence)
    is_neutral = np.abs(weighted_signal) < config.neutral_threshold
    return Combined(
        weight=weight,
        weighted_signal=weighted_signal,
        sign=np.where(is_neutral, 0, np.sign(weighted_signal)).astype(np.int64),
        consensus_ratio=consensus,
        n_active=n_active,
        confidence=np.where(n_active > 0, stated, 0.0),
    )


def agreement_confidence(
    weighted_signal: FloatArray, mean_confidence: FloatArray, consensus: FloatArray, regime_confidence: FloatArray
) -> FloatArray:
    """0.4 of the signal's size, 0.2 each of strategies' mean confidence, consensus and regime confidence; at most 1."""
    size = np.minimum(np.abs(weighted_signal), 1.0)
    return np.minimum(0.4 * size + 0.2 * mean_confidence + 0.2 * consensus + 0.2 * regime_confidence, 1.0)
