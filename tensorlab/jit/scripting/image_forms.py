# ruff: noqa: FBT001 - torch's signatures
"""Forms of ``tl.nn.functional``: pooling, resizing, windows. Scripting reads them; Python never runs them."""

from __future__ import annotations

from typing import Any

from tensorlab.errors import RangeError
from tensorlab.jit.scripting.names import OPS as ops


def _several(value: Any, count: int) -> Any:
    """One number for each dimension."""
    if isinstance(value, int):
        return [value] if count == 1 else [value, value]
    return value


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    steps = kernel_size if stride is None else stride
    if return_indices:
        return ops.aten.max_pool1d_with_indices(input, kernel_size, steps, padding, dilation, ceil_mode)
    return ops.aten.max_pool1d(input, kernel_size, steps, padding, dilation, ceil_mode)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    steps = kernel_size if stride is None else stride
    if return_indices:
        return ops.aten.max_pool2d_with_indices(input, kernel_size, steps, padding, dilation, ceil_mode)
    return ops.aten.max_pool2d(input, kernel_size, steps, padding, dilation, ceil_mode)


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    steps = kernel_size if stride is None else stride
    return ops.aten.avg_pool1d(input, kernel_size, steps, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Any:
    steps = kernel_size if stride is None else stride
    return ops.aten.avg_pool2d(input, kernel_size, steps, padding, ceil_mode, count_include_pad, divisor_override)


def _wanted(input: Any, output_size: Any, dims: int) -> Any:
    """The sizes that are asked for; None stands for the input's own."""
    if output_size is None:
        return input.shape[-dims:]
    if isinstance(output_size, int):
        return [output_size] if dims == 1 else [output_size, output_size]
    if dims == 1 or not isinstance(output_size, tuple):
        return output_size
    return _both(input, output_size)


def _both(input: Any, sizes: Any) -> Any:
    height, width = sizes
    return [input.size(-2) if height is None else height, input.size(-1) if width is None else width]


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    return ops.aten.adaptive_avg_pool1d(input, _wanted(input, output_size, 1))


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    return ops.aten.adaptive_avg_pool2d(input, _wanted(input, output_size, 2))


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    found = ops.aten.adaptive_max_pool1d(input, _wanted(input, output_size, 1))
    return found if return_indices else found[0]


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    found = ops.aten.adaptive_max_pool2d(input, _wanted(input, output_size, 2))
    return found if return_indices else found[0]


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    kernel = _several(kernel_size, 2)
    steps = kernel if stride is None else _several(stride, 2)
    pads = _several(padding, 2)
    own = [(input.size(d - 2) - 1) * steps[d] + kernel[d] - 2 * pads[d] for d in range(2)]
    return ops.aten.max_unpool2d(input, indices, own if output_size is None else output_size[-2:])


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    kernel = _several(kernel_size, 2)
    means = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return means.relu().mul(kernel[0] * kernel[1]).pow(1 / norm_type)


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    return ops.aten.im2col(
        input, _several(kernel_size, 2), _several(dilation, 2), _several(padding, 2), _several(stride, 2)
    )


def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    kernel, pads, steps = _several(kernel_size, 2), _several(padding, 2), _several(stride, 2)
    return ops.aten.col2im(input, _several(output_size, 2), kernel, _several(dilation, 2), pads, steps)


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Any:
    corners = False if align_corners is None else align_corners
    if mode == "linear":
        sizes, factors = _resized(input, size, scale_factor, recompute_scale_factor, 1)
        return ops.aten.upsample_linear1d(input, sizes, corners, factors)
    if mode == "bilinear":
        sizes, factors = _resized(input, size, scale_factor, recompute_scale_factor, 2)
        return ops.aten.upsample_bilinear2d(input, sizes, corners, factors)
    if mode == "bicubic":
        sizes, factors = _resized(input, size, scale_factor, recompute_scale_factor, 2)
        return ops.aten.upsample_bicubic2d(input, sizes, corners, factors)
    if mode == "nearest" and input.dim() == 3:
        sizes, factors = _resized(input, size, scale_factor, recompute_scale_factor, 1)
        return ops.aten.upsample_nearest1d(input, sizes, factors)
    if mode == "nearest":
        sizes, factors = _resized(input, size, scale_factor, recompute_scale_factor, 2)
        return ops.aten.upsample_nearest2d(input, sizes, factors)
    raise RangeError(f"interpolate: mode {mode!r} is not there in a script; takes nearest, linear, bilinear, bicubic")


def _resized(input: Any, size: Any, scale_factor: Any, recompute: Any, dims: int) -> Any:
    """Sizes and factors for each dimension; one of them is None."""
    if scale_factor is None:
        return _several(size, dims), None
    if isinstance(scale_factor, (int, float)):
        factors = [float(scale_factor)] if dims == 1 else [float(scale_factor), float(scale_factor)]
    else:
        factors = [float(f) for f in scale_factor]
    if recompute is None or not recompute:
        return None, factors
    return [int(input.size(d + 2) * f) for d, f in enumerate(factors)], None


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Any:
    return interpolate(input, size, scale_factor, mode, align_corners)
