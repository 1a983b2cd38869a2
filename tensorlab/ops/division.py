"""Division with a whole quotient, and what it leaves: floor_divide, remainder, fmod, div with a rounding mode.

Integers divided by 0 are refused before anything is computed, for which the divisor is looked at: no fused loop does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import EagerPointwise, RegionRunner, finish_pointwise
from tensorlab.core.primitives import floor_quotient, floor_remainder, trunc_quotient, trunc_remainder
from tensorlab.core.region import Number
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import FLOAT, TensorType
from tensorlab.errors import ArgumentError, DivisionError, DTypeError
from tensorlab.ops.arithmetic import div, div_number
from tensorlab.ops.flat import flat_vjp
from tensorlab.ops.movement import call_evaluator

floor_divide = declare("floor_divide(Tensor self, Tensor other) -> Tensor")
floor_divide_number = declare("floor_divide.Scalar(Tensor self, Scalar other) -> Tensor")


@floor_divide_number.rule("scalar")
@floor_divide.rule("scalar")
def floor_divide_scalar(a: Any, b: Any) -> Any:
    return floor_quotient(a, b)


# torch has no name for this one but ``div`` with a mode.
trunc_divide = declare("tensorlab::trunc_divide.Tensor(Tensor self, Tensor other) -> Tensor")
trunc_divide_number = declare("tensorlab::trunc_divide.Scalar(Tensor self, Scalar other) -> Tensor")


@trunc_divide_number.rule("scalar")
@trunc_divide.rule("scalar")
def trunc_divide_scalar(a: Any, b: Any) -> Any:
    return trunc_quotient(a, b)


for _op in (floor_divide, trunc_divide):
    _op.vjp("self")(flat_vjp)
    _op.vjp("other")(flat_vjp)
for _op in (floor_divide_number, trunc_divide_number):
    _op.vjp("self")(flat_vjp)

remainder = declare("remainder.Tensor(Tensor self, Tensor other) -> Tensor")
remainder_number = declare("remainder.Scalar(Tensor self, Scalar other) -> Tensor")
remainder_of_number = declare("remainder.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")


@remainder_of_number.rule("scalar")
@remainder_number.rule("scalar")
@remainder.rule("scalar")
def remainder_scalar(a: Any, b: Any) -> Any:
    return floor_remainder(a, b)


fmod = declare("fmod.Tensor(Tensor self, Tensor other) -> Tensor")
fmod_number = declare("fmod.Scalar(Tensor self, Scalar other) -> Tensor")


@fmod_number.rule("scalar")
@fmod.rule("scalar")
def fmod_scalar(a: Any, b: Any) -> Any:
    return trunc_remainder(a, b)


@fmod_number.vjp("self")
@fmod.vjp("self")
@remainder_number.vjp("self")
@remainder.vjp("self")
def remainder_vjp_self(g: Tensor) -> Tensor:
    return g


@remainder_of_number.vjp("other")
@remainder.vjp("other")
def remainder_vjp_other(g: Tensor, self: Tensor | float, other: Tensor) -> Tensor:
    return -g * (self // other)


@fmod.vjp("other")
def fmod_vjp_other(g: Tensor, self: Tensor, other: Tensor) -> Tensor:
    return -g * trunc_divide.call((self, other))


class EagerDivision(EagerPointwise):
    """Evaluates a division; integers by 0 are refused, as in torch."""

    __slots__ = ()

    def split(self, args: tuple[Any, ...]) -> tuple[RegionRunner, list[Tensor], list[Number]]:
        """As `EagerPointwise.split`.

        Raises: `DivisionError`.
        """
        found = super().split(args)
        dividend, divisor = args
        if not _is_float(dividend) and not _is_float(divisor):
            whole = divisor.detached_numpy().all() if isinstance(divisor, Tensor) else divisor
            if not whole:
                raise DivisionError(f"{self.op.schema.name}: ZeroDivisionError: got integers to divide by 0")
        return found

    def looks_at_values(self, args: Sequence[object]) -> bool:
        """Whether the divisor may be an integer 0."""
        dividend, divisor = args
        if isinstance(divisor, (bool, int)) and divisor:
            return False
        return not _is_float(dividend) and not _is_float(divisor)


def _is_float(value: object) -> bool:
    """Of a tensor or number, or of its type."""
    if isinstance(value, (Tensor, TensorType)):
        return value.dtype is not None and value.dtype.is_floating_point
    return isinstance(value, float) or value == FLOAT


DIVISIONS: tuple[Op, ...] = (
    *(floor_divide, floor_divide_number, trunc_divide, trunc_divide_number),
    *(remainder, remainder_number, remainder_of_number, fmod, fmod_number),
)


def _no_bools(op: Op) -> None:
    def check(common: DType, a: object, b: object) -> None:
        if common is bool_dtype:
            raise DTypeError(f"{op.schema.name}: takes a number on one side at least, got bool and bool")

    def guard(common: DType, a: object, b: object) -> None:
        """Nothing: it says that integers have to be looked at, which no short cut does."""

    op.rule("check")(check)
    op.rule("guard")(guard)


for _op in DIVISIONS:
    _no_bools(_op)
    finish_pointwise(_op)
    _op.evaluate = EagerDivision(_op)


# With a mode ----------------------------------------------------------------------------------------------------------

div_mode = declare("div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor")
div_number_mode = declare("div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor")

_BY_MODE: dict[object, tuple[Op, Op]] = {
    None: (div, div_number),
    "floor": (floor_divide, floor_divide_number),
    "trunc": (trunc_divide, trunc_divide_number),
}


def of_mode(rounding_mode: object) -> tuple[Op, Op]:
    """The ops of a rounding mode: by a tensor, and by a number.

    Raises: `ArgumentError`, in torch's words.
    """
    if not isinstance(rounding_mode, (str, type(None))) or rounding_mode not in _BY_MODE:
        raise ArgumentError(
            f"div: expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    return _BY_MODE[rounding_mode]


@div_number_mode.rule("type")
@div_mode.rule("type")
def div_mode_type(a: TensorType, b: object, rounding_mode: str | None) -> TensorType:
    return of_mode(rounding_mode)[not isinstance(b, TensorType)].rules["type"](a, b)


@div_number_mode.rule("composite")
@div_mode.rule("composite")
def div_mode_composite(a: Tensor, b: Tensor | float, rounding_mode: str | None) -> Tensor:
    return of_mode(rounding_mode)[not isinstance(b, Tensor)].call((a, b))


for _op in (div_mode, div_number_mode):
    call_evaluator(_op)
