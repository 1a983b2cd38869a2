"""Windows of images as columns, and columns summed up to images: each is the other's derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.convolution import remember
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.pooling import Ints, PoolingPlan, Shape, Windows, check_dtype, pair, pooling_plan, row_major

_WINDOW = "int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride"

im2col = declare(f"im2col(Tensor self, {_WINDOW}) -> Tensor")
col2im = declare(f"col2im(Tensor self, int[2] output_size, {_WINDOW}) -> Tensor")


def _windows(op: str, taps: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Windows:
    """The numbers checked, two of each.

    Raises: `ShapeError`, `RangeError`.
    """
    given = {"kernel_size": taps, "stride": stride, "padding": padding, "dilation": dilation}
    found = {name: pair(values, name, op) for name, values in given.items()}
    for name, values in found.items():
        least = 0 if name == "padding" else 1
        if min(values) < least:
            words = "not be negative" if least == 0 else "be greater than zero"
            raise RangeError(f"{op}: {name} should {words}, but got {name}={values}")
    return Windows(found["kernel_size"], found["stride"], found["padding"], found["dilation"], ceil=False)


def _places(op: str, sizes: Sequence[int], windows: Windows) -> Shape:
    """How many windows there are, down and across.

    Raises: `ShapeError` where there are none.
    """
    found = tuple(windows.count(n, i) for i, n in enumerate(sizes))
    if min(found) < 1:
        raise ShapeError(
            f"{op}: given spatial size {tuple(sizes)}, kernel_size={windows.taps}, dilation={windows.dilation}, "
            f"padding={windows.padding}, stride={windows.stride}, calculated shape of the array of sliding blocks as "
            f"{found}, but its components must be at least one"
        )
    return found


@im2col.rule("type")
def im2col_type(x: TensorType, taps: Ints, dilation: Ints, padding: Ints, stride: Ints) -> TensorType:
    """``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c * taps, places]`` or ``[c * taps, places]``.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    windows, shape = _windows("im2col", taps, dilation, padding, stride), x.sizes
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise ShapeError(f"im2col: expected a non-empty 3D or 4D (batch mode) input tensor, but got {list(shape)}")
    check_dtype("im2col", x.dtype, whole=False)
    rows, columns = _places("im2col", shape[-2:], windows)
    depth = shape[-3] * windows.taps[0] * windows.taps[1]
    return TensorType(x.dtype, (*shape[:-3], depth, rows * columns))


@im2col.rule("call")
@widened
def im2col_call(x: Tensor, taps: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    key = (x.layout, *_numbers(taps, dilation, padding, stride))
    plan: PoolingPlan | None = im2col.plans.get(key)
    if plan is None:
        found = im2col_type(x.type, taps, dilation, padding, stride).sizes
        windows = _windows("im2col", taps, dilation, padding, stride)
        shape = tuple(x.shape)
        small = (*shape[:-2], *_places("im2col", shape[-2:], windows))
        made = pooling_plan("im2col", shape, small, x.dtype, windows)
        plan = remember(im2col, key, replace(made, form=layout(x.dtype, found)))
    return plan.run(row_major(x))


def _numbers(*values: Ints) -> tuple[Shape, ...]:
    return tuple([(v,) if isinstance(v, int) else tuple(v) for v in values])


@im2col.vjp("self")
def im2col_vjp(
    g: Tensor, self_type: TensorType, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> Tensor:
    return col2im.call((g, self_type.sizes[-2:], kernel_size, dilation, padding, stride))


@col2im.rule("type")
def col2im_type(
    x: TensorType, output_size: Ints, taps: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> TensorType:
    """``[n, c * taps, places]`` or ``[c * taps, places]`` gives ``[n, c, h, w]`` or ``[c, h, w]``.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    windows, shape = _windows("col2im", taps, dilation, padding, stride), x.sizes
    sizes, area = pair(output_size, "output_size", "col2im"), windows.taps[0] * windows.taps[1]
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise ShapeError(f"col2im: expected a non-empty 2D or 3D (batch mode) input tensor, but got {list(shape)}")
    check_dtype("col2im", x.dtype, whole=False)
    if shape[-2] % area:
        raise ShapeError(
            f"col2im: expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={windows.taps}"
        )
    rows, columns = _places("col2im", sizes, windows)
    if rows * columns != shape[-1]:
        raise ShapeError(
            f"col2im: given output_size={sizes}, kernel_size={windows.taps}, dilation={windows.dilation}, "
            f"padding={windows.padding}, stride={windows.stride}, expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {rows} * {columns} = {rows * columns}, but got {shape[-1]}"
        )
    return TensorType(x.dtype, (*shape[:-2], shape[-2] // area, *sizes))


@col2im.rule("call")
@widened
def col2im_call(x: Tensor, output_size: Ints, taps: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    key = (x.layout, *_numbers(output_size, taps, dilation, padding, stride))
    plan: PoolingPlan | None = col2im.plans.get(key)
    if plan is None:
        large = col2im_type(x.type, output_size, taps, dilation, padding, stride).sizes
        windows = _windows("col2im", taps, dilation, padding, stride)
        small = (*large[:-2], *_places("col2im", large[-2:], windows))
        plan = remember(col2im, key, pooling_plan("col2im", large, small, x.dtype, windows))
    return plan.run(row_major(x))


@col2im.vjp("self")
def col2im_vjp(g: Tensor, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    return im2col.call((g, kernel_size, dilation, padding, stride))


FOLDING = (im2col, col2im)

for _op in FOLDING:
    call_evaluator(_op)
