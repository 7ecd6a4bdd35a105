"""The door through which outcomes and forecasts come in together."""

import numpy as np
from numpy.typing import ArrayLike

from finml_core.errors import DataError
from finml_core.typing import FloatArray


def paired(y: ArrayLike, forecast: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Both as flat arrays, without the rows in which either is missing.

    Raises
    ------
    DataError
        If their lengths differ.
    """
    y, forecast = np.asarray(y, dtype=float).ravel(), np.asarray(forecast, dtype=float).ravel()
    if len(y) != len(forecast):
        raise DataError(f"{len(y)} outcomes for {len(forecast)} forecasts; give one each.")
    known = ~(np.isnan(y) | np.isnan(forecast))
    return y[known], forecast[known]


def paired_probability(y: ArrayLike, p: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """As `paired`, for outcomes of 0 or 1 and probabilities.

    Raises
    ------
    DataError
        For an outcome other than 0 and 1, or a probability outside [0, 1].
    """
    y, p = paired(y, p)
    check_binary(y)
    if ((p < 0) | (p > 1)).any():
        worst = p[np.argmax(np.abs(p - 0.5))]
        raise DataError(f"a probability is {worst:g}, but must be between 0 and 1.")
    return y, p


def check_binary(y: FloatArray) -> None:
    """Raise DataError unless every outcome is 0 or 1."""
    odd = (y != 0) & (y != 1)
    if odd.any():
        raise DataError(f"an outcome is {y[odd][0]:g}, but must be 0 or 1.")
