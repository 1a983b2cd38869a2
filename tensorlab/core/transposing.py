"""A square of elements turned over in registers, for loops that copy from one order of elements into another."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # pyright: ignore[reportMissingTypeStubs] - it carries none
from numba import types  # noqa: TID253 - imported by the texts of loops alone, as `intrinsics` is
from numba.extending import intrinsic  # noqa: TID253

# Types of Numba's typing and lowering contexts, of types and of LLVM values: Numba declares none of them.


def _transpose_square(
    _context: Any, to: Any, first: Any, to_step: Any, at: Any, origin: Any, at_step: Any, width: Any
) -> Any:
    """``to[first + i * to_step + j] = at[origin + j * at_step + i]`` for i and j below ``width``.

    ``width`` is a power of two known when compiling.

    Each line is one vector. Line i is interleaved with line i + width/2, half by half, as cards are shuffled; after
    log2(width) shuffles every element has changed its line for its place in the line.
    """
    lanes = getattr(width, "literal_value", None)
    places = (first, to_step, origin, at_step)
    if lanes is None or not isinstance(to, types.CPointer) or to != at or any(p != types.int64 for p in places):
        return None
    element_type: Any = getattr(to, "dtype")  # noqa: B009 - Numba declares no types

    def codegen(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        target, target_first, target_step, source, source_first, source_step, _ = args
        element = context.get_data_type(element_type)
        vector = ir.VectorType(element, lanes).as_pointer()
        nbytes = element_type.bitwidth // 8

        def line(pointer: Any, place: Any, step: Any, k: int) -> Any:
            return builder.bitcast(builder.gep(pointer, [builder.add(place, builder.mul(step, step.type(k)))]), vector)

        lines = [builder.load(line(source, source_first, source_step, k), align=nbytes) for k in range(lanes)]
        half = lanes // 2
        low, high = (_interleaved(start, lanes) for start in (0, half))
        for _ in range(lanes.bit_length() - 1):
            pairs = list(zip(lines[:half], lines[half:], strict=True))
            lines = [builder.shuffle_vector(a, b, mask) for a, b in pairs for mask in (low, high)]
        for k, values in enumerate(lines):
            builder.store(values, line(target, target_first, target_step, k), align=nbytes)
        return context.get_dummy_value()

    return types.void(to, first, to_step, at, origin, at_step, width), codegen


def _interleaved(first: int, lanes: int) -> Any:
    """The mask that takes one element of either vector in turn, from lane ``first`` on."""
    index = ir.IntType(32)
    picked = [first + i // 2 + (lanes if i % 2 else 0) for i in range(lanes)]
    return ir.Constant(ir.VectorType(index, lanes), [index(i) for i in picked])


transpose_square = intrinsic(prefer_literal=True)(_transpose_square)
