# ruff: noqa: FBT001 - the schema's order
"""Convolutions and transposed ones over one or two dimensions, as correlations that one compiled loop computes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tensorlab.core.correlation import Axis, CorrelationPlan, Sizes, Steps, correlation
from tensorlab.core.dtype import Category, DType
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.movement import call_evaluator

PLAN_LIMIT = 1024

Ints = Sequence[int]
Shape = tuple[int, ...]
T = TypeVar("T")

convolution = declare(
    "convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, "
    "bool transposed, int[] output_padding, int groups) -> Tensor"
)


@dataclass(frozen=True, slots=True)
class Window:
    """The numbers of a convolution beside its tensors, one of each a dimension."""

    stride: Shape
    padding: Shape
    dilation: Shape
    transposed: bool
    output_padding: Shape
    groups: int


@convolution.rule("type")
def convolution_type(
    input: TensorType,
    weight: TensorType,
    bias: TensorType | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> TensorType:
    """``[n, c, ...]`` with ``[o, c / groups, ...]``, or transposed ``[c, o / groups, ...]``, gives ``[n, o, ...]``.

    Raises: `ShapeError`, `RangeError`, `DTypeError`, in torch's words.
    """
    x, w = input.sizes, weight.sizes
    window = as_window(len(w) - 2, stride, padding, dilation, transposed, output_padding, groups)
    _check_shapes(x, w, None if bias is None else bias.sizes, window)
    _check_dtypes(input.dtype, weight.dtype, None if bias is None else bias.dtype)
    spatial = transposed_sizes(x, w, window) if transposed else convolved_sizes(x, w, window)
    return TensorType(input.dtype, (x[0], w[1] * groups if transposed else w[0], *spatial))


def as_window(
    dims: int, stride: Ints, padding: Ints, dilation: Ints, transposed: bool, output_padding: Ints, groups: int
) -> Window:
    """One number a dimension, where one was given for all.

    Raises: `ShapeError` for other counts, `RangeError` for values that are out of range.
    """
    if dims not in (1, 2):
        raise ShapeError(f"convolution: expected 3 or 4 dimensional weight, but got {dims + 2} dimensions")
    lists: list[Shape] = []
    names = ("stride", "padding", "dilation", "output_padding")
    for name, values in zip(names, (stride, padding, dilation, output_padding), strict=True):
        if len(values) not in (1, dims):
            raise ShapeError(
                f"convolution: expected {name} to be a single integer value or a list of {dims} values to match the "
                f"convolution dimensions, but got {name}={list(values)}"
            )
        lists.append(tuple(values) if len(values) == dims else tuple(values) * dims)
    window = Window(lists[0], lists[1], lists[2], transposed, lists[3], groups)
    if min(window.padding) < 0:
        raise RangeError(f"convolution: negative padding is not supported, got {list(window.padding)}")
    if min(window.output_padding) < 0:
        raise RangeError(f"convolution: negative output_padding is not supported, got {list(window.output_padding)}")
    if min(window.stride) <= 0:
        raise RangeError(f"convolution: non-positive stride is not supported, got {list(window.stride)}")
    if min(window.dilation) <= 0:
        raise RangeError(f"convolution: dilation should be greater than zero, got {list(window.dilation)}")
    if groups <= 0:
        raise RangeError(f"convolution: non-positive groups is not supported, got {groups}")
    return window


def _check_shapes(x: Shape, w: Shape, bias: Shape | None, window: Window) -> None:
    groups, given = window.groups, f"Given groups={window.groups}, weight of size {list(w)}"
    if len(x) != len(w):
        raise ShapeError(
            f"convolution: expected {len(w)}-dimensional input for {len(w)}-dimensional weight {list(w)}, but got "
            f"{len(x)}-dimensional input of size {list(x)} instead"
        )
    channels = w[0] if window.transposed else w[1] * groups
    outs = w[1] * groups if window.transposed else w[0]
    if w[0] < groups or w[0] % groups:
        raise ShapeError(
            f"convolution: {given}, expected weight to be at least {groups} at dimension 0 and divisible by {groups}, "
            f"but got weight of size {list(w)} instead"
        )
    if x[1] != channels:
        raise ShapeError(
            f"convolution: {given}, expected input{list(x)} to have {channels} channels, but got {x[1]} channels "
            "instead"
        )
    if bias is not None and bias != (outs,):
        raise ShapeError(
            f"convolution: {given}, expected bias to be 1-dimensional with {outs} elements, but got bias of size "
            f"{list(bias)} instead"
        )


def _check_dtypes(x: DType | None, w: DType | None, bias: DType | None) -> None:
    for what, other in (("weight", w), ("bias", bias)):
        if x is not None and other is not None and other is not x:
            raise DTypeError(f"convolution: Input type ({x.name}) and {what} type ({other.name}) should be the same")
    if x is not None and x.category is Category.BOOL:
        raise DTypeError("convolution: takes numbers, got bool")


def convolved_sizes(x: Shape, w: Shape, window: Window) -> Shape:
    """Sizes of the result over the dimensions convolved.

    Raises: `ShapeError` for a kernel larger than the padded input, or without an element.
    """
    padded = [n + 2 * p for n, p in zip(x[2:], window.padding, strict=True)]
    reach = [d * (k - 1) + 1 for d, k in zip(window.dilation, w[2:], strict=True)]
    if min(w[2:]) <= 0 or any(n < k for n, k in zip(padded, reach, strict=True)):
        sizes = [" x ".join(map(str, s)) for s in (padded, reach)]
        raise ShapeError(
            f"convolution: Calculated padded input size per channel: ({sizes[0]}). Kernel size: ({sizes[1]}). Kernel "
            "size can't be greater than actual input size"
        )
    return tuple((n - k) // s + 1 for n, k, s in zip(padded, reach, window.stride, strict=True))


def transposed_sizes(x: Shape, w: Shape, window: Window) -> Shape:
    """Sizes of the result of a transposed convolution.

    Raises: `ShapeError` where nothing is left, `RangeError` for an output padding that is too large.
    """
    sizes: list[int] = []
    for n, k, i in zip(x[2:], w[2:], range(len(x) - 2), strict=True):
        stride, dilation, extra = window.stride[i], window.dilation[i], window.output_padding[i]
        if extra >= max(stride, dilation):
            raise RangeError(
                "convolution: output padding must be smaller than either stride or dilation, but got output_padding "
                f"{extra}, stride {stride}, dilation {dilation}"
            )
        sizes.append((n - 1) * stride - 2 * window.padding[i] + dilation * (k - 1) + extra + 1)
    if min(sizes) <= 0:
        raise ShapeError(
            f"convolution: Given input size per channel: {list(x[2:])}. Calculated output size per channel: {sizes}. "
            "Output size is too small"
        )
    return tuple(sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A correlation, and where in the weights and in the result it starts, in bytes."""

    plan: CorrelationPlan
    w_from: int
    y_from: int


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionPlan:
    """The result's layout and the correlations that fill it: one, or one a phase of a transposed convolution.

    ``blank``: some elements have no part, and are the bias alone.
    """

    form: Layout
    parts: tuple[Part, ...]
    blank: bool


@convolution.rule("call")
@widened
def convolution_call(
    x: Tensor,
    w: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    transposed: bool,
    output_padding: Ints,
    groups: int,
) -> Tensor:
    """Each result is a sum of products in one pass; see `core.convolution_loops`.

    Cost:   as many multiplications as the definition has; an image is laid out anew where it is padded or strided.
    """
    bias_form = None if bias is None else bias.layout
    key = (
        *(x.layout, w.layout, bias_form, tuple(stride), tuple(padding), tuple(dilation)),
        *(transposed, tuple(output_padding), groups),
    )
    plan: ConvolutionPlan | None = convolution.plans.get(key)
    if plan is None:
        plan = remember(convolution, key, plan_convolution(*key))
    result = fresh(plan.form)
    bias_at = 0
    if bias is not None:
        if not bias.layout.is_contiguous:
            bias = dense(bias)
        bias_at = bias.address
    if plan.blank:
        borrowed(result)[...] = 0 if bias is None else borrowed(bias).reshape(-1, *[1] * (len(plan.form.shape) - 2))
    for part in plan.parts:
        part.plan.run(x.address, w.address + part.w_from, bias_at, result.address + part.y_from)
    return result


call_evaluator(convolution)


def remember(op: Op, key: object, plan: T) -> T:
    """Keep what runs a call, by layouts and arguments."""
    if len(op.plans) >= PLAN_LIMIT:
        op.plans.clear()
    op.plans[key] = plan
    return plan


def dense(a: Tensor) -> Tensor:
    """A row-major copy, below autograd."""
    from tensorlab.ops.copying import contiguous

    return contiguous.run((a,))


def plan_convolution(
    x: Layout,
    w: Layout,
    bias: Layout | None,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    transposed: bool,
    output_padding: Shape,
    groups: int,
) -> ConvolutionPlan:
    """The correlations of a convolution of tensors of these layouts; a list of numbers is a tuple.

    Raises: as `convolution_type`.
    """
    numbers = (stride, padding, dilation, transposed, output_padding, groups)
    found = convolution_type(x.type, w.type, None if bias is None else bias.type, *numbers)
    y = layout(found.dtype or x.dtype, found.sizes)
    if not y.numel or not x.numel:
        return ConvolutionPlan(y, (), blank=True)
    window = as_window(len(w.shape) - 2, *numbers)
    return _transposed_parts(x, w, y, window) if transposed else _direct_part(x, w, y, window)


def over_two(shape: Shape, lead: int = 1) -> Shape:
    """Numbers of one or two dimensions as those of two; a dimension that is not there is ``lead``."""
    return (lead, *shape) if len(shape) == 1 else shape


def steps_of(form: Layout, groups: int, *, by_first: bool = False) -> Steps:
    """Strides as (outer, group, channel, y, x); the groups divide the second dimension, or the first."""
    first, second, *spatial = form.strides
    y, x = over_two(tuple(spatial), 0)
    size, stride = (form.shape[0], first) if by_first else (form.shape[1], second)
    return first, size // groups * stride, second, y, x


def _direct_part(x: Layout, w: Layout, y: Layout, window: Window) -> ConvolutionPlan:
    """A convolution is one correlation."""
    inside, taps, outside = (over_two(tuple(form.shape[2:])) for form in (x, w, y))
    pads, stride, dilation = over_two(window.padding, 0), over_two(window.stride), over_two(window.dilation)
    axes = [Axis(inside[i], taps[i], outside[i], stride[i], dilation[i], -pads[i]) for i in (0, 1)]
    groups = window.groups
    sizes = Sizes(x.shape[0], groups, w.shape[1], w.shape[0] // groups, *axes)
    weights = steps_of(w, groups, by_first=True)
    plan = correlation(x.dtype, sizes, steps_of(x, groups), weights, steps_of(y, groups))
    return ConvolutionPlan(y, (Part(plan, 0, 0),), blank=False)


@dataclass(frozen=True, slots=True)
class Phase:
    """Every ``stride``-th result of an axis, from ``first`` on, and every ``tap_step``-th tap, from ``tap`` on."""

    axis: Axis
    first: int
    tap: int
    tap_step: int


def phases(size: int, taps: int, out: int, stride: int, dilation: int, padding: int) -> list[Phase]:
    """A transposed convolution along an axis, as correlations of stride 1.

    Result ``i`` takes place ``(i + padding - k * dilation) / stride`` under those taps ``k`` for which it is whole;
    these are the same for results that are ``stride`` apart. A phase without taps is left out.
    """
    found: list[Phase] = []
    tap_step = stride // math.gcd(stride, dilation)
    for first in range(min(stride, out)):
        tap = next((k for k in range(min(taps, tap_step)) if (first + padding - k * dilation) % stride == 0), None)
        if tap is not None:
            count = len(range(tap, taps, tap_step))
            origin = (first + padding - tap * dilation) // stride
            step = -(tap_step * dilation // stride)
            axis = Axis(size, count, len(range(first, out, stride)), 1, step, origin)
            found.append(Phase(axis, first, tap, tap_step))
    return found


def _transposed_parts(x: Layout, w: Layout, y: Layout, window: Window) -> ConvolutionPlan:
    """A transposed convolution is a correlation for each phase of its strides."""
    inside, taps, outside = (over_two(tuple(form.shape[2:])) for form in (x, w, y))
    pads, stride, dilation = over_two(window.padding, 0), over_two(window.stride), over_two(window.dilation)
    rows, cols = (phases(inside[i], taps[i], outside[i], stride[i], dilation[i], pads[i]) for i in (0, 1))
    groups, itemsize = window.groups, x.dtype.itemsize
    into, (_, w_group, w_out, w_y, w_x), to = (
        steps_of(x, groups),
        steps_of(w, groups, by_first=True),
        steps_of(y, groups),
    )
    parts: list[Part] = []
    for row in rows:
        for col in cols:
            sizes = Sizes(x.shape[0], groups, w.shape[0] // groups, w.shape[1], row.axis, col.axis)
            # The weights' first dimension is summed over here.
            weights = (w_out, w_group, w.strides[0], w_y * row.tap_step, w_x * col.tap_step)
            target = (*to[:3], to[3] * stride[0], to[4] * stride[1])
            plan = correlation(x.dtype, sizes, into, weights, target)
            w_from, y_from = row.tap * w_y + col.tap * w_x, row.first * to[3] + col.first * to[4]
            parts.append(Part(plan, itemsize * w_from, itemsize * y_from))
    whole = min(outside[0], stride[0]) * min(outside[1], stride[1])
    return ConvolutionPlan(y, tuple(parts), blank=len(parts) < whole)
