"""What is known about one feature, and how it is computed."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from finml_core.features.expression import Expression
from finml_core.features.frames import as_long, on_input_index
from finml_core.features.panel import Call, Panel
from finml_core.typing import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Feature:
    """A causal series a symbol: the value at t is made of bars up to t.

    It is missing in the first `lookback - 1` rows of a symbol, and later only where one of its `inputs` is missing
    within its reach. Recursive ones are within 1e-6 of the full history's value `warm_up` rows after their first. One
    that compares symbols has forgotten where history starts once all the symbols that it compares have.
    """

    name: str
    family: str
    formula: str  # as the page shows it, with what 0/0 means
    reference: str
    lookback: int  # bars up to and including t that the first value needs
    warm_up: int = 0  # rows after the first value until the start of history is forgotten
    inputs: tuple[str, ...] = ("close",)  # columns of bars
    is_level: bool = False  # in units of price, money, volume or symbols: no default input of a model
    compares_symbols: bool = False  # reads all symbols at the same times, not one symbol alone
    intraday_only: bool = False  # says nothing about daily or longer bars
    parameters: Mapping[str, Hashable] = field(default_factory=dict)
    part: str = "value"  # of the columns that a rule which compares symbols writes
    # rule(segment, **parameters) gives the values of one symbol, as an expression; one that compares symbols is
    # rule(panel, columns, **parameters) and writes the columns that it is given, one a part
    rule: Callable[..., Expression | None] = field(repr=False)

    @property
    def reach(self) -> int:
        """Bars up to and including t that give the value at t to 1e-9, as the whole history would.

        Twice the warm-up, after which a seed has left 1e-16 of itself; half the bars may then even be missing.
        """
        return self.lookback + 2 * self.warm_up

    @property
    def call(self) -> Call:
        """Rule and parameters of one that reads one symbol alone."""
        return self.rule, tuple(self.parameters.items())

    def column(self, panel: Panel) -> FloatArray:
        """Values of shape (n_bars,), in the order of the panel's bars."""
        if not self.compares_symbols:
            return panel.of(self.rule, **self.parameters)
        values = np.empty(len(panel))
        compare([(self, values)], panel)
        return values

    def compute(self, bars: pd.DataFrame) -> pd.Series:
        """Values for long bars on (symbol, ts), sorted, or for one asset's plain frame on its own index."""
        long = as_long(bars)
        values = self.column(Panel(long))
        return on_input_index(values[:, None], (self.name,), long, bars)[self.name]


def compare(columns: Sequence[tuple[Feature, FloatArray]], panel: Panel) -> None:
    """Write features that compare symbols into their columns of shape (n_bars,); those of one rule are made at once."""
    calls: dict[tuple, tuple[Feature, dict[str, FloatArray]]] = {}
    for feature, column in columns:
        _, parts = calls.setdefault((feature.rule, *feature.parameters.items()), (feature, {}))
        parts[feature.part] = column
    for feature, parts in calls.values():
        feature.rule(panel, parts, **feature.parameters)
