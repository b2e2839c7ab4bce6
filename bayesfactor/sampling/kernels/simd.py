"""Eight doubles as one value: a type for compiled kernels whose every operation is one or two vector instructions.

Loops over assets or dates go eight at a time; what is accumulated stays in registers, and nothing is left for the
compiler to guess. `exp` and `log` are polynomials after a reduction of the argument (Cody and Waite 1980), good to
about two units in the last place between 1e-307 and 1e307; beyond that `exp` keeps to these bounds.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, NamedTuple, Protocol, Self, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.datamodel import DataModelManager
from numba.core.typing import Context
from numba.core.typing.templates import ConcreteTemplate, Signature, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from bayesfactor.base.jit import jit_alloc

WIDTH = 8
FAST = ("contract", "arcp", "nsz")
_VECTOR, _WHOLE = ir.VectorType(ir.DoubleType(), WIDTH), ir.VectorType(ir.IntType(64), WIDTH)
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # the first has 21 trailing zero bits
_ROUNDING = 6755399441055744.0  # 1.5 * 2^52: added to a small double, its last bits are that double as an integer
_EXP = [1.0]
for _n in range(1, 14):
    _EXP.append(_EXP[-1] / _n)
_ATANH = [2.0 / (2 * n + 1) for n in range(11)]


type Values = Sequence[ir.Value]
type Lowering = Callable[[BaseContext, ir.IRBuilder, Signature, Values], ir.Value]


class Lanes(Protocol):
    """Eight doubles, as the type checker sees them in a kernel."""

    def __add__(self, other: Self) -> Self: ...
    def __sub__(self, other: Self) -> Self: ...
    def __mul__(self, other: Self) -> Self: ...
    def __truediv__(self, other: Self) -> Self: ...


class Instruction[R](NamedTuple):
    """The implementation in a kernel of a function that returns R: its signature and its code generator."""

    signature: Signature
    lower: Lowering


def _for_kernels[**P, R](function: Callable[Concatenate[Context, P], Instruction[R]]) -> Callable[P, R]:
    """Make a function an intrinsic: kernels call it with values as declared, numba calls it with their types."""
    return cast("Callable[P, R]", intrinsic(function))  # numba annotates it as called from Python


def _as_type(argument: object) -> types.Type:
    assert isinstance(argument, types.Type)
    return argument


class LanesType(types.Type):
    """Type of eight doubles inside a kernel."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: DataModelManager, kind: LanesType) -> None:
        super().__init__(manager, kind, _VECTOR)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * WIDTH)


def _integer(value: int) -> ir.Constant:
    return ir.Constant(_WHOLE, [value] * WIDTH)


def _operator(symbol: Callable[..., Any], instruction: str) -> None:
    class Template(ConcreteTemplate):
        cases = [signature(LANES, LANES, LANES)]  # noqa: RUF012  numba's own way of declaring it

    infer_global(symbol)(Template)

    @lower_builtin(symbol, LANES, LANES)
    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        return getattr(builder, instruction)(*args, flags=FAST)


for _instruction, _symbols in {
    "fadd": (operator.add, operator.iadd),
    "fsub": (operator.sub, operator.isub),
    "fmul": (operator.mul, operator.imul),
    "fdiv": (operator.truediv, operator.itruediv),
}.items():
    for _symbol in _symbols:
        _operator(_symbol, _instruction)


def _pointer(context: BaseContext, builder: ir.IRBuilder, kind: types.Type, array: ir.Value, at: ir.Value) -> ir.Value:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer())


@_for_kernels
def load(typing: Context, array: np.ndarray, at: int) -> Instruction[Lanes]:
    """Return elements at, ..., at + 7 of a contiguous array, with flat indices."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        return builder.load(_pointer(context, builder, sig.args[0], *args), align=8)

    return Instruction(LANES(_as_type(array), types.intp), lower)


@_for_kernels
def store(typing: Context, array: np.ndarray, at: int, value: Lanes) -> Instruction[None]:
    """Set elements at, ..., at + 7 of a contiguous array, with flat indices."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        builder.store(args[2], _pointer(context, builder, sig.args[0], *args[:2]), align=8)
        return context.get_dummy_value()

    return Instruction(types.void(_as_type(array), types.intp, LANES), lower)


@_for_kernels
def full(typing: Context, value: float) -> Instruction[Lanes]:
    """Return a vector of eight equal doubles."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return Instruction(LANES(types.float64), lower)


@_for_kernels
def total(typing: Context, value: Lanes) -> Instruction[float]:
    """Return the sum of the eight."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        parts = [builder.extract_element(args[0], ir.Constant(ir.IntType(32), i)) for i in range(WIDTH)]
        while len(parts) > 1:
            parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return Instruction(types.float64(LANES), lower)


@_for_kernels
def sqrt(typing: Context, value: Lanes) -> Instruction[Lanes]:
    """Return the eight square roots."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{WIDTH}f64"), args)

    return Instruction(LANES(LANES), lower)


@_for_kernels
def zero_where_nan(typing: Context, mark: Lanes, value: Lanes) -> Instruction[Lanes]:
    """Return value where mark is a number, and 0 where it is NaN."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        return builder.select(builder.fcmp_ordered("ord", args[0], args[0]), args[1], _constant(0.0))

    return Instruction(LANES(LANES, LANES), lower)


def _polynomial(builder: ir.IRBuilder, x: ir.Value, coefficients: list[float]) -> ir.Value:
    result = _constant(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = builder.fadd(builder.fmul(result, x, flags=FAST), _constant(coefficient), flags=FAST)
    return result


@_for_kernels
def exp(typing: Context, value: Lanes) -> Instruction[Lanes]:
    """Return the eight exponentials."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        b, x = builder, args[0]
        x = b.select(b.fcmp_ordered(">", x, _constant(707.0)), _constant(707.0), x)
        x = b.select(b.fcmp_ordered("<", x, _constant(-707.0)), _constant(-707.0), x)
        shifted = b.fadd(b.fmul(x, _constant(1.4426950408889634)), _constant(_ROUNDING))
        n = b.fsub(shifted, _constant(_ROUNDING))
        rest = b.fsub(x, b.fmul(n, _constant(_LN2_HIGH)))
        rest = b.fsub(rest, b.fmul(n, _constant(_LN2_LOW)))
        power = b.shl(b.add(b.bitcast(shifted, _WHOLE), _integer(1023)), _integer(52))
        return b.fmul(_polynomial(b, rest, _EXP), b.bitcast(power, _VECTOR))

    return Instruction(LANES(LANES), lower)


@_for_kernels
def log(typing: Context, value: Lanes) -> Instruction[Lanes]:
    """Return the eight natural logarithms of normal doubles; NaN unless they are above 0 and finite."""

    def lower(context: BaseContext, builder: ir.IRBuilder, sig: Signature, args: Values) -> ir.Value:
        b, bits = builder, builder.bitcast(args[0], _WHOLE)
        moved = b.sub(bits, _integer(0x3FE6A09E667F3BCD))  # the bits of sqrt(1/2): mantissas from there to sqrt(2)
        whole = b.ashr(moved, _integer(52))
        mantissa = b.bitcast(b.sub(bits, b.shl(whole, _integer(52))), _VECTOR)
        rounding = b.bitcast(_constant(_ROUNDING), _WHOLE)
        n = b.fsub(b.bitcast(b.add(whole, rounding), _VECTOR), _constant(_ROUNDING))
        s = b.fdiv(b.fsub(mantissa, _constant(1.0)), b.fadd(mantissa, _constant(1.0)))
        series = b.fmul(s, _polynomial(b, b.fmul(s, s), _ATANH))
        low = b.fadd(b.fmul(n, _constant(_LN2_LOW)), series)
        good = b.and_(
            b.fcmp_ordered(">", args[0], _constant(0.0)), b.fcmp_ordered("<", args[0], _constant(float("inf")))
        )
        return b.select(good, b.fadd(b.fmul(n, _constant(_LN2_HIGH)), low), _constant(float("nan")))

    return Instruction(LANES(LANES), lower)


@jit_alloc
def aligned(size: int) -> np.ndarray:
    """Return an empty array that starts on a cache line."""
    raw = np.empty(size + 8)
    first = (-raw.ctypes.data % 64) // 8
    return raw[first : first + size]


def padded_size(size: int) -> int:
    """Return a number of assets rounded up to whole blocks of eight."""
    return -(-size // WIDTH) * WIDTH
