"""How a long experiment tells where it is and hears that it should stop."""

from collections.abc import Callable
from typing import Any, Protocol

import pandas as pd

from finml_core.errors import RunError

Report = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]


class ExperimentCancelled(RunError):
    """Somebody asked the experiment to stop."""


class Checkpoint(Protocol):
    """Where finished pieces are kept, so that an interrupted run goes on instead of starting again."""

    def load(self, key: str) -> pd.DataFrame | None: ...
    def save(self, key: str, frame: pd.DataFrame) -> None: ...
    def keep_model(self, name: str, fold: int, model: Any) -> None: ...


class Progress:
    """Share of the whole work done, by stages of stated weight."""

    def __init__(self, report: Report | None = None, should_stop: ShouldStop | None = None):
        self._report = report
        self._should_stop = should_stop

    def __call__(self, stage: str, fraction: float, message: str, **detail: Any) -> None:
        """Report, then stop if asked to."""
        if self._report is not None:
            self._report(
                {"stage": stage, "fraction": float(min(max(fraction, 0.0), 1.0)), "message": message, **detail}
            )
        if self.is_stopped():
            raise ExperimentCancelled(f"cancelled while {message}.")

    def is_stopped(self) -> bool:
        return self._should_stop is not None and self._should_stop()


def within(report: Report | None, span: tuple[float, float]) -> Report | None:
    """The same report with its fraction squeezed into a part of the whole."""
    if report is None:
        return None
    low, high = span
    return lambda event: report({**event, "fraction": low + (high - low) * event["fraction"]})
