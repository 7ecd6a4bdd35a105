"""Scores of point forecasts. Rows in which outcome or forecast is missing are left out; without rows: missing."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_choice
from finml_core.metrics.pairs import paired
from finml_core.metrics.returns import is_constant


def mae(y: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error, in the outcome's unit."""
    y, forecast = paired(y, forecast)
    return float(np.abs(y - forecast).mean()) if len(y) else np.nan


def rmse(y: ArrayLike, forecast: ArrayLike) -> float:
    """Root of the mean squared error, in the outcome's unit."""
    y, forecast = paired(y, forecast)
    return float(np.sqrt(((y - forecast) ** 2).mean())) if len(y) else np.nan


def directional_accuracy(y: ArrayLike, forecast: ArrayLike) -> float:
    """Share of forecasts with the outcome's sign, among the rows in which neither is 0."""
    y, forecast = paired(y, forecast)
    moves = (y != 0) & (forecast != 0)
    return float((np.sign(y[moves]) == np.sign(forecast[moves])).mean()) if moves.any() else np.nan


def information_coefficient(forecast: ArrayLike, y: ArrayLike, method: Literal["pearson", "rank"] = "pearson") -> float:
    """Correlation of forecast and outcome: Pearson's, or Spearman's with ties at their mean rank.

    Symmetric in both. Missing with fewer than 3 rows, and where either does not vary.
    """
    check_choice("method", method, ("pearson", "rank"))
    forecast, y = paired(forecast, y)
    if len(y) < 3 or is_constant(y) or is_constant(forecast):
        return np.nan
    if method == "rank":
        forecast, y = pd.Series(forecast).rank().to_numpy(), pd.Series(y).rank().to_numpy()
    forecast, y = forecast - forecast.mean(), y - y.mean()
    return float(np.clip(forecast @ y / (np.linalg.norm(forecast) * np.linalg.norm(y)), -1, 1))
