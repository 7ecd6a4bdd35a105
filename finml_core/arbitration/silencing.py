"""A strategy that keeps losing is not listened to until it has mended, and everyone is told why."""

import numpy as np

from finml_core.arbitration.config import ArbitratorConfig
from finml_core.typing import BoolArray, FloatArray, IntArray


def silence(
    scores: FloatArray, config: ArbitratorConfig, bars_below: IntArray | None = None, silenced: BoolArray | None = None
) -> tuple[BoolArray, IntArray]:
    """Who is silent at each bar, and for how many bars in a row each score has been below the threshold.

    A strategy falls silent once its score was below `silence_threshold` for `silence_patience` bars in a row, and
    speaks again at the first bar whose score is at least `silence_threshold` + `silence_hysteresis`. It is scored
    on while silent, by the returns that it would have had.

    Parameters
    ----------
    scores : array of shape (n_bars, n_strategies)
    bars_below, silenced : arrays of shape (n_strategies,), optional
        Where things stood before the first of these bars.

    Returns
    -------
    silenced, bars_below : arrays of shape (n_bars, n_strategies)
    """
    n_bars, n_strategies = scores.shape
    row = np.arange(n_bars)[:, None]
    is_below = scores < config.silence_threshold
    before = np.zeros(n_strategies, dtype=np.int64) if bars_below is None else bars_below
    last_above = np.maximum.accumulate(np.where(is_below, -1, row), axis=0)
    run = np.where(last_above >= 0, row - last_above, row + 1 + before)
    falls = run >= config.silence_patience
    returns = scores >= config.silence_threshold + config.silence_hysteresis
    last_event = np.maximum.accumulate(np.where(falls | returns, row, -1), axis=0)
    start = np.zeros(n_strategies, dtype=bool) if silenced is None else silenced
    is_silent = np.where(last_event >= 0, np.take_along_axis(falls, np.maximum(last_event, 0), axis=0), start)
    return is_silent, run


def silence_reason(score: float, bars_below: int, config: ArbitratorConfig) -> str:
    """Why a silent strategy is silent, and what would let it speak."""
    back = config.silence_threshold + config.silence_hysteresis
    if bars_below >= config.silence_patience:
        return (
            f"score {score:.2f}: below {config.silence_threshold:.2f} for {bars_below} bars; speaks again at {back:.2f}"
        )
    return f"score {score:.2f}: recovering, speaks again at {back:.2f}"


NO_SIGNAL = "no signal at this bar"
