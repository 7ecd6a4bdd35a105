"""What rules are written in: columns of one symbol's bars that are named now and computed later, all in one pass."""

from collections.abc import Callable
from typing import Any

import numpy as np

from finml_core.features.operations import CODES

Number = float | int | np.number


class Expression:
    """A column of one value a bar, yet to be computed.

    Arithmetic, comparisons (1 where they hold, 0 where not or where either side is missing) and numpy's functions named
    in `operations` make new expressions of expressions and numbers. Nothing is computed before a `Program` is run.
    Equal expressions are computed once, so rules need not care what they share.

    Attributes
    ----------
    operation : name in `operations.CODES`, or "number"
    sources : expressions that it is made of
    numbers : its settings, such as a window
    part : which of the columns, where the operation makes several
    """

    __slots__ = ("numbers", "operation", "part", "sources")

    def __init__(self, operation: str, *sources: "Expression | Number", numbers: tuple = (), part: int = 0):
        self.operation = operation
        self.sources = tuple(map(as_expression, sources))
        self.numbers = tuple(map(float, numbers))
        self.part = part

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **options: Any) -> "Expression":
        name = function.__name__
        if method != "__call__" or options:
            return NotImplemented
        if name in MIRRORED:
            name, inputs = MIRRORED[name], inputs[::-1]
        if name == "negative":
            return Expression("multiply", *inputs, -1.0)
        return Expression(name, *inputs) if name in CODES else NotImplemented

    def __neg__(self) -> "Expression":
        return np.negative(self)

    def __abs__(self) -> "Expression":
        return np.absolute(self)


MIRRORED = {"less": "greater", "less_equal": "greater_equal"}


def as_expression(value: Expression | Number) -> Expression:
    """A number as a column of it."""
    if isinstance(value, Expression):
        return value
    return Expression("number", numbers=(value,))


def column(number: int) -> Expression:
    """One of the columns that a program is run on."""
    return Expression("load", numbers=(number,))


def where(condition: Expression, then: Expression | Number, otherwise: Expression | Number) -> Expression:
    """`then` where the condition is above 0, else `otherwise`."""
    return Expression("where", condition, then, otherwise)


def _operator(function: np.ufunc, mirrored: bool = False) -> Callable[..., Expression]:
    return (lambda self, other: function(other, self)) if mirrored else (lambda self, other: function(self, other))


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
}.items():  # fmt: skip
    setattr(Expression, f"__{_name}__", _operator(_function))
    setattr(Expression, f"__r{_name}__", _operator(_function, mirrored=True))
for _name, _function in {"gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal}.items():
    setattr(Expression, f"__{_name}__", _operator(_function))
