"""Long bars and target weights as matrices of time by symbol, which is how an account sees them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.schemas import adjusted, as_bars, key_index
from finml_core.typing import BoolArray, FloatArray, IntArray

VOLATILITY_WINDOW = 21  # bars of past returns behind the impact of a trade
MIN_VOLATILITY_BARS = 5


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Bars on the grid of all timestamps; arrays have shape (n_ts, n_symbols)."""

    ts: pd.DatetimeIndex
    symbols: list[str]
    has_bar: BoolArray
    open: FloatArray  # adjusted; where there is no bar the last close, before the first bar 1
    close: FloatArray  # adjusted; filled like `open`
    dollar_volume: FloatArray  # raw price x raw volume; missing where unknown
    volatility: FloatArray  # deviation of log returns up to the bar before; missing in the warm-up
    decided: FloatArray  # target weight decided at this close; 0 where none is given
    ordered: FloatArray  # target weight decided at the symbol's bar before, to be filled at this open
    ordered_row: IntArray  # row of that decision, -1 before the first
    first_decision: int  # first row with a finite target weight, 0 where there is none


def make_panel(bars: pd.DataFrame, target_weight: pd.Series) -> Panel:
    """Lay bars and weights out on one grid.

    Raises
    ------
    DataError
        For a missing or non-positive price, or weights that name bars which do not exist.
    """
    bars = as_bars(bars)
    _check_prices(bars)
    weight = _aligned_weight(target_weight, bars)
    prices = adjusted(bars)
    ts, row = np.unique(bars["ts"].to_numpy(), return_inverse=True)
    column, symbols = pd.factorize(bars["symbol"])
    shape = (len(ts), len(symbols))

    def grid(values: np.ndarray, empty: float = np.nan) -> FloatArray:
        matrix = np.full(shape, empty)
        matrix[row, column] = values
        return matrix

    is_first = np.r_[True, column[1:] != column[:-1]] if len(column) else np.zeros(0, dtype=bool)
    decided = np.where(np.isfinite(weight), weight, 0.0)
    close = _last_known(grid(prices["close"].to_numpy()))
    has_bar = np.zeros(shape, dtype=bool)
    has_bar[row, column] = True
    finite = row[np.isfinite(weight)]
    return Panel(
        ts=pd.DatetimeIndex(ts, name="ts"),
        symbols=[str(symbol) for symbol in symbols],
        has_bar=has_bar,
        open=np.where(has_bar, grid(prices["open"].to_numpy()), close),
        close=close,
        dollar_volume=grid((bars["close"] * bars["volume"]).to_numpy()),
        volatility=grid(_past_volatility(prices)),
        decided=grid(decided, empty=0.0),
        ordered=grid(_before(decided, is_first, 0.0), empty=0.0),
        ordered_row=grid(_before(row.astype(float), is_first, -1.0), empty=-1.0).astype(np.int64),
        first_decision=int(finite.min()) if len(finite) else 0,
    )


def _check_prices(bars: pd.DataFrame) -> None:
    columns = [name for name in ("open", "close", "adj_close") if name in bars.columns]
    values = bars[columns].to_numpy()
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{columns[column]} of {bars['symbol'].iloc[row]} at {bars['ts'].iloc[row]} is {values[row, column]}; "
            "an account needs prices above 0. Leave such bars out."
        )


def _aligned_weight(target_weight: pd.Series, bars: pd.DataFrame) -> FloatArray:
    keys = key_index(bars)
    if target_weight.index.equals(keys):
        return target_weight.to_numpy(dtype=float)
    if not isinstance(target_weight.index, pd.MultiIndex):
        _check_one_symbol(bars)
        keys = pd.DatetimeIndex(bars["ts"], name="ts")
    if not target_weight.index.is_unique:
        raise DataError("target weights name a bar twice; give one weight a bar.")
    unknown = ~target_weight.index.isin(keys)
    if unknown.any():
        raise DataError(
            f"{int(unknown.sum())} target weights name no bar, the first {target_weight.index[unknown][0]}; "
            "index them by (symbol, ts) of the bars."
        )
    return target_weight.reindex(keys).to_numpy(dtype=float)


def _check_one_symbol(bars: pd.DataFrame) -> None:
    n_symbols = bars["symbol"].nunique()
    if n_symbols > 1:
        raise DataError(f"target weights have no level `symbol`, but there are {n_symbols} symbols; add it.")


def _past_volatility(prices: pd.DataFrame) -> np.ndarray:
    log_return = np.log(prices["close"]).groupby(prices["symbol"]).diff()
    rolling = log_return.groupby(prices["symbol"]).rolling(VOLATILITY_WINDOW, min_periods=MIN_VOLATILITY_BARS)
    volatility = rolling.std(ddof=1).reset_index(level=0, drop=True).sort_index()
    return volatility.groupby(prices["symbol"]).shift().to_numpy()


def _last_known(matrix: FloatArray) -> FloatArray:
    return np.ascontiguousarray(pd.DataFrame(matrix).ffill().fillna(1.0))


def _before(values: np.ndarray, is_first: BoolArray, empty: float) -> FloatArray:
    """Each row's value one bar earlier of the same symbol."""
    shifted = np.r_[empty, values[:-1]] if len(values) else values
    return np.where(is_first, empty, shifted)
