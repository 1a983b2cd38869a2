"""Inputs to run a compiled function on, where it is asked what would be otherwise: given ones, those that its trace was
made with, or samples of its types.

Calls keep no arguments (a function would hold its users' memory), so the inputs of the latest call are told by its
types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    STR,
    DictType,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
)
from tensorlab.errors import ArgumentError
from tensorlab.jit.build import snapshot
from tensorlab.jit.edge_inputs import Case
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph

Source = Literal["given", "trace", "samples"]

_WORDS: Mapping[Source, str] = {
    "given": "the inputs that were given",
    "trace": "the inputs that it was traced with",
    "samples": "samples of the types of its latest call, drawn with a fixed seed",
}
_SEED = 0
_PLAIN: Mapping[Type, object] = {INT: 2, FLOAT: 0.5, SCALAR: 0.5, BOOL: True, STR: "a", NONE: None}


@dataclass(frozen=True, slots=True)
class SampleInputs:
    """What a graph is run on: the values, one for each of its inputs, their types, and where they come from."""

    values: tuple[Any, ...] = field(repr=False)
    types: tuple[Type, ...]
    source: Source

    @property
    def about(self) -> str:
        """Where they come from, in words."""
        return _WORDS[self.source]

    def fresh(self) -> list[Any]:
        """Copies, so that a run can write to them."""
        return Case("sample", self.values).fresh()

    def graph(self, function: ScriptFunction) -> Graph:
        """A copy of what was recorded, for inputs of these types; nodes keep their identity."""
        graph = snapshot(function.graph)
        for value, type_ in zip(graph.inputs, self.types, strict=True):
            value.type = type_
        return graph

    def to_dict(self) -> dict[str, object]:
        return {"source": self.source, "about": self.about, "types": [str(t) for t in self.types]}


def sample_inputs(function: ScriptFunction, given: Sequence[Any] | None = None) -> SampleInputs:
    """Inputs of the kind that a function was called with last: ``given`` ones if there are any, else those of its trace
    where their types are the same, else samples of the types.

    Raises: `ArgumentError` for given ones that a call would refuse, or where a type is not known well enough to make a
            sample of it.
    """
    if given is not None:
        _, values = function.graph_and_inputs(*given)
        return SampleInputs(tuple(values), _types(function.graph, values), "given")
    latest = function.latest
    traced = _traced(function)
    if traced is not None:
        types = _types(function.graph, traced)
        if latest is None or all(_fits(a, b) for a, b in zip(types, latest.types, strict=True)):
            return SampleInputs(tuple(traced), types, "trace")
    types = latest.types if latest is not None else tuple(v.type for v in function.graph.inputs)
    rng = np.random.default_rng(_SEED)
    try:
        values = [sample_of(type_, rng) for type_ in types]
    except ArgumentError as error:
        once = "call it once"
        if latest is None and function.gradient_programs:
            once = "all its calls took tensors that require gradients: call it once under no_grad()"
        raise ArgumentError(f"{function.name}: {error}; {once}, or give inputs") from None
    return SampleInputs(tuple(values), _types(function.graph, values), "samples")


def sample_of(type_: Type, rng: np.random.Generator) -> Any:
    """A value of a type; sizes that are not known are 3.

    Raises: `ArgumentError` for a tensor without dtype or number of dimensions, and for an object of a class.
    """
    if type_ in _PLAIN:
        return _PLAIN[type_]
    match type_:
        case TensorType():
            return _tensor(type_, rng)
        case ListType():
            return [sample_of(type_.element, rng) for _ in range(2)]
        case TupleType():
            parts = [sample_of(t, rng) for t in type_.elements]
            return type_.python(*parts) if type_.python is not None else tuple(parts)
        case DictType():
            return {sample_of(type_.key, rng): sample_of(type_.value, rng)}
        case OptionalType():
            return sample_of(type_.element, rng)
        case _:
            raise ArgumentError(f"no sample of the type {type_} can be made")


def _tensor(type_: TensorType, rng: np.random.Generator) -> Tensor:
    if type_.dtype is None or type_.shape is None:
        raise ArgumentError(f"no sample of the type {type_} can be made: its dtype and dimensions are not known")
    tensor = empty(type_.dtype, tuple(3 if n is None else n for n in type_.shape))
    array = tensor.detached_numpy()
    # Small numbers of both signs; whole ones are good as indices too.
    whole = array.dtype.kind in "biu"
    numbers: Any = rng.integers(0, 2, tensor.shape) if whole else rng.standard_normal(tensor.shape)
    array[...] = numbers.astype(array.dtype)
    return tensor


def _traced(function: ScriptFunction) -> list[Any] | None:
    """The inputs that a function was traced with, as its graph takes them."""
    origin = function.origin
    if origin is None:
        return None
    _, values = function.graph_and_inputs(*origin.call.args, **origin.call.kwargs)
    return values


def _types(graph: Graph, values: Sequence[Any]) -> tuple[Type, ...]:
    """What is known of the inputs: tensors tell their dtype and shape, the graph the rest."""
    return tuple(v.type if isinstance(v, Tensor) else given.type for v, given in zip(values, graph.inputs, strict=True))


def _fits(own: Type, wanted: Type) -> bool:
    """Whether a value of one type can stand for another, whose sizes may be open."""
    if not isinstance(own, TensorType) or not isinstance(wanted, TensorType):
        return own == wanted
    if own.dtype != wanted.dtype or own.shape is None or wanted.shape is None or len(own.shape) != len(wanted.shape):
        return False
    return all(n in (None, m) for m, n in zip(own.shape, wanted.shape, strict=True))
