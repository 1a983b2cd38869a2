"""Gradients of views that leave elements out, or show them several times: zeros, with the gradient put in its place.

Each is an op of its own, under ATen's name, so that it can be differentiated again.
"""

from __future__ import annotations

from tensorlab.core.dtype import DType
from tensorlab.core.interop import borrowed
from tensorlab.core.op import declare
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.ops.copying import copy_into
from tensorlab.ops.create import full_of
from tensorlab.ops.movement import call_evaluator, diagonal, select, slice_, unfold

Sizes = tuple[int, ...]

select_backward = declare("select_backward(Tensor grad_output, int[] input_sizes, int dim, int index) -> Tensor")
slice_backward = declare(
    "slice_backward(Tensor grad_output, int[] input_sizes, int dim, int? start, int? end, int step) -> Tensor"
)
diagonal_backward = declare(
    "diagonal_backward(Tensor grad_output, int[] input_sizes, int offset, int dim1, int dim2) -> Tensor"
)
unfold_backward = declare("unfold_backward(Tensor grad_in, int[] input_sizes, int dim, int size, int step) -> Tensor")


@select_backward.rule("type")
@slice_backward.rule("type")
@diagonal_backward.rule("type")
@unfold_backward.rule("type")
def backward_type(grad: TensorType, input_sizes: Sizes, *_: object) -> TensorType:
    return TensorType(grad.dtype, tuple(input_sizes))


def _blank(dtype: DType, sizes: Sizes) -> Tensor:
    return full_of(tuple(sizes), 0, dtype)


@select.vjp("self")
def select_vjp(g: Tensor, self_type: TensorType, dim: int, index: int) -> Tensor:
    return select_backward.call((g, self_type.sizes, dim, index))


@select_backward.rule("call")
def select_backward_call(grad: Tensor, input_sizes: Sizes, dim: int, index: int) -> Tensor:
    result = _blank(grad.dtype, input_sizes)
    copy_into(select.run((result, dim, index)), grad)
    return result


@select_backward.vjp("grad_output")
def select_backward_vjp(g: Tensor, dim: int, index: int) -> Tensor:
    return select.call((g, dim, index))


@slice_.vjp("self")
def slice_vjp(g: Tensor, self_type: TensorType, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    return slice_backward.call((g, self_type.sizes, dim, start, end, step))


@slice_backward.rule("call")
def slice_backward_call(
    grad: Tensor, input_sizes: Sizes, dim: int, start: int | None, end: int | None, step: int
) -> Tensor:
    result = _blank(grad.dtype, input_sizes)
    copy_into(slice_.run((result, dim, start, end, step)), grad)
    return result


@slice_backward.vjp("grad_output")
def slice_backward_vjp(g: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    return slice_.call((g, dim, start, end, step))


@diagonal.vjp("self")
def diagonal_vjp(g: Tensor, self_type: TensorType, offset: int, dim1: int, dim2: int) -> Tensor:
    return diagonal_backward.call((g, self_type.sizes, offset, dim1, dim2))


@diagonal_backward.rule("call")
def diagonal_backward_call(grad: Tensor, input_sizes: Sizes, offset: int, dim1: int, dim2: int) -> Tensor:
    result = _blank(grad.dtype, input_sizes)
    copy_into(diagonal.run((result, offset, dim1, dim2)), grad)
    return result


@diagonal_backward.vjp("grad_output")
def diagonal_backward_vjp(g: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return diagonal.call((g, offset, dim1, dim2))


@unfold.vjp("self")
def unfold_vjp(g: Tensor, self_type: TensorType, dimension: int, size: int, step: int) -> Tensor:
    return unfold_backward.call((g, self_type.sizes, dimension, size, step))


@unfold_backward.rule("call")
def unfold_backward_call(grad: Tensor, input_sizes: Sizes, dim: int, size: int, step: int) -> Tensor:
    """The windows summed up where they lay: one addition for each place in a window."""
    result = _blank(grad.dtype, input_sizes)
    values, sums = borrowed(grad), borrowed(result)
    if not input_sizes:
        sums[...] = values.sum()
        return result
    at = wrap_dim(dim, len(input_sizes), op="unfold_backward")
    reach = (grad.shape[at] - 1) * step + 1
    before = (slice(None),) * at
    for k in range(size if reach > 0 else 0):
        sums[(*before, slice(k, k + reach, step))] += values[..., k]
    return result


@unfold_backward.vjp("grad_in")
def unfold_backward_vjp(g: Tensor, dim: int, size: int, step: int) -> Tensor:
    return unfold.call((g, dim, size, step))


BACKWARD = (select_backward, slice_backward, diagonal_backward, unfold_backward)

for _op in BACKWARD:
    call_evaluator(_op)
