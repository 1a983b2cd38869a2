"""Layers that normalise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType, default_float, int64
from tensorlab.core.tensor import empty
from tensorlab.errors import ShapeError
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module


def _reset(module: Module) -> None:
    """Weight 1, bias 0, where they are."""
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


class _ChannelNorm(Module):
    """What batch and instance norms share: running statistics, and weight and bias a channel."""

    _ranks: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,  # noqa: FBT001 - torch's signature
        track_running_stats: bool = True,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
        bias: bool = True,  # noqa: FBT001
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, there in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, new_parameter(num_features, dtype=dtype) if there else None)
        kind = dtype or default_float()
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, empty(kind, (num_features,)) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", empty(int64, ()) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, running mean 0 and variance 1."""
        self.reset_running_stats()
        _reset(self)

    def _check(self, input: Tensor) -> None:
        if len(input.shape) not in self._ranks:
            takes = " or ".join(f"{n}D" for n in self._ranks)
            raise ShapeError(f"{type(self).__name__}: expected {takes} input (got {len(input.shape)}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_ChannelNorm):
    """Channels of ``[N, C]`` or ``[N, C, L]`` normalised over the batch; running statistics outside training."""

    _ranks = (2, 3)

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain mean of all batches
                factor = 1.0 / int(self.num_batches_tracked)
        of_batch = self.training or self.running_mean is None
        kept = not self.training or self.track_running_stats
        mean, variance = (self.running_mean, self.running_var) if kept else (None, None)
        return F.batch_norm(input, mean, variance, self.weight, self.bias, of_batch, factor, self.eps)


class BatchNorm2d(BatchNorm1d):
    """Channels of ``[N, C, H, W]`` normalised over the batch; running statistics outside training."""

    _ranks = (4,)


class InstanceNorm1d(_ChannelNorm):
    """Channels of ``[N, C, L]`` or ``[C, L]`` normalised one by one."""

    _ranks = (2, 3)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,  # noqa: FBT001
        track_running_stats: bool = False,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
        bias: bool = True,  # noqa: FBT001
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        alone = len(input.shape) == self._ranks[0]
        batch = input.unsqueeze(0) if alone else input
        statistics = (self.running_mean, self.running_var, self.weight, self.bias)
        of_input = self.training or not self.track_running_stats
        result = F.instance_norm(batch, *statistics, of_input, self.momentum or 0.0, self.eps)
        return result.squeeze(0) if alone else result


class InstanceNorm2d(InstanceNorm1d):
    """Channels of ``[N, C, H, W]`` or ``[C, H, W]`` normalised one by one."""

    _ranks = (3, 4)


class LayerNorm(Module):
    """The last dimensions normalised, with a weight and a bias an element."""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,  # noqa: FBT001
        bias: bool = True,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        listed = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = listed, eps, elementwise_affine
        self.register_parameter("weight", new_parameter(*listed, dtype=dtype) if elementwise_affine else None)
        self.register_parameter("bias", new_parameter(*listed, dtype=dtype) if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _reset(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """The last dimensions over their root mean square, with a weight an element."""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        listed = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = listed, eps, elementwise_affine
        self.register_parameter("weight", new_parameter(*listed, dtype=dtype) if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Groups of channels normalised, with a weight and a bias a channel."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
        bias: bool = True,  # noqa: FBT001
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ShapeError("GroupNorm: num_channels must be divisible by num_groups")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        for name, there in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, new_parameter(num_channels, dtype=dtype) if there else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        _reset(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        sizes = f"{self.num_groups}, {self.num_channels}"
        return f"{sizes}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
