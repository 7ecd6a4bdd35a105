"""Closed label spans, and the one place where purging and the embargo are written.

A label at t spans the closed [t, label_end]. A training row is purged when its span touches the span of any test row,
an end meeting a start included. Test rows come in blocks of consecutive timestamps and every other row lies outside
these blocks; so a row before a block touches it exactly when its label ends at or after the block's first timestamp,
and a row after it exactly when it starts at or before the latest label end in the block. That is the two-loop
definition without its loops, exact for labels of any length.

The embargo follows each contiguous block: the first timestamps after its latest label end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.errors import DataError
from finml_core.typing import IntArray

Block = tuple[int, int]  # positions of distinct timestamps, start included, stop not

OUTSIDE, TRAIN, TEST, PURGED, EMBARGO = range(5)  # roles of a row in one fold


class Timeline:
    """Rows in order of time and how far their labels reach, both counted in distinct timestamps.

    Parameters
    ----------
    ts : int64 array of shape (n_rows,)
        Timestamps in any order; rows of several symbols may share one.
    label_end : int64 array of shape (n_rows,), optional
        In the same unit, nowhere before `ts`.
    purge_gap : int
        Timestamps that a label reaches ahead where `label_end` is not given.

    Attributes
    ----------
    stamps : distinct timestamps, sorted
    position : which of them each row has, in the rows' own order
    order : rows sorted by time
    offset : rows order[offset[k]:offset[k + 1]] have timestamp k
    reach : position of the last timestamp that the label of order[k] covers
    """

    def __init__(self, ts: IntArray, label_end: IntArray | None = None, *, purge_gap: int = 0):
        self.is_sorted = bool((ts[1:] >= ts[:-1]).all())
        self.position, self.stamps = _positions(ts, is_sorted=self.is_sorted)
        self.order = np.arange(len(ts)) if self.is_sorted else np.argsort(self.position, kind="stable")
        self.offset = np.r_[0, np.cumsum(np.bincount(self.position, minlength=len(self.stamps)))]
        if label_end is None:
            self.reach = self.position[self.order] + purge_gap
        else:
            self.reach = np.searchsorted(self.stamps, label_end[self.order], side="right") - 1
        self._furthest = np.maximum.accumulate(self.reach)
        self._last_reach: dict[Block, int] = {}
        self._survivors: dict[int, tuple[int, IntArray]] = {}

    def __len__(self) -> int:
        return len(self.order)

    @property
    def horizon(self) -> int:
        """The longest label, in timestamps."""
        return int((self.reach - self.position[self.order]).max())

    def last_reach(self, block: Block) -> int:
        """Position of the last timestamp that a label of this block covers."""
        if block not in self._last_reach:
            self._last_reach[block] = int(self.reach[self.offset[block[0]] : self.offset[block[1]]].max())
        return self._last_reach[block]

    def survivors(self, start: int) -> tuple[int, IntArray]:
        """Rows before position `start` whose labels end before it: all up to a place in `order`, then single ones."""
        if start not in self._survivors:
            stop = self.offset[start]
            first = min(int(np.searchsorted(self._furthest, start)), stop)
            self._survivors[start] = first, first + np.flatnonzero(self.reach[first:stop] < start)
        return self._survivors[start]

    def rows(self, pieces: Sequence[IntArray]) -> IntArray:
        """Row numbers in ascending order, from pieces of `order`."""
        joined = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
        if self.is_sorted:
            return joined
        chosen = np.zeros(len(self), dtype=bool)
        chosen[joined] = True
        return np.flatnonzero(chosen)


@dataclass(frozen=True)
class _Gap:
    """Timestamps low .. high-1 between two test blocks: those up to `covered` touch an earlier block's labels."""

    low: int
    high: int
    covered: int  # -1 before the first block
    next_start: int | None

    def opening(self, embargo: int) -> int:
        """First position that neither touches an earlier block nor rests after it."""
        return self.low if self.covered < 0 else min(max(self.low, self.covered + 1 + embargo), self.high)


def purged_train(timeline: Timeline, blocks: Sequence[Block], *, embargo: int = 0, window: Block) -> IntArray:
    """Rows of `window` outside the test blocks that neither touch a test span nor fall under the embargo.

    Parameters
    ----------
    timeline : Timeline
    blocks : sequence of (start, stop)
        Test blocks as positions of timestamps, sorted; neighbours count as one block.
    embargo : int
        Timestamps left out after the latest label end of each contiguous block.
    window : (start, stop)
        Positions that may be trained on.

    Returns
    -------
    int64 array
        Row numbers, ascending.
    """
    pieces = []
    for gap in _gaps(timeline, merged(blocks), window):
        low = timeline.offset[gap.opening(embargo)]
        high = timeline.offset[gap.high]
        if gap.next_start is None:
            pieces.append(timeline.order[low:high])
            continue
        first, single = timeline.survivors(gap.next_start)
        pieces.append(timeline.order[low:first])
        if len(single):
            pieces.append(timeline.order[single[single >= low]])
    return timeline.rows(pieces)


def block_rows(timeline: Timeline, blocks: Sequence[Block]) -> IntArray:
    """Row numbers of these blocks of timestamps, ascending."""
    return timeline.rows([timeline.order[timeline.offset[start] : timeline.offset[stop]] for start, stop in blocks])


def row_roles(timeline: Timeline, blocks: Sequence[Block], *, embargo: int = 0, window: Block) -> IntArray:
    """What each row is in this fold: OUTSIDE, TRAIN, TEST, PURGED or EMBARGO; purged comes before embargoed."""
    role = np.full(len(timeline), OUTSIDE, dtype=np.int8)
    for gap in _gaps(timeline, merged(blocks), window):
        start, stop = timeline.offset[gap.low], timeline.offset[gap.high]
        position = timeline.position[timeline.order[start:stop]]
        touches = position <= gap.covered
        if gap.next_start is not None:
            touches |= timeline.reach[start:stop] >= gap.next_start
        rests = position < gap.opening(embargo)
        role[timeline.order[start:stop]] = np.where(touches, PURGED, np.where(rests, EMBARGO, TRAIN))
    role[block_rows(timeline, blocks)] = TEST
    return role


def merged(blocks: Sequence[Block]) -> list[Block]:
    """Sorted blocks with neighbours joined."""
    joined: list[Block] = []
    for start, stop in blocks:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined


def overlap_counts(start: ArrayLike, end: ArrayLike, other_start: ArrayLike, other_end: ArrayLike) -> IntArray:
    """For each closed span [start, end]: how many of the other closed spans it touches.

    Spans may lie in any order and places; start <= end is taken for granted. Those that it misses either start after
    its end or end before its start, never both.
    """
    begun = np.searchsorted(np.sort(other_start), end, side="right")
    over = np.searchsorted(np.sort(other_end), start, side="left")
    return (begun - over).astype(np.int64)


def row_times(index: pd.Index) -> IntArray:
    """Timestamps of rows in microseconds, from the level `ts` of the index or from a DatetimeIndex.

    Raises
    ------
    DataError
        If the index carries no timestamps, or one is missing.
    """
    if "ts" in index.names:
        stamps = index.get_level_values("ts")
    elif isinstance(index, pd.DatetimeIndex):
        stamps = index
    else:
        raise DataError(
            f"rows carry no timestamps: the index is {type(index).__name__} with names {list(index.names)}. "
            "Give X an index with a level `ts`, or a DatetimeIndex."
        )
    return _microseconds(stamps, what="ts")


def label_times(label_end: pd.Series | ArrayLike, index: pd.Index) -> IntArray:
    """Label ends in microseconds, in the order of `index`, none missing and none before its row.

    Raises
    ------
    DataError
        For another length or index, a missing end, or an end before its own timestamp.
    """
    if isinstance(label_end, pd.Series) and not label_end.index.equals(index):
        label_end = _aligned(label_end, index)
    if len(label_end) != len(index):
        raise DataError(f"{len(label_end)} label ends for {len(index)} rows; give one a row.")
    ends = _microseconds(label_end, what="label_end")
    early = ends < row_times(index)
    if early.any():
        row = int(early.argmax())
        raise DataError(
            f"label_end is before its own row in {int(early.sum())} rows, the first at {index[row]}: "
            f"{pd.Timestamp(ends[row], unit='us')}. A label ends at or after the bar that it belongs to."
        )
    return ends


def _positions(ts: IntArray, *, is_sorted: bool) -> tuple[IntArray, IntArray]:
    if not is_sorted:
        position, stamps = pd.factorize(ts, sort=True)
        return position.astype(np.int64), stamps
    is_new = np.ones(len(ts), dtype=bool)
    is_new[1:] = ts[1:] != ts[:-1]
    return np.cumsum(is_new) - 1, ts[is_new]


def _gaps(timeline: Timeline, blocks: Sequence[Block], window: Block) -> Iterator[_Gap]:
    low, covered = window[0], -1
    for start, stop in blocks:
        if low < start:
            yield _Gap(low, start, covered, start)
        covered = max(covered, timeline.last_reach((start, stop)))
        low = max(low, stop)
    if low < window[1]:
        yield _Gap(low, window[1], covered, None)


def _aligned(label_end: pd.Series, index: pd.Index) -> pd.Series:
    if not label_end.index.is_unique or not index.isin(label_end.index).all():
        raise DataError(
            f"label ends have {len(label_end)} rows on another index than the {len(index)} rows of X; "
            "pass the label ends of the same rows."
        )
    return label_end.loc[index]


def _microseconds(stamps: pd.Index | pd.Series | ArrayLike, *, what: str) -> IntArray:
    try:
        stamps = pd.DatetimeIndex(stamps)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} holds values that are no timestamps: {error}.") from error
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    if stamps.hasnans:
        raise DataError(f"{what} is missing in {int(stamps.isna().sum())} of {len(stamps)} rows; leave these rows out.")
    return stamps.as_unit("us").asi8
