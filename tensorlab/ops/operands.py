"""Arguments of public functions: tensors, numbers, integers and dtypes, each checked, and turned into what ops take."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import BY_CODE, DType
from tensorlab.core.interop import from_numpy
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError

Operand = Tensor | bool | int | float


def binary(tensor_op: Op, number_op: Op, a: object, b: object, *rest: Any) -> Tensor:
    """A tensor with a tensor or a number on the right.

    Raises: `ArgumentError` for anything else.
    """
    first = as_tensor_argument(tensor_op, a)
    second = as_operand(b, op=tensor_op.schema.name)
    op = tensor_op if isinstance(second, Tensor) else number_op
    return op.call((first, second, *rest))


def of_tensors(op: Op, a: object, *others: object) -> Any:
    """An op on tensors alone.

    Raises: `ArgumentError` for anything else, with the parameter's name.
    """
    found = [as_tensor_argument(op, a)]
    for param, other in zip(op.schema.params[1:], others, strict=False):
        value = as_operand(other, op=op.schema.name, name=param.name)
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{op.schema.name}: argument {param.name!r} takes a Tensor, got {type(other).__name__}")
        found.append(value)
    return op.call(tuple(found))


def unary(op: Op, a: object, *rest: Any) -> Any:
    """An op on one tensor and options."""
    return op.call((as_tensor_argument(op, a), *rest))


def as_tensor_argument(op: Op, value: object) -> Tensor:
    """The first argument of an op.

    Raises: `ArgumentError` where it is no tensor.
    """
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{op.schema.name}: argument 'self' takes a Tensor, got {type(value).__name__}")
    return value


def is_operand(value: object) -> bool:
    """Whether a value may stand beside a tensor in an expression; Python asks its own type where it may not."""
    return isinstance(value, (Tensor, bool, int, float, np.bool_, np.number, np.ndarray))


def as_operand(value: object, *, op: str, name: str = "other") -> Operand:
    """A tensor as it is, a NumPy array as a tensor over its bytes, a number as Python's own number.

    Raises: `ArgumentError` for anything else, `DTypeError` for an array that tensors do not take.
    """
    if isinstance(value, Tensor) or type(value) in (int, float, bool):
        return value  # pyright: ignore[reportReturnType] - one of the types just named
    if isinstance(value, np.ndarray):
        return from_numpy(value)  # pyright: ignore[reportUnknownArgumentType]
    return as_number(value, op=op, name=name)


def as_number(value: object, *, op: str, name: str = "other") -> bool | int | float:
    """A number of any kind as Python's own: what a graph can hold.

    Raises: `ArgumentError` for what is no number.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, (float, np.floating)):
        return float(value)  # pyright: ignore[reportUnknownArgumentType]
    raise ArgumentError(f"{op}: argument {name!r} takes a Tensor or a number, got {type(value).__name__}")


def as_int(value: object, *, op: str, name: str) -> int:
    """An integer of any kind as Python's own.

    Raises: `ArgumentError` for what is no integer.
    """
    if type(value) is int:
        return value
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType] - what has no __index__ is refused by it
    except TypeError as error:
        raise ArgumentError(f"{op}: argument {name!r} takes an integer, got {type(value).__name__}") from error


def as_ints(values: object, *, op: str, name: str) -> tuple[int, ...]:
    """A list of integers, or one integer as a list of one.

    Raises: `ArgumentError` for anything else.
    """
    parts: Sequence[object] = values if isinstance(values, (tuple, list)) else (values,)  # pyright: ignore[reportUnknownVariableType]
    for v in parts:
        if type(v) is not int:
            break
    else:
        return tuple(parts)  # pyright: ignore[reportReturnType] - all are integers
    return tuple([as_int(v, op=op, name=name) for v in parts])


def as_dtype(value: object, *, op: str) -> DType | None:
    """An element type given as itself, or by the number that graphs carry.

    Raises: `ArgumentError` for what is neither.
    """
    if value is None or isinstance(value, DType):
        return value
    if isinstance(value, int) and value in BY_CODE:
        return BY_CODE[value]
    raise ArgumentError(f"{op}: argument 'dtype' takes a dtype, got {value!r}")
