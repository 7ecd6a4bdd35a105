"""Sorted long bars as columns, packed into blocks of symbols on which features are computed side by side."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from finml_core.features.segment import Segment
from finml_core.schemas import segments
from finml_core.typing import FloatArray, IntArray

LANES = 8  # symbols a block: the widest register, and few enough for columns to stay in the second cache


@dataclass(frozen=True)
class Block:
    """Symbols side by side: lane j holds the rows `starts[j] .. starts[j] + lengths[j] - 1` of the panel."""

    starts: IntArray
    lengths: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of the longest lane, and lanes."""
        return int(self.lengths.max()), len(self.starts)

    def lanes(self, column: FloatArray) -> FloatArray:
        """A column of the panel as a new array (n_rows, n_lanes), missing where a lane has ended."""
        from finml_core.features.transpose import to_lanes

        read_only = np.ascontiguousarray(column).view()
        read_only.flags.writeable = False  # one compiled signature, whoever owns the column
        return to_lanes(read_only, self.starts, self.lengths)

    def write(self, lanes: FloatArray, column: FloatArray) -> None:
        """Put lanes back into the rows of their symbols in a column of the panel."""
        from finml_core.features.transpose import to_column

        to_column(np.ascontiguousarray(lanes), self.starts, self.lengths, column)


class Panel:
    """Sorted long bars of many symbols, for features that read one symbol and for those that compare symbols.

    A rule that compares symbols takes the panel and gives one value a bar, shape (n_bars,), in the order of the bars.
    """

    def __init__(self, bars: pd.DataFrame):
        self.bars = bars
        self.offsets = segments(bars)  # symbol i owns rows offsets[i] .. offsets[i+1]-1
        self.blocks = _pack(self.offsets)
        self.kept: dict[tuple, Any] = {}

    def __len__(self) -> int:
        """Number of bars."""
        return len(self.bars)

    @cached_property
    def stamps(self) -> IntArray:
        """Time of each bar in microseconds since 1970, shape (n_bars,)."""
        return self.bars["ts"].to_numpy().astype("datetime64[us]").view(np.int64)

    @cached_property
    def moments(self) -> tuple[IntArray, IntArray]:
        """Place of each bar's time among the panel's distinct times, shape (n_bars,), and those times in order."""
        codes, distinct = pd.factorize(self.stamps, sort=True)
        return codes, distinct

    @cached_property
    def sections(self) -> tuple[IntArray, IntArray]:
        """Rows in order of time, then of symbol, and offsets: time k has the rows order[offsets[k]:offsets[k+1]]."""
        codes, distinct = self.moments
        counts = np.bincount(codes, minlength=len(distinct))
        return np.argsort(codes, kind="stable"), np.r_[0, np.cumsum(counts)]

    def of(self, rule: Callable[..., FloatArray], **parameters: Any) -> FloatArray:
        """What a rule of a segment gives, as a column of shape (n_bars,); kept, and not to be written into."""
        key = (rule, *parameters.items())
        if key not in self.kept:
            self.kept[key] = self._column_of(rule, parameters)
        return self.kept[key]

    def on_lanes(self, function: Callable[..., FloatArray], *columns: FloatArray) -> FloatArray:
        """Column of what `function` gives for the columns turned into lanes, block by block."""
        out = np.empty(len(self))

        def work(block: Block) -> None:
            block.write(function(*(block.lanes(column) for column in columns)), out)

        in_threads(work, self.blocks)
        return out

    def segment(self, block: Block) -> Segment:
        """The columns of a block, made when they are first read."""
        return Segment(lambda name: self._lanes_of(block, name), block.shape)

    def _column_of(self, rule: Callable[..., FloatArray], parameters: dict[str, Any]) -> FloatArray:
        out = np.empty(len(self))
        in_threads(lambda block: block.write(rule(self.segment(block), **parameters), out), self.blocks)
        return out

    def _lanes_of(self, block: Block, name: str) -> FloatArray:
        from finml_core.features.transpose import drop_impossible, scale

        supplied = name.removeprefix("raw_")
        if supplied not in self.bars.columns:
            return np.full(block.shape, np.nan)
        lanes = block.lanes(self.bars[supplied].to_numpy())
        if self._factor is not None and supplied == name != "volume":
            scale(lanes, block.lanes(self._factor))
        drop_impossible(lanes, name == "volume")
        return lanes

    @cached_property
    def _factor(self) -> FloatArray | None:
        """adj_close / close; 1 in symbols that have no adj_close at all."""
        if "adj_close" not in self.bars.columns:
            return None
        adjusted = self.bars["adj_close"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = adjusted / self.bars["close"].to_numpy()
        known = np.r_[0, np.cumsum(~np.isnan(adjusted))]
        has_any = known[self.offsets[1:]] > known[self.offsets[:-1]]
        factor[~np.repeat(has_any, np.diff(self.offsets))] = 1.0
        return factor


def in_threads(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Do the work for each item, on all cores: compiled loops and array operations let other threads run."""
    items = list(items)
    n_threads = min(len(items), len(os.sched_getaffinity(0)))
    if n_threads < 2:
        for item in items:
            work(item)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(work, items))


def _pack(offsets: IntArray) -> list[Block]:
    """Blocks of up to `LANES` symbols, neighbours in length, so that few rows are padding."""
    lengths = np.diff(offsets)
    longest_first = np.argsort(-lengths, kind="stable")
    return [
        Block(offsets[chosen], lengths[chosen])
        for chosen in np.split(longest_first, range(LANES, len(lengths), LANES))
        if len(chosen)
    ]
