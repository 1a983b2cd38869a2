"""A classifier of handwritten digits of 8 by 8 pixels: small enough to be trained in a notebook while one watches."""

from __future__ import annotations

from tensorlab.autograd import Tensor
from tensorlab.nn.containers import Sequential
from tensorlab.nn.layers.activation import ReLU
from tensorlab.nn.layers.convolution import Conv2d
from tensorlab.nn.layers.linear import Flatten, Linear
from tensorlab.nn.layers.pooling import MaxPool2d
from tensorlab.nn.module import Module

_SIDE = 8


class DigitsClassifier(Module):
    """Two convolutions, the larger of each 2 by 2 pixels, two linear layers: about 40,000 parameters.

    Shape: ``[N, 1, 8, 8] -> [N, num_classes]``, not normalised: the loss is ``cross_entropy``.
    """

    def __init__(self, num_classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.features = Sequential(
            Conv2d(1, width, 3, padding=1),
            ReLU(),
            Conv2d(width, 2 * width, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
        )
        self.classifier = Sequential(
            Flatten(),
            Linear(2 * width * (_SIDE // 2) ** 2, 4 * width),
            ReLU(),
            Linear(4 * width, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))
