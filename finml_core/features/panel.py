"""Sorted long bars as columns, packed into blocks of symbols on which features are computed side by side."""

import math
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial, wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from finml_core.features.expression import Expression
from finml_core.features.operations import WIDTH
from finml_core.features.program import Program, make_program
from finml_core.features.rows import calendar, stamps_of, symbol_offsets
from finml_core.features.segment import COLUMNS, Segment
from finml_core.typing import BoolArray, FloatArray, IntArray

VALUES = 32_768  # values a block's column should have: those at work still stay in the second cache

Rule = Callable[..., Expression]  # rule(segment, **parameters)
Call = tuple[Rule, tuple[tuple[str, Hashable], ...]]  # a rule and its parameters
Part = Callable[[], None]  # of work, for `in_threads`
P = ParamSpec("P")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Block:
    """Symbols side by side: lane j holds the rows `starts[j] .. starts[j] + lengths[j] - 1` of the panel.

    Lanes behind the last symbol are missing. Rows from `firsts[j]` on are written, row i to place `bases[j] + i`.
    """

    starts: IntArray
    lengths: IntArray
    firsts: IntArray
    bases: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of the longest lane, and lanes; a single symbol has one of its own."""
        n_symbols = len(self.starts)
        return int(self.lengths.max()), 1 if n_symbols == 1 else math.ceil(n_symbols / WIDTH) * WIDTH


NOTHING = np.empty(0)


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
        return stamps_of(self.bars)

    @cached_property
    def moments(self) -> tuple[IntArray, IntArray]:
        """Place of each bar's time among the panel's distinct times, shape (n_bars,), and those times in order."""
        return calendar(self.stamps, self.offsets)

    @cached_property
    def asked(self) -> int:
        """The first of the distinct times that values are asked for; earlier bars are there to be reached back to."""
        if self._asked is None:
            return 0
        return int(
            np.searchsorted(self.moments[1], self._asked.to_datetime64().astype("datetime64[us]").astype(np.int64))
        )

    def of(self, rule: Rule, **parameters: Hashable) -> FloatArray:
        """What a rule of a segment gives, as a column of shape (n_bars,); kept, and not to be written into."""
        key = (rule, *parameters.items())
        if key not in self.kept:
            self.kept[key] = self._alone(np.empty(len(self)), rule, parameters)
        return self.kept[key]

    def passing(self, rule: Rule, **parameters: Hashable) -> FloatArray:
        """As `of`, but not kept: good until the next call, which writes into the same memory."""
        key = (rule, *parameters.items())
        return self.kept[key] if key in self.kept else self._alone(self._passing, rule, parameters)

    def keep(self, column: FloatArray, rule: Rule, **parameters: Hashable) -> None:
        """Remember what `of` would give for this rule."""
        self.kept[rule, *parameters.items()] = column

    def write(self, calls: Sequence[Call], out: np.ndarray, targets: IntArray) -> list[Part]:
        """Parts of the work that puts what rules give into the rows `targets` of `out`, (n_columns, n_bars)."""
        program = program_of(tuple(calls), is_adjusted=self._factor is not None)
        return parts_of(program, self._columns, self.blocks, out, targets)

    def run(self, program: Program, columns: Sequence[FloatArray], out: np.ndarray) -> None:
        """Run a program on columns of one value a bar, each symbol alone; `out` is (n_expressions, n_bars)."""
        in_threads(parts_of(program, columns, self.blocks, out, np.arange(len(out))))

    def _alone(self, column: FloatArray, rule: Rule, parameters: Mapping[str, Hashable]) -> FloatArray:
        in_threads(self.write([(rule, tuple(parameters.items()))], column[None], np.zeros(1, dtype=np.int64)))
        return column

    @cached_property
    def _passing(self) -> FloatArray:
        return np.empty(len(self))

    @cached_property
    def _columns(self) -> list[FloatArray]:
        """In the order of `COLUMNS`; what the bars do not have is empty."""
        columns = {name: self.bars[name].to_numpy() for name in COLUMNS if name in self.bars.columns}
        if self._factor is not None:
            columns["factor"] = self._factor
        return [columns.get(name, NOTHING) for name in COLUMNS]

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


def pack(
    starts: IntArray, lengths: IntArray, firsts: IntArray | None = None, bases: IntArray | None = None
) -> list[Block]:
    """Blocks of symbols that are neighbours in length, so that few rows are padding; short ones lie in wide blocks.

    All rows are written, and where they are read, unless it is said from which on and where.
    """
    firsts = np.zeros_like(lengths) if firsts is None else firsts
    bases = starts if bases is None else bases
    longest_first = np.argsort(-lengths, kind="stable")
    blocks = []
    while len(longest_first):
        n_lanes = max(1, VALUES // int(lengths[longest_first[0]]) // WIDTH) * WIDTH
        chosen, longest_first = longest_first[:n_lanes], longest_first[n_lanes:]
        blocks.append(Block(starts[chosen], lengths[chosen], firsts[chosen], bases[chosen]))
    return blocks


@lru_cache(maxsize=64)
def program_of(calls: tuple[Call, ...], *, is_adjusted: bool) -> Program:
    """The program that computes rules of a segment."""
    segment = Segment(is_adjusted=is_adjusted)
    return make_program([rule(segment, **dict(parameters)) for rule, parameters in calls])


def parts_of(
    program: Program, columns: Sequence[FloatArray], blocks: Sequence[Block], out: np.ndarray, targets: IntArray
) -> list[Part]:
    """The work of running a program on blocks, which writes its expressions into the rows `targets` of `out`."""
    size = max((program.size(block.shape) for block in blocks), default=0)
    spare: list[FloatArray] = []  # as many as there are threads, each used for one block after the other

    def run(block: Block) -> None:
        memory = spare.pop() if spare else np.empty(size)
        places = np.stack([block.starts, block.lengths, block.firsts, block.bases])
        program.run(columns, places, block.shape, memory, out, targets)
        spare.append(memory)

    return [partial(run, block) for block in blocks]


def in_threads(parts: Sequence[Part]) -> None:
    """Do parts of work on all cores: compiled loops and array operations let other threads run.

    The caller is one of the threads.
    """
    queue = iter(parts)  # each thread takes the next

    def take() -> None:
        for part in queue:
            part()

    n_helpers = min(len(parts), len(os.sched_getaffinity(0))) - 1
    if n_helpers < 1:
        take()
        return
    with ThreadPoolExecutor(n_helpers) as pool:
        helpers = [pool.submit(take) for _ in range(n_helpers)]
        take()
        for helper in helpers:
            helper.result()


def shared(measure: Callable[Concatenate[Panel, P], Value]) -> Callable[Concatenate[Panel, P], Value]:
    """Keep what `measure` gives for a panel and its arguments; callers must not write into it."""
    parameters = list(signature(measure).parameters.values())[1:]

    @wraps(measure)
    def keep(panel: Panel, *args: P.args, **kwargs: P.kwargs) -> Value:
        named = (kwargs.get(parameter.name, parameter.default) for parameter in parameters[len(args) :])
        key = (measure, *args, *named)
        if key not in panel.kept:
            panel.kept[key] = measure(panel, *args, **kwargs)
        return panel.kept[key]

    return keep
