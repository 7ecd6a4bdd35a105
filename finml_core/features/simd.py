"""Eight lanes as one value of compiled code, so that a loop down the rows works on eight symbols at a time.

Compilers turn loops over arrays into SIMD only where they can prove that nothing overlaps, which rolling windows over
several arrays deny them. Here a kernel says what it means: `load` takes eight neighbours, arithmetic works on all of
them, `store` puts them back. A kernel written with these takes a `like`: `eight()` for lanes in eights, 0.0 for one
lane at a time, and makes the same bits with both. Loads numba.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from finml_core.features.operations import WIDTH

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
if_equal = _choice("==", "`then` where x equals y, else `otherwise`, also where x or y is missing.")


@intrinsic
def if_known(typing_context, x, then, otherwise):
    """`then` where x is not missing."""

    def build(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("ord", args[0], args[0]), args[1], args[2])

    return x(x, x, x), build


@intrinsic
def turn_in(typing_context, column, starts, row, lanes, place, stride):
    """Eight rows of eight lanes: `column[starts[j] + row + i]` to `lanes[place + i * stride + j]`, i and j 0 to 7."""

    def build(context, builder, sig, args):
        column, starts, row, lanes, place, stride = args
        sources = _starts(context, builder, sig.args[1], starts, row)
        values = [builder.load(_at(context, builder, sig.args[0], column, source), align=8) for source in sources]
        for turned in _turned(builder, values):
            builder.store(turned, _at(context, builder, sig.args[3], lanes, place), align=8)
            place = builder.add(place, stride)
        return context.get_dummy_value()

    return types.void(column, starts, types.intp, lanes, types.intp, types.intp), build


@intrinsic
def turn_out(typing_context, lanes, place, stride, column, starts, row):
    """Eight rows of eight lanes back: `lanes[place + i * stride + j]` to `column[starts[j] + row + i]`."""

    def build(context, builder, sig, args):
        lanes, place, stride, column, starts, row = args
        rows = []
        for _ in range(WIDTH):
            rows.append(builder.load(_at(context, builder, sig.args[0], lanes, place), align=8))
            place = builder.add(place, stride)
        kind = context.get_data_type(sig.args[3].dtype)
        for turned, target in zip(_turned(builder, rows), _starts(context, builder, sig.args[4], starts, row)):
            if kind != ir.DoubleType():
                turned = builder.fptrunc(turned, ir.VectorType(kind, WIDTH))
            pointer = _at(context, builder, sig.args[3], column, target, ir.VectorType(kind, WIDTH))
            builder.store(turned, pointer, align=sig.args[3].dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(lanes, types.intp, types.intp, column, starts, types.intp), build


def _turned(builder, rows):
    """Eight vectors of the first, second, .. values of eight vectors: pairs are exchanged, then fours, then eights."""
    for apart in (1, 2, 4):
        numbers = [i for i in range(WIDTH) if not i & apart]
        low, high = [], []
        for i in range(WIDTH):
            low.append(i if not i & apart else WIDTH + i - apart)
            high.append(i + apart if not i & apart else WIDTH + i)
        turned = list(rows)
        for i in numbers:
            turned[i] = _shuffle(builder, rows[i], rows[i + apart], low)
            turned[i + apart] = _shuffle(builder, rows[i], rows[i + apart], high)
        rows = turned
    return rows


def _shuffle(builder, x, y, order):
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), order))


def _starts(context, builder, kind, starts, row):
    """`starts[j] + row` of eight lanes."""
    data = context.make_array(kind)(context, builder, starts).data
    places = (builder.gep(data, [context.get_constant(types.intp, lane)]) for lane in range(WIDTH))
    return [builder.add(builder.load(place), row) for place in places]


def _at(context, builder, kind, array, place, vector=VECTOR):
    pointer = builder.gep(context.make_array(kind)(context, builder, array).data, [place])
    return builder.bitcast(pointer, vector.as_pointer())


@intrinsic
def root(typing_context, x):
    """Square root."""

    def build(context, builder, sig, args):
        kind = args[0].type
        name = "llvm.sqrt.v8f64" if kind == VECTOR else "llvm.sqrt.f64"
        return builder.call(get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), name), args)

    return x(x), build


@intrinsic
def magnitude(typing_context, x):
    """Size without sign."""
    return x(x), lambda context, builder, sig, args: _masked(builder, args[0], ~SIGN, None)


@intrinsic
def signed_as(typing_context, x, y):
    """Size of x with the sign of y."""
    return x(x, x), lambda context, builder, sig, args: _masked(builder, args[0], ~SIGN, (args[1], SIGN))


@intrinsic
def logarithm(typing_context, x):
    """Natural logarithm of eight values within 1 unit in the last place: minus infinity of 0, missing below.

    x = 2^k m with m from root 1/2 to root 2; log m is an odd series of (m - 1) / (m + 1), with the coefficients of
    fdlibm (Sun Microsystems, 1993, e_log.c), whose order of adding is followed too.
    """

    def build(context, builder, sig, args):
        given = args[0]
        small = builder.fcmp_ordered("<", given, _same(2.0**-1022))
        x = builder.select(small, builder.fmul(given, _same(2.0**54)), given)
        bits = builder.add(builder.bitcast(x, BITS), _same_bits(ONE - ROOT_HALF))
        # a whole number below 2^52 in the last bits of 2^52 is 2^52 and that number: no conversion is needed
        exponent = builder.or_(builder.lshr(bits, _same_bits(52)), _same_bits(TWO_TO_52))
        k = builder.fsub(builder.bitcast(exponent, VECTOR), _same(2.0**52 + 1023))
        k = builder.select(small, builder.fsub(k, _same(54.0)), k)
        m = builder.add(builder.and_(bits, _same_bits(2**52 - 1)), _same_bits(ROOT_HALF))
        f = builder.fsub(builder.bitcast(m, VECTOR), _same(1.0))
        s = builder.fdiv(f, builder.fadd(f, _same(2.0)))
        z = builder.fmul(s, s)
        w = builder.fmul(z, z)
        odd = builder.fmul(z, _series(builder, w, LOGARITHM[0::2]))
        even = builder.fmul(w, _series(builder, w, LOGARITHM[1::2]))
        half = builder.fmul(builder.fmul(f, f), _same(0.5))
        made = builder.fmul(s, builder.fadd(half, builder.fadd(even, odd)))
        made = builder.fadd(made, builder.fmul(k, _same(1.90821492927058770002e-10)))  # low digits of log 2
        made = builder.fadd(builder.fsub(made, half), f)
        made = builder.fadd(made, builder.fmul(k, _same(6.93147180369123816490e-01)))
        made = builder.select(builder.fcmp_ordered("<", given, _same(float("inf"))), made, given)
        made = builder.select(builder.fcmp_ordered("==", given, _same(0.0)), _same(float("-inf")), made)
        return builder.select(builder.fcmp_ordered("<", given, _same(0.0)), _same(float("nan")), made)

    return LANES(LANES) if x == LANES else None, build


SIGN = 1 << 63
BITS = ir.VectorType(ir.IntType(64), WIDTH)
ONE, TWO_TO_52, ROOT_HALF = 0x3FF0000000000000, 0x4330000000000000, 0x3FE6A09E667F3BCD  # the bits of doubles
LOGARITHM = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip


def _series(builder, x, coefficients):
    total = _same(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = builder.fadd(builder.fmul(total, x), _same(coefficient))
    return total


def _masked(builder, x, mask, other):
    """The bits of x under a mask, and those of another under its own."""
    kind = BITS if x.type == VECTOR else ir.IntType(64)
    bits = builder.and_(builder.bitcast(x, kind), _number(kind, mask))
    if other:
        bits = builder.or_(bits, builder.and_(builder.bitcast(other[0], kind), _number(kind, other[1])))
    return builder.bitcast(bits, x.type)


def _number(kind, number):
    number &= 2**64 - 1
    return ir.Constant(kind, [number] * WIDTH) if kind == BITS else ir.Constant(kind, number)


def _same(number):
    return ir.Constant(VECTOR, [number] * WIDTH)


def _same_bits(number):
    return ir.Constant(BITS, [number] * WIDTH)


def _splat(builder, number):
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))


def _pointer(context, builder, sig, args, kind):
    if kind == LANES:
        return _at(context, builder, sig.args[0], args[0], args[1])
    return builder.gep(context.make_array(sig.args[0])(context, builder, args[0]).data, [args[1]])
