"""A block of symbols side by side, with what several features share computed once."""

from collections.abc import Callable
from functools import cached_property, wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

from finml_core.typing import FloatArray

P = ParamSpec("P")
Holder = TypeVar("Holder")
Value = TypeVar("Value")


class Segment:
    """Bars of a few symbols, one a lane, each in its own time order from row 0 on.

    Every column has the shape (n_rows, n_lanes), C-contiguous float64. Row t of a lane is bar t of its symbol, not a
    date: nothing is aligned between lanes. Lanes of symbols with fewer bars end in missing rows. Prices are adjusted;
    `volume` and what is called raw are as supplied; `bid` and `ask` are missing where the bars have none. Prices that
    are not above 0 and volumes below 0 count as missing, as infinite ones do. Columns must not be written into.
    """

    def __init__(self, column: Callable[[str], FloatArray], shape: tuple[int, int], *, is_adjusted: bool):
        self._column = column
        self._is_adjusted = is_adjusted  # else the prices as supplied are the prices
        self.shape = shape
        self.kept: dict[tuple, Any] = {}

    def __len__(self) -> int:
        """Number of rows: bars of the longest symbol."""
        return self.shape[0]

    @cached_property
    def open(self) -> FloatArray:
        return self._column("open")

    @cached_property
    def high(self) -> FloatArray:
        return self._column("high")

    @cached_property
    def low(self) -> FloatArray:
        return self._column("low")

    @cached_property
    def close(self) -> FloatArray:
        return self._column("close")

    @cached_property
    def volume(self) -> FloatArray:
        return self._column("volume")

    @cached_property
    def bid(self) -> FloatArray:
        return self._column("bid")

    @cached_property
    def ask(self) -> FloatArray:
        return self._column("ask")

    @cached_property
    def raw_high(self) -> FloatArray:
        return self._column("raw_high") if self._is_adjusted else self.high

    @cached_property
    def raw_low(self) -> FloatArray:
        return self._column("raw_low") if self._is_adjusted else self.low

    @cached_property
    def raw_close(self) -> FloatArray:
        return self._column("raw_close") if self._is_adjusted else self.close

    @cached_property
    def raw_bid(self) -> FloatArray:
        return self._column("raw_bid")

    @cached_property
    def raw_ask(self) -> FloatArray:
        return self._column("raw_ask")


def shared(measure: Callable[Concatenate[Holder, P], Value]) -> Callable[Concatenate[Holder, P], Value]:
    """Keep what `measure` gives for a segment or panel and its arguments; callers must not write into it."""

    parameters = list(signature(measure).parameters.values())[1:]

    @wraps(measure)
    def keep(holder: Holder, *args: P.args, **kwargs: P.kwargs) -> Value:
        named = (kwargs.get(parameter.name, parameter.default) for parameter in parameters[len(args) :])
        key = (measure, *args, *named)
        if key not in holder.kept:
            holder.kept[key] = measure(holder, *args, **kwargs)
        return holder.kept[key]

    return keep
