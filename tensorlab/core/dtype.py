"""Element types, and the rule by which two of them become one."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache, reduce
from typing import Any, cast

import ml_dtypes
import numpy as np

from tensorlab.errors import DTypeError


class Category(IntEnum):
    """Kinds of numbers, ordered: a higher one wins a promotion."""

    BOOL = 0
    INT = 1
    FLOAT = 2


@dataclass(frozen=True, slots=True, eq=False)
class DType:
    """An element type.

    ``name`` is NumPy's and Numba's name for it; ``ir_name`` is how a graph prints it (``Float``, ``Long``);
    ``code`` is torch's number for it, which a traced ``aten::to`` carries.
    """

    name: str
    itemsize: int
    category: Category
    ir_name: str
    code: int
    numpy: np.dtype[np.generic]
    is_floating_point: builtins.bool = field(init=False)  # whether values have a fractional part; asked at every call

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_floating_point", self.category is Category.FLOAT)

    @property
    def is_complex(self) -> builtins.bool:
        """Whether values have an imaginary part: none here have."""
        return False

    @property
    def is_signed(self) -> builtins.bool:
        """Whether values may be negative."""
        return self.name not in ("bool", "uint8")

    @property
    def is_half(self) -> builtins.bool:
        """Whether this is one of the two floating types of 16 bits, which loops compute with in float32."""
        return self.itemsize == 2 and self.category is Category.FLOAT

    def __repr__(self) -> str:
        return f"tensorlab.{self.name}"

    def __reduce__(self) -> str:
        return self.name


bool = DType("bool", 1, Category.BOOL, "Bool", 11, np.dtype(np.bool_))  # noqa: A001 - torch's public name
uint8 = DType("uint8", 1, Category.INT, "Byte", 0, np.dtype(np.uint8))
int8 = DType("int8", 1, Category.INT, "Char", 1, np.dtype(np.int8))
int16 = DType("int16", 2, Category.INT, "Short", 2, np.dtype(np.int16))
int32 = DType("int32", 4, Category.INT, "Int", 3, np.dtype(np.int32))
int64 = DType("int64", 8, Category.INT, "Long", 4, np.dtype(np.int64))
float16 = DType("float16", 2, Category.FLOAT, "Half", 5, np.dtype(np.float16))
bfloat16 = DType("bfloat16", 2, Category.FLOAT, "BFloat16", 15, np.dtype(ml_dtypes.bfloat16))
float32 = DType("float32", 4, Category.FLOAT, "Float", 6, np.dtype(np.float32))
float64 = DType("float64", 8, Category.FLOAT, "Double", 7, np.dtype(np.float64))

DTYPES: tuple[DType, ...] = (bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64)
HALVES = (float16, bfloat16)  # computed with in float32

BY_NAME = {d.name: d for d in DTYPES}
BY_CODE = {d.code: d for d in DTYPES}
BY_IR_NAME = {d.ir_name: d for d in DTYPES}
# torch's second names.
ALIASES = {"half": float16, "short": int16, "int": int32, "long": int64, "float": float32, "double": float64}
_BY_NUMPY = {d.numpy: d for d in DTYPES}

# Within a category the wider type wins, except for the two pairs of which neither holds the other's values.
_ORDER = {d: rank for rank, d in enumerate(DTYPES)}
_NEITHER = {frozenset((uint8, int8)): int16, frozenset((float16, bfloat16)): float32}
# What a Python number of a category is, when nothing else fixes a type; `set_default_float` changes the last.
_NUMBER_DTYPE = {Category.BOOL: bool, Category.INT: int64, Category.FLOAT: float32}


def default_float() -> DType:
    """What a Python float is, and what integers become where an operation gives fractions."""
    return _NUMBER_DTYPE[Category.FLOAT]


def set_default_float(dtype: DType) -> None:
    """Set what `default_float` gives, in the whole process; plans of ops made before stay as they are."""
    _NUMBER_DTYPE[Category.FLOAT] = dtype


def from_numpy_dtype(dtype: np.dtype[np.generic], what: str) -> DType:
    """The element type for a NumPy dtype.

    Raises: `DTypeError` naming ``what`` for a dtype that tensors don't hold, or that is not in native byte order.
    """
    found = _BY_NUMPY.get(dtype)
    if found is None:
        names = ", ".join(d.name for d in DTYPES)
        raise DTypeError(f"{what}: got an array of dtype {dtype.str} ({dtype}); takes native {names}")
    return found


def number_category(value: builtins.bool | int | float) -> Category:
    """The category of a Python number (`bool` is an `int` in Python, but not here)."""
    if isinstance(value, (builtins.bool, np.bool_)):
        return Category.BOOL
    return Category.INT if isinstance(value, (int, np.integer)) else Category.FLOAT


def category_dtype(category: Category) -> DType:
    """What a number of a category is, when nothing else fixes a type."""
    return _NUMBER_DTYPE[category]


def fits(value: int, dtype: DType) -> builtins.bool:
    """Whether a dtype holds this integer; the floating ones hold some number near it."""
    if dtype.category is not Category.INT:
        return dtype.is_floating_point or value in (0, 1)
    low, high = limits(dtype)
    return low <= value <= high


@lru_cache
def limits(dtype: DType) -> tuple[int, int]:
    """The lowest and the highest value of an integer dtype."""
    info = np.iinfo(dtype.name)
    return int(info.min), int(info.max)


@lru_cache
def highest(dtype: DType) -> float:
    """The largest finite value of a floating dtype."""
    info = cast(Any, ml_dtypes).finfo(dtype.numpy)
    return float(info.max)


def promote(a: DType, b: DType) -> DType:
    """The smallest type here that holds values of both, by torch's lattice."""
    neither = _NEITHER.get(frozenset((a, b))) if a.category is b.category else None
    return neither or (a if _ORDER[a] >= _ORDER[b] else b)


def result_type(dims: Iterable[DType], zero_dims: Iterable[DType] = (), numbers: Iterable[Category] = ()) -> DType:
    """Torch's promotion over tensors with dims, tensors without, and Python numbers.

    A weaker group changes the result only if its category is higher than that of every stronger group.
    Source: torch's documentation, "Tensor Attributes", type promotion.
    """
    groups = (tuple(dims), tuple(zero_dims), tuple(_NUMBER_DTYPE[c] for c in numbers))
    wanted = [reduce(promote, group) for group in groups if group]
    if not wanted:
        raise DTypeError("result_type: got no operands; takes at least one")
    return reduce(lambda strong, weak: weak if weak.category > strong.category else strong, wanted)
