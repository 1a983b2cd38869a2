"""Python's operators on tensors: each looks for a short cut, and leaves to Python what cannot stand beside a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.ops import arithmetic, bitwise, comparison, division
from tensorlab.ops import comparison_functions as order
from tensorlab.ops import functions as sums
from tensorlab.ops import number_functions as numbers
from tensorlab.ops.operands import is_operand
from tensorlab.ops.quick import quick_operator
from tensorlab.ops.written import WRITTEN

Operator = Callable[[Tensor, Any], Any]


def _operator(tensor_op: Op, number_op: Op, function: Callable[[Any, Any], Tensor]) -> Operator:
    """An operator leaves to Python what cannot stand beside a tensor: ``x == None`` is False."""

    def checked(self: Tensor, other: Any) -> Any:
        return function(self, other) if is_operand(other) else NotImplemented

    operator = quick_operator(tensor_op, number_op)(checked)
    operator.__name__ = operator.__qualname__ = f"Tensor.{tensor_op.schema.name}"
    return operator


def _reflected(function: Callable[[Any, Any], Tensor]) -> Operator:
    """``other + self``, for an ``other`` that is no tensor; an array of NumPy makes a tensor of itself first."""

    def operator(self: Tensor, other: Any) -> Any:
        if not is_operand(other) or isinstance(other, np.ndarray):
            return NotImplemented
        return function(other, self)

    return operator


def _swapped(function: Callable[[Any, Any], Tensor]) -> Operator:
    """As `_reflected`, for what comes to the same with the tensor first."""
    return _reflected(lambda other, self: function(self, other))


def _true_divide(other: Any, self: Tensor) -> Tensor:
    return sums.mul(sums.reciprocal(self), other)


def _augmented(name: str) -> Operator:
    method = WRITTEN[f"{name}_"]

    def operator(self: Tensor, other: Any) -> Any:
        return method(self, other) if is_operand(other) else NotImplemented

    return operator


METHODS: dict[str, Callable[..., Any]] = {
    "__add__": _operator(arithmetic.add, arithmetic.add_number, sums.add),
    "__radd__": _swapped(sums.add),
    "__iadd__": _augmented("add"),
    "__sub__": _operator(arithmetic.sub, arithmetic.sub_number, sums.sub),
    "__rsub__": _swapped(sums.rsub),
    "__isub__": _augmented("sub"),
    "__mul__": _operator(arithmetic.mul, arithmetic.mul_number, sums.mul),
    "__rmul__": _swapped(sums.mul),
    "__imul__": _augmented("mul"),
    "__truediv__": _operator(arithmetic.div, arithmetic.div_number, sums.div),
    "__rtruediv__": _reflected(_true_divide),
    "__itruediv__": _augmented("div"),
    "__floordiv__": _operator(division.floor_divide, division.floor_divide_number, sums.floor_divide),
    "__rfloordiv__": _reflected(sums.floor_divide),
    "__ifloordiv__": _augmented("floor_divide"),
    "__mod__": _operator(division.remainder, division.remainder_number, sums.remainder),
    "__rmod__": _reflected(sums.remainder),
    "__imod__": _augmented("remainder"),
    "__pow__": _operator(arithmetic.pow_tensor, arithmetic.pow_, sums.pow),
    "__rpow__": _reflected(sums.pow),
    "__ipow__": _augmented("pow"),
    "__and__": _operator(bitwise.bitwise_and, bitwise.bitwise_and_number, numbers.bitwise_and),
    "__rand__": _reflected(numbers.bitwise_and),
    "__iand__": _augmented("bitwise_and"),
    "__or__": _operator(bitwise.bitwise_or, bitwise.bitwise_or_number, numbers.bitwise_or),
    "__ror__": _reflected(numbers.bitwise_or),
    "__ior__": _augmented("bitwise_or"),
    "__xor__": _operator(bitwise.bitwise_xor, bitwise.bitwise_xor_number, numbers.bitwise_xor),
    "__rxor__": _reflected(numbers.bitwise_xor),
    "__ixor__": _augmented("bitwise_xor"),
    "__lshift__": _operator(bitwise.left_shift, bitwise.left_shift_number, numbers.bitwise_left_shift),
    "__rlshift__": _reflected(numbers.bitwise_left_shift),
    "__ilshift__": _augmented("bitwise_left_shift"),
    "__rshift__": _operator(bitwise.right_shift, bitwise.right_shift_number, numbers.bitwise_right_shift),
    "__rrshift__": _reflected(numbers.bitwise_right_shift),
    "__irshift__": _augmented("bitwise_right_shift"),
    "__eq__": _operator(comparison.eq, comparison.eq_number, order.eq),
    "__ne__": _operator(comparison.ne, comparison.ne_number, order.ne),
    "__lt__": _operator(comparison.lt, comparison.lt_number, order.lt),
    "__le__": _operator(comparison.le, comparison.le_number, order.le),
    "__gt__": _operator(comparison.gt, comparison.gt_number, order.gt),
    "__ge__": _operator(comparison.ge, comparison.ge_number, order.ge),
    "__neg__": sums.neg,
    "__pos__": sums.positive,
    "__abs__": sums.abs,
    "__invert__": numbers.bitwise_not,
    **WRITTEN,
}
