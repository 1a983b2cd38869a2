"""Embedding: rows of a table by indices, and the gradients of the rows added up."""

from __future__ import annotations

from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, ShapeError
from tensorlab.ops import along
from tensorlab.ops.comparison import eq_number
from tensorlab.ops.copying import contiguous, fill_
from tensorlab.ops.indexed_places import as_row_major
from tensorlab.ops.masks import masked_fill
from tensorlab.ops.movement import reshape
from tensorlab.ops.view_evaluator import call_evaluator

embedding = declare(
    "embedding(Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False)"
    " -> Tensor"
)


@embedding.rule("type")
def embedding_type(
    weight: TensorType,
    indices: TensorType,
    padding_idx: int,
    scale_grad_by_freq: bool,  # noqa: FBT001
    sparse: bool,  # noqa: FBT001
) -> TensorType:
    """A row of ``weight`` for each index.

    Raises: `DTypeError`, `ShapeError`, `ArgumentError` for sparse gradients and such that are scaled by frequency.
    """
    if len(weight.sizes) != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D, got shape {list(weight.sizes)}")
    along.check_long("embedding", indices.dtype)
    if scale_grad_by_freq:
        raise ArgumentError("embedding: scale_grad_by_freq=True is not taken")
    if sparse:
        raise ArgumentError("embedding: sparse=True is not taken: there are no sparse tensors")
    return TensorType(weight.dtype, (*indices.sizes, weight.sizes[1]))


@recurring(embedding)
def embedding_call(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int,
    scale_grad_by_freq: bool,  # noqa: FBT001
    sparse: bool,  # noqa: FBT001
) -> Run:
    shape = embedding_type(weight.type, indices.type, padding_idx, scale_grad_by_freq, sparse).sizes
    read = along.rows_reader("embedding", weight.layout, 0, indices.layout, shape)
    return lambda weight, indices, *_: read(weight, indices)


@embedding.vjp("weight")
def embedding_vjp(g: Tensor, indices: Tensor, padding_idx: int, weight_type: TensorType) -> Tensor:
    return embedding_dense_backward.call((g, indices, weight_type.sizes[0], padding_idx, False))


embedding_dense_backward = declare(
    "embedding_dense_backward(Tensor grad_output, Tensor indices, int num_weights, int padding_idx,"
    " bool scale_grad_by_freq) -> Tensor"
)


@embedding_dense_backward.rule("type")
def embedding_dense_backward_type(
    grad_output: TensorType,
    indices: TensorType,
    num_weights: int,
    padding_idx: int,
    scale_grad_by_freq: bool,  # noqa: FBT001
) -> TensorType:
    """The weight's type.

    Raises: `ArgumentError`, `DTypeError`, `ShapeError`.
    """
    if scale_grad_by_freq:
        raise ArgumentError("embedding: scale_grad_by_freq=True is not taken")
    along.check_long("embedding", indices.dtype)
    shape = grad_output.sizes
    if shape[:-1] != indices.sizes:
        raise ShapeError(f"embedding: got a gradient of shape {list(shape)} for indices of {list(indices.sizes)}")
    return TensorType(grad_output.dtype, (num_weights, shape[-1]))


@embedding_dense_backward.rule("call")
def embedding_dense_backward_call(
    grad_output: Tensor,
    indices: Tensor,
    num_weights: int,
    padding_idx: int,
    scale_grad_by_freq: bool,  # noqa: FBT001
) -> Tensor:
    """Gradients of rows, added up where a row was taken several times; the padding's stays 0."""
    found = embedding_dense_backward_type(grad_output.type, indices.type, num_weights, padding_idx, scale_grad_by_freq)
    shape = found.sizes
    result = empty(grad_output.dtype, shape)
    fill_.run((result, 0))
    indices = as_row_major(indices)
    rows = reshape.run((contiguous.run((grad_output,)), (indices.layout.numel, shape[1])))
    along.fold_rows(result, "embedding", 0, reshape.run((indices, (-1,))), rows, "add")
    if 0 <= padding_idx < num_weights:
        row = result.as_view(empty(result.dtype, (shape[1],)).layout, padding_idx * shape[1])
        fill_.run((row, 0))
    return result


@embedding_dense_backward.vjp("grad_output")
def embedding_dense_backward_vjp(g: Tensor, indices: Tensor, padding_idx: int) -> Tensor:
    found = embedding.call((g, indices, padding_idx, False, False))
    if padding_idx < 0:
        return found
    padding = reshape.call((eq_number.call((indices, padding_idx)), (*indices.shape, 1)))
    return masked_fill.call((found, padding, 0))


call_evaluator(embedding_dense_backward)

EMBEDDING: tuple[Op, ...] = (embedding, embedding_dense_backward)
