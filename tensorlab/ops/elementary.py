"""Functions of one element: exp, log, sqrt, tanh, sigmoid, relu, clamp.

What the loops call for ``math.exp`` and its kin is in `core.scalar_math`.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import DType, fits
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops.refusals import refuse_bool

exp = declare("exp(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@exp.rule("scalar")
def exp_scalar(a: Any) -> Any:
    return math.exp(a)


log = declare("log(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@log.rule("scalar")
def log_scalar(a: Any) -> Any:
    return math.log(a)


sqrt = declare("sqrt(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sqrt.rule("scalar")
def sqrt_scalar(a: Any) -> Any:
    return math.sqrt(a)


tanh = declare("tanh(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@tanh.rule("scalar")
def tanh_scalar(a: Any) -> Any:
    return math.tanh(a)


sigmoid = declare("sigmoid(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@sigmoid.rule("scalar")
def sigmoid_scalar(a: Any) -> Any:
    return sigmoid(a)  # the inliner takes `sigmoid` from core.scalar_math


relu = declare("relu(Tensor self) -> Tensor")


@relu.rule("scalar")
def relu_scalar(a: Any) -> Any:
    return 0 if a < 0 else a  # NaN is not below 0, and stays


@relu.rule("check")
def relu_check(common: DType, a: object) -> None:
    refuse_bool(common, "relu")


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


ELEMENTARY: tuple[Op, ...] = (*(exp, log, sqrt, tanh, sigmoid, relu, clamp),)

for _op in ELEMENTARY:
    finish_pointwise(_op)
