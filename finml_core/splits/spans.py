"""Labelled rows reduced to their distinct spans: all that a split by time can tell apart, and far fewer than rows."""

from functools import cached_property

import numpy as np
import pandas as pd

from finml_core.purging import Timeline, label_times, row_times
from finml_core.typing import BoolArray, FloatArray, IntArray


class LabelSpans:
    """The rows that are split, with every distinct pair of timestamp and last timestamp covered held once.

    Rows of one span have one role in every fold that is made by time, and touch the same other rows; a panel of a
    million rows under a fixed horizon has a few thousand spans. Made once, it stands for the rows in any number of
    diagnoses.

    Parameters
    ----------
    index : Index of n_rows rows
        Timestamps in the level `ts`, or a DatetimeIndex; symbols in the level `symbol` where there are several.
    label_end : Series or array of timestamps, optional
        None missing and none before its row. Without it a label is taken to end at its own row.

    Attributes
    ----------
    index, end : the rows' index and, in microseconds, their label ends
    has_ends : whether label ends were given
    stamps : distinct timestamps in microseconds, sorted
    of_row : which span each row has
    position, reach : of each span, its timestamp and the last one that it covers, as positions in `stamps`; sorted
    last_end : of each span, the latest label end of its rows in microseconds
    count : rows of each span
    """

    def __init__(self, index: pd.Index, label_end: pd.Series | np.ndarray | None = None):
        self.index, self.has_ends = index, label_end is not None
        start = row_times(index)
        self.end = start if label_end is None else label_times(label_end, index)
        position, self.stamps = pd.factorize(start, sort=True)
        self._width = len(self.stamps) + 1
        code, ends = pd.factorize(self.end)
        reach = (np.searchsorted(self.stamps, ends, side="right") - 1)[code]
        self.of_row, spans = pd.factorize(position.astype(np.int64) * self._width + reach, sort=True)
        self.position, self.reach = np.divmod(spans, self._width)
        self.count = np.bincount(self.of_row, minlength=len(spans))
        self.last_end = np.zeros(len(spans), dtype=np.int64)
        np.maximum.at(self.last_end, self.of_row, self.end)

    def __len__(self) -> int:
        return len(self.of_row)

    def timeline(self, purge_gap: int | None = None) -> Timeline:
        """The spans in order of time; with `purge_gap` every label is taken to reach that many timestamps ahead."""
        start = self.stamps[self.position]
        if purge_gap is not None:
            return Timeline(start, purge_gap=purge_gap)
        return Timeline(start, self.stamps[self.reach])

    def counted(self, rows: IntArray) -> IntArray:
        """How many of these rows each span has."""
        return np.bincount(self.of_row[rows], minlength=len(self.count))

    def touched(self, test_count: IntArray) -> IntArray:
        """How many of the test rows, counted by span, each span touches; closed spans touch where they meet."""
        n = len(self.stamps)
        begun = np.cumsum(np.bincount(self.position, test_count, minlength=n))
        over = np.r_[0.0, np.cumsum(np.bincount(self.reach, test_count, minlength=n))]
        return (begun[self.reach] - over[self.position]).astype(np.int64)

    def effective_sample_size(self, count: IntArray, rows: IntArray | None = None) -> float:
        """Sum of the average uniqueness of the chosen rows: how many independent labels they are worth.

        `count` says how many rows of each span are chosen; where that is not always all or none, `rows` says which.
        """
        if ((count == 0) | (count == self.count)).all():
            bars, taken = self._patterns
            return bars.worth((count > 0)[self.of_row[taken]])
        is_chosen = np.zeros(len(self), dtype=bool)
        is_chosen[rows] = True
        return self._all_bars.worth(is_chosen[self._by_symbol])

    @cached_property
    def _keys(self) -> IntArray:
        """Symbol and timestamp of each row in one number."""
        position = self.position[self.of_row]
        if "symbol" not in self.index.names:
            return position
        symbol = self.index.codes[self.index.names.index("symbol")].astype(np.int64)
        return symbol * self._width + position

    @cached_property
    def _by_symbol(self) -> IntArray:
        """Rows in order of symbol, then of time."""
        is_sorted = (self._keys[1:] >= self._keys[:-1]).all()
        return np.arange(len(self)) if is_sorted else np.argsort(self._keys, kind="stable")

    @cached_property
    def _all_bars(self) -> "_Bars":
        return self._bars(self._by_symbol)

    @cached_property
    def _patterns(self) -> tuple["_Bars", IntArray]:
        """Bars of one symbol for each pattern of labels that occurs, and the rows that are taken for it."""
        order = self._by_symbol
        edges = np.flatnonzero(np.diff(self._keys[order] // self._width)) + 1
        found: dict[bytes, list[IntArray]] = {}
        for rows, spans in zip(np.split(order, edges), np.split(self.of_row[order], edges)):
            found.setdefault(spans.tobytes(), []).append(rows)
        rows = np.concatenate([alike[0] for alike in found.values()])
        times = np.concatenate([np.full(len(alike[0]), float(len(alike))) for alike in found.values()])
        return self._bars(rows, times), rows

    def _bars(self, rows: IntArray, times: FloatArray | None = None) -> "_Bars":
        """Of rows that are whole symbols in order of time: they are the bars that their labels cover."""
        keys, spans = self._keys[rows], self.of_row[rows]
        symbol = np.cumsum(np.r_[False, keys[1:] // self._width != keys[:-1] // self._width])
        keys = symbol * self._width + keys % self._width  # ascending, whatever the symbols' codes
        ends = keys + self.reach[spans] - self.position[spans]
        return _Bars(np.searchsorted(keys, keys), np.searchsorted(keys, ends, side="right"), times)


class _Bars:
    """Labels as stretches of bars: label i covers bars first[i] .. stop[i] - 1, in `times` symbols alike."""

    def __init__(self, first: IntArray, stop: IntArray, times: FloatArray | None = None):
        self.first, self.stop = first, stop
        self.share = (1.0 if times is None else times) / (stop - first)  # of a label in each of its bars

    def worth(self, is_chosen: BoolArray) -> float:
        """Sum of average uniqueness, bar by bar: the shares that are open there, over how many labels these are."""
        n_open = self._cover(is_chosen.astype(float))
        shares = self._cover(np.where(is_chosen, self.share, 0.0))
        return float(np.divide(shares, n_open, out=np.zeros(len(n_open)), where=n_open > 0).sum())

    def _cover(self, amount: FloatArray) -> FloatArray:
        """The amounts of all labels open at each bar."""
        n = len(self.first) + 1
        return np.cumsum(np.bincount(self.first, amount, n) - np.bincount(self.stop, amount, n))[:-1]
