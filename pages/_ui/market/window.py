"""The stretch of time that the candles show: moved, widened, narrowed, kept inside what there is, written as text."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

PERIODS = {
    "Last day": pd.Timedelta(days=1),
    "Last month": pd.Timedelta(days=30),
    "Last year": pd.Timedelta(days=365),
}
FEWEST_BARS = 10  # that a view is narrowed to
STEP = 0.5  # of its width that a view is moved by one press
CLOSER = 0.5  # of its width that is left by one press
SEAM = 0.01  # of its width by which two windows may differ and still be the same on a screen


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, in whole microseconds of UTC without a zone, `start` before `end`."""

    start: pd.Timestamp
    end: pd.Timestamp

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.start.as_unit("us"))
        object.__setattr__(self, "end", self.end.as_unit("us"))

    @property
    def width(self) -> pd.Timedelta:
        """How long it is."""
        return self.end - self.start

    def moved(self, share: float) -> "Window":
        """Shifted by a share of its width, to the right where it is positive."""
        step = self.width * share
        return Window(self.start + step, self.end + step)

    def scaled(self, share: float) -> "Window":
        """Around the same middle, `share` times as wide."""
        half = self.width * share / 2
        middle = self.start + self.width / 2
        return Window(middle - half, middle + half)

    def within(self, whole: "Window", shortest: pd.Timedelta) -> "Window":
        """Moved and cut until it lies inside `whole`, and widened to at least `shortest`."""
        width = min(max(self.width, shortest), whole.width)
        spare = (width - self.width) / 2 if width > self.width else pd.Timedelta(0)
        start = min(max(self.start - spare, whole.start), whole.end - width)
        return Window(start, start + width)

    def last(self, period: pd.Timedelta) -> "Window":
        """Its last stretch of this length."""
        return Window(max(self.start, self.end - period), self.end)

    def margins(self, share: float) -> "Window":
        """Wider on both sides by a share of its width, for what is loaded beyond what is shown."""
        return Window(self.start - self.width * share, self.end + self.width * share)

    def cut(self, whole: "Window") -> "Window":
        """What of it lies inside `whole`, which it meets."""
        return Window(max(self.start, whole.start), min(self.end, whole.end))

    def is_near(self, other: "Window") -> bool:
        """Whether nobody would see a difference."""
        seam = self.width * SEAM
        return abs(self.start - other.start) <= seam and abs(self.end - other.end) <= seam

    def texts(self) -> tuple[str, str]:
        """Start and end as a link carries them."""
        return self.start.isoformat(timespec="seconds"), self.end.isoformat(timespec="seconds")


def shortest(whole: Window, n_bars: int) -> pd.Timedelta:
    """The narrowest view of so many bars: a few of them at their mean distance."""
    return max(whole.width * min(1.0, FEWEST_BARS / max(n_bars, 1)), pd.Timedelta(seconds=1))


def read(start: str, end: str) -> Window | None:
    """What a link asks for; None where it is no stretch of time."""
    try:
        window = Window(_naive(start), _naive(end))
    except (ValueError, OverflowError):
        return None
    return window if window.start < window.end else None


def shown_times(values: list[float], zone: str | None) -> Window | None:
    """A stretch that a chart reports in milliseconds of the reader's clock, as the stamps that the chart shows there.

    A browser reads a stamp without a zone by its own clock, so what it reports is off by that.
    """
    try:
        clock = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        clock = ZoneInfo("UTC")
    start, end = (
        pd.Timestamp(value, unit="ms", tz="UTC").tz_convert(clock).tz_localize(None) for value in sorted(values)
    )
    return Window(start, end) if start < end else None


def _naive(text: str) -> pd.Timestamp:
    return pd.Timestamp(datetime.fromisoformat(text).replace(tzinfo=None))
