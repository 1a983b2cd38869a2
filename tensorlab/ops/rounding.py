"""Whole numbers near an element: floor, ceil, trunc, round; and what is left, frac. Integers stay as they are."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import rounded_down, rounded_to_even, rounded_to_zero, rounded_up
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.flat import flat_vjp
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.refusals import refuse_bool

floor = declare("floor(Tensor self) -> Tensor")
ceil = declare("ceil(Tensor self) -> Tensor")
trunc = declare("trunc(Tensor self) -> Tensor")
round_ = declare("round(Tensor self) -> Tensor")
frac = declare("frac(Tensor self) -> Tensor")


@floor.rule("scalar")
def floor_scalar(a: Any) -> Any:
    return rounded_down(a)


@ceil.rule("scalar")
def ceil_scalar(a: Any) -> Any:
    return rounded_up(a)


@trunc.rule("scalar")
def trunc_scalar(a: Any) -> Any:
    return rounded_to_zero(a)


@round_.rule("scalar")
def round_scalar(a: Any) -> Any:
    """Of two equally near, the even one."""
    return rounded_to_even(a)


@frac.rule("scalar")
def frac_scalar(a: Any) -> Any:
    return a - rounded_to_zero(a)


@frac.rule("check")
def frac_check(common: DType, a: object) -> None:
    if not common.is_floating_point:
        raise DTypeError(f"frac: takes a floating point dtype, got {common.name}")


@frac.vjp("self")
def frac_vjp(g: Tensor) -> Tensor:
    return g


def _no_bools(op: Op) -> None:
    def check(common: DType, a: object) -> None:
        refuse_bool(common, op.schema.name)

    op.rule("check")(check)


ROUNDINGS: tuple[Op, ...] = (floor, ceil, trunc, round_, frac)

for _op in ROUNDINGS:
    if _op is not frac:
        _no_bools(_op)
        _op.vjp("self")(flat_vjp)
    finish_pointwise(_op)


round_decimals = declare("round.decimals(Tensor self, *, int decimals) -> Tensor")


@round_decimals.rule("type")
def round_decimals_type(a: TensorType, decimals: int) -> TensorType:
    """Floats alone have decimals.

    Raises: `DTypeError`.
    """
    if decimals != 0 and a.dtype is not None and not a.dtype.is_floating_point:
        raise DTypeError(f"round: with decimals takes a floating point dtype, got {a.dtype.name}")
    return a


@round_decimals.rule("composite")
def round_decimals_composite(a: Tensor, decimals: int) -> Tensor:
    """Rounded as a whole number of tenths, hundredths ...; of tens, hundreds ... where ``decimals`` is below 0."""
    round_decimals_type(a.type, decimals)
    if decimals == 0:
        return round_.call((a,))
    scale = 10.0 ** abs(decimals)
    return round_.call((a * scale,)) / scale if decimals > 0 else round_.call((a / scale,)) * scale


call_evaluator(round_decimals)
