"""A module's method made runnable: what it reads of its module become inputs, or constants where that is no tensor.

The graph of a method takes the module first and reads its parts by name. Before a run everything that the run does not
write is read at once: tensors are inputs of the program, so that it sees whatever they are by then and gradients flow
into them; numbers, strings and the training mode are constants of a program of their own. What the method assigns is
read and written while it runs, and so is what a list or a dict holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.types import FLOAT, ListType, TensorType, TupleType, Type
from tensorlab.jit import edit
from tensorlab.jit.build import Builder, clone
from tensorlab.jit.ir import GET_ATTR, PYTHON_OP, SET_ATTR, TUPLE_CONSTRUCT, Graph, Node, Value
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.nn.module import Module

_TABLES = ("_parameters", "_buffers")
_PLAIN = (bool, int, float, str, DType, device, Enum, type(None))


@dataclass(frozen=True, slots=True)
class Part:
    """One attribute of a module: ``table[name]`` holds it; ``path`` is its dotted name from the method's module."""

    owner: Module
    name: str
    path: str
    table: dict[str, Any]

    @property
    def key(self) -> tuple[int, str]:
        """What tells it from others: shared modules have one key under several paths."""
        return id(self.owner), self.name

    def read(self) -> Any:
        """What it holds now."""
        return self.table[self.name]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """What a method reads of its module before it runs."""

    graph: Graph
    module: Module
    tensors: tuple[Part, ...]
    plain: tuple[Part, ...]

    def settings(self) -> tuple[Any, ...]:
        """The numbers, strings and modes that it reads, as they are now, with their kinds."""
        return tuple([_keyed(part.read()) for part in self.plain])

    def arguments(self) -> list[Any]:
        """The tensors that it reads, as they are now."""
        return [part.read() for part in self.tensors]

    def bound(self, *, constants: Mapping[str, Any] | None = None, shared: frozenset[str] = frozenset()) -> Graph:
        """The graph over the user's own inputs and the tensors, for the present settings.

        ``constants`` are tensors by path that become constants of the graph instead of inputs; others hold those in
        ``shared`` too, so that they are not computed with beforehand.
        """
        own = clone(self.graph)
        builder = Builder(own.block, 0)
        held = constants or {}
        made: dict[tuple[int, str], Value] = {}
        for part in self.tensors:
            if part.path in held:
                keep = builder.captured if part.path in shared else builder.constant
                made[part.key] = keep(held[part.path], name=part.path.replace(".", "_"))
            else:
                made[part.key] = edit.add_param(own.block, TensorType(), f"self.{part.path}")
        for part in self.plain:
            made[part.key] = _constant(builder, part.read())
        _replace(own, made)
        self_ = own.inputs[0]
        if self_.uses:
            edit.replace_uses(self_, builder.constant(self.module, type_=self_.type, name="self"))
        edit.remove_param(own.block, 0)
        return own


def bind(graph: Graph, module: Module) -> Binding:
    """Find what a method reads before it runs."""
    paths = {id(part): path for path, part in module.named_modules()}
    nodes = list(graph.nodes())
    written = {_key(n) for n in nodes if n.kind == SET_ATTR}
    if any(n.kind == PYTHON_OP and any(module_of(v.type) is not None for v in n.inputs) for n in nodes):
        return Binding(graph, module, (), ())  # Python may write to anything
    tensors: dict[tuple[int, str], Part] = {}
    plain: dict[tuple[int, str], Part] = {}
    for node in nodes:
        owner = module_of(node.inputs[0].type) if node.kind == GET_ATTR else None
        if owner is None or module_of(node.output.type) is not None or _key(node) in written:
            continue
        name = str(node.attributes["name"])
        table = next((owner.__dict__[t] for t in _TABLES if name in owner.__dict__[t]), owner.__dict__)
        prefix = paths.get(id(owner))
        if prefix is None or name not in table:
            continue
        part = Part(owner, name, f"{prefix}.{name}" if prefix else name, table)
        if isinstance(node.output.type, TensorType):
            tensors[part.key] = part
        elif is_plain(part.read(), node.output.type):
            plain[part.key] = part
    return Binding(graph, module, tuple(tensors.values()), tuple(plain.values()))


def _key(node: Node) -> tuple[int, str]:
    owner = module_of(node.inputs[0].type)
    return id(owner), str(node.attributes["name"])


def is_plain(value: Any, type_: Type) -> bool:
    """Whether an attribute can be a constant: nothing that somebody writes into."""
    if isinstance(value, tuple) and not hasattr(cast("object", value), "_fields"):
        return isinstance(type_, TupleType | ListType) and all(isinstance(v, _PLAIN) for v in cast("tuple[Any]", value))
    return isinstance(value, _PLAIN if type_ != FLOAT else float)


def _keyed(value: Any) -> tuple[Any, ...]:
    """A value that is equal to another of its kind alone: 1 is not True, nor 0.0 the same as -0.0."""
    if isinstance(value, tuple):
        return tuple(map(_keyed, cast("Sequence[Any]", value)))
    kind = cast("object", value).__class__
    return kind, repr(value) if isinstance(value, float) else value


def _constant(builder: Builder, value: Any) -> Value:
    if isinstance(value, tuple):
        parts = [_constant(builder, v) for v in cast("Sequence[Any]", value)]
        return builder.node(TUPLE_CONSTRUCT, parts, [TupleType(tuple(p.type for p in parts))]).output
    return builder.constant(value)


def _replace(graph: Graph, made: Mapping[tuple[int, str], Value]) -> None:
    """Put values where attributes are read, and take away the reads that nobody needs any more."""
    reads = [n for n in graph.nodes() if n.kind == GET_ATTR and module_of(n.inputs[0].type) is not None]
    for node in reads:
        if _key(node) in made:
            edit.replace_uses(node.output, made[_key(node)])
    for node in reversed(reads):
        if not node.output.uses:
            edit.erase(node)
