"""Types of values: what op schemas take, what type rules compute with, what graphs carry.

A `TensorType` may know everything about a tensor's logical form, or only some of it; `None` means not known.
Physical layout (strides, offset) is not a type: see `core.layout`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

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
    def sizes(self) -> Shape:
        """The shape of a type that knows it; what is not known counts as 0."""
        return tuple(n or 0 for n in self.shape or ())

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
    """A tuple of fixed length, ``(Tensor, int)``; a named one has names for its parts, and the class that makes it."""

    elements: tuple[Type, ...]
    names: tuple[str, ...] = ()
    python: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        if self.names:
            parts = zip(self.names, self.elements, strict=True)
            return f"NamedTuple({', '.join(f'{name} : {element}' for name, element in parts)})"
        return f"({', '.join(map(str, self.elements))})"


@dataclass(frozen=True, slots=True)
class DictType:
    """A dict with keys of one type and values of one type, ``Dict(str, int)``."""

    key: Type
    value: Type

    def __str__(self) -> str:
        return f"Dict({self.key}, {self.value})"


@dataclass(frozen=True, slots=True)
class EnumType:
    """A member of an enumeration, whose members have values of one type: ``Enum<Color>``."""

    name: str
    value: Type
    python: Any = field(repr=False)

    def __str__(self) -> str:
        return f"Enum<{self.name}>"


@dataclass(frozen=True, slots=True)
class ClassType:
    """An object of a scripted class."""

    name: str
    python: Any = field(repr=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class VarType:
    """In a schema, any type, the same one wherever the letter stands: ``t`` in ``append(t[] self, t el)``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class OptionalType:
    """A value of the type, or None: ``int?``."""

    element: Type

    def __str__(self) -> str:
        return f"{self.element}?"


Type = TensorType | ScalarType | ListType | TupleType | OptionalType | DictType | EnumType | ClassType | VarType

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
        case VarType(), _:
            return True
        case TensorType(), TensorType():
            return _dtype_fits(wanted, given) and _shape_fits(wanted, given)
        case OptionalType(element), OptionalType(inner):
            return accepts(element, inner)
        case OptionalType(element), _:
            return given == NONE or accepts(element, given)
        case ListType(a), ListType(b):
            return accepts(a, b)
        case DictType(), DictType():
            return accepts(wanted.key, given.key) and accepts(wanted.value, given.value)
        case TupleType(a, names), TupleType(b, others):
            if names and others and names != others:
                return False
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
        case TupleType(elements, names, python):
            return TupleType(tuple(map(general, elements)), names, python)
        case DictType(key, value):
            return DictType(general(key), general(value))
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
            same = a.names == b.names  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            named = (a.names, a.python) if same else ()  # pyright: ignore
            return TupleType(known, *named) if len(known) == len(parts) else None
        case DictType(), DictType():
            value = unify(a.value, b.value)
            return DictType(a.key, value) if a.key == b.key and value is not None else None
        case _:
            if accepts(a, b):
                return a
            return b if accepts(b, a) else None


def bind(wanted: Type, given: Type, bound: dict[str, Type]) -> bool:
    """Whether a schema's type takes a type, with its letters as bound before; binds those that are new."""
    match wanted, given:
        case VarType(name), _:
            return accepts(bound.setdefault(name, general(given)), general(given))
        case OptionalType(element), OptionalType(inner):
            return bind(element, inner, bound)
        case OptionalType(element), _:
            return given == NONE or bind(element, given, bound)
        case ListType(element), ListType(inner):
            return bind(element, inner, bound)
        case DictType(), DictType():
            return bind(wanted.key, given.key, bound) and bind(wanted.value, given.value, bound)
        case _:
            return accepts(wanted, given)


def bound_type(type_: Type, bound: dict[str, Type]) -> Type:
    """A schema's type with its letters replaced."""
    match type_:
        case VarType(name):
            return bound.get(name, type_)
        case ListType(element):
            return ListType(bound_type(element, bound))
        case OptionalType(element):
            return OptionalType(bound_type(element, bound))
        case DictType(key, value):
            return DictType(bound_type(key, bound), bound_type(value, bound))
        case TupleType(elements):
            return TupleType(tuple(bound_type(e, bound) for e in elements))
        case _:
            return type_


def _unify_shape(a: TensorType, b: TensorType) -> tuple[int | None, ...] | None:
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return None
    return tuple(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True))
