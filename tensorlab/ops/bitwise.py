"""Integers as bits: and, or, xor, not, shifts; and their divisors: gcd, lcm."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import common_divisor, common_multiple, shifted_left, shifted_right
from tensorlab.errors import DTypeError

bitwise_and = declare("bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor")
bitwise_and_number = declare("bitwise_and.Scalar(Tensor self, Scalar other) -> Tensor")
number_bitwise_and = declare("bitwise_and.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@number_bitwise_and.rule("scalar")
@bitwise_and_number.rule("scalar")
@bitwise_and.rule("scalar")
def bitwise_and_scalar(a: Any, b: Any) -> Any:
    return a & b


bitwise_or = declare("bitwise_or.Tensor(Tensor self, Tensor other) -> Tensor")
bitwise_or_number = declare("bitwise_or.Scalar(Tensor self, Scalar other) -> Tensor")
number_bitwise_or = declare("bitwise_or.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@number_bitwise_or.rule("scalar")
@bitwise_or_number.rule("scalar")
@bitwise_or.rule("scalar")
def bitwise_or_scalar(a: Any, b: Any) -> Any:
    return a | b


bitwise_xor = declare("bitwise_xor.Tensor(Tensor self, Tensor other) -> Tensor")
bitwise_xor_number = declare("bitwise_xor.Scalar(Tensor self, Scalar other) -> Tensor")
number_bitwise_xor = declare("bitwise_xor.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@number_bitwise_xor.rule("scalar")
@bitwise_xor_number.rule("scalar")
@bitwise_xor.rule("scalar")
def bitwise_xor_scalar(a: Any, b: Any) -> Any:
    return a ^ b


bitwise_not = declare("bitwise_not(Tensor self) -> Tensor")


@bitwise_not.rule("scalar")
def bitwise_not_scalar(a: Any) -> Any:
    return a ^ -1  # as a bool, -1 is True


left_shift = declare("bitwise_left_shift.Tensor(Tensor self, Tensor other) -> Tensor")
left_shift_number = declare("bitwise_left_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor")
number_left_shift = declare("bitwise_left_shift.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@number_left_shift.rule("scalar")
@left_shift_number.rule("scalar")
@left_shift.rule("scalar")
def left_shift_scalar(a: Any, b: Any) -> Any:
    return shifted_left(a, b)


right_shift = declare("bitwise_right_shift.Tensor(Tensor self, Tensor other) -> Tensor")
right_shift_number = declare("bitwise_right_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor")
number_right_shift = declare("bitwise_right_shift.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@number_right_shift.rule("scalar")
@right_shift_number.rule("scalar")
@right_shift.rule("scalar")
def right_shift_scalar(a: Any, b: Any) -> Any:
    return shifted_right(a, b)


gcd = declare("gcd(Tensor self, Tensor other) -> Tensor")


@gcd.rule("scalar")
def gcd_scalar(a: Any, b: Any) -> Any:
    return common_divisor(a, b)


lcm = declare("lcm(Tensor self, Tensor other) -> Tensor")


@lcm.rule("scalar")
def lcm_scalar(a: Any, b: Any) -> Any:
    return common_multiple(a, b)


def _integers_alone(op: Op, *, bools: bool) -> None:
    def check(common: DType, *_: object) -> None:
        if common.is_floating_point or (common is bool_dtype and not bools):
            takes = "integers and bools" if bools else "integers"
            raise DTypeError(f"{op.schema.name}: takes {takes}, got {common.name}")

    op.rule("check")(check)


ON_BITS: tuple[Op, ...] = (
    *(bitwise_and, bitwise_and_number, number_bitwise_and, bitwise_or, bitwise_or_number, number_bitwise_or),
    *(bitwise_xor, bitwise_xor_number, number_bitwise_xor, bitwise_not),
)
ON_INTEGERS: tuple[Op, ...] = (
    *(left_shift, left_shift_number, number_left_shift, right_shift, right_shift_number, number_right_shift),
    *(gcd, lcm),
)
BITWISE = (*ON_BITS, *ON_INTEGERS)

for _op in BITWISE:
    _integers_alone(_op, bools=_op in ON_BITS)
    finish_pointwise(_op)
