"""Pointwise ops: one element in, one element out, over broadcast operands.

Each has a schema and, under it, what happens to one element; `finish_pointwise` adds the type rule that its promotion
names. Every op with ``_`` at the end writes over its first argument.
"""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import EagerPointwise, InPlacePointwise, finish_pointwise
from tensorlab.core.schema import Alias, Param, Result
from tensorlab.core.types import TensorType

# Arithmetic -----------------------------------------------------------------------------------------------------------

add = declare("add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
add_number = declare("add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@add_number.rule("scalar")
@add.rule("scalar")
def add_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return a + alpha * b


sub = declare("sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
sub_number = declare("sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@sub_number.rule("scalar")
@sub.rule("scalar")
def sub_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return a - alpha * b


rsub_number = declare("rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor")


@rsub_number.rule("scalar")
def rsub_scalar(a: Any, b: Any, alpha: Any) -> Any:
    return b - alpha * a


mul = declare("mul.Tensor(Tensor self, Tensor other) -> Tensor")
mul_number = declare("mul.Scalar(Tensor self, Scalar other) -> Tensor")


@mul_number.rule("scalar")
@mul.rule("scalar")
def mul_scalar(a: Any, b: Any) -> Any:
    return a * b


div = declare("div.Tensor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)
div_number = declare("div.Scalar(Tensor self, Scalar other) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@div_number.rule("scalar")
@div.rule("scalar")
def div_scalar(a: Any, b: Any) -> Any:
    return a / b


reciprocal = declare("reciprocal(Tensor self) -> Tensor", promotion=Promotion.INT_TO_FLOAT)


@reciprocal.rule("scalar")
def reciprocal_scalar(a: Any) -> Any:
    return 1 / a


POWERS = (2, 3, 2.0, 3.0, 0.5, 1, 1.0, -1.0, -2.0)  # LLVM turns these into multiplications and square roots

pow_ = declare("pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", static={"exponent": POWERS})
pow_tensor = declare("pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor")
pow_base = declare("pow.Scalar(Scalar self, Tensor exponent) -> Tensor")


@pow_base.rule("scalar")
@pow_tensor.rule("scalar")
@pow_.rule("scalar")
def pow_scalar(a: Any, exponent: Any) -> Any:
    return a**exponent


neg = declare("neg(Tensor self) -> Tensor")


@neg.rule("scalar")
def neg_scalar(a: Any) -> Any:
    return -a


absolute = declare("abs(Tensor self) -> Tensor")


@absolute.rule("scalar")
def abs_scalar(a: Any) -> Any:
    return abs(a)


# Functions ------------------------------------------------------------------------------------------------------------

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


clamp = declare("clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor")


@clamp.rule("scalar")
def clamp_scalar(a: Any, low: Any, high: Any) -> Any:
    raised = a if low is None else (low if a < low else a)
    return raised if high is None else (high if raised > high else raised)


# Comparisons ----------------------------------------------------------------------------------------------------------

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


# Selection ------------------------------------------------------------------------------------------------------------

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


# In-place forms -------------------------------------------------------------------------------------------------------

POINTWISE: tuple[Op, ...] = (
    *(add, add_number, sub, sub_number, rsub_number, mul, mul_number, div, div_number, reciprocal),
    *(pow_, pow_tensor, pow_base, neg, absolute, exp, log, sqrt, tanh, sigmoid, relu, clamp),
    *(eq, eq_number, ne, ne_number, lt, lt_number, le, le_number, gt, gt_number, ge, ge_number),
    *(where, where_self, where_other, where_numbers),
)

for _op in POINTWISE:
    finish_pointwise(_op)


def in_place(functional: Op) -> Op:
    """Declare ``name_``: the same computation written over ``self``, whose dtype and shape stay."""
    schema = functional.schema
    written = Alias("a", writes=True)
    first, *rest = schema.params
    params = (Param(first.name, first.type, first.default, first.keyword_only, written), *rest)
    overload = f".{schema.overload}" if schema.overload else ""
    texts = _with_star(params)
    result = Result(schema.results[0].type, written)
    op = declare(f"{schema.name}_{overload}({', '.join(texts)}) -> {result}", promotion=functional.promotion)
    op.static.update(functional.static)
    op.rules["scalar"] = functional.rules["scalar"]
    op.rule("type")(_written_type)
    evaluator = functional.evaluate
    if not isinstance(evaluator, EagerPointwise):
        raise TypeError(f"{functional.name} is not pointwise")
    op.evaluate = InPlacePointwise(op, evaluator)
    return op


def _with_star(params: tuple[Param, ...]) -> list[str]:
    texts: list[str] = []
    for param in params:
        if param.keyword_only and "*" not in texts:
            texts.append("*")
        texts.append(str(param))
    return texts


def _written_type(target: TensorType, *_: object) -> TensorType:
    return target


IN_PLACE: tuple[Op, ...] = tuple(
    in_place(op)
    for op in (
        *(add, add_number, sub, sub_number, mul, mul_number, div, div_number, pow_, neg, absolute),
        *(exp, log, sqrt, tanh, sigmoid, relu, clamp),
    )
)
