"""Activations with a smooth step, each with its derivative as an op, so that a backward pass is one loop too."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.tensor import Tensor
from tensorlab.ops.comparison import gt_number, where_self
from tensorlab.ops.elementary import exp, sigmoid, sigmoid_backward, tanh
from tensorlab.ops.refusals import take_floats

# Exponentials below 0 -------------------------------------------------------------------------------------------------

elu = declare("elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor")
selu = declare("selu(Tensor self) -> Tensor")
celu = declare("celu(Tensor self, Scalar alpha=1.0) -> Tensor")
elu_backward = declare(
    "elu_backward(Tensor grad_output, Scalar alpha, Scalar scale, Scalar input_scale, bool is_result, "
    "Tensor self_or_result) -> Tensor",
    static={"is_result": (False, True)},
)
# Source: Klambauer, Unterthiner, Mayr, Hochreiter, "Self-Normalizing Neural Networks", 2017, equation 14.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
SELU_BELOW = SELU_ALPHA * SELU_SCALE


@elu.rule("scalar")
def elu_scalar(a: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    below = math.expm1(a * input_scale) * (alpha * scale)
    return below if a <= 0 else a * scale


@selu.rule("scalar")
def selu_scalar(a: Any) -> Any:
    below = math.expm1(a) * SELU_BELOW
    return below if a <= 0 else a * SELU_SCALE


@celu.rule("scalar")
def celu_scalar(a: Any, alpha: Any) -> Any:
    below = math.expm1(a / alpha) * alpha
    return below if a <= 0 else a


@elu_backward.rule("scalar")
def elu_backward_scalar(g: Any, alpha: Any, scale: Any, input_scale: Any, is_result: Any, a: Any) -> Any:
    of_argument = math.exp(a * input_scale) * (alpha * scale)
    of_result = a + alpha * scale
    below = g * input_scale * (of_result if is_result else of_argument)
    return below if a <= 0 else g * scale


@elu.vjp("self")
def elu_vjp(g: Tensor, self: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    return elu_backward.call((g, alpha, scale, input_scale, False, self))


@selu.vjp("self")
def selu_vjp(g: Tensor, self: Tensor) -> Tensor:
    return elu_backward.call((g, SELU_ALPHA, SELU_SCALE, 1, False, self))


@celu.vjp("self")
def celu_vjp(g: Tensor, self: Tensor, alpha: float) -> Tensor:
    return elu_backward.call((g, alpha, 1, 1 / alpha, False, self))


@elu_backward.vjp("grad_output")
def elu_backward_vjp_grad(
    g: Tensor, alpha: float, scale: float, input_scale: float, is_result: object, self_or_result: Tensor
) -> Tensor:
    return elu_backward.call((g, alpha, scale, input_scale, is_result, self_or_result))


@elu_backward.vjp("self_or_result")
def elu_backward_vjp_self(
    g: Tensor,
    grad_output: Tensor,
    alpha: float,
    scale: float,
    input_scale: float,
    is_result: object,
    self_or_result: Tensor,
) -> Tensor:
    both = g * grad_output
    slope = both if is_result else elu_backward.call((both, alpha, scale, input_scale, False, self_or_result))
    return where_self.call((gt_number.call((self_or_result, 0)), 0.0, slope * input_scale))


# Gates ----------------------------------------------------------------------------------------------------------------

gelu = declare("gelu(Tensor self, *, str approximate='none') -> Tensor", static={"approximate": ("tanh",)})
gelu_backward = declare(
    "gelu_backward(Tensor grad_output, Tensor self, *, str approximate='none') -> Tensor",
    static={"approximate": ("tanh",)},
)
ROOT_HALF = math.sqrt(0.5)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
# Source: Hendrycks, Gimpel, "Gaussian Error Linear Units (GELUs)", 2016, section 2.
INNER = math.sqrt(2.0 / math.pi)
CUBE = 0.044715


def gelu_by_erf(a: Any) -> Any:
    return a * 0.5 * (1 + math.erf(a * ROOT_HALF))


def gelu_by_tanh(a: Any) -> Any:
    inner = INNER * (a + CUBE * a * a * a)
    return 0.5 * a * (1 + math.tanh(inner))


def gelu_slope_by_erf(a: Any) -> Any:
    share = 0.5 * (1 + math.erf(a * ROOT_HALF))
    return share + a * math.exp(-0.5 * a * a) * DENSITY


def gelu_slope_by_tanh(a: Any) -> Any:
    step = math.tanh(INNER * (a + CUBE * a * a * a))
    return 0.5 * (1 + step) + 0.5 * a * (1 - step * step) * INNER * (1 + 3 * CUBE * a * a)


@gelu.rule("scalar")
def gelu_scalar(a: Any, approximate: Any) -> Any:
    return gelu_by_tanh(a) if approximate == "tanh" else gelu_by_erf(a)


@gelu_backward.rule("scalar")
def gelu_backward_scalar(g: Any, a: Any, approximate: Any) -> Any:
    return g * (gelu_slope_by_tanh(a) if approximate == "tanh" else gelu_slope_by_erf(a))


@gelu.vjp("self")
def gelu_vjp(g: Tensor, self: Tensor, approximate: str) -> Tensor:
    return gelu_backward.call((g, self, approximate))


@gelu_backward.vjp("grad_output")
def gelu_backward_vjp_grad(g: Tensor, self: Tensor, approximate: str) -> Tensor:
    return gelu_backward.call((g, self, approximate))


@gelu_backward.vjp("self")
def gelu_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor, approximate: str) -> Tensor:
    square = self * self
    if approximate == "none":
        return g * grad_output * exp.call((square * -0.5,)) * DENSITY * (2 - square)
    step = tanh.call((INNER * (self + CUBE * square * self),))
    slope = INNER * (1 + 3 * CUBE * square)
    bend = slope - self * step * slope * slope + 3 * INNER * CUBE * square
    return g * grad_output * (1 - step * step) * bend


silu = declare("silu(Tensor self) -> Tensor")
silu_backward = declare("silu_backward(Tensor grad_output, Tensor self) -> Tensor")


@silu.rule("scalar")
def silu_scalar(a: Any) -> Any:
    return a * sigmoid(a)


@silu_backward.rule("scalar")
def silu_backward_scalar(g: Any, a: Any) -> Any:
    share = sigmoid(a)
    return g * share * (1 + a * (1 - share))


@silu.vjp("self")
def silu_vjp(g: Tensor, self: Tensor) -> Tensor:
    return silu_backward.call((g, self))


@silu_backward.vjp("grad_output")
def silu_backward_vjp_grad(g: Tensor, self: Tensor) -> Tensor:
    return silu_backward.call((g, self))


@silu_backward.vjp("self")
def silu_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor) -> Tensor:
    share = sigmoid.call((self,))
    return sigmoid_backward.call((g * grad_output, share)) * (2 + self * (1 - 2 * share))


mish = declare("mish(Tensor self) -> Tensor")
mish_backward = declare("mish_backward(Tensor grad_output, Tensor self) -> Tensor")


@mish.rule("scalar")
def mish_scalar(a: Any) -> Any:
    return a * math.tanh(math.log1p(math.exp(a)))


@mish_backward.rule("scalar")
def mish_backward_scalar(g: Any, a: Any) -> Any:
    step = math.tanh(math.log1p(math.exp(a)))
    return g * (step + a * sigmoid(a) * (1 - step * step))


@mish.vjp("self")
def mish_vjp(g: Tensor, self: Tensor) -> Tensor:
    return mish_backward.call((g, self))


@mish_backward.vjp("grad_output")
def mish_backward_vjp_grad(g: Tensor, self: Tensor) -> Tensor:
    return mish_backward.call((g, self))


@mish_backward.vjp("self")
def mish_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor) -> Tensor:
    share, step = sigmoid.call((self,)), tanh.call((softplus.call((self, 1, 20)),))
    slope = (1 - step * step) * share
    return g * grad_output * slope * (2 + self * (1 - share - 2 * step * share))


# Logarithms -----------------------------------------------------------------------------------------------------------

softplus = declare("softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor")
softplus_backward = declare(
    "softplus_backward(Tensor grad_output, Tensor self, Scalar beta, Scalar threshold) -> Tensor"
)
log_sigmoid = declare("log_sigmoid(Tensor self) -> Tensor")


@softplus.rule("scalar")
def softplus_scalar(a: Any, beta: Any, threshold: Any) -> Any:
    scaled = a * beta
    bent = math.log1p(math.exp(scaled)) / beta
    return a if scaled > threshold else bent


@softplus_backward.rule("scalar")
def softplus_backward_scalar(g: Any, a: Any, beta: Any, threshold: Any) -> Any:
    scaled = a * beta
    bent = g * sigmoid(scaled)
    return g if scaled > threshold else bent


@softplus.vjp("self")
def softplus_vjp(g: Tensor, self: Tensor, beta: float, threshold: float) -> Tensor:
    return softplus_backward.call((g, self, beta, threshold))


@softplus_backward.vjp("grad_output")
def softplus_backward_vjp_grad(g: Tensor, self: Tensor, beta: float, threshold: float) -> Tensor:
    return softplus_backward.call((g, self, beta, threshold))


@softplus_backward.vjp("self")
def softplus_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = self * beta
    slope = sigmoid_backward.call((g * grad_output * beta, sigmoid.call((scaled,))))
    return where_self.call((gt_number.call((scaled, threshold)), 0.0, slope))


@log_sigmoid.rule("scalar")
def log_sigmoid_scalar(a: Any) -> Any:
    least = 0 if a > 0 else a
    return least - math.log1p(math.exp(-abs(a)))


@log_sigmoid.vjp("self")
def log_sigmoid_vjp(g: Tensor, self: Tensor) -> Tensor:
    return g * sigmoid.call((-self,))


SMOOTH: tuple[Op, ...] = (
    *(elu, elu_backward, selu, celu, gelu, gelu_backward, silu, silu_backward, mish, mish_backward),
    *(softplus, softplus_backward, log_sigmoid),
)

for _op in SMOOTH:
    take_floats(_op)
    finish_pointwise(_op)
