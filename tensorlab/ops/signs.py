"""Signs and sizes: sign, sgn, signbit, copysign, heaviside, hypot, positive."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import is_negative
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.comparison import where_self
from tensorlab.ops.flat import flat_vjp

sign = declare("sign(Tensor self) -> Tensor")
sgn = declare("sgn(Tensor self) -> Tensor")


@sgn.rule("scalar")
@sign.rule("scalar")
def sign_scalar(a: Any) -> Any:
    """0 for NaN, as in torch."""
    return 1 if a > 0 else (-1 if a < 0 else 0)


sign.vjp("self")(flat_vjp)
sgn.vjp("self")(flat_vjp)

signbit = declare("signbit(Tensor self) -> Tensor", promotion=Promotion.COMPARE)


@signbit.rule("scalar")
def signbit_scalar(a: Any) -> Any:
    return is_negative(a)


copysign = declare("copysign.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
copysign_number = declare("copysign.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@copysign_number.rule("scalar")
@copysign.rule("scalar")
def copysign_scalar(a: Any, b: Any) -> Any:
    return math.copysign(a, b)


@copysign_number.vjp("self")
@copysign.vjp("self")
def copysign_vjp_self(g: Tensor, self: Tensor, result: Tensor) -> Tensor:
    """1 or -1; 0 at 0."""
    return g * where_self.call((self == 0, 0, result / self))


copysign.vjp("other")(flat_vjp)

heaviside = declare("heaviside(Tensor self, Tensor values) -> Tensor")


@heaviside.rule("scalar")
def heaviside_scalar(a: Any, at_zero: Any) -> Any:
    """0 for NaN, as in torch."""
    return at_zero if a == 0 else (1 if a > 0 else 0)


@heaviside.rule("check")
def heaviside_check(common: DType, a: TensorType, values: TensorType) -> None:
    if a.dtype is not values.dtype:
        raise DTypeError("heaviside: heaviside is not yet implemented for tensors with different dtypes.")


hypot = declare("hypot(Tensor self, Tensor other) -> Tensor")


@hypot.rule("scalar")
def hypot_scalar(a: Any, b: Any) -> Any:
    return math.hypot(a, b)


@hypot.rule("check")
def hypot_check(common: DType, a: object, b: object) -> None:
    if not common.is_floating_point:
        raise DTypeError(f"hypot: takes a floating point dtype, got {common.name}")


@hypot.vjp("self")
def hypot_vjp_self(g: Tensor, self: Tensor, result: Tensor) -> Tensor:
    return g * (self / result)


@hypot.vjp("other")
def hypot_vjp_other(g: Tensor, other: Tensor, result: Tensor) -> Tensor:
    return g * (other / result)


SIGNS: tuple[Op, ...] = (sign, sgn, signbit, copysign, copysign_number, heaviside, hypot)

for _op in SIGNS:
    finish_pointwise(_op)


def check_positive(dtype: DType) -> None:
    """Refuse what has no ``+`` in front.

    Raises: `DTypeError`, in torch's words.
    """
    if dtype is bool_dtype:
        raise DTypeError("positive: the `+` operator, on a bool tensor is not supported.")
