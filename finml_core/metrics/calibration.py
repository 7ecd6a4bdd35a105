"""Do events that are forecast at p happen in a share p of cases? Rows in which y or p is missing are left out.

Bins are (low, high], the first one closed. Equal width: cut at 1/n_bins, 2/n_bins, ...; equal mass: at quantiles of p.
"""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri

from finml_core.checks import check_between, check_choice, check_integer
from finml_core.metrics.pairs import paired_probability
from finml_core.numerics import divide, logit
from finml_core.typing import FloatArray, IntArray

Strategy = Literal["width", "mass"]


class BrierParts(NamedTuple):
    """brier = reliability - resolution + uncertainty + within_bin, exactly."""

    brier: float
    reliability: float  # mean squared gap of forecast and frequency over bins: 0 is calibrated
    resolution: float  # spread of the bins' frequencies: larger is better
    uncertainty: float  # base rate (1 - base rate): not the forecaster's
    within_bin: float  # what binning hides; 0 where each bin holds one forecast value


class _Bins(NamedTuple):
    number: IntArray  # of the bins that hold a row
    count: FloatArray
    predicted: FloatArray  # mean probability
    observed: FloatArray  # frequency of ones
    of_row: IntArray  # place in the other fields


def expected_calibration_error(y: ArrayLike, p: ArrayLike, n_bins: int = 10, strategy: Strategy = "width") -> float:
    """Gap of mean probability and frequency, averaged over bins by their rows (Naeini et al., 2015).

    In [0, 1]; missing if no rows.
    """
    bins = _binned(*paired_probability(y, p), n_bins, strategy)
    if bins.count.sum() == 0:
        return np.nan
    return float(np.average(np.abs(bins.predicted - bins.observed), weights=bins.count))


def maximum_calibration_error(y: ArrayLike, p: ArrayLike, n_bins: int = 10, strategy: Strategy = "width") -> float:
    """Largest gap of mean probability and frequency over the bins that hold a row; missing if no rows."""
    bins = _binned(*paired_probability(y, p), n_bins, strategy)
    return float(np.abs(bins.predicted - bins.observed).max()) if len(bins.count) else np.nan


def brier_decomposition(
    y: ArrayLike, p: ArrayLike, n_bins: int | None = 10, strategy: Strategy = "width"
) -> BrierParts:
    """The Brier score as reliability less resolution plus uncertainty.

    Parameters
    ----------
    y : 0 or 1
    p : probability
    n_bins : int or None
        None makes a bin of each distinct probability, and `within_bin` 0.

    Returns
    -------
    BrierParts
        Missing if no rows.

    References
    ----------
    Murphy (1973), Journal of Applied Meteorology 12; the part within bins: Stephenson, Coelho & Jolliffe (2008).
    """
    y, p = paired_probability(y, p)
    if len(y) == 0:
        return BrierParts(*[np.nan] * 5)
    bins = _grouped(y, p, np.unique(p, return_inverse=True)[1]) if n_bins is None else _binned(y, p, n_bins, strategy)
    share, rate = bins.count / len(y), y.mean()
    apart = p - bins.predicted[bins.of_row]
    return BrierParts(
        brier=float(((p - y) ** 2).mean()),
        reliability=float(share @ (bins.predicted - bins.observed) ** 2),
        resolution=float(share @ (bins.observed - rate) ** 2),
        uncertainty=float(rate * (1 - rate)),
        within_bin=float((apart**2).mean() - 2 * (apart * (y - bins.observed[bins.of_row])).mean()),
    )


def reliability_curve(
    y: ArrayLike, p: ArrayLike, n_bins: int = 10, strategy: Strategy = "width", confidence: float = 0.95
) -> pd.DataFrame:
    """Observed frequency against mean probability, one row a bin that holds a forecast.

    Returns
    -------
    DataFrame with columns
        bin (from 0), predicted, observed, count, lower, upper: Wilson's interval of the frequency, which takes rows as
        independent and is too narrow where labels overlap.
    """
    bins = _binned(*paired_probability(y, p), n_bins, strategy)
    lower, upper = wilson_interval(bins.observed * bins.count, bins.count, confidence)
    return pd.DataFrame(
        {
            "bin": bins.number,
            "predicted": bins.predicted,
            "observed": bins.observed,
            "count": bins.count.astype(np.int64),
            "lower": lower,
            "upper": upper,
        }
    )


def wilson_interval(successes: ArrayLike, count: ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Bounds of a probability from `successes` in `count` independent tries (Wilson, 1927); missing without tries."""
    check_between("confidence", confidence, 0, 1)
    successes, count = np.asarray(successes, dtype=float), np.asarray(count, dtype=float)
    z = ndtri(0.5 + confidence / 2)
    share = divide(successes, count)
    centre = divide(successes + z**2 / 2, count + z**2)
    half = z * np.sqrt(divide(share * (1 - share) * count + z**2 / 4, (count + z**2) ** 2))
    return np.where(count > 0, np.maximum(centre - half, 0), np.nan), np.where(
        count > 0, np.minimum(centre + half, 1), np.nan
    )


def calibration_slope_intercept(y: ArrayLike, p: ArrayLike, max_iter: int = 50) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of the outcome on logit(p) (Cox, 1958).

    Returns
    -------
    slope, intercept : float
        (1, 0) is calibrated; a slope below 1 means over-confident, an intercept above 0 too low. Both are missing where
        the regression has no finite solution: one class only, no spread of p, or classes that p separates.
    """
    check_integer("max_iter", max_iter, 1)
    y, p = paired_probability(y, p)
    x = logit(p)
    if len(y) == 0 or np.ptp(y) == 0 or np.ptp(x) == 0 or _separates(x, y):
        return np.nan, np.nan
    centre, scale = x.mean(), x.std()
    slope, level = _fit_logistic((x - centre) / scale, y, max_iter)
    return slope / scale, level - slope * centre / scale


def _binned(y: FloatArray, p: FloatArray, n_bins: int, strategy: Strategy) -> _Bins:
    check_integer("n_bins", n_bins, 1)
    check_choice("strategy", strategy, ("width", "mass"))
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    if strategy == "mass" and len(p):
        edges = np.quantile(p, edges)
    return _grouped(y, p, np.searchsorted(edges, p, side="left"))


def _grouped(y: FloatArray, p: FloatArray, bin_of_row: IntArray) -> _Bins:
    number, of_row = np.unique(bin_of_row, return_inverse=True)
    count = np.bincount(of_row, minlength=len(number)).astype(float)
    predicted = divide(np.bincount(of_row, p, minlength=len(number)), count)
    observed = divide(np.bincount(of_row, y, minlength=len(number)), count)
    return _Bins(number, count, predicted, observed, of_row)


def _separates(x: FloatArray, y: FloatArray) -> bool:
    ones, zeros = x[y == 1], x[y == 0]
    return ones.min() >= zeros.max() or ones.max() <= zeros.min()


def _fit_logistic(x: FloatArray, y: FloatArray, max_iter: int) -> tuple[float, float]:
    """Newton's method, its step halved while the likelihood would fall."""
    design = np.column_stack([x, np.ones(len(x))])
    beta, loss = np.zeros(2), np.log(2.0) * len(y)
    for _ in range(max_iter):
        p = expit(design @ beta)
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(hessian, design.T @ (y - p))
        new_loss = _negative_log_likelihood(design @ (beta + step), y)
        while new_loss > loss + 1e-9 and np.abs(step).max() > 1e-12:
            step = step / 2
            new_loss = _negative_log_likelihood(design @ (beta + step), y)
        beta, loss = beta + step, new_loss
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])


def _negative_log_likelihood(score: FloatArray, y: FloatArray) -> float:
    return float((np.logaddexp(0, score) - y * score).sum())
