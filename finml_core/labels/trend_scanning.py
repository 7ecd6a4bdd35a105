"""The most significant straight line that the price follows from each bar on."""

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.errors import ConfigError
from finml_core.schemas import adjusted, as_bars, key_index, segments
from finml_core.typing import FloatArray, IntArray

FLAT = 1e-14  # of the squared price: less variation than this is rounding


def trend_scanning(bars: pd.DataFrame, *, horizon: int = 20, shortest_trend: int = 3) -> pd.DataFrame:
    """Slope of the line through the closes from each bar to that of `shortest_trend` .. `horizon` bars on.

    Of these lines the one with the largest |t| of its slope is taken.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame. Closes are adjusted.
    horizon, shortest_trend : int
        Bars ahead of the longest and of the shortest line; a line of h bars ahead has h + 1 closes.

    Returns
    -------
    DataFrame of the sorted bars' rows, indexed by (symbol, ts)
        `t_value` of the slope (0 for a price that does not move, infinite for a line without error), `trend_bars`
        (bars ahead of the line that was taken, the shortest of equals), `label_return` and `label_end` of the bar
        `horizon` bars on. Missing in the last `horizon` rows of each symbol and where a close on the way is missing.

    References
    ----------
    López de Prado (2020), Machine Learning for Asset Managers, section 5.4. There a label ends with the line that was
    taken; but which line wins is known only when the longest has been seen, so here it ends with that.
    """
    check_integer("horizon", horizon, 1)
    check_integer("shortest_trend", shortest_trend, 2)
    if shortest_trend > horizon:
        raise ConfigError(f"shortest_trend is {shortest_trend}, but must be at most horizon, which is {horizon}.")
    bars = as_bars(bars)
    close = adjusted(bars)["close"].to_numpy()
    row = np.arange(len(bars))
    offsets = segments(bars)
    entered = row[row + horizon < np.repeat(offsets[1:], np.diff(offsets))]
    t_value, trend_bars = _strongest(close, entered, horizon, shortest_trend)
    is_known = ~np.isnan(t_value)
    entered, t_value, trend_bars = entered[is_known], t_value[is_known], trend_bars[is_known]
    table = pd.DataFrame(
        {
            "t_value": t_value,
            "trend_bars": trend_bars.astype(float),
            "label_return": close[entered + horizon] / close[entered] - 1,
            "label_end": bars["ts"].to_numpy()[entered + horizon],
        },
        index=entered,
    )
    return table.reindex(row).set_axis(key_index(bars))


def _strongest(close: FloatArray, entered: IntArray, horizon: int, shortest_trend: int) -> tuple[FloatArray, IntArray]:
    """t of the strongest slope from each entered bar, and its bars ahead; NaN where a close is missing.

    Sums run over the changes since the entry, in units of its price, and grow by one bar a pass.
    """
    best, length = np.zeros(len(entered)), np.full(len(entered), shortest_trend)
    total, squares, cross = (np.zeros(len(entered)) for _ in range(3))
    for ahead in range(1, horizon + 1):
        change = close[entered + ahead] / close[entered] - 1
        total, squares, cross = total + change, squares + change**2, cross + ahead * change
        if ahead < shortest_trend:
            continue
        t_value = _slope_t(ahead + 1, total, squares, cross)
        stronger = np.abs(t_value) > np.abs(best)
        best, length = np.where(stronger, t_value, best), np.where(stronger, ahead, length)
    return np.where(np.isnan(total), np.nan, best), length


def _slope_t(n: int, total: FloatArray, squares: FloatArray, cross: FloatArray) -> FloatArray:
    """t of the least-squares slope on 0 .. n - 1, from the sums of y, y squared and x y."""
    x_squares = n * (n**2 - 1) / 12
    xy = cross - total * (n - 1) / 2
    y_squares = squares - total**2 / n
    slope = xy / x_squares
    errors = np.maximum(y_squares - slope * xy, 0.0)
    errors[errors < FLAT * n] = 0.0
    slope[y_squares < FLAT * n] = 0.0
    deviation = np.sqrt(errors / (n - 2) / x_squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(slope == 0, 0.0, slope / deviation)
