"""The same elements in another shape or order."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.array_api.array import Array, as_index, converted, given, made
from tensorlab.array_api.axes import Axis, as_axes, as_axis, as_shape
from tensorlab.array_api.dtypes import result_type
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DimError, RangeError, ShapeError
from tensorlab.ops import (
    conversion,
    joining_functions,
    movement,
    rearranging_functions,
    splitting_functions,
    view_functions,
)

Arrays = tuple[Array, ...] | list[Array]


def broadcast_arrays(*arrays: Array) -> list[Array]:
    """Arrays brought to one shape."""
    found = [given(x, "broadcast_arrays") for x in arrays]
    return [made(x) for x in view_functions.broadcast_tensors(*found)] if found else []


def broadcast_to(x: Array, /, shape: tuple[int, ...]) -> Array:
    """The array, repeated along axes of size 1."""
    return made(view_functions.broadcast_to(given(x, "broadcast_to"), as_shape(shape, "broadcast_to")))


def concat(arrays: Arrays, /, *, axis: int | None = 0) -> Array:
    """Arrays one behind the other along an axis; behind one another as they are flattened, for None."""
    found = _promoted(arrays, "concat")
    if axis is None:
        found, axis = [reshape(x, (-1,)) for x in found], 0
    return made(joining_functions.cat(found, as_axis(axis, found[0].ndim, "concat")))


def expand_dims(x: Array, /, axis: int) -> Array:
    """The array with a new axis of size 1."""
    array = given(x, "expand_dims")
    return made(movement.unsqueeze.call((array, as_axis(axis, array.ndim + 1, "expand_dims"))))


def flip(x: Array, /, *, axis: Axis = None) -> Array:
    """The elements in the opposite order along axes; along all for None."""
    array = given(x, "flip")
    return made(rearranging_functions.flip(array, as_axes(axis, array.ndim, "flip")))


def moveaxis(x: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Array:
    """The array with some axes elsewhere, the others in their order."""
    return made(view_functions.movedim(given(x, "moveaxis"), source, destination))


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """The array with its axes in another order."""
    return made(view_functions.permute(given(x, "permute_dims"), axes))


def repeat(x: Array, repeats: int | Array, /, *, axis: int | None = None) -> Array:
    """Each element repeated, along an axis or as they are flattened."""
    array = given(x, "repeat")
    if axis is None:
        array, axis = reshape(array, (-1,)), 0
    times = repeats if isinstance(repeats, Tensor) else as_index(repeats, "repeat", "repeats")
    return made(rearranging_functions.repeat_interleave(array, times, as_axis(axis, array.ndim, "repeat")))


def reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    """The elements in another shape; one size may be -1, what is left.

    Raises: `RangeError` where ``copy`` is false and the elements do not lie as they would have to.
    """
    array = given(x, "reshape")
    result = view_functions.reshape(array, as_shape(shape, "reshape"))
    is_shared = result.storage() is array.storage()
    if copy is False and not is_shared and array.size:
        raise RangeError(f"reshape: cannot give {tuple(array.shape)} the shape {tuple(result.shape)} without a copy")
    return made(conversion.to(result, result.dtype, copy=True) if copy is True and is_shared else result)


def roll(x: Array, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Array:
    """Elements moved on along axes, those that leave the end coming in at the beginning."""
    array = given(x, "roll")
    if axis is None:
        return made(rearranging_functions.roll(array, shift)) if array.ndim else made(conversion.to(array, copy=True))
    axes = as_axes(axis, array.ndim, "roll") if not isinstance(axis, tuple) else axis
    shifts = shift if isinstance(shift, tuple) else (shift,) * len(axes)
    return made(rearranging_functions.roll(array, shifts, axes))


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """The array without axes of size 1.

    Raises: `ShapeError` for an axis of another size.
    """
    array = given(x, "squeeze")
    axes = as_axes(axis, array.ndim, "squeeze") if axis != () else ()
    wrong = [d for d in axes if array.shape[d] != 1]
    if wrong:
        raise ShapeError(f"squeeze: takes axes of size 1, got axis {wrong[0]} of shape {tuple(array.shape)}")
    kept = [n for d, n in enumerate(array.shape) if d not in axes]
    return made(view_functions.reshape(array, kept))


def stack(arrays: Arrays, /, *, axis: int = 0) -> Array:
    """Arrays beside each other along a new axis."""
    found = _promoted(arrays, "stack")
    return made(joining_functions.stack(found, as_axis(axis, found[0].ndim + 1, "stack")))


def tile(x: Array, repetitions: tuple[int, ...], /) -> Array:
    """The array repeated as a whole along axes."""
    return made(rearranging_functions.tile(given(x, "tile"), tuple(repetitions)))


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The parts along an axis."""
    array = given(x, "unstack")
    if not array.ndim:
        raise DimError("unstack: takes an array of at least one axis")
    return tuple([made(part) for part in splitting_functions.unbind(array, as_axis(axis, array.ndim, "unstack"))])


def _promoted(arrays: Sequence[Array], op: str) -> list[Array]:
    found = [given(x, op) for x in arrays]
    if not found:
        raise ArgumentError(f"{op}: takes at least one array")
    dtype = result_type(*found)
    return [converted(x, dtype) for x in found]
