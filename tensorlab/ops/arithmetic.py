"""Arithmetic, element by element: add, sub, rsub, mul, div, reciprocal, pow, neg, abs.

Each op has a schema and, under it, what happens to one element; `finish_pointwise` adds the type rule that its
promotion names, and a ``check`` refuses what promotion would let through. In-place forms are in `in_place`.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.dtype import Category, DType, fits
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import power
from tensorlab.core.region import category
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError
from tensorlab.ops.comparison import where_numbers, where_self
from tensorlab.ops.flat import flat_vjp
from tensorlab.ops.refusals import refuse_bool

add = declare("add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
add_number = declare("add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@add_number.rule("scalar")
@add.rule("scalar")
def add_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return a + alpha * b


@add_number.rule("check")
@add.rule("check")
def add_check(common: DType, a: object, b: object, alpha: object) -> None:
    """``alpha`` may not be of a higher kind than the result, nor a bool for numbers.

    Raises: `DTypeError`, in torch's words.
    """
    kind = category(alpha)
    if kind is Category.FLOAT and not common.is_floating_point:
        raise DTypeError("add: for integral input tensors, argument alpha must not be a floating point number")
    if kind is Category.BOOL and common is not bool_dtype:
        raise DTypeError("add: boolean alpha only supported for boolean results")


@add_number.vjp("self")
@add.vjp("self")
def add_vjp_self(g: Tensor) -> Tensor:
    return g


@add.vjp("other")
def add_vjp_other(g: Tensor, alpha: float) -> Tensor:
    return g if alpha == 1 else g * alpha


sub = declare("sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
sub_number = declare("sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@sub_number.rule("scalar")
@sub.rule("scalar")
def sub_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return a - alpha * b


def sub_check(common: DType, a: object, b: object, alpha: object) -> None:
    """No bools; for ``alpha`` see `add_check`.

    Raises: `DTypeError`.
    """
    if _is_bool(a) or _is_bool(b):
        raise DTypeError("sub: subtraction with a bool tensor or number is not supported; takes numbers")
    if category(alpha) is Category.FLOAT and not common.is_floating_point:
        raise DTypeError("sub: for integral input tensors, argument alpha must not be a floating point number")
    if category(alpha) is Category.BOOL:
        raise DTypeError("sub: boolean alpha only supported for boolean results")


def _is_bool(argument: object) -> bool:
    if isinstance(argument, TensorType):
        return argument.dtype is bool_dtype
    return category(argument) is Category.BOOL


sub.rule("check")(sub_check)
sub_number.rule("check")(sub_check)


@sub_number.vjp("self")
@sub.vjp("self")
def sub_vjp_self(g: Tensor) -> Tensor:
    return g


@sub.vjp("other")
def sub_vjp_other(g: Tensor, alpha: float) -> Tensor:
    return -g if alpha == 1 else g * -alpha


rsub = declare("rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
rsub_number = declare("rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@rsub_number.rule("scalar")
@rsub.rule("scalar")
def rsub_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return b - alpha * a


rsub.rule("check")(sub_check)
rsub_number.rule("check")(sub_check)
rsub_number.vjp("self")(sub_vjp_other)
rsub.vjp("self")(sub_vjp_other)
rsub.vjp("other")(sub_vjp_self)


mul = declare("mul.Tensor(Tensor self, Tensor other) -> Tensor")
mul_number = declare("mul.Scalar(Tensor self, Scalar other) -> Tensor")


@mul_number.rule("scalar")
@mul.rule("scalar")
def mul_scalar(a: Any, b: Any) -> Any:
    return a * b


@mul_number.vjp("self")
@mul.vjp("self")
def mul_vjp_self(g: Tensor, other: Tensor | float) -> Tensor:
    return g * other


@mul.vjp("other")
def mul_vjp_other(g: Tensor, self: Tensor) -> Tensor:
    return g * self


div = declare("div.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
div_number = declare("div.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@div_number.rule("scalar")
@div.rule("scalar")
def div_scalar(a: Any, b: Any) -> Any:
    return a / b


@div_number.vjp("self")
@div.vjp("self")
def div_vjp_self(g: Tensor, other: Tensor | float) -> Tensor:
    return g / other


@div.vjp("other")
def div_vjp_other(g: Tensor, self: Tensor, other: Tensor) -> Tensor:
    return -g * ((self / other) / other)


reciprocal = declare("reciprocal(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@reciprocal.rule("scalar")
def reciprocal_scalar(a: Any) -> Any:
    return 1 / a


@reciprocal.vjp("self")
def reciprocal_vjp(g: Tensor, result: Tensor) -> Tensor:
    return -g * (result * result)


POWERS = (2, 3, 2.0, 3.0, 0.5, 1, 1.0, -1.0, -2.0)  # LLVM turns these into multiplications and square roots

pow_ = declare("pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", static={"exponent": POWERS})
pow_tensor = declare("pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor")
pow_base = declare("pow.Scalar(Scalar self, Tensor exponent) -> Tensor")


@pow_base.rule("scalar")
@pow_tensor.rule("scalar")
@pow_.rule("scalar")
def pow_scalar(a: Any, exponent: Any) -> Any:
    return power(a, exponent)


@pow_base.rule("check")
@pow_tensor.rule("check")
def pow_check(common: DType, a: object, exponent: object) -> None:
    if common is bool_dtype:
        raise DTypeError("pow: takes a number on one side at least, got bool and bool")


@pow_.rule("guard")
def pow_guard(common: DType, a: object, exponent: object) -> None:
    """A number of the power is looked at; those in a tensor are not, and give 0 (see `primitives.power`).

    Raises: `RangeError`, in torch's words.
    """
    if not isinstance(exponent, int) or common.is_floating_point:
        return
    if exponent < 0:
        raise RangeError(f"pow: integers to negative integer powers are not allowed, got {common.name} to {exponent}")
    if not fits(exponent, common):
        raise RangeError(f"pow: exponent {exponent} cannot be converted to {common.name} without overflow")


@pow_.vjp("self")
def pow_vjp_self(g: Tensor, self: Tensor, exponent: float) -> Tensor:
    """0 for the power 0, at 0 too."""
    return flat_vjp(g) if exponent == 0 else g * (exponent * self ** (exponent - 1))


@pow_tensor.vjp("self")
def pow_tensor_vjp_self(g: Tensor, self: Tensor, exponent: Tensor) -> Tensor:
    return where_self.call((exponent == 0, 0, g * (exponent * self ** (exponent - 1))))


@pow_tensor.vjp("exponent")
def pow_tensor_vjp_exponent(g: Tensor, self: Tensor, exponent: Tensor, result: Tensor) -> Tensor:
    """At the base 0 it is 0, but for negative powers."""
    flat = (self == 0) & (exponent >= 0)
    return g * where_self.call((flat, 0, result * self.log()))


@pow_base.vjp("exponent")
def pow_base_vjp(g: Tensor, self: float, exponent: Tensor, result: Tensor) -> Tensor:
    if self == 0:
        return g * where_numbers.call((exponent >= 0, 0.0, -math.inf))
    return g * (result * (math.log(self) if self > 0 else math.nan))


neg = declare("neg(Tensor self) -> Tensor")


@neg.rule("scalar")
def neg_scalar(a: Any) -> Any:
    return -a


@neg.rule("check")
def neg_check(common: DType, a: object) -> None:
    refuse_bool(common, "neg")


@neg.vjp("self")
def neg_vjp(g: Tensor) -> Tensor:
    return -g


absolute = declare("abs(Tensor self) -> Tensor")


@absolute.rule("scalar")
def abs_scalar(a: Any) -> Any:
    return abs(a)


@absolute.rule("check")
def abs_check(common: DType, a: object) -> None:
    refuse_bool(common, "abs")


@absolute.vjp("self")
def abs_vjp(g: Tensor, self: Tensor) -> Tensor:
    """0 at 0."""
    return g * self.sign()


ARITHMETIC: tuple[Op, ...] = (
    *(add, add_number, sub, sub_number, rsub, rsub_number, mul, mul_number, div, div_number, reciprocal),
    *(pow_, pow_tensor, pow_base, neg, absolute),
)

for _op in ARITHMETIC:
    finish_pointwise(_op)
