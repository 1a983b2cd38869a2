"""Room on the stack for compiled loops: a tile on its way from one order of elements to another."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types  # noqa: TID253 - imported by the texts of loops alone, as `intrinsics` is
from numba.core import cgutils  # noqa: TID253
from numba.extending import intrinsic  # noqa: TID253

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.


_alloca: Any = cgutils.alloca_once  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _scratch(_context: Any, kind: Any, count: Any) -> Any:
    """A pointer to an element type and a number known when compiling -> a pointer to room for so many elements."""
    length = getattr(count, "literal_value", None)
    if length is None or not isinstance(kind, types.CPointer):
        return None
    element_type: Any = getattr(kind, "dtype")  # noqa: B009 - Numba declares no types

    def codegen(context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
        element = context.get_data_type(element_type)
        room: Any = _alloca(builder, ir.ArrayType(element, length))
        return builder.bitcast(room, element.as_pointer())

    return kind(kind, count), codegen


scratch = intrinsic(prefer_literal=True)(_scratch)
