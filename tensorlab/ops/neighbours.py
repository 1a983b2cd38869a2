"""The next number that a floating dtype holds, in a direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.interop import borrowed
from tensorlab.core.op import declare
from tensorlab.core.region import pointwise_types
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.operands import of_tensors
from tensorlab.ops.out import takes_out
from tensorlab.ops.refusals import floats_only

# A call and no scalar rule: loops work out 16 bits in 32, where the neighbour is another number.
nextafter_op = declare("nextafter(Tensor self, Tensor other) -> Tensor")


@nextafter_op.rule("check")
def nextafter_check(common: DType, a: object, b: object) -> None:
    floats_only(common, "nextafter")


@nextafter_op.rule("type")
def nextafter_type(a: TensorType, b: TensorType) -> TensorType:
    return pointwise_types(nextafter_op, (a, b))[1]


@nextafter_op.rule("call")
def nextafter_call(a: Tensor, b: Tensor) -> Tensor:
    form = nextafter_type(a.type, b.type)
    assert form.dtype is not None and form.shape is not None
    result = empty(form.dtype, form.sizes)
    ends = [borrowed(t).astype(form.dtype.numpy, copy=False) for t in (a, b)]
    with np.errstate(all="ignore"):  # the neighbour of the largest number is infinite
        np.nextafter(*ends, out=borrowed(result))
    return result


call_evaluator(nextafter_op)


@takes_out
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next number that the dtype holds from ``input`` towards ``other``.

    Raises: `DTypeError` for integers and bools.
    """
    return of_tensors(nextafter_op, input, other)


FUNCTIONS: dict[str, Any] = {"nextafter": nextafter}

METHODS: dict[str, Any] = {"nextafter": nextafter}
