"""Activations of two arguments: prelu, whose slope is learnt, and glu, whose halves are value and gate."""

from __future__ import annotations

from typing import Any

from tensorlab.core.op import declare
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.shape import wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, DTypeError, ShapeError
from tensorlab.ops.comparison import gt_number, where, where_self
from tensorlab.ops.elementary import sigmoid
from tensorlab.ops.movement import call_evaluator, slice_, view
from tensorlab.ops.refusals import floats_only, take_floats

prelu = declare("prelu(Tensor self, Tensor weight) -> Tensor")
prelu_kernel = declare("_prelu_kernel(Tensor self, Tensor weight) -> Tensor")


@prelu.rule("type")
def prelu_type(a: TensorType, weight: TensorType) -> TensorType:
    """One weight for all, or one a channel, which is the second dimension.

    Raises: `ShapeError`, `DTypeError`, in torch's words.
    """
    if a.dtype is None or a.shape is None or weight.shape is None:
        return TensorType(a.dtype)
    floats_only(a.dtype, "prelu")
    if a.dtype is not weight.dtype:
        raise DTypeError(f"prelu: Type promoting not supported. Got {a.dtype} and {weight.dtype}")
    if len(weight.shape) > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(weight.shape)}")
    if weight.numel != 1:
        if not a.shape:
            raise ShapeError("prelu: Not allow zero-dim input tensor.")
        channels = a.shape[1] if len(a.shape) > 1 else 1
        if channels != weight.numel:
            raise ShapeError(
                f"prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel} and channel size = {channels}."
            )
    return a


@prelu.rule("composite")
def prelu_composite(a: Tensor, weight: Tensor) -> Tensor:
    prelu_type(a.type, weight.type)
    across = [1] * a.ndim
    if a.ndim > 1:
        across[1] = weight.numel()
    return prelu_kernel.call((a, view.call((weight, tuple(across)))))


@prelu_kernel.rule("scalar")
def prelu_kernel_scalar(a: Any, weight: Any) -> Any:
    return a if a > 0 else weight * a


@prelu_kernel.vjp("self")
def prelu_kernel_vjp_self(g: Tensor, self: Tensor, weight: Tensor) -> Tensor:
    return where.call((gt_number.call((self, 0)), g, g * weight))


@prelu_kernel.vjp("weight")
def prelu_kernel_vjp_weight(g: Tensor, self: Tensor) -> Tensor:
    return where_self.call((gt_number.call((self, 0)), 0.0, g * self))


glu = declare("glu(Tensor self, int dim=-1) -> Tensor")


@glu.rule("type")
def glu_type(a: TensorType, dim: int) -> TensorType:
    """Half as long along ``dim``.

    Raises: `ShapeError`, `DimError`, `DTypeError`, in torch's words.
    """
    if a.dtype is None or a.shape is None:
        return TensorType(a.dtype)
    floats_only(a.dtype, "glu")
    if not a.shape:
        raise DimError("glu: glu does not support 0-dimensional tensors")
    at = wrap_dim(dim, len(a.shape), op="glu")
    n = a.shape[at] or 0
    if n % 2:
        raise ShapeError(f"glu: Halving dimension must be even, but dimension {at} is size {n}")
    return TensorType(a.dtype, (*a.shape[:at], n // 2, *a.shape[at + 1 :]))


@glu.rule("composite")
def glu_composite(a: Tensor, dim: int) -> Tensor:
    half = glu_type(a.type, dim).shape
    n = (half or (0,))[dim] or 0
    value, gate = slice_.call((a, dim, 0, n, 1)), slice_.call((a, dim, n, 2 * n, 1))
    return value * sigmoid.call((gate,))


take_floats(prelu_kernel)
finish_pointwise(prelu_kernel)
call_evaluator(prelu)
call_evaluator(glu)
