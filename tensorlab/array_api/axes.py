"""Axes of the standard, which may be none, one or several, in terms of Tensor's dimensions."""

from __future__ import annotations

import math
from typing import cast

from tensorlab.array_api.array import Array, as_index, made
from tensorlab.core.shape import wrap_dim
from tensorlab.errors import ArgumentError, DimError
from tensorlab.ops import movement, view_functions

Axis = int | tuple[int, ...] | None


def as_axes(axis: object, ndim: int, op: str) -> tuple[int, ...]:
    """The axes, counted from the first; all of them for None.

    Raises: `DimError` for one that is out of range or given twice, `ArgumentError` for what is none.
    """
    if axis is None:
        return tuple(range(ndim))
    given: tuple[object, ...] = cast("tuple[object, ...]", axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple([as_axis(a, ndim, op) for a in given])
    if len(set(axes)) != len(axes):
        raise DimError(f"{op}: got axis {axis}, takes each axis once")
    return axes


def as_axis(axis: object, ndim: int, op: str) -> int:
    """One axis, counted from the first.

    Raises: as `as_axes`; an array without axes has none to name.
    """
    at = as_index(axis, op, "axis")
    if not ndim:
        raise DimError(f"{op}: got axis {at} for an array without axes")
    return wrap_dim(at, ndim, op=op)


def as_shape(shape: object, op: str) -> tuple[int, ...]:
    """A shape, of which one integer may stand for a list of one.

    Raises: `ArgumentError` for what is none.
    """
    if isinstance(shape, (tuple, list)):
        return tuple([as_index(n, op, "shape") for n in cast("tuple[object, ...]", shape)])
    if isinstance(shape, str) or not hasattr(shape, "__index__"):
        raise ArgumentError(f"{op}: argument 'shape' takes integers, got {type(shape).__name__}")
    return (as_index(shape, op, "shape"),)


def gathered(x: Array, axis: Axis, op: str) -> Array:
    """All that is to be reduced, as one last axis: of a size of 1 where no axis is named."""
    axes = as_axes(axis, x.ndim, op)
    kept = [d for d in range(x.ndim) if d not in axes]
    order = [*kept, *axes]
    ordered = x if order == list(range(x.ndim)) else movement.permute.call((x, order))
    if len(axes) == 1:
        return made(ordered)
    sizes = ordered.shape
    return made(view_functions.reshape(ordered, (*sizes[: len(kept)], math.prod(sizes[len(kept) :]))))


def with_ones(result: Array, x: Array, axis: Axis, op: str) -> Array:
    """A result with the axes back that it was reduced along, at a size of 1."""
    axes = as_axes(axis, x.ndim, op)
    return made(view_functions.reshape(result, [1 if d in axes else x.shape[d] for d in range(x.ndim)]))
