"""Strategies that need no training, from adjusted closes of each symbol's own past."""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import erf

from finml_core.checks import check_at_least, check_integer
from finml_core.errors import ConfigError
from finml_core.numerics import divide
from finml_core.schemas import adjusted, as_bars, key_index, segments
from finml_core.typing import FloatArray


def moving_average_cross(bars: pd.DataFrame, fast: int = 20, slow: int = 100) -> pd.DataFrame:
    """Long while the fast average of the log price is above the slow one, short while it is below.

    Parameters
    ----------
    bars : DataFrame
        Long bars; adjusted inside.
    fast, slow : int
        Bars of the two averages.

    Returns
    -------
    DataFrame on (symbol, ts)
        `signal` (-1, 0, 1) and `confidence`: the share of random walks of the same volatility, without drift, whose
        averages lie less far apart. Both are missing in each symbol's first `slow` bars.

    Raises
    ------
    ConfigError
        Unless 1 <= fast < slow.
    """
    check_integer("fast", fast, 1)
    check_integer("slow", slow, 3)
    if fast >= slow:
        raise ConfigError(f"fast is {fast}, but must be below slow, which is {slow}.")
    return _by_symbol(bars, lambda log_close: _cross_symbol(log_close, fast, slow))


def momentum(bars: pd.DataFrame, window: int = 60) -> pd.DataFrame:
    """Long after a rise over the last `window` bars, short after a fall.

    Returns
    -------
    DataFrame on (symbol, ts)
        `signal` (-1, 0, 1) and `confidence`: the share of random walks of the same volatility, without drift, that
        moved less. Both are missing in each symbol's first `window` bars.
    """
    check_integer("window", window, 2)
    return _by_symbol(bars, lambda log_close: _momentum_symbol(log_close, window))


def zscore_reversion(bars: pd.DataFrame, window: int = 20, entry: float = 1.0) -> pd.DataFrame:
    """Against every departure of the log price from its mean by at least `entry` deviations of the window.

    Returns
    -------
    DataFrame on (symbol, ts)
        `signal` (-1, 0, 1) and `confidence`: the normal probability of a smaller departure, 0 where there is no
        opinion. Both are missing in each symbol's first `window` - 1 bars.
    """
    check_integer("window", window, 2)
    check_at_least("entry", entry, 0.0)
    return _by_symbol(bars, lambda log_close: _revert_symbol(log_close, window, entry))


def _by_symbol(bars: pd.DataFrame, rule) -> pd.DataFrame:
    bars = adjusted(as_bars(bars))
    log_close = np.log(bars["close"].to_numpy())
    table = np.full((len(bars), 2), np.nan)
    for start, stop in pairwise(segments(bars)):
        table[start:stop] = rule(log_close[start:stop])
    return pd.DataFrame(table, index=key_index(bars), columns=["signal", "confidence"])


def _cross_symbol(log_close: FloatArray, fast: int, slow: int) -> FloatArray:
    log_return = pd.Series(log_close).diff()
    gap = _rolling_mean(log_close, fast) - _rolling_mean(log_close, slow)
    # the gap is a weighted sum of the last slow - 1 returns; here are the weights, the latest first
    age = np.arange(slow - 1)
    weight = (slow - 1 - age) / slow - np.maximum(fast - 1 - age, 0) / fast
    deviation = log_return.rolling(slow).std(ddof=1).to_numpy() * np.linalg.norm(weight)
    return _opinion(divide(gap, deviation, empty=0.0))


def _momentum_symbol(log_close: FloatArray, window: int) -> FloatArray:
    log_return = pd.Series(log_close).diff()
    moved = pd.Series(log_close).diff(window).to_numpy()
    deviation = log_return.rolling(window).std(ddof=1).to_numpy() * np.sqrt(window)
    return _opinion(divide(moved, deviation, empty=0.0))


def _revert_symbol(log_close: FloatArray, window: int, entry: float) -> FloatArray:
    deviation = pd.Series(log_close).rolling(window).std(ddof=1).to_numpy()
    z_score = divide(log_close - _rolling_mean(log_close, window), deviation, empty=0.0)
    return _opinion(-np.where(np.abs(z_score) < entry, 0.0, z_score))


def _rolling_mean(values: FloatArray, window: int) -> FloatArray:
    return pd.Series(values).rolling(window).mean().to_numpy()


def _opinion(z_score: FloatArray) -> FloatArray:
    return np.column_stack([np.sign(z_score), erf(np.abs(z_score) / np.sqrt(2))])
