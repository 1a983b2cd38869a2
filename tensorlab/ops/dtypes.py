"""The public functions about element types: which comes of two, what one holds, which is the default."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from tensorlab.core.dtype import Category, DType, default_float, number_category, promote, set_default_float
from tensorlab.core.dtype import result_type as common_type
from tensorlab.core.in_place import InPlacePointwise
from tensorlab.core.op import all_ops
from tensorlab.core.pointwise import EagerPointwise
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError
from tensorlab.ops.operands import as_operand


def _dtype(value: object, op: str, name: str) -> DType:
    if not isinstance(value, DType):
        raise ArgumentError(f"{op}: argument {name!r} takes a dtype, got {type(value).__name__}")
    return value


def _tensor(value: object, op: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{op}: argument 'input' takes a Tensor, got {type(value).__name__}")
    return value


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that holds the values of both.

    >>> import tensorlab as tl
    >>> promote_types(tl.uint8, tl.int8), promote_types(tl.float16, tl.bfloat16)
    (tensorlab.int16, tensorlab.float32)
    """
    return promote(_dtype(type1, "promote_types", "type1"), _dtype(type2, "promote_types", "type2"))


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of an arithmetic result of two tensors or numbers.

    A tensor without dimensions, and yet more weakly a number, changes the other's dtype only if it is of a higher
    kind: bool, integer, floating.
    """
    dims: list[DType] = []
    zero_dims: list[DType] = []
    numbers: list[Category] = []
    for value, name in ((tensor1, "tensor1"), (tensor2, "tensor2")):
        operand = as_operand(value, op="result_type", name=name)
        if isinstance(operand, Tensor):
            (dims if operand.ndim else zero_dims).append(operand.dtype)
        else:
            numbers.append(number_category(operand))
    return common_type(dims, zero_dims, numbers)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether arithmetic may write a result of one dtype over a tensor of another: not if the kind of number is lower.

    >>> import tensorlab as tl
    >>> can_cast(tl.float64, tl.float16), can_cast(tl.float32, tl.int64)
    (True, False)
    """
    return _dtype(from_, "can_cast", "from_").category <= _dtype(to, "can_cast", "to").category


def is_tensor(obj: object) -> bool:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements have a fractional part."""
    return _tensor(input, "is_floating_point").dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the elements have an imaginary part: no dtype here has."""
    return _tensor(input, "is_complex").dtype.is_complex


def is_signed(input: Tensor) -> bool:
    """Whether the elements may be negative."""
    return _tensor(input, "is_signed").dtype.is_signed


def numel(input: Tensor) -> int:
    """Number of elements."""
    return _tensor(input, "numel").numel()


# The default ----------------------------------------------------------------------------------------------------------


def get_default_dtype() -> DType:
    """What Python's floats are, and what integers become where an operation gives fractions."""
    return default_float()


def set_default_dtype(d: DType) -> None:
    """Set what `get_default_dtype` gives, for the whole process. Compiled programs keep what they were made with.

    Raises: `DTypeError` for what is no floating dtype, in torch's words.
    """
    if not isinstance(d, DType) or not d.is_floating_point:  # pyright: ignore[reportUnnecessaryIsInstance] - users'
        raise DTypeError(f"set_default_dtype: only floating-point types are supported as the default type, got {d!r}")
    if d is default_float():
        return
    set_default_float(d)
    for op in all_ops():  # what ops have worked out for some layouts may rest on the default
        op.plans.clear()
        if isinstance(op.evaluate, (EagerPointwise, InPlacePointwise)):
            op.evaluate.forget()


# Limits ---------------------------------------------------------------------------------------------------------------


class finfo:  # noqa: N801 - torch's public name
    """What a floating dtype holds; of the default one, unless another is named.

    ``eps`` is the step from 1 to the next number, ``tiny`` and ``smallest_normal`` the smallest that has all its
    digits, ``resolution`` the decimal step that any number keeps.

    Raises: `DTypeError` for an integer dtype, in torch's words.

    >>> import tensorlab as tl
    >>> finfo(tl.float16).max
    65504.0
    """

    __slots__ = ("_dtype", "bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: DType | None = None) -> None:
        dtype = default_float() if type is None else _dtype(type, "finfo", "type")
        if not dtype.is_floating_point:
            raise DTypeError("finfo: finfo() requires a floating point input type. Use iinfo to handle integers")
        found: Any = ml_dtypes.finfo(dtype.numpy)
        self._dtype = dtype
        self.bits = dtype.itemsize * 8
        self.dtype = dtype.name
        self.eps, self.max, self.min = float(found.eps), float(found.max), float(found.min)
        self.tiny = self.smallest_normal = float(found.smallest_normal)
        self.resolution = 10.0**-found.precision

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and other._dtype is self._dtype

    def __hash__(self) -> int:
        return hash((finfo, self._dtype))

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo:  # noqa: N801 - torch's public name
    """What an integer dtype holds.

    Raises: `DTypeError` for another dtype, in torch's words.

    >>> import tensorlab as tl
    >>> iinfo(tl.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    __slots__ = ("_dtype", "bits", "dtype", "max", "min")

    def __init__(self, type: DType) -> None:
        dtype = _dtype(type, "iinfo", "type")
        if dtype.is_floating_point:
            raise DTypeError("iinfo: iinfo() requires an integer input type. Use finfo to handle floating point")
        if dtype.category is Category.BOOL:
            raise DTypeError("iinfo: bool is not supported by iinfo")
        found = np.iinfo(dtype.name)
        self._dtype = dtype
        self.bits = dtype.itemsize * 8
        self.dtype = dtype.name
        self.min, self.max = int(found.min), int(found.max)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and other._dtype is self._dtype

    def __hash__(self) -> int:
        return hash((iinfo, self._dtype))

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


FUNCTIONS: dict[str, Any] = {
    "can_cast": can_cast,
    "finfo": finfo,
    "get_default_dtype": get_default_dtype,
    "iinfo": iinfo,
    "is_complex": is_complex,
    "is_floating_point": is_floating_point,
    "is_signed": is_signed,
    "is_tensor": is_tensor,
    "numel": numel,
    "promote_types": promote_types,
    "result_type": result_type,
    "set_default_dtype": set_default_dtype,
}
METHODS: dict[str, Any] = {
    "is_complex": is_complex,
    "is_floating_point": is_floating_point,
    "is_signed": is_signed,
}
