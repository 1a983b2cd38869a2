"""Sums of products in one loop: lerp, addcmul, addcdiv."""

from __future__ import annotations

from typing import Any

from tensorlab.core.dtype import Category, DType
from tensorlab.core.op import Op, declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.region import category
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError
from tensorlab.ops.refusals import refuse_bool

lerp_number = declare("lerp.Scalar(Tensor self, Tensor end, Scalar weight) -> Tensor")
lerp = declare("lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor")


@lerp.rule("scalar")
@lerp_number.rule("scalar")
def lerp_scalar(a: Any, end: Any, weight: Any) -> Any:
    """Reckoned from the nearer end, so that the weights 0 and 1 give the ends exactly."""
    way = end - a
    return a + weight * way if weight < 0.5 else end - way * (1 - weight)


@lerp.rule("check")
@lerp_number.rule("check")
def lerp_check(common: DType, a: TensorType, end: TensorType, weight: object) -> None:
    """All tensors have one floating dtype.

    Raises: `DTypeError`, in torch's words.
    """
    own = a.dtype or common
    if not own.is_floating_point:
        raise DTypeError(f"lerp: takes a floating point dtype, got {own.name}")
    for name, given in (("end", end), ("weight", weight)):
        if isinstance(given, TensorType) and given.dtype is not None and given.dtype is not own:
            raise DTypeError(f"lerp: expected dtype {own.name} for `{name}` but got dtype {given.dtype.name}")


@lerp.vjp("self")
@lerp_number.vjp("self")
def lerp_vjp_self(g: Tensor, weight: Tensor | float) -> Tensor:
    return g * (1 - weight)


@lerp.vjp("end")
@lerp_number.vjp("end")
def lerp_vjp_end(g: Tensor, weight: Tensor | float) -> Tensor:
    return g * weight


@lerp.vjp("weight")
def lerp_vjp_weight(g: Tensor, self: Tensor, end: Tensor) -> Tensor:
    return g * (end - self)


addcmul = declare("addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor")


@addcmul.rule("scalar")
def addcmul_scalar(a: Any, first: Any, second: Any, value: Any) -> Any:
    return a + value * first * second


@addcmul.rule("check")
def addcmul_check(common: DType, a: object, first: object, second: object, value: object) -> None:
    refuse_bool(common, "addcmul")


@addcmul.vjp("self")
def addcmul_vjp_self(g: Tensor) -> Tensor:
    return g


@addcmul.vjp("tensor1")
def addcmul_vjp_first(g: Tensor, tensor2: Tensor, value: float) -> Tensor:
    return g * (tensor2 * value)


@addcmul.vjp("tensor2")
def addcmul_vjp_second(g: Tensor, tensor1: Tensor, value: float) -> Tensor:
    return g * (tensor1 * value)


addcdiv = declare("addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor")


@addcdiv.rule("scalar")
def addcdiv_scalar(a: Any, first: Any, second: Any, value: Any) -> Any:
    return a + value * first / second


@addcdiv.rule("check")
def addcdiv_check(common: DType, a: object, first: TensorType, second: TensorType, value: object) -> None:
    """Integers have no quotient among them.

    Raises: `DTypeError`, in torch's words.
    """
    if all(t.dtype is not None and not t.dtype.is_floating_point for t in (first, second)):
        raise DTypeError(
            "addcdiv: integer division with addcdiv is not supported; use (input + value * tensor1 / tensor2) or "
            "(input + value * trunc(tensor1 / tensor2)) instead"
        )
    if category(value) is Category.BOOL and not common.is_floating_point:
        raise DTypeError("addcdiv: argument 'value' takes a number, got bool")


@addcdiv.vjp("self")
def addcdiv_vjp_self(g: Tensor) -> Tensor:
    return g


@addcdiv.vjp("tensor1")
def addcdiv_vjp_first(g: Tensor, tensor2: Tensor, value: float) -> Tensor:
    return g * (value / tensor2)


@addcdiv.vjp("tensor2")
def addcdiv_vjp_second(g: Tensor, tensor1: Tensor, tensor2: Tensor, value: float) -> Tensor:
    return -g * (tensor1 * value / (tensor2 * tensor2))


INTERPOLATION: tuple[Op, ...] = (lerp_number, lerp, addcmul, addcdiv)

for _op in INTERPOLATION:
    finish_pointwise(_op)
