"""The end of the training time, held out to decide when to stop."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.purging import label_times, row_times
from finml_core.typing import BoolArray


def purged_tail(
    index: pd.Index, label_end: pd.Series | ArrayLike | None, share: float
) -> tuple[BoolArray, BoolArray] | None:
    """Divide training rows into those to learn from and a later tail to validate on.

    Parameters
    ----------
    index : index with a level `ts`, or a DatetimeIndex
        The training rows, in any order.
    label_end : Series or array of the same rows, optional
        Rows before the tail whose label ends in it or later are in neither part. Without it none can be purged.
    share : float
        Share of the distinct timestamps that the tail takes, at their end.

    Returns
    -------
    (is_train, is_tail) or None
        None if the share is 0 or either part would be empty.
    """
    ts = row_times(index)
    stamps = np.unique(ts)
    n_tail = round(share * len(stamps))
    if n_tail == 0:
        return None
    start = stamps[-n_tail]
    is_tail = ts >= start
    is_train = ~is_tail
    if label_end is not None:
        is_train &= label_times(label_end, index) < start
    return (is_train, is_tail) if is_train.any() else None
