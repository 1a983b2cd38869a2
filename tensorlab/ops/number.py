"""Ops on Python numbers, and the ones that lead from tensors and lists to numbers.

Scripted code computes sizes, counters and conditions with them. They have ATen's names, as the tensor ops do; the types
of the arguments choose. Values are Python's own and so are the meanings: integers do not overflow, ``//`` and ``%``
round down, a division by zero raises. The one exception is a power, whose result type has to be known beforehand.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tensorlab.core.dtype import DType
from tensorlab.core.op import Op, declare
from tensorlab.errors import DimError, RangeError


class _Tensor(Protocol):
    """The part of a tensor that leads to numbers."""

    @property
    def shape(self) -> Sequence[int]: ...
    @property
    def dtype(self) -> DType: ...
    @property
    def device(self) -> object: ...
    def item(self) -> bool | int | float: ...


def declare_number(schema: str, rule: Callable[..., Any], *, side_effect: bool = False) -> Op:
    """Declare an op whose meaning is a Python function of its arguments, in the schema's order."""
    op = declare(schema, side_effect=side_effect)
    op.rule("call")(rule)
    op.evaluate = lambda args: rule(*args)
    return op


# Overloads over two numbers: name and the types of both; the result is an int only where both are.
_PAIRS = (
    ("int", "int", "int"),
    ("float", "float", "float"),
    ("int_float", "int", "float"),
    ("float_int", "float", "int"),
)


def number_pow(a: float, b: float) -> float:
    """``a ** b`` with the type that follows from the types of both.

    Raises: `RangeError` where Python would give a number of another type: an integer to a negative power is a float,
            and a negative number to a fractional power is complex.
    """
    if isinstance(a, int) and isinstance(b, int) and b < 0:
        raise RangeError(f"pow: got {a} ** {b}, an integer to a negative power; takes float({a}) ** {b}")
    result: Any = a**b
    if isinstance(result, complex):
        raise RangeError(f"pow: got {a} ** {b}, which is a complex number; takes a base of at least 0 for such a power")
    return result


def number_min(a: float, b: float) -> float:
    """The smaller of two numbers, a float where one of them is."""
    return min(a, b) if type(a) is type(b) else float(min(a, b))


def number_max(a: float, b: float) -> float:
    """The larger of two numbers, a float where one of them is."""
    return max(a, b) if type(a) is type(b) else float(max(a, b))


for _name, _rule in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "remainder": operator.mod,
    "pow": number_pow,
    "min": number_min,
    "max": number_max,
}.items():
    for _overload, _a, _b in _PAIRS:
        _result = "int" if _overload == "int" else "float"
        declare_number(f"{_name}.{_overload}({_a} a, {_b} b) -> {_result}", _rule)

for _overload, _a, _b in _PAIRS:
    declare_number(f"div.{_overload}({_a} a, {_b} b) -> float", operator.truediv)

for _name, _rule in {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}.items():
    for _overload, _a, _b in _PAIRS:
        declare_number(f"{_name}.{_overload}({_a} a, {_b} b) -> bool", _rule)

_ALIKE = (("bool", "bool"), ("str", "str"), ("int_list", "int[]"), ("float_list", "float[]"), ("dtype", "ScalarType"))
for _name, _rule in {"eq": operator.eq, "ne": operator.ne}.items():
    for _overload, _a, _b in (*_PAIRS, *((name, both, both) for name, both in _ALIKE)):
        declare_number(f"{_name}.{_overload}({_a} a, {_b} b) -> bool", _rule)

for _type in ("int", "float"):
    declare_number(f"neg.{_type}({_type} a) -> {_type}", operator.neg)
    declare_number(f"abs.{_type}({_type} a) -> {_type}", operator.abs)
    for _name, _rule in {
        "sqrt": math.sqrt,
        "exp": math.exp,
        "log": math.log,
        "sin": math.sin,
        "cos": math.cos,
        "tanh": math.tanh,
    }.items():
        declare_number(f"{_name}.{_type}({_type} a) -> float", _rule)
    for _name, _rule in {"floor": math.floor, "ceil": math.ceil, "round": round}.items():
        declare_number(f"{_name}.{_type}({_type} a) -> int", _rule)

for _name, _rule in {"__and__": operator.and_, "__or__": operator.or_, "__xor__": operator.xor}.items():
    for _type in ("bool", "int"):
        declare_number(f"{_name}.{_type}({_type} a, {_type} b) -> {_type}", _rule)
declare_number("__lshift__.int(int a, int b) -> int", operator.lshift)
declare_number("__rshift__.int(int a, int b) -> int", operator.rshift)
declare_number("__not__(bool self) -> bool", operator.not_)
declare_number("bitwise_not.int(int a) -> int", operator.invert)

# Conversions between numbers; `Scalar`, any number, comes last: it would take all the others too.
declare_number("Int.float(float a) -> int", int)
declare_number("Int.bool(bool a) -> int", int)
declare_number("Int.str(str a) -> int", int)
declare_number("Int.Scalar(Scalar a) -> int", int)
declare_number("Float.int(int a) -> float", float)
declare_number("Float.bool(bool a) -> float", float)
declare_number("Float.str(str a) -> float", float)
declare_number("Float.Scalar(Scalar a) -> float", float)
declare_number("Bool.int(int a) -> bool", bool)
declare_number("Bool.float(float a) -> bool", bool)
declare_number("Bool.Scalar(Scalar a) -> bool", bool)


def tensor_to_int(a: _Tensor) -> int:
    """The one element of a tensor as an int."""
    return int(a.item())


def tensor_to_float(a: _Tensor) -> float:
    """The one element of a tensor as a float."""
    return float(a.item())


def tensor_to_bool(a: _Tensor) -> bool:
    """Whether the one element of a tensor is not zero."""
    return bool(a.item())


declare_number("Int.Tensor(Tensor a) -> int", tensor_to_int)
declare_number("Float.Tensor(Tensor a) -> float", tensor_to_float)
declare_number("prim::Bool(Tensor a) -> bool", tensor_to_bool)


def tensor_size(self: _Tensor, dim: int) -> int:
    """The size of one dimension.

    Raises: `DimError` if ``dim`` is outside ``[-ndim, ndim)``.
    """
    ndim = len(self.shape)
    if not -ndim <= dim < ndim:
        takes = f"takes {-ndim} to {ndim - 1}" if ndim else "the tensor has no dimensions"
        raise DimError(f"size: got dim {dim}; {takes}")
    return self.shape[dim]


def tensor_sizes(self: _Tensor) -> list[int]:
    """The sizes of all dimensions."""
    return list(self.shape)


def tensor_dim(self: _Tensor) -> int:
    """The number of dimensions."""
    return len(self.shape)


def tensor_numel(self: _Tensor) -> int:
    """The number of elements."""
    return math.prod(self.shape)


def tensor_len(t: _Tensor) -> int:
    """The size of the first dimension.

    Raises: `DimError` for a tensor without dimensions.
    """
    if not t.shape:
        raise DimError("len: got a tensor without dimensions; takes one with at least one")
    return t.shape[0]


def tensor_dtype(a: _Tensor) -> DType:
    """The element type."""
    return a.dtype


def tensor_device(a: _Tensor) -> object:
    """Where the bytes are."""
    return a.device


declare_number("size.int(Tensor self, int dim) -> int", tensor_size)
declare_number("size(Tensor self) -> int[]", tensor_sizes)
declare_number("dim(Tensor self) -> int", tensor_dim)
declare_number("numel(Tensor self) -> int", tensor_numel)
declare_number("len.Tensor(Tensor t) -> int", tensor_len)
declare_number("prim::dtype(Tensor a) -> ScalarType", tensor_dtype)
declare_number("prim::device(Tensor a) -> Device", tensor_device)


def list_getitem(list: Sequence[Any], idx: int) -> Any:
    """One element of a list.

    Raises: `DimError` if ``idx`` is outside the list.
    """
    if not -len(list) <= idx < len(list):
        raise DimError(f"__getitem__: got index {idx} into a list of {len(list)}")
    return list[idx]


for _name, _type in {"int": "int", "float": "float", "bool": "bool", "str": "str", "t": "Tensor"}.items():
    declare_number(f"len.{_name}_list({_type}[] a) -> int", len)
    _element = declare_number(f"__getitem__.{_name}({_type}[] list, int idx) -> {_type}", list_getitem)
    _element.tensor_lists = ()  # an element is what it was: the tape has nothing to write down


def range_length(lo: int, hi: int, step: int) -> int:
    """How many numbers ``range(lo, hi, step)`` has.

    Raises: `RangeError` for a step of 0.
    """
    if step == 0:
        raise RangeError("range: got step 0; takes a step that is not 0")
    return len(range(lo, hi, step))


def derive_index(idx: int, start: int, step: int) -> int:
    """The ``idx``-th number of a range."""
    return start + idx * step


declare_number("__range_length(int lo, int hi, int step) -> int", range_length)
declare_number("__derive_index(int idx, int start, int step) -> int", derive_index)


def is_none(a: object, b: object) -> bool:
    """``a is b``, where ``b`` is None."""
    return a is b


def is_not_none(a: object, b: object) -> bool:
    """``a is not b``, where ``b`` is None."""
    return a is not b


def unwrap(a: Any) -> Any:
    """What is in an optional that is known not to be None."""
    return a


for _name, _type in {"Tensor": "Tensor", "int": "int", "float": "float", "bool": "bool", "int_list": "int[]"}.items():
    declare_number(f"__is__.{_name}({_type}? a, NoneType b) -> bool", is_none)
    declare_number(f"__isnot__.{_name}({_type}? a, NoneType b) -> bool", is_not_none)
    declare_number(f"prim::unchecked_unwrap_optional.{_name}({_type}? a) -> {_type}", unwrap)
