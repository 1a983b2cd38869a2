"""A check of values that a graph keeps: what is refused when a function is traced is refused when the trace runs."""

from __future__ import annotations

from tensorlab.core.op import declare
from tensorlab.core.reading import first_element
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import RangeError, ShapeError
from tensorlab.ops.view_evaluator import call_evaluator

assert_op = declare("_assert_async.msg(Tensor self, str assert_msg) -> ()", side_effect=True)


@assert_op.rule("type")
def assert_type(a: TensorType, assert_msg: str) -> tuple[()]:
    if a.numel != 1:
        raise ShapeError(f"_assert_async: takes a tensor of one element, got {a}")
    return ()


@assert_op.rule("call")
def assert_call(a: Tensor, assert_msg: str) -> None:
    """Nothing, where the one element is not 0.

    Raises: `RangeError` with the message.
    """
    assert_type(a.type, assert_msg)
    if not first_element(a):
        raise RangeError(assert_msg)


call_evaluator(assert_op)


def check_values(holds: Tensor, message: str) -> None:
    """Refuse values: ``holds`` is a tensor of one element, false where they are not to be taken.

    Raises: `RangeError` with the message.
    """
    assert_op.call((holds, message))
