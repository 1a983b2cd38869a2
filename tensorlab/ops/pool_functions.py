# ruff: noqa: FBT001 - torch's public names and signatures
"""Public functions that pool signals and images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import adaptive_pooling as adaptive
from tensorlab.ops import pooling
from tensorlab.ops.operands import as_int, as_ints, as_tensor_argument

Ints = int | Sequence[int]


def _window(op: str, kernel_size: object, stride: object, *others: tuple[str, object]) -> tuple[Any, ...]:
    """Kernel, strides (none: as large as the kernel) and more, as tuples."""
    steps = () if stride is None else as_ints(stride, op=op, name="stride")
    rest = [as_ints(value, op=op, name=name) for name, value in others]
    return as_ints(kernel_size, op=op, name="kernel_size"), steps, *rest


def _largest(op: Op, input: Tensor, window: tuple[Any, ...], ceil: bool, indices: bool) -> Any:
    values, places = op.call((as_tensor_argument(op, input), *window, bool(ceil)))
    return (values, places) if indices else values


def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of a signal, and with ``return_indices`` where it is; NaN is above all.

    Shape:  ``[n, c, l]`` or ``[c, l]`` gives ``[n, c, m]`` or ``[c, m]``.
    """
    window = _window("max_pool1d", kernel_size, stride, ("padding", padding), ("dilation", dilation))
    return _largest(adaptive.max_pool1d_with_indices, input, window, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """As `max_pool1d`, with the places."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of an image, and with ``return_indices`` where it is; NaN is above all.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c, i, j]`` or ``[c, i, j]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.

    >>> import tensorlab as tl
    >>> tl.max_pool2d(tl.arange(16.0).view(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    window = _window("max_pool2d", kernel_size, stride, ("padding", padding), ("dilation", dilation))
    if return_indices:
        return _largest(pooling.max_pool2d_with_indices, input, window, ceil_mode, True)
    return pooling.max_pool2d.call((as_tensor_argument(pooling.max_pool2d, input), *window, bool(ceil_mode)))


def avg_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a signal.

    Shape:  ``[n, c, l]`` or ``[c, l]`` gives ``[n, c, m]`` or ``[c, m]``.
    """
    op = adaptive.avg_pool1d
    window = _window("avg_pool1d", kernel_size, stride, ("padding", padding))
    return op.call((as_tensor_argument(op, input), *window, bool(ceil_mode), bool(count_include_pad)))


def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of an image; ``divisor_override`` stands for the number of its elements.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c, i, j]`` or ``[c, i, j]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    op = pooling.avg_pool2d
    window = _window("avg_pool2d", kernel_size, stride, ("padding", padding))
    divisor = None if divisor_override is None else as_int(divisor_override, op="avg_pool2d", name="divisor_override")
    return op.call((as_tensor_argument(op, input), *window, bool(ceil_mode), bool(count_include_pad), divisor))


def _sizes(op: Op, input: object, output_size: object, dims: int) -> tuple[Tensor, tuple[int, ...]]:
    """The sizes that are asked for, where None stands for the input's own.

    Raises: `ArgumentError`, `ShapeError`.
    """
    x = as_tensor_argument(op, input)
    parts: Sequence[Any] = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(parts) != dims or x.ndim < dims:
        raise ShapeError(f"{op.schema.name}: output_size takes {dims} sizes, got {output_size} for {x.ndim} dimensions")
    wanted = [n if p is None else p for p, n in zip(parts, x.shape[-dims:], strict=True)]
    return x, as_ints(wanted, op=op.schema.name, name="output_size")


def adaptive_avg_pool1d(input: Tensor, output_size: Ints) -> Tensor:
    """Means of ``output_size`` even shares of a signal."""
    return adaptive.adaptive_avg_pool1d.call(_sizes(adaptive.adaptive_avg_pool1d, input, output_size, 1))


def adaptive_avg_pool2d(input: Tensor, output_size: Ints | Sequence[int | None] | None) -> Tensor:
    """Means of ``output_size`` even shares of an image; None keeps a size.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c, i, j]`` or ``[c, i, j]``.
    """
    return adaptive.adaptive_avg_pool2d.call(_sizes(adaptive.adaptive_avg_pool2d, input, output_size, 2))


def adaptive_max_pool1d(input: Tensor, output_size: Ints, return_indices: bool = False) -> Any:
    """The largest elements of ``output_size`` even shares of a signal, and with ``return_indices`` where they are."""
    found = adaptive.adaptive_max_pool1d.call(_sizes(adaptive.adaptive_max_pool1d, input, output_size, 1))
    return found if return_indices else found[0]


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Ints) -> tuple[Tensor, Tensor]:
    """As `adaptive_max_pool1d`, with the places: what torch has under the shorter name beside `nn.functional`."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d(
    input: Tensor, output_size: Ints | Sequence[int | None] | None, return_indices: bool = False
) -> Any:
    """The largest elements of ``output_size`` even shares of an image, and with ``return_indices`` where they are."""
    found = adaptive.adaptive_max_pool2d.call(_sizes(adaptive.adaptive_max_pool2d, input, output_size, 2))
    return found if return_indices else found[0]


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros, with each element where `max_pool2d` says that it came from.

    Raises: `RangeError` for a place outside of the image, or sizes that no such pooling has.
    """
    name, op = "max_unpool2d", adaptive.max_unpool2d
    x = as_tensor_argument(op, input)
    if not isinstance(indices, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"{name}: argument 'indices' takes a Tensor, got {type(indices).__name__}")
    window = _window(name, kernel_size, stride or kernel_size, ("padding", padding))
    kernel, steps, pads = (pooling.pair(values, "kernel_size", name) for values in window)
    if x.ndim not in (3, 4):
        raise ShapeError(f"{name}: expected a 3D or 4D tensor for input, but got {list(x.shape)}")
    own = [(x.shape[d - 2] - 1) * steps[d] + kernel[d] - 2 * pads[d] for d in (0, 1)]
    if output_size is None:
        return op.call((x, indices, tuple(own)))
    wanted = as_ints(output_size, op=name, name="output_size")[-2:]
    for d, n in enumerate(wanted):
        if len(wanted) != 2 or not own[d] - steps[d] < n < own[d] + steps[d]:
            raise RangeError(
                f"{name}: invalid output_size {list(wanted)} (dim {d} must be between {own[d] - steps[d]} and "
                f"{own[d] + steps[d]})"
            )
    return op.call((x, indices, wanted))


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Tensor:
    """The ``norm_type``-norm of each window of an image: the root of the sum of powers, 0 where that is negative.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c, i, j]`` or ``[c, i, j]``.
    """
    height, width = pooling.pair(as_ints(kernel_size, op="lp_pool2d", name="kernel_size"), "kernel_size", "lp_pool2d")
    if abs(norm_type) == math.inf:
        sign = 1 if norm_type > 0 else -1
        return max_pool2d(input.abs() * sign, kernel_size, stride, 0, 1, ceil_mode) * sign
    means = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return means.relu().mul(height * width).pow(1 / norm_type)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "adaptive_avg_pool1d": adaptive_avg_pool1d,
    "adaptive_max_pool1d": adaptive_max_pool1d_with_indices,
    "avg_pool1d": avg_pool1d,
    "max_pool1d": max_pool1d,
    "max_pool1d_with_indices": max_pool1d_with_indices,
    "max_pool2d": max_pool2d,
}

FUNCTIONAL: dict[str, Callable[..., Any]] = {
    "adaptive_avg_pool1d": adaptive_avg_pool1d,
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "adaptive_max_pool1d": adaptive_max_pool1d,
    "adaptive_max_pool2d": adaptive_max_pool2d,
    "avg_pool1d": avg_pool1d,
    "avg_pool2d": avg_pool2d,
    "lp_pool2d": lp_pool2d,
    "max_pool1d": max_pool1d,
    "max_pool2d": max_pool2d,
    "max_unpool2d": max_unpool2d,
}
