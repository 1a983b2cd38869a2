"""Truth, element by element: and, or, xor, not; what is not 0 is true."""

from __future__ import annotations

from typing import Any

from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.ops.comparison import no_slope

logical_and = declare("logical_and(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
logical_or = declare("logical_or(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
logical_xor = declare("logical_xor(Tensor self, Tensor other) -> Tensor", promotion=Promotion.COMPARE)
logical_not = declare("logical_not(Tensor self) -> Tensor", promotion=Promotion.COMPARE)


@logical_and.rule("scalar")
def logical_and_scalar(a: Any, b: Any) -> Any:
    return (a != 0) & (b != 0)


@logical_or.rule("scalar")
def logical_or_scalar(a: Any, b: Any) -> Any:
    return (a != 0) | (b != 0)


@logical_xor.rule("scalar")
def logical_xor_scalar(a: Any, b: Any) -> Any:
    return (a != 0) != (b != 0)


@logical_not.rule("scalar")
def logical_not_scalar(a: Any) -> Any:
    return a == 0


LOGICAL: tuple[Op, ...] = (logical_and, logical_or, logical_xor, logical_not)

for _op in LOGICAL:
    for _i in _op.tensors:
        _op.vjp(_op.schema.params[_i].name)(no_slope)
    finish_pointwise(_op)
