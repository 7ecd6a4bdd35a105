"""Bars of any size, whole and broken, for the suites that every feature must pass."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finml_core.features import Feature
from finml_core.features.engineer import compute
from finml_core.features.frames import as_long
from finml_core.features.panel import Panel
from finml_core.schemas import OHLCV, PRICES, key_index

MONEY = (*PRICES, "bid", "ask")
INPUTS = (*OHLCV, "bid", "ask")


def compute_all(bars: pd.DataFrame, registry: Mapping[str, Feature]) -> pd.DataFrame:
    """Every feature, also those that an engineer would leave out of such bars."""
    long = as_long(bars)
    values = compute(list(registry.values()), Panel(long))
    return pd.DataFrame(values.T, index=key_index(long), columns=list(registry))


def quoted(bars: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """With bid and ask around each close."""
    half = np.random.default_rng(seed).uniform(1e-4, 2e-3, len(bars))
    return bars.assign(bid=bars["close"] * (1 - half), ask=bars["close"] * (1 + half))


def scaled(bars: pd.DataFrame, factor: float) -> pd.DataFrame:
    """All that is in units of price, times `factor`."""
    return bars.assign(**{price: bars[price] * factor for price in MONEY})


def place(frame: pd.DataFrame) -> np.ndarray:
    """Number of each row within its symbol."""
    return frame.groupby(level="symbol").cumcount().to_numpy()


def offences(early: pd.Series, whole: pd.Series, tolerance: float) -> pd.Series:
    """Rows of `early` that differ from `whole` by more than `tolerance` of 1 + the size of the value."""
    whole = whole.reindex(early.index)
    apart = (early - whole).abs() > tolerance * (1 + whole.abs())
    return early[apart | (early.isna() != whole.isna())]
