"""The public functions that make one tensor of several, and grids of vectors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import int64
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import joining
from tensorlab.ops.operands import as_int, as_tensor_argument
from tensorlab.ops.out import takes_out


def _tensors(given: object, op: str) -> list[Tensor]:
    """A list of tensors.

    Raises: `ArgumentError` for anything else, with the position of what is no tensor.
    """
    if not isinstance(given, (list, tuple)):
        raise ArgumentError(f"{op}: argument 'tensors' takes a list of Tensors, got {type(given).__name__}")
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"{op}: argument 'tensors' takes Tensors, got {type(x).__name__} at position {i}")
    return list(given)


@takes_out
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension."""
    return joining.cat.call((_tensors(tensors, "cat"), as_int(dim, op="cat", name="dim")))


@takes_out
def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension, as `cat`."""
    return joining.cat.call((_tensors(tensors, "concat"), as_int(dim, op="concat", name="dim")))


@takes_out
def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension, as `cat`."""
    return joining.cat.call((_tensors(tensors, "concatenate"), as_int(dim, op="concatenate", name="dim")))


@takes_out
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    return joining.stack.call((_tensors(tensors, "stack"), as_int(dim, op="stack", name="dim")))


@takes_out
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side: joined along the second dimension, vectors along their first."""
    return joining.hstack.call((_tensors(tensors, "hstack"),))


@takes_out
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below each other: joined along the first dimension, vectors as rows."""
    return joining.vstack.call((_tensors(tensors, "vstack"),))


@takes_out
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors joined along the third dimension."""
    return joining.dstack.call((_tensors(tensors, "dstack"),))


@takes_out
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors side by side, vectors as columns."""
    return joining.column_stack.call((_tensors(tensors, "column_stack"),))


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along a diagonal, zeros elsewhere; vectors are rows."""
    return joining.block_diag.call((_tensors(tensors, "block_diag"),))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """For each vector a view that varies along a dimension of its own; ``"xy"`` exchanges the first two.

    Raises: `ArgumentError` for another way of indexing, `ShapeError` for a tensor of more than one dimension.
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    listed = _tensors(given, "meshgrid")
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    if not listed:
        raise ShapeError("meshgrid: expects a non-empty TensorList")
    for x in listed:
        if x.ndim > 1:
            raise ShapeError(f"meshgrid: expected 0D or 1D tensor in the tensor list, got {x.ndim}D")
    if len({x.dtype for x in listed}) > 1:
        raise ArgumentError("meshgrid: expects all tensors to have the same dtype")
    return tuple(joining.meshgrid.call((listed, indexing)))


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of one element of each vector, one a row."""
    listed = _tensors(tensors, "cartesian_prod")
    for x in listed:
        if x.ndim != 1:
            raise ShapeError(f"cartesian_prod: expects 1D vectors, but got tensor with size {list(x.shape)}")
    return joining.cartesian_prod.call((listed,))


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:  # noqa: FBT001
    """All ways to take ``r`` elements of a vector, one a row, in order.

    Raises: `ShapeError` for what is no vector, `RangeError` for a negative ``r``.
    """
    from tensorlab.ops.data import tensor

    source = as_tensor_argument(_COMBINATIONS, input)
    count = as_int(r, op="combinations", name="r")
    if source.ndim != 1:
        raise ShapeError(f"combinations: expects a 1D vector, but got shape {list(source.shape)}")
    if count < 0:
        raise RangeError(f"combinations: expects a non-negative number, but got {count}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if not count:
        return source.new_empty(0)
    rows = list(choose(range(source.numel()), count))
    return source[tensor([i for row in rows for i in row], int64)].reshape(len(rows), count)


_COMBINATIONS: Op = joining.cat  # named in the message for what is no tensor

FUNCTIONS: dict[str, Any] = {
    "block_diag": block_diag,
    "cartesian_prod": cartesian_prod,
    "cat": cat,
    "column_stack": column_stack,
    "combinations": combinations,
    "concat": concat,
    "concatenate": concatenate,
    "dstack": dstack,
    "hstack": hstack,
    "meshgrid": meshgrid,
    "stack": stack,
    "vstack": vstack,
}
