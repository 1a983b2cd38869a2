# ruff: noqa: FBT001 - torch's public names and signatures
"""Public functions on images and other signals: convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import convolution_backward as convolution_backward_ops
from tensorlab.ops import convolution_forms as forms
from tensorlab.ops.called import called
from tensorlab.ops.convolution import convolution as convolution_op
from tensorlab.ops.operands import as_int, as_ints

Ints = int | Sequence[int]


def _tensors(op: str, input: object, weight: object, bias: object) -> tuple[Tensor, Tensor, Tensor | None]:
    for name, value in (("input", input), ("weight", weight)):
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{op}: argument {name!r} takes a Tensor, got {type(value).__name__}")
    if bias is not None and not isinstance(bias, Tensor):
        raise ArgumentError(f"{op}: argument 'bias' takes a Tensor or None, got {type(bias).__name__}")
    return input, weight, bias  # pyright: ignore[reportReturnType] - checked by the loop


def _convolved(
    plain: Op,
    padded: Op,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> Tensor:
    name = plain.schema.name
    tensors = _tensors(name, input, weight, bias)
    steps, reach = as_ints(stride, op=name, name="stride"), as_ints(dilation, op=name, name="dilation")
    count = as_int(groups, op=name, name="groups")
    if isinstance(padding, str):
        return padded.call((*tensors, steps, padding, reach, count))
    return plain.call((*tensors, steps, as_ints(padding, op=name, name="padding"), reach, count))


@called("ConvolutionBackward0")
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of signals with kernels, as cross-correlation.

    Shape:  ``[n, c, l]`` or ``[c, l]`` with ``[o, c / groups, k]`` gives ``[n, o, m]`` or ``[o, m]``; with
            ``padding="same"`` ``m`` is ``l``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    return _convolved(forms.conv1d, forms.conv1d_padding, input, weight, bias, stride, padding, dilation, groups)


@called("ConvolutionBackward0")
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of images with kernels, as cross-correlation.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` with ``[o, c / groups, k, l]`` gives ``[n, o, i, j]`` or ``[o, i, j]``;
            with ``padding="same"`` sizes stay.
    Cost:   one pass of multiplications by definition, at about the speed of a matrix product.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.

    >>> import tensorlab as tl
    >>> tl.conv2d(tl.ones(1, 1, 3, 3), tl.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _convolved(forms.conv2d, forms.conv2d_padding, input, weight, bias, stride, padding, dilation, groups)


def _transposed(
    op: Op,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Tensor:
    name = op.schema.name
    numbers = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    lists = {key: as_ints(value, op=name, name=key) for key, value in numbers.items()}
    count = as_int(groups, op=name, name="groups")
    tensors = _tensors(name, input, weight, bias)
    return op.call((*tensors, lists["stride"], lists["padding"], lists["output_padding"], count, lists["dilation"]))


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """What `conv1d`'s derivative by its input does: signals spread out over kernels and summed.

    Shape:  ``[n, c, l]`` or ``[c, l]`` with ``[c, o / groups, k]`` gives ``[n, o, m]`` or ``[o, m]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    op = forms.conv_transpose1d
    return _transposed(op, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """What `conv2d`'s derivative by its input does: images spread out over kernels and summed.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` with ``[c, o / groups, k, l]`` gives ``[n, o, i, j]`` or ``[o, i, j]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    op = forms.conv_transpose2d
    return _transposed(op, input, weight, bias, stride, padding, output_padding, groups, dilation)


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    """A convolution or, if ``transposed``, the way back from one; all numbers given, and with a batch dimension."""
    name = "convolution"
    numbers = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    lists = {key: as_ints(value, op=name, name=key) for key, value in numbers.items()}
    return convolution_op.call(
        (
            *_tensors(name, input, weight, bias),
            *(lists["stride"], lists["padding"], lists["dilation"], bool(transposed), lists["output_padding"]),
            as_int(groups, op=name, name="groups"),
        )
    )


CONVOLUTION_OPS = (convolution_op, convolution_backward_ops.convolution_backward, *forms.CONVOLUTIONS)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "conv1d": conv1d,
    "conv2d": conv2d,
    "conv_transpose1d": conv_transpose1d,
    "conv_transpose2d": conv_transpose2d,
    "convolution": convolution,
}

FUNCTIONAL: dict[str, Callable[..., Any]] = {name: FUNCTIONS[name] for name in FUNCTIONS if name != "convolution"}
