"""Worlds made out of others."""

import numpy as np
import pandas as pd

from finml_core.schemas import PRICES


def noise_twin(bars: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same bars with the timestamps' returns permuted, one permutation for all symbols.

    Cross-correlation stays and time structure goes.
    """
    wide = bars.pivot_table(index="ts", columns="symbol", values=[*PRICES, "volume"])
    previous = wide["close"].shift(1)
    order = np.random.default_rng(seed).permutation(np.arange(1, len(wide)))
    close = wide["close"].iloc[[0]].to_numpy() * np.exp(
        np.vstack([np.zeros(previous.shape[1]), np.cumsum(np.log(wide["close"] / previous).to_numpy()[order], axis=0)])
    )
    source = np.r_[0, order]
    parts = {"close": pd.DataFrame(close, index=wide.index, columns=previous.columns)}
    for price in ("open", "high", "low"):
        ratio = (wide[price] / wide["close"]).to_numpy()[source]
        parts[price] = pd.DataFrame(close * ratio, index=wide.index, columns=previous.columns)
    parts["volume"] = pd.DataFrame(wide["volume"].to_numpy()[source], index=wide.index, columns=previous.columns)
    tidy = pd.concat({name: part.stack() for name, part in parts.items()}, axis=1).reset_index()  # noqa: PD013
    tidy = tidy.sort_values(["symbol", "ts"], ignore_index=True)
    return tidy[["symbol", "ts", "open", "high", "low", "close", "volume"]]
