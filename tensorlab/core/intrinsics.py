"""What Numba needs in addition: typed pointers made from addresses, and the native forms of `primitives`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types
from numba.extending import intrinsic, overload

from tensorlab.core.primitives import power as power

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
int32_at = _pointer(types.int32, "int32_at")
int64_at = _pointer(types.int64, "int64_at")
float32_at = _pointer(types.float32, "float32_at")
float64_at = _pointer(types.float64, "float64_at")


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
