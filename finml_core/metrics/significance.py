"""How far a Sharpe ratio may be luck: its own noise, and that of having looked at many.

Sharpe ratios are per observation, kurtosis is raw (3 for a normal distribution).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from finml_core.errors import ConfigError
from finml_core.metrics.returns import sharpe_standard_error
from finml_core.numerics import divide
from finml_core.typing import FloatArray


def probabilistic_sharpe_ratio(
    sharpe: ArrayLike, n_obs: ArrayLike, skew: ArrayLike, kurtosis: ArrayLike, benchmark_sharpe: ArrayLike = 0.0
) -> FloatArray:
    """Probability that the true Sharpe ratio is above `benchmark_sharpe`.

    Parameters
    ----------
    sharpe, benchmark_sharpe : per observation
    n_obs : number of observations
        Missing result below 2.
    skew, kurtosis : of the returns
        Kurtosis is raw.

    Returns
    -------
    float, or array by broadcasting

    Raises
    ------
    DataError
        For a kurtosis below 1.

    References
    ----------
    Bailey & López de Prado (2012), The Sharpe ratio efficient frontier, Journal of Risk 15(2).
    """
    error = sharpe_standard_error(sharpe, n_obs, skew, kurtosis)
    return ndtr(divide(np.asarray(sharpe, dtype=float) - benchmark_sharpe, error))[()]


def deflated_sharpe_ratio(
    sharpe: ArrayLike,
    n_obs: ArrayLike,
    skew: ArrayLike,
    kurtosis: ArrayLike,
    n_trials: float,
    trials_sharpe_variance: float,
) -> FloatArray:
    """Probability that the true Sharpe ratio is above what the best of `n_trials` would show without any skill.

    With one trial it is the probabilistic Sharpe ratio against 0. Above 0.95 is no 5 % test of the search: the best of
    100 independent trials of noise gets there about 0.15 % of the time.

    Parameters
    ----------
    sharpe, n_obs, skew, kurtosis : as in `probabilistic_sharpe_ratio`
    n_trials : float
        Independent trials, at least 1.
    trials_sharpe_variance : float
        Variance (not deviation) of the trials' Sharpe ratios, per observation.

    References
    ----------
    Bailey & López de Prado (2014), The deflated Sharpe ratio, Journal of Portfolio Management 40(5).
    """
    benchmark = expected_max_sharpe(n_trials, trials_sharpe_variance)
    return probabilistic_sharpe_ratio(sharpe, n_obs, skew, kurtosis, benchmark)


def expected_max_sharpe(n_trials: float, trials_sharpe_variance: float) -> float:
    """The best Sharpe ratio that `n_trials` independent trials without skill are expected to show.

    Parameters
    ----------
    n_trials : float
        At least 1; an effective number need not be whole. The variance is not looked at for one trial.
    trials_sharpe_variance : float
        Variance of the trials' Sharpe ratios.

    Returns
    -------
    float
        In units of the Sharpe ratio; 0 for one trial.

    References
    ----------
    False Strategy Theorem: Bailey & López de Prado (2014); López de Prado & Lewis (2019).
    """
    if not n_trials >= 1:
        raise ConfigError(f"n_trials is {n_trials}, but must be at least 1.")
    if n_trials == 1:
        return 0.0
    if trials_sharpe_variance < 0:
        raise ConfigError(f"trials_sharpe_variance is {trials_sharpe_variance}, but must be at least 0.")
    largest = (1 - np.euler_gamma) * ndtri(1 - 1 / n_trials) + np.euler_gamma * ndtri(1 - 1 / (n_trials * np.e))
    # the approximation falls below 0 just above one trial, where a maximum cannot
    return float(np.sqrt(trials_sharpe_variance) * max(largest, 0.0))


def min_track_record_length(
    sharpe: ArrayLike, benchmark_sharpe: ArrayLike, skew: ArrayLike, kurtosis: ArrayLike, confidence: float = 0.95
) -> FloatArray:
    """Observations needed to be `confidence` sure that the true Sharpe ratio is above the benchmark.

    Returns
    -------
    float, or array by broadcasting
        Infinite where `sharpe` is not above `benchmark_sharpe`: no length would do.

    References
    ----------
    Bailey & López de Prado (2012), Journal of Risk 15(2), equation 11.
    """
    if not 0.5 <= confidence < 1:
        raise ConfigError(f"confidence is {confidence}, but must be at least 0.5 and below 1.")
    one_period = sharpe_standard_error(sharpe, 2, skew, kurtosis)
    ahead = np.asarray(sharpe, dtype=float) - benchmark_sharpe
    with np.errstate(over="ignore"):  # an advantage of nearly nothing needs nearly forever
        length = 1 + (one_period * ndtri(confidence) * divide(1.0, ahead)) ** 2
    return np.where(ahead <= 0, np.inf, length)[()]


def min_backtest_length(n_trials: float, target_sharpe: float) -> float:
    """Years of data below which the best of `n_trials` without skill is expected to reach `target_sharpe` a year.

    Parameters
    ----------
    n_trials : float
        Independent trials, at least 1.
    target_sharpe : float
        Annual, above 0.

    Returns
    -------
    float
        Years; at most 2 ln(n_trials) / target_sharpe^2.

    References
    ----------
    Bailey, Borwein, López de Prado & Zhu (2014), Notices of the AMS 61(5), theorem 1.
    """
    if not target_sharpe > 0:
        raise ConfigError(f"target_sharpe is {target_sharpe}, but must be above 0.")
    return (expected_max_sharpe(n_trials, 1.0) / target_sharpe) ** 2
