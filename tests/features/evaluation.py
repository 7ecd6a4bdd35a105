"""Expressions of plain arrays, computed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from finml_core.features.expression import Expression, column
from finml_core.features.panel import in_threads, pack, parts_of
from finml_core.features.program import make_program


def evaluate(rule: Callable[..., Any], *arrays: np.ndarray, dtype: str = "float64") -> Any:
    """What a rule of expressions gives for arrays of shape (n_rows,), or (n_rows, n_lanes): an array, or a tuple."""
    shape = np.shape(arrays[0])
    made = rule(*map(column, range(len(arrays))))
    parts = made if isinstance(made, tuple) else (made,)
    wanted = [part for part in parts if isinstance(part, Expression)]
    n_rows, n_lanes = shape[0], 1 if len(shape) == 1 else shape[1]
    columns = [np.asarray(array, dtype=np.float64).reshape(n_rows, n_lanes).T.reshape(-1) for array in arrays]
    blocks = pack(n_rows * np.arange(n_lanes), np.full(n_lanes, n_rows))
    out = np.empty((len(wanted), n_rows * n_lanes), dtype)
    in_threads(parts_of(make_program(wanted), columns, blocks, out, np.arange(len(wanted))))
    computed = iter(values.reshape(n_lanes, n_rows).T.reshape(shape) for values in out)
    values = tuple(next(computed) if isinstance(part, Expression) else part for part in parts)
    return values if isinstance(made, tuple) else values[0]
