"""One symbol's columns as contiguous arrays, with what several features share computed once."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import pairwise
from typing import Concatenate, ParamSpec

import numpy as np
import pandas as pd

from finml_core.schemas import PRICES, adjusted, segments
from finml_core.typing import FloatArray

P = ParamSpec("P")


class Segment:
    """One symbol's bars in time order: prices adjusted, `volume` and what is called raw as supplied.

    Prices that are not above 0 and volumes below 0 count as missing, as infinite ones do.
    """

    def __init__(self, columns: dict[str, FloatArray]):
        self.open = columns["open"]
        self.high = columns["high"]
        self.low = columns["low"]
        self.close = columns["close"]
        self.volume = columns["raw_volume"]
        self.raw_high = columns["raw_high"]
        self.raw_low = columns["raw_low"]
        self.raw_close = columns["raw_close"]
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
    raw = {name: _where_possible(bars[name]) for name in ("high", "low", "close", "volume")}
    if "adj_close" in bars.columns:
        prices = adjusted(bars)
        columns = {name: _where_possible(prices[name]) for name in PRICES}
    else:
        columns = {"open": _where_possible(bars["open"])} | raw
    return columns | {f"raw_{name}": values for name, values in raw.items()}


def _where_possible(column: pd.Series) -> FloatArray:
    """Own contiguous copy in which what no bar can have is missing."""
    values = np.array(column, dtype=np.float64)
    possible = values >= 0 if column.name == "volume" else values > 0
    possible &= values < np.inf
    if not possible.all():
        values[~possible] = np.nan
    return values
