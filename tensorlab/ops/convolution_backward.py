# ruff: noqa: FBT001 - the schema's order
"""Derivatives of convolutions, made of convolutions: by the input the transposed one, by the weights a correlation."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.correlation import Axis, CorrelationPlan, Sizes, correlation
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import declare
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import NONE, TensorType, Type
from tensorlab.core.widened import widened
from tensorlab.errors import ArgumentError
from tensorlab.ops import reduce
from tensorlab.ops.convolution import (
    Ints,
    Shape,
    as_window,
    convolution,
    over_two,
    remember,
    steps_of,
)
from tensorlab.ops.movement import call_evaluator, slice_

weight_backward = declare(
    "tensorlab::convolution_weight_backward(Tensor grad_output, Tensor input, int[] weight_size, int[] stride, "
    "int[] padding, int[] dilation, bool transposed, int groups) -> Tensor"
)
convolution_backward = declare(
    "convolution_backward(Tensor grad_output, Tensor input, Tensor weight, int[]? bias_sizes, int[] stride, "
    "int[] padding, int[] dilation, bool transposed, int[] output_padding, int groups, bool[3] output_mask) "
    "-> (Tensor, Tensor, Tensor)"
)


@convolution.vjp("input")
def convolution_input_vjp(
    g: Tensor,
    input_type: TensorType,
    weight: Tensor,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    return input_gradient(g, input_type.sizes, weight, stride, padding, dilation, transposed, groups)


@convolution.vjp("weight")
def convolution_weight_vjp(
    g: Tensor,
    input: Tensor,
    weight_type: TensorType,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    return weight_backward.call((g, input, weight_type.sizes, stride, padding, dilation, transposed, groups))


@convolution.vjp("bias")
def convolution_bias_vjp(g: Tensor) -> Tensor:
    return bias_gradient(g)


def bias_gradient(g: Tensor) -> Tensor:
    """Sums over all but the channels."""
    return reduce.sum_dim.call((g, (0, *range(2, g.ndim)), False, None))


def input_gradient(
    g: Tensor,
    sizes: Shape,
    weight: Tensor,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    """The gradient of a convolution's input: the transposed convolution of ``g``, or back from that."""
    none = (0,) * (len(sizes) - 2)
    if transposed:
        found = convolution.call((g, weight, None, stride, padding, dilation, False, none, groups))
        for dim, n in enumerate(sizes[2:], start=2):
            if found.shape[dim] != n:  # an output padding of a stride or more, which a dilation allows
                found = slice_.call((found, dim, 0, n, 1))
        return found
    extra = _left_over(tuple(g.shape), sizes, tuple(weight.shape), stride, padding, dilation)
    return convolution.call((g, weight, None, stride, padding, dilation, True, extra, groups))


def _left_over(small: Shape, large: Shape, weight: Shape, stride: Ints, padding: Ints, dilation: Ints) -> Shape:
    """The output padding with which a transposed convolution of ``small`` comes out as ``large``."""
    window = as_window(len(weight) - 2, stride, padding, dilation, True, (0,), 1)
    rest: list[int] = []
    for i, n in enumerate(large[2:]):
        reach = window.dilation[i] * (weight[i + 2] - 1) + 1
        rest.append(n - ((small[i + 2] - 1) * window.stride[i] - 2 * window.padding[i] + reach))
    return tuple(rest)


@weight_backward.rule("type")
def weight_backward_type(grad: TensorType, _input: TensorType, weight_size: Ints, *_: object) -> TensorType:
    return TensorType(grad.dtype, tuple(weight_size))


@weight_backward.rule("call")
@widened
def weight_backward_call(
    grad: Tensor,
    x: Tensor,
    weight_size: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    """The gradient of the weights: a correlation whose taps are the places of one of the two tensors."""
    form = layout(grad.dtype, tuple(weight_size))
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    if not (form.numel and grad.numel() and x.numel()):
        borrowed(result)[...] = 0
        return result
    large, small = (grad, x) if transposed else (x, grad)
    key = (large.layout, small.layout, form, tuple(stride), tuple(padding), tuple(dilation), groups)
    plan: CorrelationPlan | None = weight_backward.plans.get(key)
    if plan is None:
        plan = remember(weight_backward, key, plan_weight_backward(*key))
    plan.run(large.address, small.address, 0, result.address)
    return result


call_evaluator(weight_backward)


def plan_weight_backward(
    large: Layout, small: Layout, w: Layout, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> CorrelationPlan:
    """Channels of the larger tensor stand as images here, images as channels, places of the smaller one as taps."""
    window = as_window(len(w.shape) - 2, stride, padding, dilation, False, (0,), groups)
    inside, taps, outside = (over_two(tuple(form.shape[2:])) for form in (large, small, w))
    pads, strides, dilations = over_two(window.padding, 0), over_two(window.stride), over_two(window.dilation)
    axes = [Axis(inside[i], taps[i], outside[i], dilations[i], strides[i], -pads[i]) for i in (0, 1)]
    sizes = Sizes(w.shape[1], groups, large.shape[0], w.shape[0] // groups, *axes)
    (ln, lg, lc, ly, lx), (sn, sg, sc, sy, sx) = steps_of(large, groups), steps_of(small, groups)
    wo, wg, wc, wy, wx = steps_of(w, groups, by_first=True)
    return correlation(w.dtype, sizes, (lc, lg, ln, ly, lx), (sc, sg, sn, sy, sx), (wc, wg, wo, wy, wx))


@weight_backward.vjp("grad_output")
def weight_backward_grad_vjp(
    g: Tensor,
    grad_output_type: TensorType,
    input: Tensor,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    extra = (0,) * (g.ndim - 2)
    if transposed:
        extra = _left_over(tuple(input.shape), grad_output_type.sizes, tuple(g.shape), stride, padding, dilation)
    return convolution.call((input, g, None, stride, padding, dilation, transposed, extra, groups))


@weight_backward.vjp("input")
def weight_backward_input_vjp(
    g: Tensor,
    grad_output: Tensor,
    input_type: TensorType,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    groups: int,
) -> Tensor:
    return input_gradient(grad_output, input_type.sizes, g, stride, padding, dilation, transposed, groups)


@convolution_backward.rule("type")
def convolution_backward_type(
    grad: TensorType,
    x: TensorType,
    w: TensorType,
    bias_sizes: Ints | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
    output_mask: Sequence[bool],
) -> tuple[Type, ...]:
    """Types as those of input, weights and bias; what is not asked for is None.

    Raises: `ArgumentError` for a mask that is not of three.
    """
    if len(output_mask) != 3:
        raise ArgumentError(f"convolution_backward: output_mask takes 3 bools, got {len(output_mask)}")
    channels = w.sizes[1] * groups if transposed else w.sizes[0]
    types = (x, w, TensorType(grad.dtype, (channels,)))
    return tuple(t if asked else NONE for t, asked in zip(types, output_mask, strict=True))


@convolution_backward.rule("composite")
def convolution_backward_composite(
    grad: Tensor,
    x: Tensor,
    w: Tensor,
    bias_sizes: Ints | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
    output_mask: Sequence[bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of input, weights and bias, each None where the mask does not ask for it."""
    types = (grad.type, x.type, w.type)
    convolution_backward_type(
        *types, bias_sizes, stride, padding, dilation, transposed, output_padding, groups, output_mask
    )
    rest = (stride, padding, dilation, transposed, groups)
    by_input = input_gradient(grad, tuple(x.shape), w, *rest) if output_mask[0] else None
    by_weight = weight_backward.call((grad, x, tuple(w.shape), *rest)) if output_mask[1] else None
    return by_input, by_weight, bias_gradient(grad) if output_mask[2] else None


call_evaluator(convolution_backward)
