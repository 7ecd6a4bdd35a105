"""Eight lanes as one value of compiled code, so that a loop down the rows works on eight symbols at a time.

Compilers turn loops over arrays into SIMD only where they can prove that nothing overlaps, which rolling windows over
several arrays deny them. Here a kernel says what it means: `load` takes eight neighbours, arithmetic works on all of
them, `store` puts them back. A kernel written with these takes a `like`: `eight()` for lanes in eights, 0.0 for one
lane at a time, and makes the same bits with both. Loads numba.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

WIDTH = 8  # doubles in the widest register; narrower machines take two or four
VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)


class Lanes(types.Type):
    """Eight float64."""

    def __init__(self):
        super().__init__(name="Lanes")


LANES = Lanes()


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes_type):
        super().__init__(manager, lanes_type, VECTOR)


def _arithmetic(operation, instruction: str) -> None:
    """Let an operator work on lanes, and on lanes and a number."""

    @infer_global(operation)
    class _(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and LANES in args and all(each in (LANES, types.float64) for each in args):
                return signature(LANES, *args)
            return None

    def lower(context, builder, sig, args):
        sides = (value if kind == LANES else _splat(builder, value) for kind, value in zip(sig.args, args))
        return getattr(builder, instruction)(*sides)

    for pair in ((LANES, LANES), (LANES, types.float64), (types.float64, LANES)):
        lower_builtin(operation, *pair)(lower)


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
_arithmetic(operator.truediv, "fdiv")


@intrinsic
def eight(typing_context):
    """Eight zeros."""
    return LANES(), lambda context, builder, sig, args: ir.Constant(VECTOR, [0.0] * WIDTH)


@intrinsic
def width_of(typing_context, like):
    """8 for lanes, 1 for a number."""
    width = WIDTH if like == LANES else 1
    return types.intp(like), lambda context, builder, sig, args: context.get_constant(types.intp, width)


@intrinsic
def load(typing_context, array, place, like):
    """The values of a flat array from a place on, as many as `like` has."""

    def build(context, builder, sig, args):
        return builder.load(_pointer(context, builder, sig, args, sig.args[2]), align=8)

    return like(array, types.intp, like), build


@intrinsic
def store(typing_context, array, place, value):
    """Put values into a flat array from a place on."""

    def build(context, builder, sig, args):
        builder.store(args[2], _pointer(context, builder, sig, args, sig.args[2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), build


def _choice(comparison: str, explanation: str):
    @intrinsic
    def choose(typing_context, x, y, then, otherwise):
        def build(context, builder, sig, args):
            return builder.select(builder.fcmp_ordered(comparison, args[0], args[1]), args[2], args[3])

        return x(x, x, x, x), build

    choose.__doc__ = explanation
    return choose


if_above = _choice(">", "`then` where x > y, else `otherwise`, also where x or y is missing.")
if_at_least = _choice(">=", "`then` where x >= y, else `otherwise`, also where x or y is missing.")


@intrinsic
def if_known(typing_context, x, then, otherwise):
    """`then` where x is not missing."""

    def build(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("ord", args[0], args[0]), args[1], args[2])

    return x(x, x, x), build


def _splat(builder, number):
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))


def _pointer(context, builder, sig, args, kind):
    array = context.make_array(sig.args[0])(context, builder, args[0])
    place = builder.gep(array.data, [args[1]])
    return builder.bitcast(place, VECTOR.as_pointer()) if kind == LANES else place
