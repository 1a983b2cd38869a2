"""What floats may be besides numbers, and how near two of them are: isnan, isinf, nan_to_num, isclose, equal."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.dtype import default_float
from tensorlab.core.op import Op, Promotion, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.primitives import largest_finite
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import BOOL, ScalarType, TensorType
from tensorlab.errors import DTypeError, RangeError
from tensorlab.ops.comparison import eq, where_other
from tensorlab.ops.copying import to
from tensorlab.ops.movement import call_evaluator

isnan = declare("isnan(Tensor self) -> Tensor", promotion=Promotion.COMPARE)
isinf = declare("isinf(Tensor self) -> Tensor", promotion=Promotion.COMPARE)
isfinite = declare("isfinite(Tensor self) -> Tensor", promotion=Promotion.COMPARE)
isposinf = declare("isposinf(Tensor self) -> Tensor", promotion=Promotion.COMPARE)
isneginf = declare("isneginf(Tensor self) -> Tensor", promotion=Promotion.COMPARE)

# An infinity less itself is NaN, an integer less itself 0: the same text serves all dtypes.


@isnan.rule("scalar")
def isnan_scalar(a: Any) -> Any:
    return a != a  # noqa: PLR0124


@isinf.rule("scalar")
def isinf_scalar(a: Any) -> Any:
    return (a == a) & (a - a != 0)  # noqa: PLR0124


@isfinite.rule("scalar")
def isfinite_scalar(a: Any) -> Any:
    return a - a == 0


@isposinf.rule("scalar")
def isposinf_scalar(a: Any) -> Any:
    return (a - a != 0) & (a > 0)


@isneginf.rule("scalar")
def isneginf_scalar(a: Any) -> Any:
    return (a - a != 0) & (a < 0)


nan_to_num = declare("nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor")


@nan_to_num.rule("scalar")
def nan_to_num_scalar(a: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    zero = 0 if nan is None else nan
    high = largest_finite(a) if posinf is None else posinf
    low = -largest_finite(a) if neginf is None else neginf
    return a if a - a == 0 else (zero if a != a else (high if a > 0 else low))  # noqa: PLR0124


@nan_to_num.vjp("self")
def nan_to_num_vjp(g: Tensor, self: Tensor) -> Tensor:
    return where_other.call((isfinite.call((self,)), g, 0))


FINITE: tuple[Op, ...] = (isnan, isinf, isfinite, isposinf, isneginf, nan_to_num)

for _op in FINITE:
    finish_pointwise(_op)


# Nearness -------------------------------------------------------------------------------------------------------------

isclose = declare(
    "isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> Tensor"
)
allclose = declare(
    "allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> bool"
)
equal = declare("equal(Tensor self, Tensor other) -> bool")


@isclose.rule("type")
def isclose_type(a: TensorType, b: TensorType, rtol: float, atol: float, equal_nan: bool) -> TensorType:  # noqa: FBT001
    """One dtype, and bounds that are not negative.

    Raises: `DTypeError` or `RangeError`, in torch's words.
    """
    if a.dtype is not b.dtype and a.dtype is not None and b.dtype is not None:
        raise DTypeError(f"isclose: {a.dtype.ir_name} did not match {b.dtype.ir_name}")
    for name, bound in (("rtol", rtol), ("atol", atol)):
        if not isinstance(bound, ScalarType) and not bound >= 0:
            raise RangeError(f"isclose: {name} must be greater than or equal to zero, but got {bound}")
    shapes = [t.sizes for t in (a, b)]
    return TensorType(bool_dtype, broadcast_shapes(*shapes, op="isclose"))


@isclose.rule("composite")
def isclose_composite(a: Tensor, b: Tensor, rtol: float, atol: float, equal_nan: bool) -> Tensor:  # noqa: FBT001
    """Equal, or apart by no more than ``atol + rtol * abs(b)``."""
    isclose_type(a.type, b.type, rtol, atol, equal_nan)
    near = eq.call((a, b))
    if equal_nan and a.dtype.is_floating_point:
        near = near | (a.isnan() & b.isnan())
    if rtol == 0 and atol == 0:
        return near
    if not a.dtype.is_floating_point:
        b = to.call((b, default_float(), False, False))
        a = to.call((a, default_float(), False, False)) if a.dtype is bool_dtype else a
    apart = (a - b).abs()
    return near | (apart.isfinite() & (apart <= atol + (rtol * b).abs()))


@allclose.rule("type")
def allclose_type(a: TensorType, b: TensorType, rtol: float, atol: float, equal_nan: bool) -> ScalarType:  # noqa: FBT001
    isclose_type(a, b, rtol, atol, equal_nan)
    return BOOL


@allclose.rule("call")
def allclose_call(a: Tensor, b: Tensor, rtol: float, atol: float, equal_nan: bool) -> bool:  # noqa: FBT001
    return bool(isclose.run((a, b, rtol, atol, equal_nan)).detached_numpy().all())


@equal.rule("type")
def equal_type(a: TensorType, b: TensorType) -> ScalarType:
    return BOOL


@equal.rule("call")
def equal_call(a: Tensor, b: Tensor) -> bool:
    """Same shape, same elements."""
    return tuple(a.shape) == tuple(b.shape) and bool(eq.run((a, b)).detached_numpy().all())


for _op in (isclose, allclose, equal):
    call_evaluator(_op)
