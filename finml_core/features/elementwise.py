"""Compiled operations value by value on pieces of one array, eight values at a time; numba is loaded with this module.

A piece starts at a place of `memory` and has `n` values, a multiple of eight. A step of 1 goes through a column, a step
of 0 stays on eight equal values, which is how a number takes part. A result may lie where a source does.
"""

import math

import numpy as np

from finml_core.features import operations
from finml_core.features.compiling import compiled
from finml_core.features.simd import (
    WIDTH,
    eight,
    if_above,
    if_at_least,
    if_equal,
    if_known,
    load,
    logarithm,
    magnitude,
    root,
    signed_as,
    store,
)


@compiled
def of_one(code, memory, x, out, n):
    """An operation on one column."""
    zero = eight()
    one = zero + 1.0
    if code == operations.LOG:
        for i in range(0, n, WIDTH):
            store(memory, out + i, logarithm(load(memory, x + i, zero)))
    elif code == operations.SQRT:
        for i in range(0, n, WIDTH):
            store(memory, out + i, root(load(memory, x + i, zero)))
    elif code == operations.ABSOLUTE:
        for i in range(0, n, WIDTH):
            store(memory, out + i, magnitude(load(memory, x + i, zero)))
    elif code == operations.SIGN:
        for i in range(0, n, WIDTH):
            value = load(memory, x + i, zero)
            store(memory, out + i, if_above(value, zero, one, if_above(zero, value, zero - one, value * 0.0 + 0.0)))
    elif code == operations.PRICE:  # missing unless above 0 and finite
        for i in range(0, n, WIDTH):
            value = load(memory, x + i, zero)
            finite = if_above(zero + np.inf, value, value, zero + np.nan)
            store(memory, out + i, if_above(value, zero, finite, zero + np.nan))
    elif code == operations.VOLUME:  # missing unless 0 or more and finite
        for i in range(0, n, WIDTH):
            value = load(memory, x + i, zero)
            finite = if_above(zero + np.inf, value, value, zero + np.nan)
            store(memory, out + i, if_at_least(value, zero, finite, zero + np.nan))
    elif code == operations.TANH:
        for i in range(n):
            memory[out + i] = math.tanh(memory[x + i])
    elif code == operations.ERF:
        for i in range(n):
            memory[out + i] = math.erf(memory[x + i])


@compiled
def of_two(code, memory, x, x_step, y, y_step, out, n):
    """An operation on two columns."""
    zero = eight()
    one = zero + 1.0
    if code == operations.ADD:
        for i in range(0, n, WIDTH):
            store(memory, out + i, load(memory, x + i * x_step, zero) + load(memory, y + i * y_step, zero))
    elif code == operations.SUBTRACT:
        for i in range(0, n, WIDTH):
            store(memory, out + i, load(memory, x + i * x_step, zero) - load(memory, y + i * y_step, zero))
    elif code == operations.MULTIPLY:
        for i in range(0, n, WIDTH):
            store(memory, out + i, load(memory, x + i * x_step, zero) * load(memory, y + i * y_step, zero))
    elif code == operations.DIVIDE:
        for i in range(0, n, WIDTH):
            store(memory, out + i, load(memory, x + i * x_step, zero) / load(memory, y + i * y_step, zero))
    elif code == operations.MAXIMUM:
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            store(memory, out + i, if_known(a, if_above(a, b, a, b), a))
    elif code == operations.MINIMUM:
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            store(memory, out + i, if_known(a, if_above(b, a, a, b), a))
    elif code == operations.COPYSIGN:
        for i in range(0, n, WIDTH):
            store(memory, out + i, signed_as(load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)))
    elif code == operations.GREATER:
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            store(memory, out + i, if_above(a, b, one, zero))
    elif code == operations.GREATER_EQUAL:
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            store(memory, out + i, if_at_least(a, b, one, zero))
    elif code == operations.EQUAL:
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            store(memory, out + i, if_equal(a, b, one, zero))


@compiled
def of_three(code, memory, x, x_step, y, y_step, z, z_step, out, n):
    """An operation on three columns."""
    zero = eight()
    if code == operations.WHERE:
        for i in range(0, n, WIDTH):
            then, otherwise = load(memory, y + i * y_step, zero), load(memory, z + i * z_step, zero)
            store(memory, out + i, if_above(load(memory, x + i * x_step, zero), zero, then, otherwise))
    elif code == operations.RATIO:  # x / y, and z where y is 0
        for i in range(0, n, WIDTH):
            a, b = load(memory, x + i * x_step, zero), load(memory, y + i * y_step, zero)
            empty = load(memory, z + i * z_step, zero) + a * 0.0
            store(memory, out + i, if_equal(b, zero, empty, a / b))


@compiled
def lag(memory, x, place, apart, out, n):
    """Of the column at `x`, the values `apart` places before those from `place` on; missing before its first."""
    zero = eight()
    for i in range(0, n, WIDTH):
        if place + i >= apart:
            store(memory, out + i, load(memory, x + place + i - apart, zero))
        else:
            for j in range(i, i + WIDTH):
                memory[out + j] = memory[x + place + j - apart] if place + j >= apart else np.nan


@compiled
def hide(memory, x, place, first, stop, out, n):
    """The values from `x` on, which are those from `place` on of a column, but missing from its `first` to `stop`."""
    for i in range(n):
        memory[out + i] = np.nan if first <= place + i < stop else memory[x + i]
