"""What a compiled function is called with: names, defaults, and conversions to what its graph takes.

As in TorchScript, an int goes where a float is taken, a bool where an int is, NumPy's numbers and 0-d tensors where
numbers are, and a list where a tuple of that length is, or the other way round.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    TENSOR,
    ClassType,
    DictType,
    EnumType,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
    accepts,
    general,
)
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError
from tensorlab.jit.ir import Graph

_PLAIN: dict[Type, type] = {INT: int, FLOAT: float, BOOL: bool}
_SEQUENCES = (list, tuple)


class Parameters:
    """The parameters of a compiled function: the inputs of its graph, with the defaults of the user's own."""

    def __init__(self, graph: Graph, defaults: Mapping[str, Any] | None = None) -> None:
        self.title = graph.name
        self.names = tuple(v.name or f"arg{i}" for i, v in enumerate(graph.inputs))
        self.types = tuple(general(v.type) for v in graph.inputs)
        self.defaults = {n: v for n, v in (defaults or {}).items() if n in self.names}
        self.only_tensors = all(t is TENSOR for t in self.types)
        self._plain = tuple(_PLAIN.get(t) for t in self.types)

    def signature(self) -> inspect.Signature | None:
        """For Python's own help; `None` where the names are no names of Python's."""
        if any(not n.isidentifier() or keyword.iskeyword(n) for n in self.names):
            return None
        given, missing = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
        named = zip(self.names, self.types, strict=True)
        parameters = [
            inspect.Parameter(n, given, default=self.defaults.get(n, missing), annotation=str(t)) for n, t in named
        ]
        bare = [p.default is missing for p in parameters]
        return inspect.Signature(parameters) if bare == sorted(bare, reverse=True) else None

    def prepare(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], tuple[object, ...]]:
        """The graph's inputs for a call, and the key of its program: a tensor's layout, the kind of all else.

        Raises: `ArgumentError` naming the argument.
        """
        inputs = self._bound(args, kwargs)
        key: list[object] = []
        for i, value in enumerate(inputs):
            plain = self._plain[i]
            if type(value) is Tensor and self.types[i] is TENSOR:
                key.append(value.layout)
            elif type(value) is plain:
                key.append(plain)
            else:
                inputs[i], found = self._fitted(i, value)
                key.append(inputs[i].layout if isinstance(found, TensorType) else _PLAIN.get(found, found))
        return inputs, tuple(key)

    def types_of(self, inputs: Sequence[Any]) -> tuple[Type, ...]:
        """The types of inputs that are prepared."""
        return tuple(self._fitted(i, value)[1] for i, value in enumerate(inputs))

    def _bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        if len(args) > len(self.names):
            count = f"{len(args)} argument{'' if len(args) == 1 else 's'}"
            raise ArgumentError(f"{self.title}: got {count}; {self}")
        for name in kwargs:
            if name not in self.names:
                raise ArgumentError(f"{self.title}: has no parameter {name!r}; {self}")
            if name in self.names[: len(args)]:
                raise ArgumentError(f"{self.title}: got argument {name!r} twice; {self}")
        inputs = list(args)
        for name in self.names[len(args) :]:
            if name in kwargs:
                inputs.append(kwargs[name])
            elif name in self.defaults:
                inputs.append(self.defaults[name])
            else:
                raise ArgumentError(f"{self.title}: argument {name!r} is missing; {self}")
        return inputs

    def _fitted(self, index: int, value: Any) -> tuple[Any, Type]:
        wanted = self.types[index]
        try:
            return fit(value, wanted)
        except MisfitError:
            hint = "; tensorlab.from_numpy makes one of it" if wanted is TENSOR and _is_array(value) else ""
            raise ArgumentError(
                f"{self.title}: argument {self.names[index]!r} takes {wanted}, got {_described(value)}{hint}"
            ) from None

    def __str__(self) -> str:
        """``takes (Tensor x, int n=3)``."""
        parts = zip(self.types, self.names, strict=True)
        texts = [f"{t} {n}={self.defaults[n]!r}" if n in self.defaults else f"{t} {n}" for t, n in parts]
        return f"takes ({', '.join(texts)})"


class MisfitError(Exception):
    """A type does not take a value, and the value cannot be made to fit."""


def fit(value: Any, wanted: Type) -> tuple[Any, Type]:
    """The value as what a graph takes, and its own type.

    Raises: `MisfitError`.
    """
    match wanted:
        case TensorType():
            if isinstance(value, Tensor):
                return value, value.type
        case OptionalType(element):
            return (None, NONE) if value is None else fit(value, element)
        case ListType(element) if isinstance(value, _SEQUENCES):
            parts = [fit(v, element)[0] for v in cast("Sequence[Any]", value)]
            return parts, wanted
        case DictType(key, element) if isinstance(value, dict):
            pairs = cast("dict[Any, Any]", value).items()
            return {fit(k, key)[0]: fit(v, element)[0] for k, v in pairs}, wanted
        case TupleType(elements, _, python) if python is not None:
            given = cast("Sequence[Any]", value) if isinstance(value, _SEQUENCES) else ()
            if len(given) == len(elements):
                return python(*(fit(v, t)[0] for v, t in zip(given, elements, strict=True))), wanted
        case EnumType() | ClassType():
            if isinstance(value, wanted.python):
                return value, wanted
        case TupleType(elements) if isinstance(value, _SEQUENCES):
            given = cast("Sequence[Any]", value)
            if len(given) == len(elements):
                pairs = [fit(v, t) for v, t in zip(given, elements, strict=True)]
                return tuple(v for v, _ in pairs), TupleType(tuple(t for _, t in pairs))
        case _ if wanted in (INT, FLOAT, BOOL, SCALAR):
            number = _number(value, wanted)
            return number, value_type(number)
        case _:
            if _has_type(value, wanted):
                return value, wanted
    raise MisfitError


def _number(value: Any, wanted: Type) -> bool | int | float:
    """A number of one kind out of one that may stand for it."""
    if not isinstance(value, (bool, int, float)):
        if getattr(value, "shape", None) != () or not hasattr(value, "item"):
            raise MisfitError
        value = value.item()  # NumPy's scalars, and tensors without dimensions
    if wanted == FLOAT and isinstance(value, (bool, int, float)):
        return float(value)
    if wanted == INT and isinstance(value, int):
        return int(value)
    if wanted == BOOL and isinstance(value, bool):
        return value
    if wanted == SCALAR and isinstance(value, (bool, int, float)):
        return value if isinstance(value, (bool, int)) else float(value)
    raise MisfitError


def _has_type(value: Any, wanted: Type) -> bool:
    try:
        return accepts(wanted, value_type(value))
    except ArgumentError:  # of no type that a graph has
        return False


def _described(value: Any) -> str:
    return str(value.type) if isinstance(value, Tensor) else type(value).__name__


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array_interface__")
