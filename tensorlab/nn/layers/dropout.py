"""Layers that drop, in training alone."""

from __future__ import annotations

from tensorlab.autograd import Tensor
from tensorlab.errors import RangeError
from tensorlab.nn import functional as F
from tensorlab.nn.module import Module


class Dropout(Module):
    """Elements set to 0 with probability ``p``, the others divided by ``1 - p``.

    Raises: `RangeError` for a probability outside [0, 1].
    """

    function = "dropout"

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:  # noqa: FBT001 - torch's signature
        super().__init__()
        if not 0 <= p <= 1:
            raise RangeError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self.function)(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Whole channels of ``[N, C, L]`` set to 0."""

    function = "dropout1d"


class Dropout2d(Dropout):
    """Whole channels of ``[N, C, H, W]`` set to 0."""

    function = "dropout2d"


class AlphaDropout(Dropout):
    """Elements set to SELU's negative limit, scaled so that mean and variance stay."""

    function = "alpha_dropout"
