# ruff: noqa: FBT001 - torch's public signatures
"""The activations under torch's names: those of ``nn.functional``, some of them functions and methods too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import uint8
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError, RangeError
from tensorlab.ops import activation, gated, smooth_activation
from tensorlab.ops.called import called
from tensorlab.ops.functions import abs, div, relu, sigmoid, sub, tanh
from tensorlab.ops.in_place import in_place
from tensorlab.ops.operands import as_int, as_number, as_operand, unary
from tensorlab.ops.out import takes_pointwise_out
from tensorlab.ops.written import WRITTEN

Function = Callable[..., Any]

_SELF = {
    op.name: in_place(op)
    for op in (
        *(activation.leaky_relu, activation.hardtanh, activation.threshold, activation.hardsigmoid),
        *(activation.hardswish, smooth_activation.elu, smooth_activation.selu, smooth_activation.celu),
        *(smooth_activation.silu, smooth_activation.mish),
    )
}


def _run(op: Op, inplace: bool, input: object, *options: object) -> Tensor:
    """An op with its options as numbers, over its argument or into a new tensor."""
    numbers: Sequence[Any] = options
    if not all(type(o) in _NUMBERS for o in options):
        names = [p.name for p in op.schema.params[1:]]
        numbers = [as_number(o, op=op.schema.name, name=n) for n, o in zip(names, options, strict=True)]
    return unary(_SELF[op.name] if inplace else op, input, *numbers)


_NUMBERS = (int, float)


def _of_kind(input: object, number: object) -> bool | int | float:
    """A number beside a tensor of integers is one too: its fraction is left out."""
    found = as_number(number, op="activation", name="number")
    whole = isinstance(input, Tensor) and not input.dtype.is_floating_point
    return int(found) if whole else found


# Linear in pieces -----------------------------------------------------------------------------------------------------


def relu_function(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(input, 0)``; NaN stays."""
    return WRITTEN["relu_"](input) if inplace else relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``min(max(input, 0), 6)``."""
    return hardtanh(input, 0, 6, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``negative_slope * input`` below."""
    return _run(activation.leaky_relu, inplace, input, negative_slope)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Values below ``min_val`` raised to it, above ``max_val`` lowered to it.

    Raises: `RangeError` where the bounds cross.
    """
    if min_val > max_val:
        raise RangeError(f"hardtanh: min_val cannot be greater than max_val, got {min_val} and {max_val}")
    low, high = _of_kind(input, min_val), _of_kind(input, max_val)
    if isinstance(input, Tensor) and input.dtype is uint8 and low < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DTypeError("hardtanh: cannot do hardtanh on an unsigned type with negative limits")
    return _run(activation.hardtanh, inplace, input, low, high)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """``input`` above the threshold, ``value`` elsewhere."""
    return _run(activation.threshold, inplace, input, _of_kind(input, threshold), _of_kind(input, value))


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """``relu6(input + 3) / 6``."""
    return _run(activation.hardsigmoid, inplace, input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * relu6(input + 3) / 6``."""
    return _run(activation.hardswish, inplace, input)


@takes_pointwise_out
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input``, and 0 within ``lambd`` of 0."""
    return _run(activation.hardshrink, False, input, lambd)


@takes_pointwise_out
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input`` moved by ``lambd`` towards 0, and 0 within it.

    Raises: `RangeError` for a ``lambd`` below 0.
    """
    return _run(activation.softshrink, False, input, lambd)


# Smooth ---------------------------------------------------------------------------------------------------------------


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``alpha * (e ** input - 1)`` below."""
    return _run(smooth_activation.elu, inplace, input, alpha, 1, 1)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scales that keep mean 0 and variance 1."""
    return _run(smooth_activation.selu, inplace, input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input`` above 0, ``alpha * (e ** (input / alpha) - 1)`` below.

    Raises: `RangeError` for an ``alpha`` of 0.
    """
    if alpha == 0:
        raise RangeError("celu: alpha cannot be 0 for CELU")
    return _run(smooth_activation.celu, inplace, input, alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """``input`` times the normal distribution function of it, or its approximation by ``"tanh"``.

    Raises: `ArgumentError` for another approximation.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate argument must be either none or tanh., got {approximate!r}")
    return unary(smooth_activation.gelu, input, approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * sigmoid(input)``."""
    return _run(smooth_activation.silu, inplace, input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * tanh(softplus(input))``."""
    return _run(smooth_activation.mish, inplace, input)


@takes_pointwise_out
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """``log(1 + e ** (beta * input)) / beta``, and ``input`` where ``beta * input`` is above the threshold."""
    return _run(smooth_activation.softplus, False, input, beta, threshold)


@takes_pointwise_out
def logsigmoid(input: Tensor) -> Tensor:
    """``log(sigmoid(input))``, also far below 0."""
    return unary(smooth_activation.log_sigmoid, input)


def softsign(input: Tensor) -> Tensor:
    """``input / (1 + abs(input))``."""
    return div(input, abs(input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """``input - tanh(input)``."""
    return sub(input, tanh(input))


# Of two arguments -----------------------------------------------------------------------------------------------------


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``input`` above 0, ``weight * input`` below, with one weight or one a channel.

    Shape:  ``f[n, c, ...], f[c] -> f[n, c, ...]``.
    Raises: `ShapeError` or `DTypeError` for a weight that does not fit.
    """
    slope = as_operand(weight, op="prelu", name="weight")
    if not isinstance(slope, Tensor):
        raise ArgumentError(f"prelu: argument 'weight' takes a Tensor, got {type(weight).__name__}")
    return unary(gated.prelu, input, slope)


@called("GluBackward0")
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim`` times the sigmoid of the second.

    Raises: `ShapeError` for an odd size.
    """
    return unary(gated.glu, input, as_int(dim, op="glu", name="dim"))


# Written over the first argument --------------------------------------------------------------------------------------


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` written over the tensor."""
    return leaky_relu(input, negative_slope, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh` written over the tensor."""
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` written over the tensor."""
    return _run(activation.threshold, True, input, _of_kind(input, threshold), _of_kind(input, value))


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` written over the tensor."""
    return elu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """`selu` written over the tensor."""
    return selu(input, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` written over the tensor."""
    return celu(input, alpha, True)


FUNCTIONS: dict[str, Function] = {
    "celu": celu,
    "celu_": celu_,
    "hardshrink": hardshrink,
    "prelu": prelu,
    "relu_": WRITTEN["relu_"],
    "selu": selu,
    "selu_": selu_,
    "threshold": threshold,
    "threshold_": threshold_,
}

METHODS: dict[str, Function] = {
    "hardshrink": hardshrink,
    "prelu": prelu,
}

FUNCTIONAL: dict[str, Function] = {
    "celu": celu,
    "celu_": celu_,
    "elu": elu,
    "elu_": elu_,
    "gelu": gelu,
    "glu": glu,
    "hardshrink": hardshrink,
    "hardsigmoid": hardsigmoid,
    "hardswish": hardswish,
    "hardtanh": hardtanh,
    "hardtanh_": hardtanh_,
    "leaky_relu": leaky_relu,
    "leaky_relu_": leaky_relu_,
    "logsigmoid": logsigmoid,
    "mish": mish,
    "prelu": prelu,
    "relu": relu_function,
    "relu6": relu6,
    "relu_": WRITTEN["relu_"],
    "selu": selu,
    "selu_": selu_,
    "sigmoid": sigmoid,
    "silu": silu,
    "softplus": softplus,
    "softshrink": softshrink,
    "softsign": softsign,
    "tanh": tanh,
    "tanhshrink": tanhshrink,
    "threshold": threshold,
    "threshold_": threshold_,
}
