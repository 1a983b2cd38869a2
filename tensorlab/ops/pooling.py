# ruff: noqa: FBT001 - the schema's order
"""Pooling over windows of a fixed size: the largest element or the mean, and the ways back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, DType, int64
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare, lookup
from tensorlab.core.pooling_loops import FIELDS, pooling_loop
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.convolution import dense, remember
from tensorlab.ops.movement import call_evaluator, reshape

Ints = Sequence[int] | int
Shape = tuple[int, ...]
_WINDOW = "int[2] kernel_size, int[2] stride=[], int[2] padding=0"
_GIVEN = "int[2] kernel_size, int[2] stride, int[2] padding"

max_pool2d = declare(f"max_pool2d(Tensor self, {_WINDOW}, int[2] dilation=1, bool ceil_mode=False) -> Tensor")
max_pool2d_with_indices = declare(
    f"max_pool2d_with_indices(Tensor self, {_WINDOW}, int[2] dilation=1, bool ceil_mode=False) "
    "-> (Tensor out, Tensor indices)"
)
max_pool2d_backward = declare(
    f"max_pool2d_with_indices_backward(Tensor grad_output, Tensor self, {_GIVEN}, int[2] dilation, bool ceil_mode, "
    "Tensor indices) -> Tensor"
)
avg_pool2d = declare(
    f"avg_pool2d(Tensor self, {_WINDOW}, bool ceil_mode=False, bool count_include_pad=True, "
    "int? divisor_override=None) -> Tensor"
)
avg_pool2d_backward = declare(
    f"avg_pool2d_backward(Tensor grad_output, Tensor self, {_GIVEN}, bool ceil_mode, bool count_include_pad, "
    "int? divisor_override) -> Tensor"
)


@dataclass(frozen=True, slots=True)
class Windows:
    """Taps, strides, padding and dilation of windows, for rows and columns."""

    taps: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    ceil: bool

    def count(self, size: int, axis: int) -> int:
        """How many windows an axis has; rounded up, one that would start in the padding behind is left out."""
        taps, stride, pad, step = self.taps[axis], self.stride[axis], self.padding[axis], self.dilation[axis]
        free = size + 2 * pad - step * (taps - 1) - 1
        count = (free + (stride - 1 if self.ceil else 0)) // stride + 1
        return count - 1 if self.ceil and (count - 1) * stride >= size + pad else count


def pair(values: Ints, name: str, op: str) -> Shape:
    """One integer, or two.

    Raises: `ShapeError` for another count.
    """
    found = (values,) if isinstance(values, int) else tuple(values)
    if len(found) not in (1, 2):
        raise ShapeError(f"{op}: {name} must either be a single int, or a tuple of two ints, got {found}")
    return found * 2 if len(found) == 1 else found


def as_windows(op: str, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, *, ceil: bool) -> Windows:
    """The numbers checked, two of each; without strides windows do not overlap.

    Raises: `ShapeError`, `RangeError`.
    """
    kernel = pair(taps, "kernel_size", op)
    steps = kernel if not isinstance(stride, int) and not len(stride) else pair(stride, "stride", op)
    windows = Windows(kernel, steps, pair(padding, "padding", op), pair(dilation, "dilation", op), bool(ceil))
    if min(kernel) <= 0:
        raise RangeError(f"{op}: kernel size should be greater than zero, but got kernel_size={kernel}")
    if min(steps) <= 0:
        raise RangeError(f"{op}: stride should be greater than zero, but got stride={steps}")
    if min(windows.dilation) <= 0:
        raise RangeError(f"{op}: dilation should be greater than zero, but got dilation={windows.dilation}")
    if min(windows.padding) < 0:
        raise RangeError(f"{op}: pad must be non-negative, but got pad: {windows.padding}")
    for pad, taps_of, step in zip(windows.padding, kernel, windows.dilation, strict=True):
        if 2 * pad > (taps_of - 1) * step + 1:
            raise RangeError(
                f"{op}: pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={taps_of} "
                f"and dilation={step}"
            )
    return windows


def check_image(op: str, shape: Shape) -> None:
    """Three or four dimensions, none empty but the batch's.

    Raises: `ShapeError`.
    """
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise ShapeError(f"{op}: expected a non-empty 3D or 4D (batch mode) tensor for input, but got {list(shape)}")


def check_dtype(op: str, dtype: DType | None, *, whole: bool) -> None:
    """Refuse bool, and whole numbers unless they are taken.

    Raises: `DTypeError`.
    """
    kind = None if dtype is None else dtype.category
    if dtype is not None and (kind is Category.BOOL or (kind is Category.INT and not whole)):
        raise DTypeError(f"{op}: not implemented for {dtype.name}; takes {'numbers' if whole else 'floating point'}")


def pooled_shape(op: str, shape: Shape, windows: Windows) -> Shape:
    """The shape with a place for each window.

    Raises: `ShapeError`.
    """
    check_image(op, shape)
    sizes = tuple(windows.count(n, i) for i, n in enumerate(shape[-2:]))
    if min(sizes) < 1:
        given, left = ("x".join(map(str, (shape[-3], *s))) for s in (shape[-2:], sizes))
        raise ShapeError(
            f"{op}: Given input size: ({given}). Calculated output size: ({left}). Output size is too small"
        )
    return (*shape[:-2], *sizes)


@dataclass(frozen=True, slots=True, eq=False)
class PoolingPlan:
    """A loop with its table of numbers, and the layouts of what comes out."""

    loop: Loop
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]]
    head: int  # where the numbers are
    form: Layout
    places: Layout
    scratch_nbytes: int

    def run(self, x: Tensor, indices: Tensor | None = None) -> Tensor:
        """The result, of memory of its own; ``indices`` are read or written."""
        result = fresh(self.form)
        scratch = Storage.empty(self.scratch_nbytes) if self.scratch_nbytes else None
        at = 0 if indices is None else indices.address
        self.loop.entry(self.head, x.address, result.address, at, scratch.address if scratch else 0)
        return result


def pooling_plan(
    kind: str, large: Shape, small: Shape, dtype: DType, windows: Windows | None, **more: int
) -> PoolingPlan:
    """Plan a loop between images and their pooled form; `more` are numbers beside sizes and windows."""
    planes = 1
    for n in large[:-2]:
        planes *= n
    numbers: dict[str, int] = dict.fromkeys(FIELDS, 0)
    numbers |= {"planes": planes, "h": large[-2], "w": large[-1], "out_h": small[-2], "out_w": small[-1]}
    if windows is not None:
        parts = {"taps": windows.taps, "stride": windows.stride, "pad": windows.padding, "step": windows.dilation}
        for name, (y, x) in parts.items():
            numbers |= {f"{name}_y": y, f"{name}_x": x}
    numbers |= more
    text = pooling_loop(kind, dtype)
    loop = compile_loop(text.source, text.signature, label=text.label)
    back = kind in BACKWARD
    table = np.array([numbers[name] for name in FIELDS], np.int64)
    scratch = small[-1] * dtype.itemsize if kind == "avg_pool_backward" else 0
    form = layout(dtype, large if back else small)
    return PoolingPlan(loop, table, table.ctypes.data, form, layout(int64, small), scratch)


BACKWARD = ("avg_pool_backward", "adaptive_avg_pool_backward", "added_at", "put_at", "col2im")


def row_major(x: Tensor) -> Tensor:
    """The tensor itself where it is row-major, else a copy that is."""
    return x if x.layout.is_contiguous else dense(x)


# Largest elements -----------------------------------------------------------------------------------------------------


@max_pool2d_with_indices.rule("type")
def max_pool2d_with_indices_type(
    x: TensorType, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool
) -> tuple[TensorType, TensorType]:
    """A number a window, and its place in the plane as int64.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    windows = as_windows("max_pool2d", taps, stride, padding, dilation, ceil=ceil)
    shape = pooled_shape("max_pool2d", x.sizes, windows)
    check_dtype("max_pool2d", x.dtype, whole=True)
    return TensorType(x.dtype, shape), TensorType(int64, shape)


@max_pool2d.rule("type")
def max_pool2d_type(x: TensorType, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool) -> TensorType:
    return max_pool2d_with_indices_type(x, taps, stride, padding, dilation, ceil)[0]


@recurring(max_pool2d_with_indices)
def max_pool2d_with_indices_call(x: Tensor, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool) -> Run:
    """The largest element of each window, and where it is; NaN is above all."""
    shape = max_pool2d_with_indices_type(x.type, taps, stride, padding, dilation, ceil)[0].sizes
    if x.dtype.is_half:
        return widened(lambda *args: max_pool2d_with_indices.run(args))
    windows = as_windows("max_pool2d", taps, stride, padding, dilation, ceil=ceil)
    plan = pooling_plan("max_pool", tuple(x.shape), shape, x.dtype, windows)
    return lambda x, *_: _largest(plan, x)


def _largest(plan: PoolingPlan, x: Tensor) -> tuple[Tensor, Tensor]:
    indices = fresh(plan.places)
    return plan.run(row_major(x), indices), indices


def _key(*parts: Any) -> tuple[Any, ...]:
    return tuple([tuple(p) if isinstance(p, list) else p for p in parts])


@max_pool2d_with_indices.vjp("self")
def max_pool2d_with_indices_vjp(
    g_out: Tensor | None,
    self: Tensor,
    kernel_size: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    indices: Tensor,
) -> Tensor | None:
    if g_out is None:
        return None
    return max_pool2d_backward.call((g_out, self, kernel_size, stride, padding, dilation, ceil_mode, indices))


@max_pool2d.rule("composite")
def max_pool2d_composite(x: Tensor, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool) -> Tensor:
    return max_pool2d_with_indices.call((x, taps, stride, padding, dilation, ceil))[0]


@max_pool2d_backward.rule("type")
def max_pool2d_backward_type(grad: TensorType, x: TensorType, *_: object) -> TensorType:
    return TensorType(grad.dtype, x.shape)


@max_pool2d_backward.rule("call")
@widened
def max_pool2d_backward_call(
    grad: Tensor, x: Tensor, taps: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil: bool, indices: Tensor
) -> Tensor:
    return added_at(max_pool2d_backward, grad, tuple(x.shape), indices)


def added_at(op: Op, values: Tensor, shape: Shape, indices: Tensor, kind: str = "added_at") -> Tensor:
    """Zeros of ``shape``, with values added (or put) at their places in each plane."""
    key = (values.layout, shape, kind)
    plan: PoolingPlan | None = op.plans.get(key)
    if plan is None:
        plan = remember(op, key, pooling_plan(kind, shape, tuple(values.shape), values.dtype, None))
    return plan.run(row_major(values), row_major(indices))


@max_pool2d_backward.vjp("self")
def max_pool2d_backward_self_vjp() -> None:
    """Of the input, the way back takes no more than the shape."""


@max_pool2d_backward.vjp("grad_output")
def max_pool2d_backward_vjp(g: Tensor, indices: Tensor) -> Tensor:
    return taken_at(g, indices)


def taken_at(g: Tensor, indices: Tensor) -> Tensor:
    """Of each plane, the elements at their places."""
    (gather,) = lookup("aten::gather")
    lead = tuple(indices.shape)[:-2]
    places = reshape.call((indices, (*lead, -1) if indices.numel() else (*lead, 0)))
    flat = reshape.call((g, (*lead, g.shape[-2] * g.shape[-1])))
    return reshape.call((gather.call((flat, -1, places, False)), tuple(indices.shape)))


# Means ----------------------------------------------------------------------------------------------------------------


@avg_pool2d.rule("type")
def avg_pool2d_type(
    x: TensorType, taps: Ints, stride: Ints, padding: Ints, ceil: bool, with_pad: bool, divisor: int | None
) -> TensorType:
    """A number a window.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    shape = pooled_shape("avg_pool2d", x.sizes, as_windows("avg_pool2d", taps, stride, padding, 1, ceil=ceil))
    if divisor == 0:
        raise RangeError("avg_pool2d: divisor must be not zero")
    check_dtype("avg_pool2d", x.dtype, whole=x.dtype is int64)
    return TensorType(x.dtype, shape)


@recurring(avg_pool2d)
def avg_pool2d_call(
    x: Tensor, taps: Ints, stride: Ints, padding: Ints, ceil: bool, with_pad: bool, divisor: int | None
) -> Run:
    """Sums of windows over how many elements they have; zeros of the padding count, or do not."""
    shape = avg_pool2d_type(x.type, taps, stride, padding, ceil, with_pad, divisor).sizes
    if x.dtype.is_half:
        return widened(lambda *args: avg_pool2d.run(args))
    windows = as_windows("avg_pool2d", taps, stride, padding, 1, ceil=ceil)
    more = {"divisor": divisor or 0, "with_pad": int(with_pad)}
    plan = pooling_plan("avg_pool", tuple(x.shape), shape, x.dtype, windows, **more)
    return lambda x, *_: plan.run(row_major(x))


@avg_pool2d.vjp("self")
def avg_pool2d_vjp(
    g: Tensor,
    self: Tensor,
    kernel_size: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return avg_pool2d_backward.call((g, self, *args))


@avg_pool2d_backward.rule("type")
def avg_pool2d_backward_type(grad: TensorType, x: TensorType, *_: object) -> TensorType:
    return TensorType(grad.dtype, x.shape)


@avg_pool2d_backward.rule("call")
@widened
def avg_pool2d_backward_call(
    grad: Tensor, x: Tensor, taps: Ints, stride: Ints, padding: Ints, ceil: bool, with_pad: bool, divisor: int | None
) -> Tensor:
    key = _key(grad.layout, x.layout, taps, stride, padding, ceil, with_pad, divisor)
    plan: PoolingPlan | None = avg_pool2d_backward.plans.get(key)
    if plan is None:
        windows = as_windows("avg_pool2d", taps, stride, padding, 1, ceil=ceil)
        more = {"divisor": divisor or 0, "with_pad": int(with_pad)}
        shapes = (tuple(x.shape), tuple(grad.shape))
        plan = remember(
            avg_pool2d_backward, key, pooling_plan("avg_pool_backward", *shapes, grad.dtype, windows, **more)
        )
    return plan.run(row_major(grad))


@avg_pool2d_backward.vjp("self")
def avg_pool2d_backward_self_vjp() -> None:
    """Of the input, the way back takes no more than the shape."""


@avg_pool2d_backward.vjp("grad_output")
def avg_pool2d_backward_vjp(
    g: Tensor,
    kernel_size: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    return avg_pool2d.call((g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))


POOLING = (max_pool2d, max_pool2d_with_indices, max_pool2d_backward, avg_pool2d, avg_pool2d_backward)

for _op in (max_pool2d, max_pool2d_backward, avg_pool2d_backward):
    call_evaluator(_op)
