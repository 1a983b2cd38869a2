"""Matrix products: NumPy's BLAS over our bytes."""

from __future__ import annotations

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.refusals import refuse_bool

PLAN_LIMIT = 2048  # result layouts that are kept; a program with more starts the table over

matmul = declare("matmul(Tensor self, Tensor other) -> Tensor")


@matmul.rule("type")
def matmul_type(a: TensorType, b: TensorType) -> TensorType:
    """``[..., n, k] @ [..., k, m] -> [..., n, m]``; a vector counts as a row on the left, a column on the right.

    Raises: `ShapeError` where ``k`` differs or a 0-d tensor is given, `DTypeError` where the dtypes differ or are bool.
    """
    x, y = (tuple(n or 0 for n in s.shape or ()) for s in (a, b))
    if not x or not y:
        raise ShapeError(f"matmul: both arguments need at least 1 dimension, got {len(x)}D and {len(y)}D")
    left = x if len(x) > 1 else (1, *x)
    right = y if len(y) > 1 else (*y, 1)
    if left[-1] != right[-2]:
        raise ShapeError(f"matmul: mat1 and mat2 shapes cannot be multiplied: {x} and {y}: {left[-1]} != {right[-2]}")
    batch = broadcast_shapes(left[:-2], right[:-2], op="matmul")
    return TensorType(_dtype(a.dtype, b.dtype), (*batch, *left[-2:-1][: len(x) - 1], *right[-1:][: len(y) - 1]))


def _dtype(a: DType | None, b: DType | None) -> DType:
    if a is None or b is None or a is not b:
        raise DTypeError(f"matmul: expected both to have the same dtype, but got {_name(a)} and {_name(b)}")
    refuse_bool(a, "matmul")
    return a


def _name(dtype: DType | None) -> str:
    return dtype.name if dtype is not None else "unknown"


@matmul.rule("call")
def matmul_call(a: Tensor, b: Tensor) -> Tensor:
    """The product written straight into a storage of ours.

    Source: BLAS ``gemm``, through `numpy.matmul`.
    """
    form = matmul.plans.get((a.layout, b.layout))
    if form is None:
        found = matmul_type(a.type, b.type)
        form = layout(found.dtype or a.dtype, tuple(n or 0 for n in found.shape or ()))
        if len(matmul.plans) >= PLAN_LIMIT:
            matmul.plans.clear()
        matmul.plans[a.layout, b.layout] = form
    result = Tensor(Storage.empty(form.nbytes), form, 0)
    np.matmul(borrowed(a), borrowed(b), out=borrowed(result))
    return result


call_evaluator(matmul)
