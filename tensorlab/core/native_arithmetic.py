"""The native forms of division, remainders, shifts, rounding and divisors: what `primitives` says, as LLVM code.

Integers stay in their own type (Numba would widen them), and nothing traps: a divisor of 0 gives 0, the lowest integer
by -1 wraps around.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types
from numba.extending import intrinsic, overload

from tensorlab.core.primitives import (
    common_divisor,
    common_multiple,
    floor_quotient,
    floor_remainder,
    is_negative,
    largest_finite,
    rounded_down,
    rounded_to_even,
    rounded_to_zero,
    rounded_up,
    trunc_quotient,
    trunc_remainder,
)

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.
Build = Callable[[Any, Any, Any, bool], Any]


def _is_integer(type_: Any) -> bool:
    return isinstance(type_, types.Integer)


def _is_float(type_: Any) -> bool:
    return isinstance(type_, types.Float)


def _of_integers(name: str, build: Build) -> Any:
    def typing(_context: Any, a: Any, b: Any) -> Any:
        """Two integers of one type -> one of it."""
        if a != b or not _is_integer(a):
            return None
        signed = bool(a.signed)

        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            return build(builder, args[0], args[1], signed)

        return a(a, b), codegen

    typing.__name__ = name
    return intrinsic(typing)


def _parts(builder: Any, a: Any, b: Any, signed: bool) -> tuple[Any, Any]:  # noqa: FBT001 - what numbers are
    """Quotient towards 0 and what it leaves."""
    kind = a.type
    zero, one = kind(0), kind(1)
    none = builder.icmp_unsigned("==", b, zero)
    if not signed:
        safe = builder.select(none, one, b)
        return builder.select(none, zero, builder.udiv(a, safe)), builder.urem(a, safe)
    back = builder.icmp_signed("==", b, kind(-1))
    safe = builder.select(builder.or_(none, back), one, b)
    whole = builder.select(back, builder.sub(zero, a), builder.sdiv(a, safe))
    return builder.select(none, zero, whole), builder.srem(a, safe)


def _trunc_quotient(builder: Any, a: Any, b: Any, signed: bool) -> Any:  # noqa: FBT001
    return _parts(builder, a, b, signed)[0]


def _trunc_remainder(builder: Any, a: Any, b: Any, signed: bool) -> Any:  # noqa: FBT001
    return _parts(builder, a, b, signed)[1]


def _below(builder: Any, rest: Any, b: Any) -> Any:
    """Whether the quotient towards 0 lies above the one rounded down."""
    zero = rest.type(0)
    unlike = builder.icmp_signed("<", builder.xor(rest, b), zero)
    return builder.and_(unlike, builder.icmp_signed("!=", rest, zero))


def _floor_quotient(builder: Any, a: Any, b: Any, signed: bool) -> Any:  # noqa: FBT001
    whole, rest = _parts(builder, a, b, signed)
    return builder.select(_below(builder, rest, b), builder.sub(whole, a.type(1)), whole) if signed else whole


def _floor_remainder(builder: Any, a: Any, b: Any, signed: bool) -> Any:  # noqa: FBT001
    rest = _parts(builder, a, b, signed)[1]
    return builder.select(_below(builder, rest, b), builder.add(rest, b), rest) if signed else rest


def _shifted_left(builder: Any, a: Any, b: Any, _signed: bool) -> Any:  # noqa: FBT001
    inside = builder.icmp_unsigned("<", b, a.type(a.type.width))  # a negative one is a large one
    return builder.select(inside, builder.shl(a, builder.select(inside, b, a.type(0))), a.type(0))


def _shifted_right(builder: Any, a: Any, b: Any, signed: bool) -> Any:  # noqa: FBT001
    last = a.type(a.type.width - 1)
    inside = builder.icmp_unsigned("<=", b, last)
    if signed:
        return builder.ashr(a, builder.select(inside, b, last))
    return builder.select(inside, builder.lshr(a, builder.select(inside, b, a.type(0))), a.type(0))


_int_floor_quotient = _of_integers("int_floor_quotient", _floor_quotient)
_int_trunc_quotient = _of_integers("int_trunc_quotient", _trunc_quotient)
_int_floor_remainder = _of_integers("int_floor_remainder", _floor_remainder)
_int_trunc_remainder = _of_integers("int_trunc_remainder", _trunc_remainder)
shifted_left = _of_integers("shifted_left", _shifted_left)
shifted_right = _of_integers("shifted_right", _shifted_right)


def _float_rest(_context: Any, a: Any, b: Any) -> Any:
    """Two floats of one type -> what C's ``fmod`` gives."""
    if a != b or not _is_float(a):
        return None

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.frem(*args)

    return a(a, b), codegen


_rest: Any = intrinsic(_float_rest)

# Floats: a remainder is exact, and the quotient is made whole from it, as Python does -------------------------------


def _float_floor_quotient(a: Any, b: Any) -> Any:
    if b == 0:
        return a / b
    rest = _rest(a, b)
    whole = (a - rest) / b
    if rest != 0 and (b < 0) != (rest < 0):
        whole = whole - 1
    if whole == 0:
        return math.copysign(0.0, a / b)
    down = rounded_down(whole)
    return down + 1 if whole - down > 0.5 else down


def _float_trunc_quotient(a: Any, b: Any) -> Any:
    return rounded_to_zero(a / b)


def _float_floor_remainder(a: Any, b: Any) -> Any:
    rest = _rest(a, b)
    return rest + b if rest != 0 and (b < 0) != (rest < 0) else rest


def _float_trunc_remainder(a: Any, b: Any) -> Any:
    return _rest(a, b)


def _either(primitive: Any, of_integers: Any, of_floats: Any) -> None:
    def integers(a: Any, b: Any) -> Any:
        return of_integers(a, b)

    def chosen(a: Any, b: Any) -> Any:
        return of_floats if _is_float(a) else integers

    overload(primitive)(chosen)


_either(floor_quotient, _int_floor_quotient, _float_floor_quotient)
_either(trunc_quotient, _int_trunc_quotient, _float_trunc_quotient)
_either(floor_remainder, _int_floor_remainder, _float_floor_remainder)
_either(trunc_remainder, _int_trunc_remainder, _float_trunc_remainder)


# One number -----------------------------------------------------------------------------------------------------------


def _of_one(primitive: Any, name: str) -> None:
    def typing(_context: Any, a: Any) -> Any:
        """One float -> one of the same type."""
        if not _is_float(a):
            return None

        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            value = args[0].type
            function = builder.module.declare_intrinsic(f"llvm.{name}", [value], ir.FunctionType(value, [value]))
            return builder.call(function, args)

        return a(a), codegen

    typing.__name__ = name
    instruction: Any = intrinsic(typing)

    def rounded(a: Any) -> Any:
        return instruction(a)

    def same(a: Any) -> Any:
        return a

    def chosen(a: Any) -> Any:
        return rounded if _is_float(a) else same

    overload(primitive)(chosen)


_of_one(rounded_down, "floor")
_of_one(rounded_up, "ceil")
_of_one(rounded_to_zero, "trunc")
_of_one(rounded_to_even, "rint")


@overload(is_negative)
def _is_negative(a: Any) -> Any:
    return _has_sign if _is_float(a) else _is_below_zero


def _has_sign(a: Any) -> Any:
    return math.copysign(1.0, a) < 0


def _is_below_zero(a: Any) -> Any:
    return a < 0


@overload(largest_finite)
def _largest_finite(a: Any) -> Any:
    if not _is_float(a):
        return _itself
    return _largest_single if a.bitwidth == 32 else _largest_double


def _itself(a: Any) -> Any:
    return a


def _largest_single(a: Any) -> Any:
    return 3.4028234663852886e38


def _largest_double(a: Any) -> Any:
    return 1.7976931348623157e308


@overload(common_divisor)
def _common_divisor(a: Any, b: Any) -> Any:
    return _euclid


def _euclid(a: Any, b: Any) -> Any:
    while b != 0:
        a, b = b, _int_trunc_remainder(a, b)
    return abs(a)


@overload(common_multiple)
def _common_multiple(a: Any, b: Any) -> Any:
    return _multiple


def _multiple(a: Any, b: Any) -> Any:
    divisor = common_divisor(a, b)
    return abs(a // divisor * b) if divisor != 0 else divisor
