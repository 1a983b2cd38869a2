"""Borders around a tensor: of one value, mirrored, of the edge's value, or of the other side's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops.copying import copy_into, element
from tensorlab.ops.create import full_of
from tensorlab.ops.movement import call_evaluator, slice_
from tensorlab.ops.view_evaluator import composed

Array = np.ndarray[Any, Any]
Edges = list[tuple[int, int]]  # before and after, a dimension

constant_pad_nd = declare("constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor")


def edges_of(ndim: int, pad: Shape, op: str) -> Edges:
    """The borders of each dimension; ``pad`` lists them from the last dimension on.

    Raises: `ShapeError` for an odd number of them, or more than there are dimensions.
    """
    if len(pad) % 2:
        raise ShapeError(f"{op}: length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * ndim:
        raise ShapeError(
            f"{op}: length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)} while the input has {ndim} dimensions."
        )
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    return [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]


@constant_pad_nd.rule("type")
def constant_pad_type(a: TensorType, pad: Shape, value: object) -> TensorType:
    """A negative border takes elements away.

    Raises: `ShapeError` where less than nothing would be left.
    """
    shape = a.sizes
    found = tuple(n + x + y for n, (x, y) in zip(shape, edges_of(len(shape), pad, "constant_pad_nd"), strict=True))
    if min(found, default=0) < 0:
        raise ShapeError(
            f"constant_pad_nd: the input size {list(shape)}, plus negative padding {list(pad)}, resulted in a negative "
            "output size, which is invalid."
        )
    return TensorType(a.dtype, found)


@constant_pad_nd.rule("call")
def constant_pad_call(a: Tensor, pad: Shape, value: float) -> Tensor:
    shape = constant_pad_type(a.type, pad, value).sizes
    result = full_of(shape, element(value, a.dtype, op="constant_pad_nd"), a.dtype)
    source, target = a, result
    for d, (before, after) in enumerate(edges_of(a.ndim, pad, "constant_pad_nd")):
        if before or after:
            n, wide = a.shape[d], shape[d]
            source = slice_.run((source, d, max(-before, 0), max(n - max(-after, 0), 0), 1))
            target = slice_.run((target, d, max(before, 0), max(wide - max(after, 0), 0), 1))
    if source.numel() and source.shape == target.shape:
        copy_into(target, source)
    return result


@constant_pad_nd.vjp("self")
def constant_pad_vjp(g: Tensor, pad: Shape) -> Tensor:
    return constant_pad_nd.call((g, tuple(-p for p in pad), 0))


bordered = declare("_pad_bordered(Tensor self, int[] pad, str mode) -> Tensor")
bordered_backward = declare("_pad_bordered_backward(Tensor grad, int[] pad, str mode) -> Tensor")

REFLECT, REPLICATE, CIRCULAR = "reflect", "replicate", "circular"


@bordered.rule("type")
def bordered_type(a: TensorType, pad: Shape, mode: str) -> TensorType:
    """Borders that are no wider than what they are made of.

    Raises: `ShapeError`.
    """
    shape = a.sizes
    edges = edges_of(len(shape), pad, "pad")
    for d, (n, both) in enumerate(zip(shape, edges, strict=True)):
        widest = n - 1 if mode == REFLECT else n if mode == CIRCULAR else max(both)
        if max(both) > widest or (not n and max(both) > 0):
            raise ShapeError(
                f"pad: padding size should be less than the corresponding input dimension, or at most it in circular "
                f"mode: got padding {both} at dimension {d} of input {list(shape)}"
            )
    return TensorType(a.dtype, tuple(n + x + y for n, (x, y) in zip(shape, edges, strict=True)))


def _borders(shape: Shape, dim: int, edges: tuple[int, int], mode: str) -> list[tuple[Any, Any]]:
    """Where the two borders along a dimension are, and what they are copies of, as indices of the padded array."""
    before, after = edges
    lead = (slice(None),) * dim
    n = shape[dim] - before - after
    last = before + n
    found: list[tuple[Any, Any]] = []
    if mode == REFLECT:
        sources = (
            slice(2 * before, before, -1),
            slice(last - 2, last - 2 - after if last - 2 - after >= 0 else None, -1),
        )
    elif mode == REPLICATE:
        sources = slice(before, before + 1), slice(last - 1, last)
    else:
        sources = slice(last - before, last), slice(before, before + after)
    for width, at, source in ((before, slice(0, before), sources[0]), (after, slice(last, last + after), sources[1])):
        if width:
            found.append(((*lead, at), (*lead, source)))
    return found


def _centre(edges: Edges, shape: Shape) -> tuple[slice, ...]:
    return tuple(slice(x, n - y) for (x, y), n in zip(edges, shape, strict=True))


@bordered.rule("call")
def bordered_call(a: Tensor, pad: Shape, mode: str) -> Tensor:
    """The centre copied, then the borders of one dimension after the other from what is there already."""
    shape = bordered_type(a.type, pad, mode).sizes
    result = empty(a.dtype, shape)
    values, edges = borrowed(result), edges_of(a.ndim, pad, "pad")
    values[_centre(edges, shape)] = borrowed(a)
    for d, both in enumerate(edges):
        for border, source in _borders(shape, d, both, mode):
            values[border] = values[source]
    return result


@bordered_backward.rule("type")
def bordered_backward_type(grad: TensorType, pad: Shape, mode: str) -> TensorType:
    shape = grad.sizes
    edges = edges_of(len(shape), pad, "pad")
    return TensorType(grad.dtype, tuple(n - x - y for n, (x, y) in zip(shape, edges, strict=True)))


@bordered_backward.rule("call")
@widened
def bordered_backward_call(grad: Tensor, pad: Shape, mode: str) -> Tensor:
    """The same way back: the borders of the last dimension are added to what they were copies of, then the others'."""
    shape = tuple(grad.shape)
    edges = edges_of(grad.ndim, pad, "pad")
    sums = borrowed(grad).copy()
    for d in reversed(range(grad.ndim)):
        for border, source in _borders(shape, d, edges[d], mode):
            flow = sums[border]
            sums[source] += flow.sum(d, keepdims=True) if mode == REPLICATE else flow
    result = empty(grad.dtype, bordered_backward_type(grad.type, pad, mode).sizes)
    borrowed(result)[...] = sums[_centre(edges, shape)]
    return result


@bordered.vjp("self")
def bordered_vjp(g: Tensor, pad: Shape, mode: str) -> Tensor:
    return bordered_backward.call((g, pad, mode))


@bordered_backward.vjp("grad")
def bordered_backward_vjp(g: Tensor, pad: Shape, mode: str) -> Tensor:
    return bordered.call((g, pad, mode))


@composed('pad(Tensor self, int[] pad, str mode="constant", float? value=None) -> Tensor')
def pad(a: Tensor, pad: Shape, mode: str, value: float | None) -> Tensor:
    """Borders of one value, or made of the tensor itself.

    Raises: `ArgumentError` for another mode, `RangeError` for a value that no border takes, `ShapeError`.
    """
    if mode == "constant":
        return constant_pad_nd.call((a, tuple(pad), 0 if value is None else value))
    if mode not in (REFLECT, REPLICATE, CIRCULAR):
        raise ArgumentError(f"pad: got mode {mode!r}; takes 'constant', 'reflect', 'replicate' or 'circular'")
    if value is not None and value != 0:
        raise RangeError(f'pad: padding mode "{mode}" doesn\'t take in value argument')
    spatial = len(pad) // 2
    if len(pad) % 2 or not 1 <= spatial <= 3 or a.ndim not in (spatial + 1, spatial + 2):
        raise ShapeError(
            "pad: only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: got a padding of "
            f"{len(pad)} numbers for a {a.ndim}-D tensor"
        )
    source = constant_pad_nd.call((a, tuple(min(p, 0) for p in pad), 0)) if min(pad) < 0 else a
    return bordered.call((source, tuple(max(p, 0) for p in pad), mode))


PADDING: tuple[Op, ...] = (constant_pad_nd, bordered, bordered_backward)

for _op in PADDING:
    call_evaluator(_op)
