"""One symbol's columns as contiguous arrays, with what several features share computed once."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import pairwise
from typing import Concatenate, ParamSpec

import numpy as np
import pandas as pd

from finml_core.schemas import OHLCV, PRICES, adjusted, segments
from finml_core.typing import FloatArray

P = ParamSpec("P")


class Segment:
    """One symbol's bars in time order: prices adjusted, `raw_close` and `volume` as supplied.

    Prices that are not above 0 and volumes below 0 count as missing, as infinite ones do.
    """

    def __init__(self, columns: dict[str, FloatArray]):
        self.open = columns["open"]
        self.high = columns["high"]
        self.low = columns["low"]
        self.close = columns["close"]
        self.volume = columns["volume"]
        self.raw_close = columns["raw_close"]
        self.raw_typical = columns["raw_typical"]
        self.kept: dict[tuple, FloatArray] = {}

    def __len__(self) -> int:
        return self.close.size


def shared(measure: Callable[Concatenate[Segment, P], FloatArray]) -> Callable[Concatenate[Segment, P], FloatArray]:
    """Keep what `measure` gives for a segment and its arguments; callers must not write into it."""

    @wraps(measure)
    def keep(segment: Segment, *args: P.args, **kwargs: P.kwargs) -> FloatArray:
        key = (measure, args, tuple(kwargs.values()))
        if key not in segment.kept:
            segment.kept[key] = measure(segment, *args, **kwargs)
        return segment.kept[key]

    return keep


def each_segment(bars: pd.DataFrame) -> Iterator[tuple[slice, Segment]]:
    """The rows and the segment of each symbol of sorted long bars."""
    columns = _columns(bars)
    for start, stop in pairwise(segments(bars).tolist()):
        rows = slice(start, stop)
        yield rows, Segment({name: values[rows] for name, values in columns.items()})


def _columns(bars: pd.DataFrame) -> dict[str, FloatArray]:
    prices = adjusted(bars)
    columns = {name: np.array(prices[name], dtype=np.float64) for name in OHLCV}
    columns["raw_close"] = np.array(bars["close"], dtype=np.float64)
    columns["raw_typical"] = np.array((bars["high"] + bars["low"] + bars["close"]) / 3, dtype=np.float64)
    for name in (*PRICES, "raw_close", "raw_typical"):
        values = columns[name]
        values[~((values > 0) & np.isfinite(values))] = np.nan
    volume = columns["volume"]
    volume[~((volume >= 0) & np.isfinite(volume))] = np.nan
    return columns
