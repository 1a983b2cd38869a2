"""Convolutions of one and two dimensions as ATen names them, each a call of `convolution`, with or without a batch."""

from __future__ import annotations

from typing import Any

from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.convolution import Ints, convolution, convolution_type
from tensorlab.ops.copying import contiguous
from tensorlab.ops.movement import call_evaluator, slice_, squeeze, unsqueeze

_GIVEN = "Tensor input, Tensor weight, Tensor? bias=None"
_ONE, _TWO = "int[1] stride=[1]", "int[2] stride=[1, 1]"

conv1d = declare(f"conv1d({_GIVEN}, {_ONE}, int[1] padding=[0], int[1] dilation=[1], int groups=1) -> Tensor")
conv1d_padding = declare(
    f"conv1d.padding({_GIVEN}, {_ONE}, str padding='valid', int[1] dilation=[1], int groups=1) -> Tensor"
)
conv2d = declare(f"conv2d({_GIVEN}, {_TWO}, int[2] padding=[0, 0], int[2] dilation=[1, 1], int groups=1) -> Tensor")
conv2d_padding = declare(
    f"conv2d.padding({_GIVEN}, {_TWO}, str padding='valid', int[2] dilation=[1, 1], int groups=1) -> Tensor"
)
conv_transpose1d = declare(
    f"conv_transpose1d({_GIVEN}, {_ONE}, int[1] padding=[0], int[1] output_padding=[0], int groups=1, "
    "int[1] dilation=[1]) -> Tensor"
)
conv_transpose2d = declare(
    f"conv_transpose2d.input({_GIVEN}, {_TWO}, int[2] padding=[0, 0], int[2] output_padding=[0, 0], int groups=1, "
    "int[2] dilation=[1, 1]) -> Tensor"
)


def _is_single(name: str, shape: tuple[int, ...], dims: int) -> bool:
    """Whether an input comes without a batch dimension.

    Raises: `ShapeError` for neither count of dimensions.
    """
    if len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(
            f"{name}: expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of "
            f"size: {list(shape)}"
        )
    return len(shape) == dims + 1


def same_padding(name: str, padding: str, weight: tuple[int, ...], stride: Ints, dilation: Ints) -> tuple[int, ...]:
    """Zeros in front of each dimension, and behind it as many or one less, for a padding given by a word.

    Raises: `RangeError` for another word, or a stride where the result is to be as large as the input.
    """
    taps = weight[2:]
    if padding == "valid":
        return (0,) * len(taps)
    if padding != "same":
        raise RangeError(f"{name}: invalid padding string: {padding!r}; takes 'valid' or 'same'")
    if any(s != 1 for s in stride):
        raise RangeError(f"{name}: padding='same' is not supported for strided convolutions, got stride {list(stride)}")
    steps = tuple(dilation) * (len(taps) if len(dilation) == 1 else 1)
    return tuple((d * (k - 1) + 1) // 2 for d, k in zip(steps, taps, strict=True))


def _forward(op: Op, dims: int) -> None:
    name = op.schema.name

    def convolved(x: Tensor, w: Tensor, bias: Tensor | None, stride: Ints, padding: Any, dilation: Ints, groups: int):  # noqa: ANN202
        single = _is_single(name, tuple(x.shape), dims)
        batch = unsqueeze.call((x, 0)) if single else x
        word = isinstance(padding, str)
        pads = same_padding(name, padding, tuple(w.shape), stride, dilation) if word else padding
        found = convolution.call((batch, w, bias, stride, pads, dilation, False, (0,) * dims, groups))
        if word:
            found = _cut(found, batch, padding)
        return squeeze.call((found, 0)) if single else found

    def convolved_type(
        x: TensorType, w: TensorType, bias: TensorType | None, stride: Ints, padding: Any, dilation: Ints, groups: int
    ) -> TensorType:
        shape = x.sizes
        single = _is_single(name, shape, dims)
        batch = TensorType(x.dtype, (1, *shape)) if single else x
        word = isinstance(padding, str)
        pads = same_padding(name, padding, w.sizes, stride, dilation) if word else padding
        found = convolution_type(batch, w, bias, stride, pads, dilation, False, (0,) * dims, groups).sizes
        if padding == "same":
            found = (*found[:2], *batch.sizes[2:])
        return TensorType(x.dtype, found[1:] if single else found)

    _finish(op, convolved_type, convolved)


def _cut(found: Tensor, batch: Tensor, padding: str) -> Tensor:
    """An even kernel has one zero more in front than torch's: its first result is left out."""
    if padding == "same" and found.shape[2:] != batch.shape[2:]:
        for dim in range(2, found.ndim):
            if found.shape[dim] != batch.shape[dim]:
                found = slice_.call((found, dim, 1, None, 1))
        return contiguous.call((found,))
    return found


def _backward(op: Op, dims: int) -> None:
    name = op.schema.name

    def transposed(
        x: Tensor, w: Tensor, bias: Tensor | None, stride: Ints, padding: Ints, extra: Ints, groups: int, dilation: Ints
    ) -> Tensor:
        single = _is_single(name, tuple(x.shape), dims)
        batch = unsqueeze.call((x, 0)) if single else x
        found = convolution.call((batch, w, bias, stride, padding, dilation, True, extra, groups))
        return squeeze.call((found, 0)) if single else found

    def transposed_type(
        x: TensorType,
        w: TensorType,
        bias: TensorType | None,
        stride: Ints,
        padding: Ints,
        extra: Ints,
        groups: int,
        dilation: Ints,
    ) -> TensorType:
        shape = x.sizes
        single = _is_single(name, shape, dims)
        batch = TensorType(x.dtype, (1, *shape)) if single else x
        found = convolution_type(batch, w, bias, stride, padding, dilation, True, extra, groups).sizes
        return TensorType(x.dtype, found[1:] if single else found)

    _finish(op, transposed_type, transposed)


def _finish(op: Op, type_rule: Any, body: Any) -> None:
    for kind, rule in (("type", type_rule), ("composite", body)):
        rule.__name__ = f"{op.schema.name}_{kind}"
        op.rule(kind)(rule)
    call_evaluator(op)


for _op in (conv1d, conv1d_padding):
    _forward(_op, 1)
for _op in (conv2d, conv2d_padding):
    _forward(_op, 2)
_backward(conv_transpose1d, 1)
_backward(conv_transpose2d, 2)

CONVOLUTIONS = (conv1d, conv1d_padding, conv2d, conv2d_padding, conv_transpose1d, conv_transpose2d)
