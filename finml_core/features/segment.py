"""The bars of one symbol, as rules see them."""

from functools import cached_property

from finml_core.features.expression import Expression, column
from finml_core.schemas import OHLCV, OPTIONAL_BARS

COLUMNS = (*OHLCV, *(name for name in OPTIONAL_BARS if name != "adj_close"), "factor")  # in the order of `load`


class Segment:
    """Columns of one symbol's bars, in its own time order, as expressions.

    Row t is bar t of the symbol, not a date: nothing is aligned between symbols. Prices are adjusted; `volume` and what
    is called raw are as supplied; `bid` and `ask` are missing where the bars have none. Prices that are not above 0 and
    volumes below 0 count as missing, as infinite ones do.
    """

    def __init__(self, *, is_adjusted: bool):
        self._is_adjusted = is_adjusted  # else the prices as supplied are the prices

    @cached_property
    def open(self) -> Expression:
        return self._adjusted("open")

    @cached_property
    def high(self) -> Expression:
        return self._adjusted("high")

    @cached_property
    def low(self) -> Expression:
        return self._adjusted("low")

    @cached_property
    def close(self) -> Expression:
        return self._adjusted("close")

    @cached_property
    def volume(self) -> Expression:
        return Expression("volume", _supplied("volume"))

    @cached_property
    def raw_high(self) -> Expression:
        return _price("high")

    @cached_property
    def raw_low(self) -> Expression:
        return _price("low")

    @cached_property
    def raw_close(self) -> Expression:
        return _price("close")

    @cached_property
    def raw_bid(self) -> Expression:
        return _price("bid")

    @cached_property
    def raw_ask(self) -> Expression:
        return _price("ask")

    def _adjusted(self, name: str) -> Expression:
        if not self._is_adjusted:
            return _price(name)
        return Expression("price", _supplied(name) * _supplied("factor"))


def _price(name: str) -> Expression:
    return Expression("price", _supplied(name))


def _supplied(name: str) -> Expression:
    return column(COLUMNS.index(name))
