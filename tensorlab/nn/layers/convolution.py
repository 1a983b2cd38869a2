"""Convolutions of one and two dimensions, and transposed ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module

Sizes = int | Sequence[int]


def several(value: Sizes, count: int) -> tuple[int, ...]:
    """One size for each dimension."""
    return (value,) * count if isinstance(value, int) else tuple(value)


class Convolution(Module):
    """What all convolutions share: their sizes, their parameters, how they print."""

    _dims = 2
    _transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,  # noqa: FBT001 - torch's signature
        padding_mode: str = "zeros",
        output_padding: Sizes = 0,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        name, count = type(self).__name__, self._dims
        if groups <= 0:
            raise RangeError(f"{name}: groups must be a positive integer")
        if in_channels % groups or out_channels % groups:
            which = "in_channels" if in_channels % groups else "out_channels"
            raise ShapeError(f"{name}: {which} must be divisible by groups")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise RangeError(
                f"{name}: padding_mode must be one of 'zeros', 'reflect', 'replicate', 'circular', but got "
                f"padding_mode={padding_mode!r}"
            )
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise RangeError(f"Invalid padding string {padding!r}, should be one of ['valid', 'same']")
            if padding == "same" and any(s != 1 for s in several(stride, count)):
                raise RangeError("padding='same' is not supported for strided convolutions")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = (several(v, count) for v in (kernel_size, stride, dilation))
        self.padding = padding if isinstance(padding, str) else several(padding, count)
        self.output_padding = several(output_padding, count)
        self.padding_mode = padding_mode
        channels = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = new_parameter(channels[0], channels[1] // groups, *self.kernel_size, dtype=dtype)
        if bias:
            self.bias = new_parameter(out_channels, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform numbers within one over the square root of the inputs of one output."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init.fans(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input with its edges, where they are not zeros, and the padding that is left to do."""
        if self.padding_mode == "zeros":
            return input, self.padding
        if isinstance(self.padding, str):
            totals = [
                d * (k - 1) if self.padding == "same" else 0
                for d, k in zip(self.dilation, self.kernel_size, strict=True)
            ]
            edges = [(t // 2, t - t // 2) for t in totals]
        else:
            edges = [(p, p) for p in self.padding]
        flat = [n for pair in reversed(edges) for n in pair]
        return F.pad(input, flat, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}",
            f"{self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        if self.padding != (0,) * self._dims:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self._dims:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self._dims:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Conv1d(Convolution):
    """A convolution along one dimension.

    Shape: ``[N, in, L] -> [N, out, L']``, or without N.
    """

    _dims = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,  # noqa: FBT001
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        sizes = (kernel_size, stride, padding, dilation, groups)
        super().__init__(in_channels, out_channels, *sizes, bias, padding_mode, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        padded, padding = self._padded(input)
        return F.conv1d(padded, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(Conv1d):
    """A convolution of images.

    Shape: ``[N, in, H, W] -> [N, out, H', W']``, or without N.
    """

    _dims = 2

    def forward(self, input: Tensor) -> Tensor:
        padded, padding = self._padded(input)
        return F.conv2d(padded, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class ConvTranspose1d(Convolution):
    """The gradient of `Conv1d` as a layer: each input spreads over a window of outputs."""

    _dims = 1
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,  # noqa: FBT001
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise RangeError(f'{type(self).__name__}: only "zeros" padding mode is supported, got {padding_mode!r}')
        sizes = (kernel_size, stride, padding, dilation, groups)
        super().__init__(in_channels, out_channels, *sizes, bias, padding_mode, output_padding, dtype=dtype)

    def _rest(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """How much longer than the shortest the output is to be, where several lengths give one input.

        Raises: `ShapeError` for a size that none of these is, or of another number of dimensions.
        """
        if output_size is None:
            return self.output_padding
        count = self._dims
        leading = len(input.shape) - count
        wanted = tuple(output_size)[leading:] if len(output_size) == leading + count else tuple(output_size)
        if len(wanted) != count:
            raise ShapeError(
                f"ConvTranspose{count}D: for {len(input.shape)}D input, output_size must have {count} or "
                f"{leading + count} elements (got {len(output_size)})"
            )
        windows = zip(input.shape[leading:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * int(p) + d * (k - 1) + 1 for n, s, p, d, k in windows]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(least, wanted, most, strict=True)):
            raise ShapeError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} (for an input of "
                f"{tuple(input.shape[leading:])})"
            )
        return tuple(n - low for n, low in zip(wanted, least, strict=True))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        options = (self.stride, self.padding, self._rest(input, output_size), self.groups, self.dilation)
        return F.conv_transpose1d(input, self.weight, self.bias, *options)


class ConvTranspose2d(ConvTranspose1d):
    """The gradient of `Conv2d` as a layer."""

    _dims = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        options = (self.stride, self.padding, self._rest(input, output_size), self.groups, self.dilation)
        return F.conv_transpose2d(input, self.weight, self.bias, *options)
