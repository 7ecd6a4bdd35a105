"""A leak audit of any feature function."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.errors import DataError
from finml_core.purging import row_times
from finml_core.schemas import KEY
from finml_core.typing import FloatArray

TOLERANCE = 1e-9  # relative above 1, absolute below


def audit_features(
    feature_fn: Callable[[pd.DataFrame], Any], bars: pd.DataFrame, *, n_cuts: int = 5, tolerance: float = TOLERANCE
) -> pd.DataFrame:
    """Compute features again on bars whose future is cut off: a feature that changes has looked ahead.

    Parameters
    ----------
    feature_fn : function from bars to features
        A frame or Series of one row a bar, on the bars' own index or on (symbol, ts), or an array in their order.
    bars : DataFrame
        Long bars, or one asset's plain frame with a DatetimeIndex; `feature_fn` receives the same shape.
    n_cuts : int
        Dates at which the future is cut off, spread over the later two thirds of the history and its last bars.
    tolerance : float
        Allowed difference, relative to the value where that is above 1 in size.

    Returns
    -------
    DataFrame with columns
        feature, passed, first_offence (earliest timestamp whose value changes, missing if none), max_difference
        (infinite where a value is missing on one side only). One row a feature.

    Raises
    ------
    DataError
        If the features cannot be matched with the bars, or there are fewer than 3 timestamps.
    """
    check_integer("n_cuts", n_cuts, 1)
    ts = pd.Series(bars["ts"].to_numpy() if "ts" in bars.columns else bars.index.to_numpy())
    whole = _keyed(feature_fn(bars.copy()), bars)
    worst = np.zeros(whole.shape[1])
    offence = np.full(whole.shape[1], np.datetime64("NaT"), dtype="datetime64[us]")
    for cut in _cuts(ts, n_cuts):
        part = bars.loc[(ts <= cut).to_numpy()]
        part = part if isinstance(bars.index, pd.DatetimeIndex) else part.reset_index(drop=True)
        early = _keyed(feature_fn(part.copy()), part)
        late = whole.reindex(index=early.index, columns=early.columns)
        difference = _difference(late.to_numpy(dtype=float), early.to_numpy(dtype=float))
        columns = whole.columns.get_indexer(early.columns)
        if (columns < 0).any():
            raise DataError(f"feature {early.columns[columns < 0][0]!r} exists only while the future is cut off.")
        worst[columns] = np.fmax(worst[columns], difference.max(axis=0, initial=0))
        stamps = row_times(early.index).view("datetime64[us]")
        first = [stamps[wrong].min() if wrong.any() else np.datetime64("NaT") for wrong in (difference > tolerance).T]
        offence[columns] = np.fmin(offence[columns], np.array(first, dtype="datetime64[us]"))
    return pd.DataFrame(
        {"feature": whole.columns, "passed": worst <= tolerance, "first_offence": offence, "max_difference": worst}
    )


def _cuts(ts: pd.Series, n_cuts: int) -> list[pd.Timestamp]:
    stamps = np.sort(ts.unique())
    if len(stamps) < 3:
        raise DataError(f"a truncation test needs at least 3 timestamps, not {len(stamps)}.")
    places = np.unique(np.linspace(len(stamps) // 3, len(stamps) - 2, n_cuts).astype(int))
    return [pd.Timestamp(stamps[place]) for place in places]


def _keyed(features: Any, bars: pd.DataFrame) -> pd.DataFrame:
    """Features as a frame on the bars' keys: (symbol, ts), or ts for a plain frame."""
    if not isinstance(features, pd.DataFrame | pd.Series):
        features = pd.DataFrame(np.asarray(features), index=bars.index)
    frame = features.to_frame() if isinstance(features, pd.Series) else features
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if set(KEY) <= set(frame.index.names):
        return frame.reorder_levels(list(KEY)) if list(frame.index.names) != list(KEY) else frame
    if not frame.index.isin(bars.index).all() or not bars.index.is_unique:
        raise DataError("the features' index is neither that of the bars nor (symbol, ts); return one row a bar.")
    if isinstance(bars.index, pd.DatetimeIndex):
        return frame.rename_axis("ts")
    return frame.set_axis(pd.MultiIndex.from_frame(bars.loc[frame.index, list(KEY)]), axis=0)


def _difference(late: FloatArray, early: FloatArray) -> FloatArray:
    """Size of the change, relative to values above 1; infinite where only one side is missing."""
    same = (late == early) | (np.isnan(late) & np.isnan(early))
    with np.errstate(invalid="ignore"):
        change = np.abs(late - early) / np.fmax(np.fmax(np.abs(late), np.abs(early)), 1.0)
    return np.where(same, 0.0, np.where(np.isnan(change), np.inf, change))
