"""Types of values: what op schemas take, what type rules compute with, what graphs carry.

A `TensorType` may know everything about a tensor's logical form, or only some of it; `None` means not known.
Physical layout (strides, offset) is not a type: see `core.layout`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tensorlab.core.dtype import DType

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor with dtype and shape as far as known; a dimension of unknown size is `None`."""

    dtype: DType | None = None
    shape: tuple[int | None, ...] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether dtype and every size are known, so that a type rule can run."""
        return self.dtype is not None and self.shape is not None and None not in self.shape

    @property
    def numel(self) -> int | None:
        """Number of elements, or `None` where a size is not known."""
        if self.shape is None:
            return None
        sizes = [n for n in self.shape if n is not None]
        return math.prod(sizes) if len(sizes) == len(self.shape) else None

    def __str__(self) -> str:
        """``Float(2, 2)``, ``Float(*, *)``, ``Float``, ``Tensor``: as a graph prints it."""
        if self.dtype is None:
            return "Tensor"
        if self.shape is None:
            return self.dtype.ir_name
        sizes = ", ".join("*" if n is None else str(n) for n in self.shape)
        return f"{self.dtype.ir_name}({sizes})"


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A type without parts: ``int``, ``float``, ``bool``, ``str``, ``Device``, ``None``, or ``Scalar`` (any number)."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListType:
    """A homogeneous list, ``int[]``."""

    element: Type

    def __str__(self) -> str:
        return f"{self.element}[]"


@dataclass(frozen=True, slots=True)
class TupleType:
    """A tuple of fixed length, ``(Tensor, int)``."""

    elements: tuple[Type, ...]

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.elements))})"


@dataclass(frozen=True, slots=True)
class OptionalType:
    """A value of the type, or None: ``int?``."""

    element: Type

    def __str__(self) -> str:
        return f"{self.element}?"


Type = TensorType | ScalarType | ListType | TupleType | OptionalType

TENSOR = TensorType()
INT = ScalarType("int")
FLOAT = ScalarType("float")
BOOL = ScalarType("bool")
STR = ScalarType("str")
DEVICE = ScalarType("Device")
NONE = ScalarType("NoneType")
SCALAR = ScalarType("Scalar")
DTYPE = ScalarType("ScalarType")

SCALARS = {t.name: t for t in (INT, FLOAT, BOOL, STR, DEVICE, NONE, SCALAR, DTYPE)}
_NUMBERS = (INT, FLOAT, BOOL)


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type ``given`` may stand where ``wanted`` is taken, without a conversion.

    A number type goes into ``Scalar``, ``None`` into an optional, a tensor that knows more into one that knows less.
    """
    if wanted == given:
        return True
    match wanted, given:
        case TensorType(), TensorType():
            return _dtype_fits(wanted, given) and _shape_fits(wanted, given)
        case OptionalType(element), OptionalType(inner):
            return accepts(element, inner)
        case OptionalType(element), _:
            return given == NONE or accepts(element, given)
        case ListType(a), ListType(b):
            return accepts(a, b)
        case TupleType(a), TupleType(b):
            return len(a) == len(b) and all(accepts(x, y) for x, y in zip(a, b, strict=True))
        case ScalarType("Scalar"), _:
            return given in _NUMBERS
        case ScalarType("ScalarType"), _:
            return given == INT
        case _:
            return False


def _dtype_fits(wanted: TensorType, given: TensorType) -> bool:
    return wanted.dtype is None or wanted.dtype is given.dtype


def _shape_fits(wanted: TensorType, given: TensorType) -> bool:
    if wanted.shape is None:
        return True
    if given.shape is None or len(given.shape) != len(wanted.shape):
        return False
    return all(w is None or w == g for w, g in zip(wanted.shape, given.shape, strict=True))


def general(type_: Type) -> Type:
    """The type with all forgotten of tensors but that they are some: shapes in a graph are examples, not demands."""
    match type_:
        case TensorType():
            return TENSOR
        case ListType(element):
            return ListType(general(element))
        case TupleType(elements):
            return TupleType(tuple(map(general, elements)))
        case OptionalType(element):
            return OptionalType(general(element))
        case _:
            return type_


def unify(a: Type, b: Type) -> Type | None:
    """The narrowest type that takes both, or `None`: what the two branches of an if give together."""
    if a == b:
        return a
    match a, b:
        case TensorType(), TensorType():
            dtype = a.dtype if a.dtype is b.dtype else None
            return TensorType(dtype, _unify_shape(a, b) if dtype is not None else None)
        case ListType(x), ListType(y):
            element = unify(x, y)
            return None if element is None else ListType(element)
        case TupleType(x), TupleType(y) if len(x) == len(y):
            parts = [unify(p, q) for p, q in zip(x, y, strict=True)]
            known = tuple(p for p in parts if p is not None)
            return TupleType(known) if len(known) == len(parts) else None
        case _:
            if accepts(a, b):
                return a
            return b if accepts(b, a) else None


def _unify_shape(a: TensorType, b: TensorType) -> tuple[int | None, ...] | None:
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return None
    return tuple(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True))
