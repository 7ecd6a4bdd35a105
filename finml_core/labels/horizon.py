"""Outcomes a fixed number of bars ahead."""

import numpy as np
import pandas as pd

from finml_core.schemas import adjusted, segments


def horizon_outcome(bars: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return from each adjusted close to the one `horizon` bars of the same symbol later, and that bar's timestamp.

    Parameters
    ----------
    bars : DataFrame of shape (n_bars, ...)
        Long bars, sorted.
    horizon : int
        Bars.

    Returns
    -------
    DataFrame on the bars' index
        label_return, label_end; missing in the last `horizon` rows of each symbol and where a close is missing.
    """
    close, ts = adjusted(bars)["close"].to_numpy(), bars["ts"].to_numpy()
    row, offsets = np.arange(len(bars)), segments(bars)
    entered = row[row + horizon < np.repeat(offsets[1:], np.diff(offsets))]
    label_return, label_end = np.full(len(bars), np.nan), np.full(len(bars), np.datetime64("NaT"), dtype=ts.dtype)
    label_return[entered] = close[entered + horizon] / close[entered] - 1
    label_end[entered] = ts[entered + horizon]
    label_end[np.isnan(label_return)] = np.datetime64("NaT")
    return pd.DataFrame({"label_return": label_return, "label_end": label_end}, index=bars.index)


def quantile_class(
    label_return: pd.Series, symbol: pd.Series, *, horizon: int, n_quantiles: int, window: int
) -> pd.Series:
    """Which quantile each return falls into, 0 the lowest, among the symbol's returns that were known at its bar.

    The class limits at t are quantiles of the last `window` outcomes with label_end <= t, so they hold no future and
    later data does not move them. Missing until there are `window` such outcomes.
    """
    by_symbol = label_return.groupby(symbol, sort=False)
    known = by_symbol.shift(horizon).groupby(symbol, sort=False)
    is_above = np.zeros(len(label_return))
    has_limits = label_return.notna()
    for level in np.arange(1, n_quantiles) / n_quantiles:
        limit = known.rolling(window).quantile(level).reset_index(level=0, drop=True).reindex(label_return.index)
        is_above += (label_return > limit).to_numpy()
        has_limits &= limit.notna()
    return pd.Series(is_above, index=label_return.index).where(has_limits)
