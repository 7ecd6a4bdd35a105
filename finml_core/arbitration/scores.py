"""How well each strategy did of late, shrunk towards knowing nothing."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from finml_core.numerics import divide
from finml_core.typing import FloatArray

SMALLEST_DEVIATION = 1e-12  # returns that vary less than this do not vary


class ScoreConfig(Protocol):
    """The settings of ArbitratorConfig that make a score."""

    @property
    def lookback_window(self) -> int: ...

    @property
    def performance_metric(self) -> str: ...

    @property
    def shrinkage(self) -> float: ...


def rolling_scores(returns: FloatArray, config: ScoreConfig, periods_per_year: float) -> FloatArray:
    """Score of each strategy at each bar from the returns of its last `lookback_window` bars, that bar included.

    Parameters
    ----------
    returns : array of shape (n_bars, n_strategies)
        Row t is known at the close of bar t; missing ones do not count.
    config : ArbitratorConfig
    periods_per_year : float
        Bars in a year.

    Returns
    -------
    array of shape (n_bars, n_strategies)
        See `window_scores`.
    """
    window = config.lookback_window
    padded = np.vstack([np.full((window - 1, returns.shape[1]), np.nan), returns])
    return window_scores(np.lib.stride_tricks.sliding_window_view(padded, window, axis=0), config, periods_per_year)


def window_scores(windows: FloatArray, config: ScoreConfig, periods_per_year: float) -> FloatArray:
    """Annual metric of the last axis times n / (n + shrinkage), n being the returns that are there.

    An annualised 63-day Sharpe ratio has a standard error of 2; shrunk, a softmax does not weigh noise. With fewer
    than two returns, or none that vary, the score is 0: to know nothing.
    """
    n = np.isfinite(windows).sum(axis=-1)
    annual = METRICS[config.performance_metric](windows, n, periods_per_year)
    return np.nan_to_num(annual, nan=0.0) * divide(n, n + config.shrinkage, empty=0.0)


def sharpe(windows: FloatArray, n: FloatArray, periods_per_year: float) -> FloatArray:
    """Annual ratio of mean to deviation (ddof 1)."""
    mean, deviation = _mean(windows, n), np.sqrt(_variance(windows, n))
    return _ratio(mean, deviation) * np.sqrt(periods_per_year)


def sortino(windows: FloatArray, n: FloatArray, periods_per_year: float) -> FloatArray:
    """Annual ratio of mean to the root mean square of the losses."""
    downside = np.sqrt(divide((np.minimum(np.nan_to_num(windows, nan=0.0), 0.0) ** 2).sum(axis=-1), n))
    varies = np.sqrt(_variance(windows, n)) > SMALLEST_DEVIATION
    return np.where(varies, _ratio(_mean(windows, n), downside), np.nan) * np.sqrt(periods_per_year)


def mean_return(windows: FloatArray, n: FloatArray, periods_per_year: float) -> FloatArray:
    """Annual mean return in units of 10 %, so that it is about as large as a Sharpe ratio."""
    return np.where(n >= 2, _mean(windows, n), np.nan) * periods_per_year / 0.1


METRICS: dict[str, Callable[[FloatArray, FloatArray, float], FloatArray]] = {
    "sharpe": sharpe,
    "sortino": sortino,
    "mean_return": mean_return,
}


def _mean(windows: FloatArray, n: FloatArray) -> FloatArray:
    return divide(np.nan_to_num(windows, nan=0.0).sum(axis=-1), n)


def _variance(windows: FloatArray, n: FloatArray) -> FloatArray:
    departures = np.nan_to_num(windows - _mean(windows, n)[..., None], nan=0.0)
    return divide((departures**2).sum(axis=-1), np.where(n >= 2, n - 1, 0))


def _ratio(mean: FloatArray, deviation: FloatArray) -> FloatArray:
    return divide(mean, np.where(deviation > SMALLEST_DEVIATION, deviation, 0.0))
