"""What Numba needs in addition: typed pointers made from addresses, the native forms of `primitives`, 16-bit floats.

A float of 16 bits is ``uint16`` in memory and float32 in a register: ``float16_up`` and ``bfloat16_up`` widen it, which
is exact; ``float16_down`` and ``bfloat16_down`` round to nearest, ties to even.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types
from numba.extending import intrinsic, overload

from tensorlab.core.native import has_half_conversion
from tensorlab.core.native_arithmetic import common_divisor as common_divisor
from tensorlab.core.native_arithmetic import common_multiple as common_multiple
from tensorlab.core.native_arithmetic import floor_quotient as floor_quotient
from tensorlab.core.native_arithmetic import floor_remainder as floor_remainder
from tensorlab.core.native_arithmetic import is_negative as is_negative
from tensorlab.core.native_arithmetic import largest_finite as largest_finite
from tensorlab.core.native_arithmetic import rounded_down as rounded_down
from tensorlab.core.native_arithmetic import rounded_to_even as rounded_to_even
from tensorlab.core.native_arithmetic import rounded_to_zero as rounded_to_zero
from tensorlab.core.native_arithmetic import rounded_up as rounded_up
from tensorlab.core.native_arithmetic import shifted_left as shifted_left
from tensorlab.core.native_arithmetic import shifted_right as shifted_right
from tensorlab.core.native_arithmetic import trunc_quotient as trunc_quotient
from tensorlab.core.native_arithmetic import trunc_remainder as trunc_remainder
from tensorlab.core.primitives import power as power
from tensorlab.core.primitives import zeta as zeta

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.


def _pointer(element: Any, name: str) -> Any:
    def typing(_context: Any, address: Any) -> Any:
        """Address (int64) -> pointer to the element type; indexing it loads and stores."""
        signature = types.CPointer(element)(types.int64)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return signature, codegen

    typing.__name__ = name
    return intrinsic(typing)


# A bool tensor holds one byte an element, 0 or 1; loops compare it with 0 on the way in.
bool_at = _pointer(types.uint8, "bool_at")
uint8_at = _pointer(types.uint8, "uint8_at")
int8_at = _pointer(types.int8, "int8_at")
int16_at = _pointer(types.int16, "int16_at")
int32_at = _pointer(types.int32, "int32_at")
int64_at = _pointer(types.int64, "int64_at")
float16_at = _pointer(types.uint16, "float16_at")
bfloat16_at = _pointer(types.uint16, "bfloat16_at")
float32_at = _pointer(types.float32, "float32_at")
float64_at = _pointer(types.float64, "float64_at")


def _stack_room(_context: Any, nbytes: Any) -> Any:
    """A number that is written down -> address (int64) of so many bytes of the stack, there until the loop returns."""
    count: Any = getattr(nbytes, "literal_value", None)
    if count is None:
        return None

    def codegen(_context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
        with builder.goto_entry_block():
            room = builder.alloca(ir.ArrayType(ir.IntType(8), count))
            room.align = 64
        return builder.ptrtoint(room, ir.IntType(64))

    return types.int64(nbytes), codegen


stack_room = intrinsic(prefer_literal=True)(_stack_room)


def _call_at(_context: Any, address: Any, arguments: Any) -> Any:
    """Calls the C function at an address with a tuple of numbers; what it gives is dropped."""
    signature = types.void(types.int64, arguments)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [builder.extract_value(args[1], i) for i in range(len(sig.args[1]))]
        function = ir.FunctionType(ir.VoidType(), [v.type for v in values])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), values)
        return context.get_dummy_value()

    return signature, codegen


call_at = intrinsic(_call_at)


def _extreme(name: str, compare: str) -> Any:
    def typing(_context: Any, a: Any, b: Any) -> Any:
        """Two numbers of one type -> one of them."""
        if a != b:
            return None

        def codegen(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value = args[0].type
            if isinstance(sig.return_type, types.Float):
                function = ir.FunctionType(value, [value, value])
                return builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [value], function), args)
            ordered = builder.icmp_signed if getattr(sig.return_type, "signed", False) else builder.icmp_unsigned
            return builder.select(ordered(compare, *args), *args)

        return a(a, b), codegen

    typing.__name__ = name
    return intrinsic(typing)


maximum = _extreme("maximum", ">")
minimum = _extreme("minimum", "<")


def _chosen(context: Any, test: Any, a: Any, b: Any) -> Any:
    """True or false, two numbers -> the first if true, the second if not; both are there before."""
    result = context.unify_types(a, b)
    if test != types.boolean or result is None:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first, second = (context.cast(builder, args[i], sig.args[i], sig.return_type) for i in (1, 2))
        return builder.select(args[0], first, second)

    return result(test, a, b), codegen


chosen = intrinsic(_chosen)


def _free_sum(_context: Any, a: Any, b: Any) -> Any:
    """Two numbers of one type -> their sum; the freedom to reorder is this addition's alone."""
    if a != b:
        return None

    def codegen(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if isinstance(sig.return_type, types.Float):
            return builder.fadd(*args, flags=("reassoc", "nsz", "contract"))
        return builder.add(*args)

    return a(a, b), codegen


free_sum = intrinsic(_free_sum)


def _free_product(_context: Any, a: Any, b: Any) -> Any:
    """Two numbers of one type -> their product; the freedom to reorder is this multiplication's alone."""
    if a != b:
        return None

    def codegen(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if isinstance(sig.return_type, types.Float):
            return builder.fmul(*args, flags=("reassoc", "nsz", "contract"))
        return builder.mul(*args)

    return a(a, b), codegen


free_product = intrinsic(_free_product)


# 16-bit floats --------------------------------------------------------------------------------------------------------

_I16, _I32, _HALF, _SINGLE = ir.IntType(16), ir.IntType(32), ir.HalfType(), ir.FloatType()


def _conversion(build: Any, given: Any, wanted: Any, name: str) -> Any:
    def typing(_context: Any, value: Any) -> Any:
        """One number -> one number."""
        if value != given:
            return None

        def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            return build(builder, args[0])

        return wanted(given), codegen

    typing.__name__ = name
    return intrinsic(typing)


def _float16_up(builder: Any, bits: Any) -> Any:
    if has_half_conversion():
        return builder.fpext(builder.bitcast(bits, _HALF), _SINGLE)
    return float16_up_bits(builder, bits)


def _float16_down(builder: Any, value: Any) -> Any:
    if has_half_conversion():
        return builder.bitcast(builder.fptrunc(value, _HALF), _I16)
    return float16_down_bits(builder, value)


def _bfloat16_up(builder: Any, bits: Any) -> Any:
    return builder.bitcast(builder.shl(builder.zext(bits, _I32), _I32(16)), _SINGLE)


def _bfloat16_down(builder: Any, value: Any) -> Any:
    bits = builder.bitcast(value, _I32)
    high = builder.lshr(bits, _I32(16))
    odd = builder.and_(high, _I32(1))
    rounded = builder.lshr(builder.add(bits, builder.add(odd, _I32(0x7FFF))), _I32(16))
    # A NaN whose bits all lie in the lower half would become infinite, so one of the upper bits is set.
    kept = builder.select(builder.fcmp_unordered("uno", value, value), builder.or_(high, _I32(0x40)), rounded)
    return builder.trunc(kept, _I16)


def float16_up_bits(builder: Any, bits: Any) -> Any:
    """``float16_up`` where the processor has no instruction for it; LLVM would call a function there may not be."""
    wide = builder.zext(bits, _I32)
    magnitude = builder.shl(builder.and_(wide, _I32(0x7FFF)), _I32(13))
    # Exponents count from 127 instead of from 15: a product, so that subnormals come out normal.
    scaled = builder.fmul(builder.bitcast(magnitude, _SINGLE), _SINGLE(2.0**112))
    special = builder.or_(magnitude, _I32(0x7F800000))
    finite = builder.icmp_unsigned("<", magnitude, _I32(0x7C00 << 13))
    found = builder.select(finite, builder.bitcast(scaled, _I32), special)
    sign = builder.shl(builder.and_(wide, _I32(0x8000)), _I32(16))
    return builder.bitcast(builder.or_(found, sign), _SINGLE)


def float16_down_bits(builder: Any, value: Any) -> Any:
    """``float16_down`` where the processor has no instruction for it."""
    bits = builder.bitcast(value, _I32)
    sign = builder.lshr(builder.and_(bits, _I32(0x80000000)), _I32(16))
    magnitude = builder.and_(bits, _I32(0x7FFFFFFF))
    odd = builder.and_(builder.lshr(magnitude, _I32(13)), _I32(1))
    rounded = builder.add(builder.sub(magnitude, _I32(112 << 23)), builder.add(odd, _I32(0xFFF)))
    normal = builder.lshr(rounded, _I32(13))
    # Below 2**-14 the last place stands still: 0.5 has its last place there, and the addition rounds to it.
    summed = builder.fadd(builder.bitcast(magnitude, _SINGLE), _SINGLE(0.5))
    subnormal = builder.sub(builder.bitcast(summed, _I32), _I32(126 << 23))
    small = builder.icmp_unsigned("<", magnitude, _I32(113 << 23))
    found = builder.select(small, subnormal, normal)
    large = builder.icmp_unsigned(">=", magnitude, _I32(0x477FF000))  # 65520 and above round to infinity
    is_nan = builder.icmp_unsigned(">", magnitude, _I32(0x7F800000))
    found = builder.select(large, builder.select(is_nan, _I32(0x7E00), _I32(0x7C00)), found)
    return builder.trunc(builder.or_(found, sign), _I16)


float16_up = _conversion(_float16_up, types.uint16, types.float32, "float16_up")
float16_down = _conversion(_float16_down, types.float32, types.uint16, "float16_down")
bfloat16_up = _conversion(_bfloat16_up, types.uint16, types.float32, "bfloat16_up")
bfloat16_down = _conversion(_bfloat16_down, types.float32, types.uint16, "bfloat16_down")


@overload(power)
def _power(a: Any, b: Any) -> Any:
    if isinstance(a, types.Boolean):
        return _bool_power
    return _float_power if isinstance(a, types.Float) else _int_power


def _bool_power(a: Any, b: Any) -> Any:
    return a or not b


def _float_power(a: Any, b: Any) -> Any:
    return a**b


def _int_power(a: Any, b: Any) -> Any:
    if b < 0:
        return 1 if a == 1 else (1 - 2 * (b & 1) if a == -1 else 0)
    result, base, left = 1, a * 1, b * 1
    while left > 0:
        if left & 1:
            result *= base
        base *= base
        left >>= 1
    return result


@overload(zeta)
def _zeta(s: Any, q: Any) -> Any:
    return zeta
