"""Pooling as layers."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.nn import functional as F
from tensorlab.nn.module import Module

Sizes = Any


class _MaxPool(Module):
    function = ""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,  # noqa: FBT001 - torch's signature
        ceil_mode: bool = False,  # noqa: FBT001
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        pool = getattr(F, self.function)
        sizes = (self.kernel_size, self.stride, self.padding, self.dilation)
        return pool(input, *sizes, ceil_mode=self.ceil_mode, return_indices=self.return_indices)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest of each window of ``[N, C, L]``."""

    function = "max_pool1d"


class MaxPool2d(_MaxPool):
    """The largest of each window of ``[N, C, H, W]``."""

    function = "max_pool2d"


class AvgPool1d(Module):
    """The mean of each window of ``[N, C, L]``."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,  # noqa: FBT001
        count_include_pad: bool = True,  # noqa: FBT001
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = (_listed(v) for v in (kernel_size, padding))
        self.stride = self.kernel_size if stride is None else _listed(stride)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        sizes = (self.kernel_size, self.stride, self.padding)
        return F.avg_pool1d(input, *sizes, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _listed(value: Sizes) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


class AvgPool2d(Module):
    """The mean of each window of ``[N, C, H, W]``."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,  # noqa: FBT001
        count_include_pad: bool = True,  # noqa: FBT001
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        sizes = (self.kernel_size, self.stride, self.padding)
        return F.avg_pool2d(input, *sizes, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _Adaptive(Module):
    function = ""

    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self.function)(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Means over even shares of ``[N, C, L]``."""

    function = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_Adaptive):
    """Means over even shares of ``[N, C, H, W]``."""

    function = "adaptive_avg_pool2d"


class _AdaptiveMaxPool(_Adaptive):
    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:  # noqa: FBT001
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return getattr(F, self.function)(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest of even shares of ``[N, C, L]``."""

    function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest of even shares of ``[N, C, H, W]``."""

    function = "adaptive_max_pool2d"
