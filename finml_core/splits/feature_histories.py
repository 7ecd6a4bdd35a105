"""Other histories of the same bars: cut off, continued, started later."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.schemas import PRICES

N_APPENDED = 20
WILD = 3.0  # appended closes lie that many times above the highest and below the lowest there was, in turns
STARTS = (0.2, 0.45)  # shares of the timestamps that a later start leaves out


def cuts(ts: pd.Series, n_cuts: int) -> list[pd.Timestamp]:
    """The last timestamps of `n_cuts` shortened histories, and at last all but one."""
    stamps = np.sort(ts.unique())
    if len(stamps) < 3:
        raise DataError(f"a truncation test needs at least 3 timestamps, not {len(stamps)}.")
    places = np.unique(np.linspace(len(stamps) // 3, len(stamps) - 2, n_cuts).astype(int))
    return [pd.Timestamp(stamps[place]) for place in places]


def appended(bars: pd.DataFrame) -> pd.DataFrame:
    """The bars and, after the last timestamp, 20 more of each symbol with prices and volumes never seen before."""
    is_plain = isinstance(bars.index, pd.DatetimeIndex)
    long = bars.rename_axis("ts").reset_index().assign(symbol="") if is_plain else bars
    stamps = np.sort(long["ts"].unique())
    later = stamps[-1] + np.median(np.diff(stamps)) * np.arange(1, N_APPENDED + 1)
    last = long.sort_values("ts", kind="stable").groupby("symbol", sort=True).tail(1)
    extremes = long.groupby("symbol")["close"].agg(["max", "min"]).to_numpy(dtype=float) * [WILD, 1 / WILD]
    close = np.tile(extremes, N_APPENDED // 2) * np.linspace(1, 2, N_APPENDED)
    before = np.column_stack([last["close"].to_numpy(dtype=float), close[:, :-1]])
    prices = dict(zip(PRICES, (before, 1.2 * np.fmax(before, close), 0.8 * np.fmin(before, close), close), strict=True))
    rows = last.loc[last.index.repeat(N_APPENDED)].reset_index(drop=True)
    rows["ts"] = pd.Series(np.tile(later, len(last))).astype(long["ts"].dtype)
    scale = (close / last["close"].to_numpy(dtype=float)[:, None]).reshape(-1)
    for name in (name for name in rows.columns if name not in ("symbol", "ts")):
        if name in prices:
            rows[name] = prices[name].reshape(-1)
        elif pd.api.types.is_numeric_dtype(rows[name]):
            rows[name] = rows[name].astype(float) * (50.0 if name == "volume" else scale)
    whole = pd.concat([long, rows], ignore_index=True)
    if is_plain:
        return whole.set_index("ts").rename_axis(bars.index.name)[list(bars.columns)]
    return whole.sort_values(["symbol", "ts"], kind="stable", ignore_index=True)


def started(bars: pd.DataFrame, ts: pd.Series) -> Iterator[pd.DataFrame]:
    """The bars from a later timestamp on."""
    stamps = np.sort(ts.unique())
    for share in STARTS:
        part = bars.loc[(ts >= stamps[int(share * len(stamps))]).to_numpy()]
        yield part if isinstance(bars.index, pd.DatetimeIndex) else part.reset_index(drop=True)
