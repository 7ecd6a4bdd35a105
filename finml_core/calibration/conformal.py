"""Intervals that hold their promise on exchangeable data, whatever the forecast."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from finml_core.calibration.blocks import Block, find_blocks
from finml_core.checks import check_between, check_columns, check_integer
from finml_core.errors import DataError
from finml_core.numerics import logit
from finml_core.typing import FloatArray, IntArray

LINE_SHARE = 0.6  # of the earlier timestamps, for the line; its residuals are measured on the rest
MOST_LOG_ODDS = 6.0  # a probability beyond 0.9975 says no more about the size of a return


class SplitConformal(BaseEstimator):
    """A band of one width around point forecasts, from the absolute errors of forecasts that were not fitted on.

    On exchangeable data it holds the outcome with probability at least 1 - alpha. Errors of market returns are not
    exchangeable, so look at the coverage over time.
    """

    def __init__(self, alpha: float = 0.1):
        self.alpha = alpha

    def fit(self, y_pred: ArrayLike, y_true: ArrayLike) -> "SplitConformal":
        """Measure the errors; none may be missing."""
        y_pred, y_true = np.asarray(y_pred, dtype=float), np.asarray(y_true, dtype=float)
        if y_pred.ndim != 1 or y_pred.shape != y_true.shape:
            raise DataError(
                f"forecasts have shape {y_pred.shape} and outcomes {y_true.shape}; give vectors of one length."
            )
        self.radius_ = conformal_quantile(np.abs(y_true - y_pred), self.alpha)
        self.n_scores_ = len(y_true)
        return self

    def predict(self, y_pred: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds around forecasts; infinite where too few errors are known."""
        check_is_fitted(self)
        y_pred = np.asarray(y_pred, dtype=float)
        return y_pred - self.radius_, y_pred + self.radius_


def conformal_quantile(scores: ArrayLike, alpha: float) -> float:
    """The ceil((n + 1)(1 - alpha))-th smallest of n scores; infinite if that is more than n.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World; Lei et al. (2018), JASA 113, 1094-1111.
    """
    check_between("alpha", alpha, 1e-6, 1 - 1e-6)
    scores = np.asarray(scores, dtype=float)
    if np.isnan(scores).any():
        raise DataError(f"{int(np.isnan(scores).sum())} of {len(scores)} scores are missing; leave these rows out.")
    # rounding: (n + 1)(1 - alpha) may lie a last bit above a whole number that it should be
    rank = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return math.inf if rank > len(scores) else float(np.partition(scores, rank - 1)[rank - 1])


def cross_fit_intervals(
    predictions: pd.DataFrame, *, alpha: float = 0.1, min_samples: int = 200, probability: str = "p_raw"
) -> pd.DataFrame:
    """Intervals of `label_return` for each test block, from out-of-fold predictions whose outcome was known before.

    The earlier rows are divided in time: a least-squares line from log-odds to return is fitted on the first 60 % of
    their timestamps, leaving out rows whose outcome reaches into the rest; the errors on the rest give the width.

    Parameters
    ----------
    predictions : DataFrame
        `ts, label_end, fold, label_return` and the column named by `probability`; where there are several of `model`
        or `path`, each is treated apart.
    alpha : float
        Share of outcomes that may lie outside.
    min_samples : int
        Earlier predictions that a block needs.
    probability : str
        The probabilities that the line reads. Raw ones are known in more rows, and a line calibrates by itself.

    Returns
    -------
    DataFrame `lower, upper` on the index of `predictions`
        Fractions. Missing where the probability is, and in blocks with too few earlier predictions. Cutting off later
        rows changes no earlier value.
    """
    check_between("alpha", alpha, 1e-6, 1 - 1e-6)
    check_integer("min_samples", min_samples, 1)
    check_columns(predictions, ("label_return", probability), what="the frame of predictions")
    p = predictions[probability].to_numpy(dtype=float)
    outcome = predictions["label_return"].to_numpy(dtype=float)
    log_odds = np.clip(logit(p), -MOST_LOG_ODDS, MOST_LOG_ODDS)
    bounds = np.full((2, len(predictions)), np.nan)
    for block in find_blocks(predictions, ~np.isnan(p) & ~np.isnan(outcome)):
        first, rest = _divide(predictions, block)
        if len(block.known) >= min_samples and len(first):
            slope, level = _fit_line(log_odds[first], outcome[first])
            band = SplitConformal(alpha).fit(slope * log_odds[rest] + level, outcome[rest])
            bounds[:, block.rows] = band.predict(slope * log_odds[block.rows] + level)
    return pd.DataFrame({"lower": bounds[0], "upper": bounds[1]}, index=predictions.index)


def _divide(predictions: pd.DataFrame, block: Block) -> tuple[IntArray, IntArray]:
    """The earlier rows for the line and, later and untouched by their outcomes, those for its errors."""
    ts = predictions["ts"].to_numpy()[block.known]
    stamps = np.unique(ts)
    if len(stamps) < 2:
        return block.known[:0], block.known[:0]
    border = stamps[max(1, int(LINE_SHARE * len(stamps)))]
    ended = predictions["label_end"].to_numpy()[block.known] < border
    return block.known[ended], block.known[ts >= border]


def _fit_line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and level of the least-squares line; a constant x has slope 0."""
    centred = x - x.mean()
    spread = centred @ centred
    slope = float(centred @ y / spread) if spread > 1e-12 * len(x) else 0.0
    return slope, float(y.mean() - slope * x.mean())
