"""Comparisons, element by element, and the choice between two elements."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType, uint8
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError

eq = declare("eq.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
eq_number = declare("eq.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@eq_number.rule("scalar")
@eq.rule("scalar")
def eq_scalar(a: Any, b: Any) -> Any:
    return a == b


ne = declare("ne.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
ne_number = declare("ne.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@ne_number.rule("scalar")
@ne.rule("scalar")
def ne_scalar(a: Any, b: Any) -> Any:
    return a != b


lt = declare("lt.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
lt_number = declare("lt.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@lt_number.rule("scalar")
@lt.rule("scalar")
def lt_scalar(a: Any, b: Any) -> Any:
    return a < b


le = declare("le.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
le_number = declare("le.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@le_number.rule("scalar")
@le.rule("scalar")
def le_scalar(a: Any, b: Any) -> Any:
    return a <= b


gt = declare("gt.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
gt_number = declare("gt.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@gt_number.rule("scalar")
@gt.rule("scalar")
def gt_scalar(a: Any, b: Any) -> Any:
    return a > b


ge = declare("ge.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
ge_number = declare("ge.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.COMPARE)


@ge_number.rule("scalar")
@ge.rule("scalar")
def ge_scalar(a: Any, b: Any) -> Any:
    return a >= b


ORDERS: tuple[tuple[Op, Op], ...] = (
    *((eq, eq_number), (ne, ne_number), (lt, lt_number), (le, le_number), (gt, gt_number), (ge, ge_number)),
)


def no_slope() -> None:
    """The derivative of what moves in steps: asked for where such a result is written over a float."""


for _tensor, _number in ORDERS:
    _tensor.vjp("self")(no_slope)
    _tensor.vjp("other")(no_slope)
    _number.vjp("self")(no_slope)

CONDITION = frozenset({"condition"})

where = declare("where.self(Tensor condition, Tensor self, Tensor other) -> Tensor", exempt=CONDITION)
where_self = declare("where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor", exempt=CONDITION)
where_other = declare("where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor", exempt=CONDITION)
where_numbers = declare("where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor", exempt=CONDITION)


@where_numbers.rule("scalar")
@where_other.rule("scalar")
@where_self.rule("scalar")
@where.rule("scalar")
def where_scalar(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


@where_numbers.rule("check")
@where_other.rule("check")
@where_self.rule("check")
@where.rule("check")
def where_check(common: DType, condition: TensorType, a: object, b: object) -> None:
    if condition.dtype not in (bool_dtype, uint8):
        name = condition.dtype.name if condition.dtype is not None else "unknown"
        raise DTypeError(f"where: expected condition to be a boolean tensor, but got {name}")


@where_other.vjp("self")
@where.vjp("self")
def where_vjp_self(g: Tensor, condition: Tensor) -> Tensor:
    return where_other.call((condition, g, 0))


@where_self.vjp("other")
@where.vjp("other")
def where_vjp_other(g: Tensor, condition: Tensor) -> Tensor:
    return where_self.call((condition, 0, g))


COMPARISONS: tuple[Op, ...] = (
    *(op for pair in ORDERS for op in pair),
    *(where, where_self, where_other, where_numbers),
)

for _op in COMPARISONS:
    finish_pointwise(_op)
