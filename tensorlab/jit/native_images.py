"""Convolutions and pooling in a native function, there and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorlab.core.correlation import CorrelationPlan
from tensorlab.core.layout import layout
from tensorlab.core.shape import Shape
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, Found, maybe, maybe_rows, scratch, settled, tensor, typed, wide
from tensorlab.jit.native_creation import filled
from tensorlab.jit.native_regions import copied, row_major
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, Thing, literal
from tensorlab.ops.convolution import plan_convolution
from tensorlab.ops.convolution_backward import plan_weight_backward
from tensorlab.ops.pooling import Windows, as_windows, pooling_plan

# Convolution ----------------------------------------------------------------------------------------------------------


def _convolution(w: Writer, node: Node, args: list[Thing]) -> Found:
    x, weight, bias = tensor(node, args[0]), tensor(node, args[1]), maybe(node, args[2])
    numbers = [settled(node, a) for a in args[3:]]
    plan = plan_convolution(x.form, weight.form, None if bias is None else bias.form, *numbers)
    bias = maybe_rows(w, node, bias)
    if plan.blank and bias is not None:
        shape = tuple(plan.form.shape)
        strides = (0, bias.form.strides[0], *[0] * (len(shape) - 2))
        spread = Place(bias.room, bias.at, bias.offset, layout(plan.form.dtype, shape, strides))
        result = copied(w, node, spread, plan.form)
    elif plan.blank:
        result = filled(w, node, plan.form, literal(0))
    else:
        result = w.fresh(plan.form)
    for part in plan.parts:
        places = x, weight.moved(weight.form, part.w_from), bias, result.moved(result.form, part.y_from)
        _correlate(w, part.plan, *places)
    return result


def _correlate(w: Writer, plan: CorrelationPlan, x: Place, weight: Place, bias: Place | None, result: Place) -> None:
    numbers = w.table(tuple(map(int, plan.numbers)))
    w.call(plan.loop, numbers, x, weight, bias, result, scratch(w, plan.scratch_nbytes))


def _weight_backward(w: Writer, node: Node, args: list[Thing]) -> Found:
    grad, x = tensor(node, args[0]), tensor(node, args[1])
    size, stride, padding, dilation, transposed, groups = (settled(node, a) for a in args[2:])
    form = layout(grad.form.dtype, size)
    if not (form.numel and grad.form.numel and x.form.numel):
        return filled(w, node, form, literal(0))
    large, small = (grad, x) if transposed else (x, grad)
    plan = plan_weight_backward(large.form, small.form, form, stride, padding, dilation, groups)
    result = w.fresh(form)
    _correlate(w, plan, large, small, None, result)
    return result


# Pooling --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Windows:
    """What a loop over windows is planned by beside sizes: the windows, and numbers of its table."""

    windows: Windows | None = None
    more: dict[str, int] = field(default_factory=dict[str, int])

    @staticmethod
    def of(kind: str, given: Sequence[Any]) -> _Windows:
        if kind == "max_pool":
            taps, stride, padding, dilation, ceil = given
            return _Windows(as_windows("max_pool2d", taps, stride, padding, dilation, ceil=ceil))
        if kind.startswith("avg_pool"):
            taps, stride, padding, ceil, with_pad, divisor = given
            windows = as_windows("avg_pool2d", taps, stride, padding, 1, ceil=ceil)
            return _Windows(windows, {"divisor": divisor or 0, "with_pad": int(with_pad)})
        return _Windows()


def _pool(
    w: Writer, node: Node, kind: str, x: Place, sizes: tuple[Shape, Shape], by: _Windows, indices: Place | None = None
) -> Place:
    """A loop between images and their pooled form, of these shapes."""
    plan = pooling_plan(kind, *sizes, x.form.dtype, by.windows, **by.more)
    result = w.fresh(plan.form)
    numbers = w.table(tuple(map(int, plan.numbers)))
    w.call(plan.loop, numbers, row_major(w, node, x), result, indices, scratch(w, plan.scratch_nbytes))
    return result


def _with_places(kind: str) -> Form:
    """The largest elements of windows or shares, and where they are."""

    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        x, given = tensor(node, args[0]), [settled(node, a) for a in args[1:]]
        values, places = typed(node, x.form.type, *given)
        indices = w.fresh(layout(places.dtype, places.sizes))
        sizes = tuple(x.form.shape), values.sizes
        return _pool(w, node, kind, x, sizes, _Windows.of(kind, given), indices), indices

    return form


def _means(kind: str) -> Form:
    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        x, given = tensor(node, args[0]), [settled(node, a) for a in args[1:]]
        sizes = tuple(x.form.shape), typed(node, x.form.type, *given).sizes
        return _pool(w, node, kind, x, sizes, _Windows.of(kind, given))

    return form


def _means_back(kind: str) -> Form:
    def form(w: Writer, node: Node, args: list[Thing]) -> Found:
        grad, x = tensor(node, args[0]), tensor(node, args[1])
        sizes = tuple(x.form.shape), tuple(grad.form.shape)
        return _pool(w, node, kind, grad, sizes, _Windows.of(kind, [settled(node, a) for a in args[2:]]))

    return form


def _places_back(w: Writer, node: Node, args: list[Thing]) -> Found:
    """Zeros, with each gradient added at its place."""
    grad, x, indices = tensor(node, args[0]), tensor(node, args[1]), tensor(node, args[-1])
    sizes = tuple(x.form.shape), tuple(grad.form.shape)
    return _pool(w, node, "added_at", grad, sizes, _Windows(), row_major(w, node, indices))


IMAGES: dict[str, Form] = {
    "aten::convolution": wide(_convolution),
    "tensorlab::convolution_weight_backward": wide(_weight_backward),
    "aten::max_pool2d_with_indices": wide(_with_places("max_pool")),
    "aten::adaptive_max_pool2d": wide(_with_places("adaptive_max_pool")),
    "aten::avg_pool2d": wide(_means("avg_pool")),
    "aten::_adaptive_avg_pool2d": wide(_means("adaptive_avg_pool")),
    "aten::max_pool2d_with_indices_backward": wide(_places_back),
    "aten::adaptive_max_pool2d_backward": wide(_places_back),
    "aten::avg_pool2d_backward": wide(_means_back("avg_pool_backward")),
    "aten::_adaptive_avg_pool2d_backward": wide(_means_back("adaptive_avg_pool_backward")),
}
