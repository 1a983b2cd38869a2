"""Vectors of 32 bytes in loops: for inner loops whose registers are laid out by hand, tile by tile.

LLVM keeps such a vector in one register of AVX2, or two of SSE; what it makes of scalar code it decides anew each time.
"""

from __future__ import annotations

from typing import Any, cast

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types
from numba.extending import (
    intrinsic,
    models,
    register_model,  # pyright: ignore[reportUnknownVariableType]
)

VECTOR_NBYTES = 32

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.


class Vector(types.Type):
    """Elements of one type, side by side."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self.lanes = VECTOR_NBYTES * 8 // element.bitwidth
        super().__init__(name=f"Vector({element}, {self.lanes})")


def _vector_model(manager: Any, vector: Any) -> Any:
    element: Any = manager.lookup(vector.element).get_data_type()
    return models.PrimitiveModel(manager, vector, ir.VectorType(element, vector.lanes))


register_model(Vector)(_vector_model)


def _is_pointer(kind: Any) -> bool:
    return isinstance(kind, types.CPointer)


def _is_float(vector: Any) -> bool:
    return isinstance(vector.element, types.Float)


def _place(context: Any, builder: Any, vector: Any, pointer: Any, index: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), context.get_value_type(vector).as_pointer())


def _vector_at(_context: Any, pointer: Any, index: Any) -> Any:
    """Pointer, index of the first element (int64) -> the vector that lies there, aligned as an element is."""
    if not _is_pointer(pointer) or index != types.int64:
        return None
    vector = Vector(pointer.dtype)

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, vector, *args), align=vector.element.bitwidth // 8)

    return vector(pointer, index), codegen


def _put_vector(_context: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Pointer, index, vector -> nothing; the vector is stored there."""
    if not _is_pointer(pointer) or not isinstance(value, Vector):
        return None

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        place = _place(context, builder, value, args[0], args[1])
        builder.store(args[2], place, align=value.element.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(pointer, index, value), codegen


def _spread(_context: Any, number: Any) -> Any:
    """A number -> a vector of it alone."""
    if not isinstance(number, types.Number):
        return None
    vector = Vector(number)

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        kind = context.get_value_type(vector)
        one = builder.insert_element(ir.Constant(kind, None), args[0], ir.Constant(ir.IntType(32), 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), [0] * vector.lanes)
        return builder.shuffle_vector(one, ir.Constant(kind, None), order)

    return vector(number), codegen


def _multiply_add(_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Three vectors of one type -> ``a * b + c``, rounded once where the machine can."""
    if not isinstance(a, Vector) or a != b or a != c:
        return None
    vector = cast(Any, a)

    def codegen(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        if not _is_float(vector):
            return builder.add(builder.mul(args[0], args[1]), args[2])
        kind = args[0].type
        function = ir.FunctionType(kind, [kind] * 3)
        # llvmlite writes a vector's name into an intrinsic's as text with brackets and blanks: LLVM takes v8f32 alone.
        bits = f"llvm.fmuladd.v{vector.lanes}f{vector.element.bitwidth}"
        return builder.call(_declared(builder.module, function, bits), args)

    return vector(vector, vector, vector), codegen


def _declared(module: Any, function: Any, name: str) -> Any:
    return module.globals[name] if name in module.globals else ir.Function(module, function, name)


vector_at = intrinsic(_vector_at)
put_vector = intrinsic(_put_vector)
spread = intrinsic(_spread)
multiply_add = intrinsic(_multiply_add)
