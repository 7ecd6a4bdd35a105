"""Which of three exits comes first: profit, stop or time."""

import numpy as np
import pandas as pd

from finml_core.checks import check_integer, check_positive
from finml_core.schemas import adjusted, as_bars, key_index, segments
from finml_core.typing import FloatArray, IntArray


def triple_barrier(
    bars: pd.DataFrame,
    *,
    horizon: int = 10,
    take_profit: float = 2.0,
    stop_loss: float = 2.0,
    volatility_span: int = 100,
    side: pd.Series | None = None,
) -> pd.DataFrame:
    """The first of three barriers that the adjusted close touches after each bar.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame.
    horizon : int
        Bars until the vertical barrier.
    take_profit, stop_loss : float
        Widths of the horizontal barriers, in multiples of the volatility per bar known at the entry.
    volatility_span : int
        Bars; span of the exponentially weighted standard deviation of simple returns.
    side : Series on the sorted bars' (symbol, ts), optional
        1 long, -1 short: profit and stop are then those of a bet on this side. Missing where there is no bet.

    Returns
    -------
    DataFrame of the sorted bars' rows, indexed by (symbol, ts)
        `label_return` at the exit (what the side earned, where one is given), `label_end` (timestamp of the exit),
        `barrier`: 1 profit, -1 stop, 0 time, and `volatility` (fraction per bar). The outcome is missing in the last
        `horizon` rows of each symbol, even where a barrier was touched by then: keeping only these rows would choose
        them by their outcome. It is also missing where there is no volatility yet, no side, or a close on the way is
        missing.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, sections 3.2 to 3.6.
    """
    check_integer("horizon", horizon, 1)
    check_positive("take_profit", take_profit)
    check_positive("stop_loss", stop_loss)
    check_integer("volatility_span", volatility_span, 2)
    bars = as_bars(bars)
    close = adjusted(bars)["close"]
    volatility = bar_volatility(close, bars["symbol"], volatility_span).to_numpy()
    exit_row, barrier, label_return = _first_touch(
        close.to_numpy(),
        _last_rows(bars),
        horizon,
        upper=take_profit * volatility,
        lower=-stop_loss * volatility,
        side=np.ones(len(bars)) if side is None else side.reindex(key_index(bars)).to_numpy(dtype=float),
    )
    is_known = ~np.isnan(label_return)
    ends = bars["ts"].to_numpy()[np.where(is_known, exit_row, 0)]
    return pd.DataFrame(
        {
            "label_return": label_return,
            "label_end": np.where(is_known, ends, np.datetime64("NaT", "us")),
            "barrier": np.where(is_known, barrier, np.nan),
            "volatility": volatility,
        },
        index=key_index(bars),
    )


def bar_volatility(close: pd.Series, symbol: pd.Series, span: int) -> pd.Series:
    """Deviation of the simple returns up to each bar, exponentially weighted; missing before 20 of them, or `span`."""
    simple_return = close.groupby(symbol, sort=False).pct_change(fill_method=None)
    deviation = simple_return.groupby(symbol, sort=False).ewm(span=span, min_periods=min(span, 20)).std()
    return deviation.reset_index(level=0, drop=True).reindex(close.index)


def _last_rows(bars: pd.DataFrame) -> IntArray:
    """For each row, the last row of its symbol."""
    offsets = segments(bars)
    return np.repeat(offsets[1:] - 1, np.diff(offsets))


def _first_touch(
    close: FloatArray, last_row: IntArray, horizon: int, *, upper: FloatArray, lower: FloatArray, side: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Row, barrier and return of the first exit; one pass over all rows for each bar ahead."""
    n = len(close)
    row = np.arange(n)
    exit_row, barrier = np.minimum(row + horizon, last_row), np.zeros(n)
    is_open = (row + horizon <= last_row) & ~np.isnan(close * upper * side)
    outcome = np.full(n, np.nan)
    entered = np.flatnonzero(is_open)
    for ahead in range(1, horizon + 1):
        change = side[entered] * (close[entered + ahead] / close[entered] - 1)
        touched = np.where(change >= upper[entered], 1.0, np.where(change <= lower[entered], -1.0, 0.0))
        leaves = (touched != 0) | np.isnan(change) | (ahead == horizon)
        done = entered[leaves]
        exit_row[done], barrier[done], outcome[done] = done + ahead, touched[leaves], change[leaves]
        entered = entered[~leaves]
    return exit_row, barrier, outcome
