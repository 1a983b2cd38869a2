"""Nonlinearities as layers; what each computes stands with its function in ``tl.nn.functional``."""

from __future__ import annotations

from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module


class Activation(Module):
    """A function of one tensor and options: a subclass names the function, and its options with their defaults.

    ``shown`` are the options that print although they have their defaults.
    """

    function = ""
    options: dict[str, Any] = {}  # noqa: RUF012 - read alone
    shown: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        names = list(self.options)
        given = dict(zip(names, args, strict=False)) | kwargs
        unknown = [name for name in given if name not in self.options]
        if unknown or len(args) > len(names):
            from tensorlab.errors import ArgumentError

            what = repr(unknown[0]) if unknown else f"{len(args)} arguments"
            raise ArgumentError(f"{type(self).__name__}: got {what}; takes {', '.join(names) or 'no options'}")
        self._given = {**self.options, **given}
        for name, value in self._given.items():
            setattr(self, name, value)

    def forward(self, input: Tensor) -> Tensor:
        return getattr(F, self.function)(input, **{name: getattr(self, name) for name in self.options})

    def extra_repr(self) -> str:
        values = {name: getattr(self, name) for name in self.options}
        kept = [n for n, v in values.items() if n in self.shown or (n == "inplace" and v)]
        return ", ".join(f"{n}={values[n]!r}" for n in kept)


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


class Hardswish(Activation):
    """``x * relu6(x + 3) / 6``."""

    function, options = "hardswish", {"inplace": False}


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
    options = {"threshold": 0.0, "value": 0.0, "inplace": False}  # noqa: RUF012
    shown = ("threshold", "value")


class GLU(Activation):
    """The first half of a dimension times the sigmoid of the second."""

    function, options, shown = "glu", {"dim": -1}, ("dim",)


class Softmax(Activation):
    """Exponentials along a dimension, normalised to sum 1."""

    function, options, shown = "softmax", {"dim": None}, ("dim",)


class LogSoftmax(Activation):
    """The logarithm of softmax."""

    function, options, shown = "log_softmax", {"dim": None}, ("dim",)


class Softmin(Activation):
    """The softmax of ``-x``."""

    function, options, shown = "softmin", {"dim": None}, ("dim",)


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
