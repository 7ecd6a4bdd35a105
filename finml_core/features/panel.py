"""Sorted long bars as columns, packed into blocks of symbols on which features are computed side by side."""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from finml_core.features.memory import reuse_freed_memory
from finml_core.features.rows import symbol_offsets
from finml_core.features.segment import Segment
from finml_core.schemas import OHLCV, OPTIONAL_BARS
from finml_core.typing import BoolArray, FloatArray, IntArray

LANES = 8  # lanes come in eights, which fill the widest register; a single symbol has one of its own
VALUES = 65_536  # values a block's column should have: it still stays in the second cache, and threads meet seldom


@dataclass(frozen=True)
class Block:
    """Symbols side by side: lane j holds the rows `starts[j] .. starts[j] + lengths[j] - 1` of the panel.

    Lanes behind the last symbol are missing.
    """

    starts: IntArray
    lengths: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of the longest lane, and lanes."""
        n_symbols = len(self.starts)
        return int(self.lengths.max()), 1 if n_symbols == 1 else math.ceil(n_symbols / LANES) * LANES

    def lanes(self, column: FloatArray) -> FloatArray:
        """A column of the panel as a new array (n_rows, n_lanes), missing where a lane has ended."""
        from finml_core.features.transpose import to_lanes

        read_only = np.ascontiguousarray(column).view()
        read_only.flags.writeable = False  # one compiled signature, whoever owns the column
        return to_lanes(read_only, self.starts, self.lengths, self.shape[1])

    def write(self, lanes: FloatArray, column: FloatArray) -> None:
        """Put lanes back into the rows of their symbols in a column of the panel."""
        from finml_core.features.transpose import to_column

        to_column(np.ascontiguousarray(lanes), self.starts, self.lengths, column)


class Panel:
    """Sorted long bars of many symbols, for features that read one symbol and for those that compare symbols.

    A rule that compares symbols takes the panel and writes columns of one value a bar, in the order of the bars.
    """

    def __init__(self, bars: pd.DataFrame, factor: FloatArray | None = None, asked: pd.Timestamp | None = None):
        self.bars = bars
        self._asked = asked
        self._known_factor = factor  # of prices, where more is known of adj_close than these bars show
        self.offsets = symbol_offsets(bars)  # symbol i owns rows offsets[i] .. offsets[i+1]-1
        self.blocks = pack(self.offsets[:-1], np.diff(self.offsets))
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
    def asked(self) -> int:
        """The first of the distinct times that values are asked for; earlier bars are there to be reached back to."""
        if self._asked is None:
            return 0
        return int(
            np.searchsorted(self.moments[1], self._asked.to_datetime64().astype("datetime64[us]").astype(np.int64))
        )

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
            self.kept[key] = self._fill(np.empty(len(self)), rule, parameters)
        return self.kept[key]

    def passing(self, rule: Callable[..., FloatArray], **parameters: Any) -> FloatArray:
        """As `of`, but not kept: good until the next call, which writes into the same memory."""
        key = (rule, *parameters.items())
        return self.kept[key] if key in self.kept else self._fill(self._passing, rule, parameters)

    def keep(self, column: FloatArray, rule: Callable[..., FloatArray], **parameters: Any) -> None:
        """Remember what `of` would give for this rule."""
        self.kept[rule, *parameters.items()] = column

    def segment(self, block: Block) -> Segment:
        """The columns of a block, made when they are first read."""
        factor = self._factor
        columns = self._columns
        return Segment(lambda name: lanes_of(columns, factor, block, name), block.shape, is_adjusted=factor is not None)

    def _fill(self, column: FloatArray, rule: Callable[..., FloatArray], parameters: dict[str, Any]) -> FloatArray:
        in_threads(lambda block: block.write(rule(self.segment(block), **parameters), column), self.blocks)
        return column

    @cached_property
    def _passing(self) -> FloatArray:
        return np.empty(len(self))

    @cached_property
    def _columns(self) -> dict[str, FloatArray]:
        """Asked for once: a frame takes longer to give a column than a block to be turned into lanes."""
        return {name: self.bars[name].to_numpy() for name in (*OHLCV, *OPTIONAL_BARS) if name in self.bars.columns}

    @cached_property
    def _factor(self) -> FloatArray | None:
        if self._known_factor is not None or "adj_close" not in self.bars.columns:
            return self._known_factor
        adjusted = self.bars["adj_close"].to_numpy()
        known = np.r_[0, np.cumsum(~np.isnan(adjusted))]
        has_any = known[self.offsets[1:]] > known[self.offsets[:-1]]
        return adjustment(adjusted, self.bars["close"].to_numpy(), np.repeat(has_any, np.diff(self.offsets)))


def adjustment(adj_close: FloatArray, close: FloatArray, is_adjusted: BoolArray) -> FloatArray:
    """Factor of each bar's prices: adj_close / close; 1 in symbols that have no adj_close at all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(is_adjusted, adj_close / close, 1.0)


def lanes_of(columns: Mapping[str, FloatArray], factor: FloatArray | None, block: Block, name: str) -> FloatArray:
    """A column of a segment: turned into lanes, adjusted unless it is raw, without what no bar can have."""
    from finml_core.features.transpose import drop_impossible, scale

    supplied = name.removeprefix("raw_")
    if supplied not in columns:
        return np.full(block.shape, np.nan)
    lanes = block.lanes(columns[supplied])
    if factor is not None and supplied == name != "volume":
        scale(lanes, block.lanes(factor))
    drop_impossible(lanes.reshape(-1), name == "volume")
    return lanes


def pack(starts: IntArray, lengths: IntArray) -> list[Block]:
    """Blocks of symbols that are neighbours in length, so that few rows are padding; short ones lie in wide blocks."""
    longest_first = np.argsort(-lengths, kind="stable")
    blocks = []
    while len(longest_first):
        n_lanes = max(1, VALUES // int(lengths[longest_first[0]]) // LANES) * LANES
        chosen, longest_first = longest_first[:n_lanes], longest_first[n_lanes:]
        blocks.append(Block(starts[chosen], lengths[chosen]))
    return blocks


def in_threads(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Do the work for each item, on all cores: compiled loops and array operations let other threads run.

    The caller is one of the threads.
    """
    items = list(items)
    queue = iter(items)  # each thread takes the next

    def take() -> None:
        reuse_freed_memory()
        for item in queue:
            work(item)

    n_helpers = min(len(items), len(os.sched_getaffinity(0))) - 1
    if n_helpers < 1:
        take()
        return
    with ThreadPoolExecutor(n_helpers) as pool:
        helpers = [pool.submit(take) for _ in range(n_helpers)]
        take()
        for helper in helpers:
            helper.result()
