# ruff: noqa: FBT001 - torch's public names and signatures
"""Public functions that resize images, and take them apart into windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import folding
from tensorlab.ops.operands import as_ints, as_number, as_tensor_argument
from tensorlab.ops.pool_functions import adaptive_avg_pool1d, adaptive_avg_pool2d
from tensorlab.ops.resizing import UPSAMPLING, resize

Ints = int | Sequence[int]


def interpolate(
    input: Tensor,
    size: Ints | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """A signal or an image resized to ``size``, or by ``scale_factor``.

    ``mode`` is one of nearest, nearest-exact, area, linear (signals), bilinear and bicubic (images).

    Shape:  ``[n, c, l]`` gives ``[n, c, m]``, ``[n, c, h, w]`` gives ``[n, c, i, j]``.
    Raises: `RangeError`, `ShapeError`, `DTypeError`; `ArgumentError` for ``antialias``, which is not there.

    >>> import tensorlab as tl
    >>> interpolate(tl.tensor([[[0.0, 1.0]]]), scale_factor=2, mode="linear")
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    x = as_tensor_argument(resize, input)
    dims = x.ndim - 2
    if antialias:
        raise ArgumentError("interpolate: antialias=True is not supported")
    if align_corners is not None and mode in ("nearest", "nearest-exact", "area"):
        raise RangeError(
            "interpolate: align_corners option can only be set with the interpolating modes: linear | bilinear | "
            f"bicubic, got mode {mode!r}"
        )
    sizes, factors = _sizes(x, size, scale_factor, dims)
    if recompute_scale_factor and factors is None:
        raise RangeError("interpolate: recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        sizes, factors = tuple(int(n * f) for n, f in zip(x.shape[2:], factors, strict=True)), None
    if mode == "area" and dims in (1, 2) and sizes is not None:
        return adaptive_avg_pool1d(x, sizes) if dims == 1 else adaptive_avg_pool2d(x, sizes)
    op = UPSAMPLING.get((mode, dims))
    if op is None:
        known = sorted({name for name, n in UPSAMPLING if n == dims} | ({"area"} if dims in (1, 2) else set()))
        raise RangeError(
            f"interpolate: mode {mode!r} is not there for an input of {x.ndim} dimensions; takes "
            f"{', '.join(known) if known else '3D and 4D inputs'}"
        )
    if len(op.schema.params) == 4:
        return op.call((x, sizes, bool(align_corners), factors))
    return op.call((x, sizes, factors))


def _sizes(
    x: Tensor, size: object, factor: object, dims: int
) -> tuple[tuple[int, ...] | None, tuple[float, ...] | None]:
    """Sizes or factors, one a dimension.

    Raises: `RangeError` unless exactly one of them is given, `ShapeError` for another count.
    """
    if (size is None) == (factor is None):
        words = (
            "either size or scale_factor should be defined"
            if size is None
            else ("only one of size or scale_factor should be defined")
        )
        raise RangeError(f"interpolate: {words}")
    name, values = ("size", size) if factor is None else ("scale_factor", factor)
    parts: Sequence[Any] = values if isinstance(values, (tuple, list)) else (values,) * dims
    if len(parts) != dims:
        raise ShapeError(
            f"interpolate: input and {name} must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(x.shape[2:])} and {name} of {values}"
        )
    if factor is None:
        return as_ints(parts, op="interpolate", name="size"), None
    factors = tuple(float(as_number(p, op="interpolate", name="scale_factor")) for p in parts)
    if not all(math.isfinite(f) for f in factors):
        raise RangeError(f"interpolate: scale_factor takes finite numbers, got {values}")
    return None, factors


def upsample(
    input: Tensor,
    size: Ints | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` under its older name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def unfold(input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
    """The windows of an image as columns.

    Shape:  ``[n, c, h, w]`` or ``[c, h, w]`` gives ``[n, c * taps, windows]`` or ``[c * taps, windows]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    given = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    numbers = [as_ints(value, op="unfold", name=name) for name, value in given.items()]
    return folding.im2col.call((as_tensor_argument(folding.im2col, input), *numbers))


def fold(
    input: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Columns summed up to the image whose windows they are.

    Shape:  ``[n, c * taps, windows]`` or ``[c * taps, windows]`` gives ``[n, c, h, w]`` or ``[c, h, w]``.
    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    given = {"output_size": output_size, "kernel_size": kernel_size, "dilation": dilation, "padding": padding}
    numbers = [as_ints(value, op="fold", name=name) for name, value in {**given, "stride": stride}.items()]
    return folding.col2im.call((as_tensor_argument(folding.col2im, input), *numbers))


FUNCTIONAL: dict[str, Callable[..., Any]] = {
    "fold": fold,
    "interpolate": interpolate,
    "unfold": unfold,
    "upsample": upsample,
}
