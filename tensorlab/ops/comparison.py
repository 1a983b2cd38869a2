"""Comparisons, element by element, and the choice between two elements."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
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
    if condition.dtype is not bool_dtype:
        name = condition.dtype.name if condition.dtype is not None else "unknown"
        raise DTypeError(f"where: expected condition to be a boolean tensor, but got {name}")


COMPARISONS: tuple[Op, ...] = (
    *(eq, eq_number, ne, ne_number, lt, lt_number, le, le_number, gt, gt_number, ge, ge_number),
    *(where, where_self, where_other, where_numbers),
)

for _op in COMPARISONS:
    finish_pointwise(_op)
