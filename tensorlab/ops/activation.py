"""Activations that are linear in pieces, each with its derivative as an op, so that a backward pass is one loop too.

The second derivative is 0; where pieces meet, the sides are as in torch.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError
from tensorlab.ops.elementary import threshold_backward
from tensorlab.ops.refusals import refuse_bool, take_floats

leaky_relu = declare("leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor")
leaky_relu_backward = declare(
    "leaky_relu_backward(Tensor grad_output, Tensor self, Scalar negative_slope, bool self_is_result) -> Tensor",
    static={"self_is_result": (False, True)},
)


@leaky_relu.rule("scalar")
def leaky_relu_scalar(a: Any, slope: Any) -> Any:
    return a if a > 0 else a * slope


@leaky_relu_backward.rule("scalar")
def leaky_relu_backward_scalar(g: Any, a: Any, slope: Any, self_is_result: Any) -> Any:
    return g if a > 0 else g * slope


@leaky_relu.vjp("self")
def leaky_relu_vjp(g: Tensor, self: Tensor, negative_slope: float) -> Tensor:
    return leaky_relu_backward.call((g, self, negative_slope, False))


@leaky_relu_backward.vjp("grad_output", "self")
def leaky_relu_backward_vjp(
    g: Tensor, self: Tensor, negative_slope: float, self_is_result: object
) -> tuple[Tensor, None]:
    return leaky_relu_backward.call((g, self, negative_slope, self_is_result)), None


hardtanh = declare("hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor")
hardtanh_backward = declare(
    "hardtanh_backward(Tensor grad_output, Tensor self, Scalar min_val, Scalar max_val) -> Tensor"
)


@hardtanh.rule("scalar")
def hardtanh_scalar(a: Any, low: Any, high: Any) -> Any:
    raised = low if a < low else a
    return high if raised > high else raised


@hardtanh.rule("check")
def hardtanh_check(common: DType, a: TensorType, *_: object) -> None:
    refuse_bool(a.dtype or common, "hardtanh")


@hardtanh_backward.rule("scalar")
def hardtanh_backward_scalar(g: Any, a: Any, low: Any, high: Any) -> Any:
    return 0 if a <= low or a >= high else g


@hardtanh.vjp("self")
def hardtanh_vjp(g: Tensor, self: Tensor, min_val: float, max_val: float) -> Tensor:
    return hardtanh_backward.call((g, self, min_val, max_val))


@hardtanh_backward.vjp("grad_output", "self")
def hardtanh_backward_vjp(g: Tensor, self: Tensor, min_val: float, max_val: float) -> tuple[Tensor, None]:
    return hardtanh_backward.call((g, self, min_val, max_val)), None


threshold = declare("threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor")


@threshold.rule("scalar")
def threshold_scalar(a: Any, level: Any, value: Any) -> Any:
    return value if a <= level else a


@threshold.rule("check")
def threshold_check(common: DType, a: TensorType, *_: object) -> None:
    refuse_bool(a.dtype or common, "threshold")


@threshold.vjp("self")
def threshold_vjp(g: Tensor, self: Tensor, threshold: float) -> Tensor:
    return threshold_backward.call((g, self, threshold))


hardshrink = declare("hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor")
softshrink = declare("softshrink(Tensor self, Scalar lambd=0.5) -> Tensor")
hardshrink_backward = declare("hardshrink_backward(Tensor grad_out, Tensor self, Scalar lambd) -> Tensor")
softshrink_backward = declare("softshrink_backward(Tensor grad_output, Tensor self, Scalar lambd) -> Tensor")


@hardshrink.rule("scalar")
def hardshrink_scalar(a: Any, lambd: Any) -> Any:
    return 0 if a >= -lambd and a <= lambd else a


@softshrink.rule("scalar")
def softshrink_scalar(a: Any, lambd: Any) -> Any:
    """NaN stays."""
    within = a * 0 if a != a else 0  # noqa: PLR0124 - NaN alone differs from itself
    below = a + lambd if a < -lambd else within
    return a - lambd if a > lambd else below


@softshrink.rule("guard")
def softshrink_guard(common: DType, a: object, lambd: object) -> None:
    """The bounds may not cross.

    Raises: `RangeError`, in torch's words.
    """
    if isinstance(lambd, (int, float)) and lambd < 0:
        raise RangeError(f"softshrink: lambda must be greater or equal to 0, but found to be {lambd}.")


@softshrink_backward.rule("scalar")
@hardshrink_backward.rule("scalar")
def shrink_backward_scalar(g: Any, a: Any, lambd: Any) -> Any:
    return 0 if a >= -lambd and a <= lambd else g


@hardshrink.vjp("self")
def hardshrink_vjp(g: Tensor, self: Tensor, lambd: float) -> Tensor:
    return hardshrink_backward.call((g, self, lambd))


@softshrink.vjp("self")
def softshrink_vjp(g: Tensor, self: Tensor, lambd: float) -> Tensor:
    return softshrink_backward.call((g, self, lambd))


@hardshrink_backward.vjp("grad_out", "self")
def hardshrink_backward_vjp(g: Tensor, self: Tensor, lambd: float) -> tuple[Tensor, None]:
    return hardshrink_backward.call((g, self, lambd)), None


@softshrink_backward.vjp("grad_output", "self")
def softshrink_backward_vjp(g: Tensor, self: Tensor, lambd: float) -> tuple[Tensor, None]:
    return softshrink_backward.call((g, self, lambd)), None


hardsigmoid = declare("hardsigmoid(Tensor self) -> Tensor")
hardswish = declare("hardswish(Tensor self) -> Tensor")
hardsigmoid_backward = declare("hardsigmoid_backward(Tensor grad_output, Tensor self) -> Tensor")
hardswish_backward = declare("hardswish_backward(Tensor grad_output, Tensor self) -> Tensor")
SIXTH = 1.0 / 6.0


@hardsigmoid.rule("scalar")
def hardsigmoid_scalar(a: Any) -> Any:
    raised = 0 if a + 3 < 0 else a + 3
    return (6 if raised > 6 else raised) * SIXTH


@hardsigmoid_backward.rule("scalar")
def hardsigmoid_backward_scalar(g: Any, a: Any) -> Any:
    return g * SIXTH if a > -3 and a < 3 else 0


@hardsigmoid.vjp("self")
def hardsigmoid_vjp(g: Tensor, self: Tensor) -> Tensor:
    return hardsigmoid_backward.call((g, self))


@hardsigmoid_backward.vjp("grad_output", "self")
def hardsigmoid_backward_vjp(g: Tensor, self: Tensor) -> tuple[Tensor, None]:
    return hardsigmoid_backward.call((g, self)), None


@hardswish.rule("scalar")
def hardswish_scalar(a: Any) -> Any:
    raised = 0 if a + 3 < 0 else a + 3
    return a * (6 if raised > 6 else raised) * SIXTH


@hardswish_backward.rule("scalar")
def hardswish_backward_scalar(g: Any, a: Any) -> Any:
    between = g if a >= 3 else g * (a / 3 + 0.5)
    return 0 if a <= -3 else between


@hardswish.vjp("self")
def hardswish_vjp(g: Tensor, self: Tensor) -> Tensor:
    return hardswish_backward.call((g, self))


@hardswish_backward.vjp("grad_output")
def hardswish_backward_vjp_grad(g: Tensor, self: Tensor) -> Tensor:
    return hardswish_backward.call((g, self))


@hardswish_backward.vjp("self")
def hardswish_backward_vjp_self(g: Tensor, grad_output: Tensor, self: Tensor) -> Tensor:
    return hardsigmoid_backward.call((g * grad_output, self)) * 2


BENT: tuple[Op, ...] = (
    *(leaky_relu, leaky_relu_backward, hardtanh, hardtanh_backward, threshold, hardshrink, hardshrink_backward),
    *(softshrink, softshrink_backward, hardsigmoid, hardsigmoid_backward, hardswish, hardswish_backward),
)

for _op in BENT:
    if "check" not in _op.rules:
        take_floats(_op)
    finish_pointwise(_op)
