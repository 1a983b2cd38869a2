"""Exponentials, logarithms, roots, tanh, sigmoid, relu, clamp, with their derivatives.

What the loops call for ``math.exp`` and its kin is in `core.scalar_math`. Where the derivative can be had from the
result, it is: no other tensor is kept then.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import DType, fits
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops.refusals import refuse_bool

LN2 = math.log(2.0)
LN10 = math.log(10.0)

# Exponentials ---------------------------------------------------------------------------------------------------------

exp = declare("exp(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@exp.rule("scalar")
def exp_scalar(a: Any) -> Any:
    return math.exp(a)


@exp.vjp("self")
def exp_vjp(g: Tensor, result: Tensor) -> Tensor:
    return g * result


exp2 = declare("exp2(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@exp2.rule("scalar")
def exp2_scalar(a: Any) -> Any:
    return math.exp2(a)


@exp2.vjp("self")
def exp2_vjp(g: Tensor, result: Tensor) -> Tensor:
    return g * result * LN2


expm1 = declare("expm1(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@expm1.rule("scalar")
def expm1_scalar(a: Any) -> Any:
    return math.expm1(a)


@expm1.vjp("self")
def expm1_vjp(g: Tensor, result: Tensor) -> Tensor:
    return g * (result + 1)


# Logarithms -----------------------------------------------------------------------------------------------------------

log = declare("log(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@log.rule("scalar")
def log_scalar(a: Any) -> Any:
    return math.log(a)


@log.vjp("self")
def log_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / self


log2 = declare("log2(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@log2.rule("scalar")
def log2_scalar(a: Any) -> Any:
    return math.log2(a)


@log2.vjp("self")
def log2_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / (self * LN2)


log10 = declare("log10(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@log10.rule("scalar")
def log10_scalar(a: Any) -> Any:
    return math.log10(a)


@log10.vjp("self")
def log10_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / (self * LN10)


log1p = declare("log1p(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@log1p.rule("scalar")
def log1p_scalar(a: Any) -> Any:
    return math.log1p(a)


@log1p.vjp("self")
def log1p_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g / (self + 1)


# Roots ----------------------------------------------------------------------------------------------------------------

sqrt = declare("sqrt(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sqrt.rule("scalar")
def sqrt_scalar(a: Any) -> Any:
    return math.sqrt(a)


@sqrt.vjp("self")
def sqrt_vjp(g: Tensor, result: Tensor) -> Tensor:
    return g / (result * 2)


rsqrt = declare("rsqrt(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@rsqrt.rule("scalar")
def rsqrt_scalar(a: Any) -> Any:
    return 1 / math.sqrt(a)


@rsqrt.vjp("self")
def rsqrt_vjp(g: Tensor, result: Tensor) -> Tensor:
    return -0.5 * g * result**3


# Steps ----------------------------------------------------------------------------------------------------------------

tanh = declare("tanh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
tanh_backward = declare("tanh_backward(Tensor grad_output, Tensor output) -> Tensor")


@tanh.rule("scalar")
def tanh_scalar(a: Any) -> Any:
    return math.tanh(a)


@tanh.vjp("self")
def tanh_vjp(g: Tensor, result: Tensor) -> Tensor:
    return tanh_backward.call((g, result))


@tanh_backward.rule("scalar")
def tanh_backward_scalar(g: Any, y: Any) -> Any:
    return g * (1 - y * y)


@tanh_backward.vjp("grad_output")
def tanh_backward_vjp_grad(g: Tensor, output: Tensor) -> Tensor:
    return tanh_backward.call((g, output))


@tanh_backward.vjp("output")
def tanh_backward_vjp_output(g: Tensor, grad_output: Tensor, output: Tensor) -> Tensor:
    return g * grad_output * output * -2


sigmoid = declare("sigmoid(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
sigmoid_backward = declare("sigmoid_backward(Tensor grad_output, Tensor output) -> Tensor")


@sigmoid.rule("scalar")
def sigmoid_scalar(a: Any) -> Any:
    return sigmoid(a)  # the inliner takes `sigmoid` from core.scalar_math


@sigmoid.vjp("self")
def sigmoid_vjp(g: Tensor, result: Tensor) -> Tensor:
    return sigmoid_backward.call((g, result))


@sigmoid_backward.rule("scalar")
def sigmoid_backward_scalar(g: Any, y: Any) -> Any:
    return g * (1 - y) * y


@sigmoid_backward.vjp("grad_output")
def sigmoid_backward_vjp_grad(g: Tensor, output: Tensor) -> Tensor:
    return sigmoid_backward.call((g, output))


@sigmoid_backward.vjp("output")
def sigmoid_backward_vjp_output(g: Tensor, grad_output: Tensor, output: Tensor) -> Tensor:
    return g * grad_output * (1 - 2 * output)


relu = declare("relu(Tensor self) -> Tensor")


@relu.rule("scalar")
def relu_scalar(a: Any) -> Any:
    return 0 if a < 0 else a  # NaN is not below 0, and stays


@relu.rule("check")
def relu_check(common: DType, a: object) -> None:
    refuse_bool(common, "relu")


threshold_backward = declare("threshold_backward(Tensor grad_output, Tensor self, Scalar threshold) -> Tensor")


@relu.vjp("self")
def relu_vjp(g: Tensor, result: Tensor) -> Tensor:
    return threshold_backward.call((g, result, 0))


@threshold_backward.rule("scalar")
def threshold_backward_scalar(g: Any, a: Any, threshold: Any) -> Any:
    return 0 if a <= threshold else g


@threshold_backward.vjp("grad_output", "self")
def threshold_backward_vjp(g: Tensor, self: Tensor, threshold: float) -> tuple[Tensor, None]:
    return threshold_backward.call((g, self, threshold)), None


clamp = declare("clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor")


@clamp.rule("scalar")
def clamp_scalar(a: Any, low: Any, high: Any) -> Any:
    raised = a if low is None else (low if (a < low or low != low) else a)  # noqa: PLR0124 - NaN as a bound wins
    return raised if high is None else (high if (raised > high or high != high) else raised)  # noqa: PLR0124


@clamp.rule("check")
def clamp_check(common: DType, a: object, low: object, high: object) -> None:
    if low is None and high is None:
        raise ArgumentError("clamp: at least one of 'min' or 'max' must not be None")
    refuse_bool(common, "clamp")


@clamp.rule("guard")
def clamp_guard(common: DType, a: object, low: object, high: object) -> None:
    """Bounds have to be values of the dtype.

    Raises: `RangeError`.
    """
    for name, bound in (("min", low), ("max", high)):
        if isinstance(bound, int) and not fits(bound, common):
            raise RangeError(f"clamp: argument '{name}' takes what {common.name} can hold, got {bound}")


ELEMENTARY: tuple[Op, ...] = (
    *(exp, exp2, expm1, log, log2, log10, log1p, sqrt, rsqrt, tanh, tanh_backward, sigmoid, sigmoid_backward),
    *(relu, threshold_backward, clamp),
)

for _op in ELEMENTARY:
    finish_pointwise(_op)
