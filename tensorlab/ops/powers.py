"""Powers by another name: square, float_power, ldexp, positive. Each is made of other operations."""

from __future__ import annotations

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import float64
from tensorlab.core.op import Op, declare
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.arithmetic import mul, pow_, pow_base, pow_tensor
from tensorlab.ops.copying import to
from tensorlab.ops.movement import call_evaluator

square = declare("square(Tensor self) -> Tensor")


@square.rule("type")
def square_type(a: TensorType) -> TensorType:
    return pow_.rules["type"](a, 2)


@square.rule("composite")
def square_composite(a: Tensor) -> Tensor:
    return pow_.call((a, 2))


float_power = declare("float_power.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor")
float_power_number = declare("float_power.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor")
number_float_power = declare("float_power.Scalar(Scalar self, Tensor exponent) -> Tensor")
_POWER = {float_power: pow_tensor, float_power_number: pow_, number_float_power: pow_base}


def _in_double(op: Op, power: Op) -> None:
    def float_power_type(a: TensorType | float, b: TensorType | float) -> TensorType:
        return power.rules["type"](*(TensorType(float64, x.shape) if isinstance(x, TensorType) else x for x in (a, b)))

    def float_power_composite(a: Tensor | float, b: Tensor | float) -> Tensor:
        return power.call(tuple(doubled(x) for x in (a, b)))

    op.rule("type")(float_power_type)
    op.rule("composite")(float_power_composite)


def doubled(value: Tensor | float) -> Tensor | float:
    """An operand in float64."""
    return to.call((value, float64, False, False)) if isinstance(value, Tensor) else float(value)


for _op, _power in _POWER.items():
    _in_double(_op, _power)

ldexp = declare("ldexp.Tensor(Tensor self, Tensor other) -> Tensor")


@ldexp.rule("type")
def ldexp_type(a: TensorType, other: TensorType) -> TensorType:
    return mul.rules["type"](a, pow_base.rules["type"](2.0, other))


@ldexp.rule("composite")
def ldexp_composite(a: Tensor, other: Tensor) -> Tensor:
    """``a * 2 ** other``."""
    return mul.call((a, pow_base.call((2.0, other))))


positive = declare("positive(Tensor(a) self) -> Tensor(a)")


@positive.rule("type")
def positive_type(a: TensorType) -> TensorType:
    """The tensor as it is.

    Raises: `DTypeError` for bools, in torch's words.
    """
    if a.dtype is bool_dtype:
        raise DTypeError("positive: the `+` operator, on a bool tensor is not supported.")
    return a


@positive.rule("composite")
def positive_composite(a: Tensor) -> Tensor:
    positive_type(a.type)
    return a


POWERS: tuple[Op, ...] = (square, *_POWER, ldexp, positive)

for _op in POWERS:
    call_evaluator(_op)
