"""The last bars of every symbol, where new ones are put behind them without moving the others."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.features.panel import adjustment
from finml_core.schemas import OHLCV, OPTIONAL_BARS, segments
from finml_core.typing import BoolArray, FloatArray, IntArray

ROOM = 256  # bars a symbol that can be added until the older ones are moved to the front


@dataclass(frozen=True)
class Added:
    """New bars by symbol: their row in the memory, how many, and where they start among the new bars."""

    rows: IntArray
    counts: IntArray
    starts: IntArray


class RecentBars:
    """Columns of shape (n_symbols, room), each symbol's bars from the left; all bars, or at least the last `n_kept`."""

    def __init__(self, n_kept: int | None):
        self.n_kept = n_kept
        self._row: dict[str, int] = {}
        self._columns: dict[str, FloatArray] = {name: np.empty((0, 0)) for name in (*OHLCV, "factor")}
        self._stamps = np.empty((0, 0), dtype=np.int64)
        self._ends = np.empty(0, dtype=np.int64)
        self._is_adjusted = np.empty(0, dtype=bool)

    def add(self, bars: pd.DataFrame) -> Added:
        """Put sorted long bars behind those of their symbols.

        Raises
        ------
        DataError
            If a bar is not later than its symbol's last one; then nothing is added.
        """
        offsets = segments(bars)
        symbols = bars["symbol"].iloc[offsets[:-1]].tolist()
        stamps = bars["ts"].to_numpy().astype("datetime64[us]").view(np.int64)
        self._check_later(symbols, stamps[offsets[:-1]])
        counts = np.diff(offsets)
        added = Added(self._rows_of(symbols), counts, offsets[:-1])
        self._make_room(added)
        place = np.arange(len(bars)) + np.repeat(self._ends[added.rows] - offsets[:-1], counts)
        rows = np.repeat(added.rows, counts)
        for name in OPTIONAL_BARS:
            if name in bars.columns and name not in self._columns:
                self._columns[name] = np.full(self._stamps.shape, np.nan)
        self._stamps[rows, place] = stamps
        for name, column in self._columns.items():
            if name != "factor":
                column[rows, place] = bars[name].to_numpy() if name in bars.columns else np.nan
        self._ends[added.rows] += counts
        self._adjust(bars, added, rows, place)
        return added

    def columns(self) -> dict[str, FloatArray]:
        """Each column in one piece, symbol after symbol."""
        return {name: column.reshape(-1) for name, column in self._columns.items() if name != "factor"}

    def factor(self) -> FloatArray | None:
        """What prices are multiplied by, in one piece; None where no symbol is adjusted."""
        return self._columns["factor"].reshape(-1) if self._is_adjusted.any() else None

    def span(self, added: Added, n_before: int) -> tuple[IntArray, IntArray]:
        """Start in `columns`, and length, of the added bars of each symbol with up to `n_before` bars before them."""
        ends = self._ends[added.rows]
        lengths = added.counts + np.minimum(ends - added.counts, n_before)
        return added.rows * self._stamps.shape[1] + ends - lengths, lengths

    def since(self, added: Added, reach: int) -> tuple[pd.DataFrame, FloatArray | None, IntArray]:
        """Sorted bars of all symbols at the times that the added ones reach, each with `reach` bars before those.

        Also the factor of their prices, and the places of the added bars among them, in the order in which they came.
        """
        room = self._stamps.shape[1]
        starts, _ = self.span(added, reach)
        earliest = self._stamps.reshape(-1)[starts].min()
        is_bar = np.arange(room) < self._ends[:, None]
        first = np.maximum(self._ends - (is_bar & (self._stamps >= earliest)).sum(axis=1) - reach, 0)
        rows = np.array([self._row[symbol] for symbol in sorted(self._row)], dtype=np.int64)
        counts = (self._ends - first)[rows]
        offsets = np.r_[0, np.cumsum(counts)]
        index = np.arange(offsets[-1]) + np.repeat(rows * room + first[rows] - offsets[:-1], counts)
        symbols = pd.array(sorted(self._row), dtype="str").take(np.repeat(np.arange(len(rows)), counts))
        frame = {"symbol": symbols, "ts": self._stamps.reshape(-1)[index].view("datetime64[us]")}
        frame |= {name: column[index] for name, column in self.columns().items()}
        factor = self.factor()
        ends = dict(zip(rows.tolist(), offsets[1:].tolist(), strict=True))
        places = np.concatenate(
            [np.arange(ends[row] - count, ends[row]) for row, count in zip(added.rows, added.counts)]
        )
        return pd.DataFrame(frame, copy=False), None if factor is None else factor[index], places

    def _check_later(self, symbols: list[str], first: IntArray) -> None:
        for symbol, stamp in zip(symbols, first.tolist(), strict=True):
            row = self._row.get(symbol)
            if row is not None and self._ends[row] and stamp <= self._stamps[row, self._ends[row] - 1]:
                known = pd.Timestamp(int(self._stamps[row, self._ends[row] - 1]), unit="us")
                starts = pd.Timestamp(stamp, unit="us")
                raise DataError(
                    f"the new bars of {symbol} start at {starts}, but its history goes to {known}; "
                    "give later bars, or compute the whole panel again."
                )

    def _rows_of(self, symbols: list[str]) -> IntArray:
        for symbol in symbols:
            self._row.setdefault(symbol, len(self._row))
        n_new = len(self._row) - len(self._ends)
        if n_new:
            self._ends = np.r_[self._ends, np.zeros(n_new, dtype=np.int64)]
            self._is_adjusted = np.r_[self._is_adjusted, np.zeros(n_new, dtype=bool)]
            self._stamps = np.pad(self._stamps, ((0, n_new), (0, 0)))
            self._columns = {name: np.pad(column, ((0, n_new), (0, 0))) for name, column in self._columns.items()}
        return np.array([self._row[symbol] for symbol in symbols], dtype=np.int64)

    def _make_room(self, added: Added) -> None:
        """Move the bars that are kept to the front of wider columns, if what is added would not fit."""
        if not len(added.rows) or (self._ends[added.rows] + added.counts).max() <= self._stamps.shape[1]:
            return
        n_kept = self._ends if self.n_kept is None else np.minimum(self._ends, self.n_kept)
        room = int(n_kept.max() + added.counts.max()) + ROOM
        source = np.concatenate(
            [
                row * self._stamps.shape[1] + np.arange(end - kept, end)
                for row, (end, kept) in enumerate(zip(self._ends, n_kept))
            ]
        )
        target = np.concatenate([row * room + np.arange(kept) for row, kept in enumerate(n_kept)])
        self._stamps = _moved(self._stamps, source, target, room)
        self._columns = {name: _moved(column, source, target, room) for name, column in self._columns.items()}
        self._ends = np.array(n_kept)

    def _adjust(self, bars: pd.DataFrame, added: Added, rows: IntArray, place: IntArray) -> None:
        """Keep the factor of the added bars; with its first adj_close, a symbol's earlier bars have none."""
        if "adj_close" not in bars.columns:
            known = np.zeros(len(added.rows), dtype=bool)
            adj_close = np.full(len(bars), np.nan)
        else:
            adj_close = bars["adj_close"].to_numpy()
            known = np.add.reduceat(~np.isnan(adj_close), added.starts) > 0 if len(bars) else np.empty(0, dtype=bool)
        newly = added.rows[known & ~self._is_adjusted[added.rows]]
        self._columns["factor"][newly] = np.nan
        self._is_adjusted[newly] = True
        is_adjusted: BoolArray = self._is_adjusted[rows]
        self._columns["factor"][rows, place] = adjustment(adj_close, bars["close"].to_numpy(), is_adjusted)


def _moved(column: np.ndarray, source: IntArray, target: IntArray, room: int) -> np.ndarray:
    wider = np.zeros((len(column), room), dtype=column.dtype)
    wider.reshape(-1)[target] = column.reshape(-1)[source]
    return wider
