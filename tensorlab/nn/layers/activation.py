"""Nonlinearities as layers; what each computes stands with its function in ``tl.nn.functional``."""

from __future__ import annotations

import warnings
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.configured import REQUIRED, Configured
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module


class Activation(Configured):
    """A function of one tensor and options."""

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self.function)(input, **{name: getattr(self, name) for name in self.options})


class ReLU(Activation):
    """``max(x, 0)``."""

    function, options = "relu", {"inplace": False}


class ReLU6(Activation):
    """``min(max(x, 0), 6)``."""

    function, options = "relu6", {"inplace": False}


class LeakyReLU(Activation):
    """``x``, below 0 times ``negative_slope``."""

    function, options, shown = "leaky_relu", {"negative_slope": 0.01, "inplace": False}, ("negative_slope",)


class ELU(Activation):
    """``x``, below 0 ``alpha * (exp(x) - 1)``."""

    function, options, shown = "elu", {"alpha": 1.0, "inplace": False}, ("alpha",)


class SELU(Activation):
    """A scaled ELU that keeps mean and variance."""

    function, options = "selu", {"inplace": False}


class CELU(Activation):
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""

    function, options, shown = "celu", {"alpha": 1.0, "inplace": False}, ("alpha",)


class GELU(Activation):
    """``x`` times the normal distribution below ``x``."""

    function, options, shown = "gelu", {"approximate": "none"}, ("approximate",)


class SiLU(Activation):
    """``x * sigmoid(x)``."""

    function, options = "silu", {"inplace": False}


class Mish(Activation):
    """``x * tanh(softplus(x))``."""

    function, options = "mish", {"inplace": False}


class Sigmoid(Activation):
    """``1 / (1 + exp(-x))``."""

    function = "sigmoid"


class Tanh(Activation):
    """The hyperbolic tangent."""

    function = "tanh"


class LogSigmoid(Activation):
    """``log(sigmoid(x))``."""

    function = "logsigmoid"


class Softplus(Activation):
    """``log(1 + exp(beta * x)) / beta``, linear above ``threshold``."""

    function, options, shown = "softplus", {"beta": 1.0, "threshold": 20.0}, ("beta", "threshold")


class Softsign(Activation):
    """``x / (1 + |x|)``."""

    function = "softsign"


class Hardtanh(Activation):
    """``x`` held between two values."""

    function = "hardtanh"
    options = {"min_val": -1.0, "max_val": 1.0, "inplace": False}  # noqa: RUF012
    shown = ("min_val", "max_val")


class Hardsigmoid(Activation):
    """``relu6(x + 3) / 6``."""

    function, options = "hardsigmoid", {"inplace": False}

    def extra_repr(self) -> str:
        return ""


class Hardswish(Activation):
    """``x * relu6(x + 3) / 6``."""

    function, options = "hardswish", {"inplace": False}

    def extra_repr(self) -> str:
        return ""


class Hardshrink(Activation):
    """``x``, between ``-lambd`` and ``lambd`` 0."""

    function = "hardshrink"
    options = {"lambd": 0.5}  # noqa: RUF012

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """``x`` moved towards 0 by ``lambd``."""

    function = "softshrink"


class Tanhshrink(Activation):
    """``x - tanh(x)``."""

    function = "tanhshrink"


class Threshold(Activation):
    """``x`` above ``threshold``, else ``value``."""

    function = "threshold"
    options = {"threshold": REQUIRED, "value": REQUIRED, "inplace": False}  # noqa: RUF012
    shown = ("threshold", "value")


class GLU(Activation):
    """The first half of a dimension times the sigmoid of the second."""

    function, options, shown = "glu", {"dim": -1}, ("dim",)


class _AlongDim(Activation):
    """A function along a dimension; without one, along the dimension that torch once chose."""

    options, shown = {"dim": None}, ("dim",)

    def forward(self, input: Tensor) -> Tensor:
        dim = self.dim
        if dim is None:
            warnings.warn(
                f"Implicit dimension choice for {self.function} has been deprecated. Change the call to include dim=X "
                "as an argument.",
                stacklevel=3,
            )
            dim = 0 if len(input.shape) in (0, 1, 3) else 1
        return getattr(F, self.function)(input, dim)


class Softmax(_AlongDim):
    """Exponentials along a dimension, normalised to sum 1."""

    function = "softmax"


class LogSoftmax(_AlongDim):
    """The logarithm of softmax."""

    function = "log_softmax"


class Softmin(_AlongDim):
    """The softmax of ``-x``."""

    function = "softmin"


class PReLU(Module):
    """``x``, below 0 times a slope that is learnt, one or one a channel."""

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = new_parameter(num_parameters, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """The slope that it starts with."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
