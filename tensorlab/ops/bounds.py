"""The larger and the smaller of two numbers, and bounds: maximum, minimum, fmax, fmin, clamp with tensors."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import DType, fits
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import maximum as larger
from tensorlab.core.primitives import minimum as smaller
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops.comparison import where, where_other
from tensorlab.ops.elementary import clamp
from tensorlab.ops.refusals import refuse_bool


def kept(g: Tensor, condition: Tensor) -> Tensor:
    """A gradient where a condition holds, 0 elsewhere."""
    return where_other.call((condition, g, 0))


# Two tensors: NaN wins ------------------------------------------------------------------------------------------------

maximum = declare("maximum(Tensor self, Tensor other) -> Tensor")


@maximum.rule("scalar")
def maximum_scalar(a: Any, b: Any) -> Any:
    return larger(a, b)


@maximum.vjp("self", "other")
def maximum_vjp(
    g: Tensor, self: Tensor, other: Tensor, needs: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    """Equals share it."""
    shared = where.call((self != other, g, g / 2))
    return kept(shared, ~(self < other)) if needs[0] else None, kept(shared, ~(other < self)) if needs[1] else None


minimum = declare("minimum(Tensor self, Tensor other) -> Tensor")


@minimum.rule("scalar")
def minimum_scalar(a: Any, b: Any) -> Any:
    return smaller(a, b)


@minimum.vjp("self", "other")
def minimum_vjp(
    g: Tensor, self: Tensor, other: Tensor, needs: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    """Equals share it."""
    shared = where.call((self != other, g, g / 2))
    return kept(shared, ~(self > other)) if needs[0] else None, kept(shared, ~(other > self)) if needs[1] else None


# Two tensors: NaN gives way -------------------------------------------------------------------------------------------

fmax = declare("fmax(Tensor self, Tensor other) -> Tensor")


@fmax.rule("scalar")
def fmax_scalar(a: Any, b: Any) -> Any:
    return b if (a != a) | (b > a) else a  # noqa: PLR0124 - NaN alone differs from itself


@fmax.vjp("self", "other")
def fmax_vjp(g: Tensor, self: Tensor, other: Tensor, needs: tuple[bool, bool]) -> tuple[Tensor | None, Tensor | None]:
    """The first of equals has it."""
    first = (self >= other) | other.isnan()
    return kept(g, first) if needs[0] else None, kept(g, ~first) if needs[1] else None


fmin = declare("fmin(Tensor self, Tensor other) -> Tensor")


@fmin.rule("scalar")
def fmin_scalar(a: Any, b: Any) -> Any:
    return b if (a != a) | (b < a) else a  # noqa: PLR0124


@fmin.vjp("self", "other")
def fmin_vjp(g: Tensor, self: Tensor, other: Tensor, needs: tuple[bool, bool]) -> tuple[Tensor | None, Tensor | None]:
    """The first of equals has it."""
    first = (self <= other) | other.isnan()
    return kept(g, first) if needs[0] else None, kept(g, ~first) if needs[1] else None


# Bounds ---------------------------------------------------------------------------------------------------------------


@clamp.vjp("self")
def clamp_vjp(g: Tensor, self: Tensor, min: float | None, max: float | None) -> Tensor:
    """The bounds themselves are inside."""
    if min is None or max is None:
        return kept(g, self >= min) if max is None else kept(g, self <= max)
    return kept(g, (self >= min) & (self <= max))


clamp_tensor = declare("clamp.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor")


@clamp_tensor.rule("scalar")
def clamp_tensor_scalar(a: Any, low: Any, high: Any) -> Any:
    raised = a if low is None else larger(a, low)
    return raised if high is None else smaller(raised, high)


@clamp_tensor.rule("check")
def clamp_tensor_check(common: DType, a: object, low: object, high: object) -> None:
    if low is None and high is None:
        raise ArgumentError("clamp: at least one of 'min' or 'max' must not be None")


@clamp_tensor.vjp("self")
def clamp_tensor_vjp(g: Tensor, self: Tensor, min: Tensor | None, max: Tensor | None) -> Tensor:
    if min is None or max is None:
        return kept(g, self <= max) if min is None else kept(g, self >= min)
    return kept(g, (self >= min) & (self <= max))


@clamp_tensor.vjp("min")
def clamp_tensor_vjp_min(g: Tensor, self: Tensor, min: Tensor, max: Tensor | None) -> Tensor:
    below = self < min
    return kept(g, below if max is None else below & (min < max))


@clamp_tensor.vjp("max")
def clamp_tensor_vjp_max(g: Tensor, self: Tensor, min: Tensor | None, max: Tensor) -> Tensor:
    above = self > max
    return kept(g, above if min is None else above | (max < min))


clamp_min = declare("clamp_min(Tensor self, Scalar min) -> Tensor")
clamp_min_tensor = declare("clamp_min.Tensor(Tensor self, Tensor min) -> Tensor")


@clamp_min_tensor.rule("scalar")
@clamp_min.rule("scalar")
def clamp_min_scalar(a: Any, low: Any) -> Any:
    return larger(a, low)


@clamp_min_tensor.vjp("self")
@clamp_min.vjp("self")
def clamp_min_vjp(g: Tensor, self: Tensor, min: Tensor | float) -> Tensor:
    return kept(g, self >= min)


@clamp_min_tensor.vjp("min")
def clamp_min_vjp_min(g: Tensor, self: Tensor, min: Tensor) -> Tensor:
    return kept(g, self < min)


clamp_max = declare("clamp_max(Tensor self, Scalar max) -> Tensor")
clamp_max_tensor = declare("clamp_max.Tensor(Tensor self, Tensor max) -> Tensor")


@clamp_max_tensor.rule("scalar")
@clamp_max.rule("scalar")
def clamp_max_scalar(a: Any, high: Any) -> Any:
    return smaller(a, high)


@clamp_max_tensor.vjp("self")
@clamp_max.vjp("self")
def clamp_max_vjp(g: Tensor, self: Tensor, max: Tensor | float) -> Tensor:
    return kept(g, self <= max)


@clamp_max_tensor.vjp("max")
def clamp_max_vjp_max(g: Tensor, self: Tensor, max: Tensor) -> Tensor:
    return kept(g, self > max)


def _bounded(op: Op, name: str) -> None:
    def check(common: DType, a: object, bound: object) -> None:
        refuse_bool(common, op.schema.name)

    def guard(common: DType, a: object, bound: object) -> None:
        """A bound has to be a value of the dtype.

        Raises: `RangeError`.
        """
        if isinstance(bound, int) and not fits(bound, common):
            raise RangeError(f"{op.schema.name}: argument '{name}' takes what {common.name} can hold, got {bound}")

    op.rule("check")(check)
    op.rule("guard")(guard)


_bounded(clamp_min, "min")
_bounded(clamp_max, "max")

BOUNDS: tuple[Op, ...] = (
    *(maximum, minimum, fmax, fmin),
    *(clamp_tensor, clamp_min, clamp_min_tensor, clamp_max, clamp_max_tensor),
)

for _op in BOUNDS:
    finish_pointwise(_op)
