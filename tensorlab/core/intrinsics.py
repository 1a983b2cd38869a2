"""What Numba needs in addition: typed pointers made from addresses, for loops whose arguments are plain integers."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


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
