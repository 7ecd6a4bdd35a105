"""Bars by activity lose nothing, close when they are full, and agree with a slow count."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import activity_bars
from finml_core.errors import ConfigError, DataError


def slow(bars, kind: str, size: float) -> list[tuple[int, int]]:
    """First and last row of each full bar, found row by row."""
    spans, start, total, done = [], 0, 0.0, 0
    for row in range(len(bars)):
        volume, close = bars["volume"].iloc[row], bars["close"].iloc[row]
        total += {"tick": 1.0, "volume": volume, "dollar": volume * close}[kind]
        if total // size > done:
            spans.append((start, row))
            start, done = row + 1, total // size
    return spans


@pytest.mark.parametrize(("kind", "size"), [("tick", 7), ("volume", 5000.0), ("dollar", 150_000.0)])
def test_activity_bars_agree_with_a_slow_count(kind, size, plain):
    made = activity_bars(plain, kind, size)
    spans = slow(plain, kind, size)
    assert len(made) == len(spans) > 3
    for (first, last), row in zip(spans, made.itertuples()):
        part = plain.iloc[first : last + 1]
        assert (row.ts, row.open, row.close) == (part.index[-1], part["open"].iloc[0], part["close"].iloc[-1])
        assert (row.high, row.low) == (part["high"].max(), part["low"].min())
        assert row.volume == pytest.approx(part["volume"].sum())


def test_symbols_never_share_a_bar_and_the_future_changes_nothing(panel):
    made = activity_bars(panel, "tick", 7)
    assert made.groupby("symbol").size().tolist() == [85, 85, 85]
    early = activity_bars(panel[panel["ts"] <= panel["ts"].iloc[300]], "volume", 1e4)
    late = activity_bars(panel, "volume", 1e4)
    known = late[late["ts"] <= panel["ts"].iloc[300]].reset_index(drop=True)
    assert_frame_equal(early, known)


def test_activity_that_is_unknown_or_never_reached_is_answered(plain):
    assert activity_bars(plain, "volume", 1e12).empty
    assert activity_bars(plain.iloc[:0], "tick", 2).empty
    with pytest.raises(DataError, match="1 of 60 bars have no volume"):
        activity_bars(plain.assign(volume=plain["volume"].where(np.arange(60) != 3)), "dollar", 1e5)
    with pytest.raises(ConfigError, match="kind is 'time'"):
        activity_bars(plain, "time", 5)
