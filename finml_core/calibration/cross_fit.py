"""Calibration that never sees the future."""

import numpy as np
import pandas as pd

from finml_core.calibration.blocks import find_blocks
from finml_core.calibration.registry import make_calibrator
from finml_core.checks import check_columns, check_integer


def cross_fit_calibrate(predictions: pd.DataFrame, method: str = "sigmoid", *, min_samples: int = 200) -> pd.Series:
    """Calibrate each test block by a map learned from out-of-fold predictions whose outcome was known before it.

    Parameters
    ----------
    predictions : DataFrame
        `ts, label_end, fold, p_raw, y_true`; where there are several of `model` or `path`, each is calibrated apart.
        Rows without `p_raw` or `y_true` are not learned from.
    method : str
        A name in CALIBRATORS.
    min_samples : int
        Earlier predictions that a block needs.

    Returns
    -------
    Series `p_cal` on the index of `predictions`
        Missing where `p_raw` is, and in blocks with too few earlier predictions, or whose earlier outcomes are all
        the same. Cutting off later rows changes no earlier value.

    Raises
    ------
    ConfigError
        For an unknown method.
    DataError
        For a missing column, or a probability outside [0, 1].
    """
    check_integer("min_samples", min_samples, 1)
    calibrator = make_calibrator(method)
    check_columns(predictions, ("p_raw", "y_true"), what="the frame of predictions")
    p_raw, y_true = predictions["p_raw"].to_numpy(dtype=float), predictions["y_true"].to_numpy(dtype=float)
    p_cal = np.full(len(predictions), np.nan)
    for block in find_blocks(predictions, ~np.isnan(p_raw) & ~np.isnan(y_true)):
        known = block.known
        if len(known) >= min_samples and 0 < y_true[known].mean() < 1:
            p_cal[block.rows] = calibrator.fit(p_raw[known], y_true[known]).transform(p_raw[block.rows])
    return pd.Series(p_cal, index=predictions.index, name="p_cal")
