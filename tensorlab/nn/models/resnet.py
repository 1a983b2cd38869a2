"""Residual networks, with the layers and the names of torchvision's: a state of theirs can be loaded.

Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.autograd import Tensor
from tensorlab.errors import RangeError
from tensorlab.nn import init
from tensorlab.nn.containers import Sequential
from tensorlab.nn.layers.activation import ReLU
from tensorlab.nn.layers.convolution import Conv2d
from tensorlab.nn.layers.linear import Linear
from tensorlab.nn.layers.normalisation import BatchNorm2d
from tensorlab.nn.layers.pooling import AdaptiveAvgPool2d, MaxPool2d
from tensorlab.nn.module import Module

_WIDTHS = (64, 128, 256, 512)


class BasicBlock(Module):
    """Two convolutions of 3 by 3, and around them the input itself, or what ``downsample`` makes of it.

    Shape: ``[N, in, H, W] -> [N, out, H / stride, W / stride]``.
    """

    def __init__(self, inplanes: int, planes: int, stride: int = 1, downsample: Module | None = None) -> None:
        super().__init__()
        self.conv1 = Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = BatchNorm2d(planes)
        self.relu = ReLU(inplace=True)
        self.conv2 = Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = BatchNorm2d(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        beside = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += beside
        return self.relu(out)


class ResNet(Module):
    """Four stages of blocks, each of twice the channels at half the size; then the mean, and one linear layer.

    ``zero_init_residual`` lets each block start as the identity.

    Shape:  ``[N, 3, H, W] -> [N, num_classes]``.
    Raises: `RangeError` for another number of stages.
    """

    def __init__(
        self,
        layers: Sequence[int],
        num_classes: int = 1000,
        *,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        if len(layers) != len(_WIDTHS):
            raise RangeError(f"ResNet: got {len(layers)} stages; takes {len(_WIDTHS)} numbers of blocks")
        self.conv1 = Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = BatchNorm2d(64)
        self.relu = ReLU(inplace=True)
        self.maxpool = MaxPool2d(3, 2, 1)
        self.layer1, self.layer2, self.layer3, self.layer4 = _stages(layers)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(_WIDTHS[-1], num_classes)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, BasicBlock) and zero_init_residual:
                init.zeros_(module.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _stages(layers: Sequence[int]) -> list[Sequential]:
    stages: list[Sequential] = []
    channels = 64
    for k, (width, count) in enumerate(zip(_WIDTHS, layers, strict=True)):
        stride = 1 if k == 0 else 2
        smaller = None
        if stride != 1 or channels != width:
            smaller = Sequential(Conv2d(channels, width, 1, stride, bias=False), BatchNorm2d(width))
        blocks = [BasicBlock(channels, width, stride, smaller)]
        blocks += [BasicBlock(width, width) for _ in range(count - 1)]
        stages.append(Sequential(*blocks))
        channels = width
    return stages


def resnet18(*, num_classes: int = 1000, zero_init_residual: bool = False) -> ResNet:
    """A residual network of 18 layers with random weights.

    >>> sum(p.numel() for p in resnet18().parameters())
    11689512
    """
    return ResNet((2, 2, 2, 2), num_classes, zero_init_residual=zero_init_residual)


def resnet34(*, num_classes: int = 1000, zero_init_residual: bool = False) -> ResNet:
    """A residual network of 34 layers with random weights."""
    return ResNet((3, 4, 6, 3), num_classes, zero_init_residual=zero_init_residual)
