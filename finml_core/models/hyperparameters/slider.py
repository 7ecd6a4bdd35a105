"""One slider of a model."""

import math
from dataclasses import dataclass
from typing import Any

from finml_core.models.configs import ModelConfig


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One setting of a model; `low` and `high` are sensible ends of a slider, the config allows more."""

    name: str
    label: str
    kind: str  # int, float, log (a number whose slider is logarithmic) or choice
    path: tuple[str, ...]  # where it stands in ModelConfig
    low: float | None = None
    high: float | None = None
    step: float | None = None  # a log slider's step is a factor
    choices: tuple[str, ...] = ()
    help: str = ""

    @property
    def default(self) -> Any:
        """The value that ModelConfig has by itself."""
        value: Any = ModelConfig()
        for part in self.path:
            value = getattr(value, part)
        return value

    @property
    def options(self) -> tuple[float, ...]:
        """Stops of a logarithmic slider: from `low` by the factor `step` to `high`, the default among them.

        Whole numbers where the default is one.
        """
        if self.kind != "log" or self.low is None or self.high is None or self.step is None:
            return ()
        count = math.floor(math.log(self.high / self.low) / math.log(self.step) + 1e-9)
        stops = {float(f"{self.low * self.step**number:.3g}") for number in range(count + 1)}
        return tuple(type(self.default)(stop) for stop in sorted({*stops, self.high, self.default}))
