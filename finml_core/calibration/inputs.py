"""The door of every calibrator."""

import numpy as np
from numpy.typing import ArrayLike

from finml_core.errors import DataError
from finml_core.typing import FloatArray


def checked_pairs(p: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Probabilities and outcomes to fit on, as float vectors of one length.

    Raises
    ------
    DataError
        For no rows, two lengths, a missing value, a probability outside [0, 1] or an outcome that is not 0 or 1.
    """
    p, y = np.asarray(p, dtype=float), np.asarray(y, dtype=float)
    if p.ndim != 1 or p.shape != y.shape:
        raise DataError(
            f"probabilities have shape {p.shape} and outcomes {y.shape}; both must be vectors of one length."
        )
    if not len(p):
        raise DataError("there are no predictions to calibrate on.")
    if np.isnan(p).any() or np.isnan(y).any():
        raise DataError("probabilities or outcomes are missing in some row; leave these rows out.")
    if ((p < 0) | (p > 1)).any():
        raise DataError(f"a probability is {p[(p < 0) | (p > 1)][0]}, but must be between 0 and 1.")
    if not np.isin(y, (0, 1)).all():
        raise DataError(f"an outcome is {y[~np.isin(y, (0, 1))][0]}, but must be 0 or 1.")
    return p, y
