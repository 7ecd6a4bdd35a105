"""Bars at which something happened: fewer rows that overlap less."""

from itertools import pairwise

import numpy as np
import pandas as pd

from finml_core.errors import ConfigError
from finml_core.labels.config import LabelConfig
from finml_core.labels.triple_barrier import bar_volatility
from finml_core.schemas import adjusted, as_bars, key_index, segments
from finml_core.typing import FloatArray


def sampled_bars(bars: pd.DataFrame, config: LabelConfig) -> pd.Series | None:
    """The bars that the configuration wants labelled, as booleans on (symbol, ts); None for all of them.

    A CUSUM event needs a move of `event_width` times the volatility per bar known at that bar: none comes before there
    are returns to measure it by, or where the price has stood still.
    """
    if config.sampling == "every_bar":
        return None
    bars = as_bars(bars)
    volatility = bar_volatility(adjusted(bars)["close"], bars["symbol"], config.volatility_span)
    threshold = (config.event_width * volatility.where(volatility > 0)).set_axis(key_index(bars))
    if threshold.isna().all():
        return pd.Series(False, index=threshold.index, name="event")
    return cusum_events(bars, threshold)


def cusum_events(bars: pd.DataFrame, threshold: float | pd.Series) -> pd.Series:
    """Bars at which the log price has moved by more than the threshold since the last event, up or down.

    Two sums of log returns run along each symbol, S+ never below and S- never above zero; where one passes the
    threshold there is an event and that sum starts again. Adjusted closes; a missing close adds nothing.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame.
    threshold : float or Series on the bars' (symbol, ts)
        As a log return, above 0; a Series may follow the volatility known at each bar, and is no event where missing.

    Returns
    -------
    Series of booleans on the sorted bars' (symbol, ts), named `event`

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 2.5.2.
    """
    bars = as_bars(bars)
    keys = key_index(bars)
    if isinstance(threshold, pd.Series):
        limit = threshold.reindex(keys).to_numpy(dtype=float)
    else:
        limit = np.full(len(bars), float(threshold))
    if np.isnan(limit).all() or (limit <= 0).any():
        raise ConfigError("threshold must be above 0, and known at some bar of the symbols.")
    log_close = pd.Series(np.log(adjusted(bars)["close"].to_numpy()))
    change = log_close.groupby(bars["symbol"].to_numpy()).ffill().groupby(bars["symbol"].to_numpy()).diff()
    is_event = np.zeros(len(bars), dtype=bool)
    for start, stop in pairwise(segments(bars)):
        is_event[start:stop] = _events(np.nan_to_num(change.to_numpy()[start:stop]), limit[start:stop])
    return pd.Series(is_event, index=keys, name="event")


def _events(change: FloatArray, limit: FloatArray) -> list[bool]:
    """One symbol, bar after bar: each sum depends on whether the bar before was an event."""
    up = down = 0.0
    found = []
    for step, height in zip(change.tolist(), limit.tolist()):
        up, down = max(0.0, up + step), min(0.0, down + step)
        falls, rises = down < -height, up > height
        if falls:
            down = 0.0
        elif rises:
            up = 0.0
        found.append(falls or rises)
    return found
