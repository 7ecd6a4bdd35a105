"""The noise twin: bars with the same cross-section and no history, on which nothing can be known beforehand."""

import numpy as np
import pandas as pd

from finml_core.schemas import PRICES, adjusted, as_bars
from finml_core.typing import IntArray


def noise_twin(bars: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The same bars with the timestamps' returns permuted, one permutation for all symbols.

    What all symbols did between two timestamps moves as one piece to another place: correlation across symbols, the
    distribution of returns and the bars' shapes stay, and every pattern in time goes. Timestamps change places only
    with those at which the same symbols have a return, so that each symbol keeps its first bar and its calendar.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame.
    seed : int
        Of the permutation.

    Returns
    -------
    DataFrame
        Sorted long bars on adjusted prices, of the same symbols and timestamps; `bid` and `ask` keep their ratio to the
        close.
    """
    bars = adjusted(as_bars(bars)).reset_index(drop=True)
    source = permuted_rows(bars["symbol"], bars["ts"], seed, is_fixed=~bars["symbol"].duplicated())
    close = bars["close"].to_numpy(dtype=float)
    is_first = ~bars["symbol"].duplicated().to_numpy()
    log_close = np.log(close)
    log_return = np.where(is_first, log_close, log_close - np.r_[0.0, log_close[:-1]])
    level = pd.Series(log_return[source]).groupby(bars["symbol"].to_numpy(), sort=False).cumsum()
    twin_close = np.exp(level.to_numpy())
    twin = bars.loc[:, ["symbol", "ts"]].copy()
    for price in (*(name for name in PRICES if name in bars), *(name for name in ("bid", "ask") if name in bars)):
        twin[price] = twin_close * (bars[price].to_numpy(dtype=float) / close)[source]
    twin["close"] = twin_close
    return twin.assign(volume=bars["volume"].to_numpy()[source])


def permuted_rows(symbol: pd.Series, ts: pd.Series, seed: int, *, is_fixed: pd.Series | None = None) -> IntArray:
    """For each row the row of the same symbol that takes its place, by one permutation of timestamps for all symbols.

    Only timestamps at which the same symbols have rows change places; rows that are `is_fixed` stay, and count as no
    rows of their timestamp.
    """
    moves = np.ones(len(ts), dtype=bool) if is_fixed is None else ~np.asarray(is_fixed, dtype=bool)
    stamps, stamp = np.unique(ts.to_numpy(), return_inverse=True)
    names, name = np.unique(symbol.to_numpy().astype(str), return_inverse=True)
    row = np.full((len(stamps), len(names)), -1, dtype=np.int64)
    row[stamp[moves], name[moves]] = np.flatnonzero(moves)
    generator = np.random.default_rng(seed)
    taken = np.arange(len(stamps))
    _, pattern = np.unique(row >= 0, axis=0, return_inverse=True)
    for kind in range(pattern.max() + 1):
        same = np.flatnonzero(pattern == kind)
        taken[same] = generator.permutation(same)
    source = np.arange(len(ts))
    source[moves] = row[taken[stamp[moves]], name[moves]]
    return source
