"""Where the symbols of sorted bars start, and when their rows are: most rows need not be looked at."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finml_core.schemas import segments
from finml_core.typing import IntArray

STEP = 512  # rows between those that are looked at first
CROWDED = 0.25  # share of the steps with a new symbol from which all rows are looked at
SHORT = 32  # bars a symbol below which times are better looked up all together


def symbol_offsets(bars: pd.DataFrame) -> IntArray:
    """`schemas.segments` of bars that are known to be sorted: symbol i owns rows offsets[i] .. offsets[i+1]-1.

    Two rows with the same symbol have no other one between them, so most rows need not be looked at. Where two that are
    a step apart differ, halving finds the change; more than one there means that symbols are short.
    """
    last = len(bars) - 1
    if last < STEP:
        return segments(bars)
    symbol = pa.chunked_array(bars["symbol"].array.__arrow_array__())
    symbol = symbol.chunk(0) if symbol.num_chunks == 1 else symbol.combine_chunks()  # taking from pieces is slow
    looked = np.append(np.arange(0, last, STEP), last)
    changed = _differs(symbol, looked[:-1], looked[1:])
    before, after = looked[:-1][changed], looked[1:][changed]
    if len(before) > CROWDED * len(looked):
        return segments(bars)
    start, end = before, after
    while (after - before > 1).any():
        middle = (before + after) // 2
        is_early = ~_differs(symbol, start, middle)
        before, after = np.where(is_early, middle, before), np.where(is_early, after, middle)
    if _differs(symbol, after, end).any():  # yet another symbol within the step
        return segments(bars)
    return np.r_[0, after, last + 1].astype(np.int64)


def stamps_of(bars: pd.DataFrame) -> IntArray:
    """Time of each bar in microseconds since 1970."""
    return bars["ts"].to_numpy().astype("datetime64[us]", copy=False).view(np.int64)


def calendar(stamps: IntArray, offsets: IntArray) -> tuple[IntArray, IntArray]:
    """Place of each row's time among the distinct times, and these in order.

    As `pd.factorize(stamps, sort=True)`, but quicker where the longest symbol has a bar whenever another one has.
    """
    lengths = np.diff(offsets)
    if len(stamps) < SHORT * len(lengths) or not len(lengths):
        return pd.factorize(stamps, sort=True)
    longest = int(np.argmax(lengths))
    distinct = stamps[offsets[longest] : offsets[longest + 1]]
    places = np.empty(len(stamps), dtype=np.int64)
    for start, stop in pairwise(offsets.tolist()):
        own = stamps[start:stop]
        first = int(np.searchsorted(distinct, own[0]))
        if np.array_equal(distinct[first : first + len(own)], own):
            places[start:stop] = np.arange(first, first + len(own))
            continue
        found = np.searchsorted(distinct, own)
        if not np.array_equal(distinct.take(found, mode="clip"), own):
            return pd.factorize(stamps, sort=True)
        places[start:stop] = found
    return places, distinct


def _differs(symbol: pa.Array, rows: IntArray, others: IntArray) -> np.ndarray:
    return pc.not_equal(symbol.take(rows), symbol.take(others)).to_numpy(zero_copy_only=False)
