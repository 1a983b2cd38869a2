"""Tracing: run the function once, and write down each operation that it calls.

Python's own control flow leaves no mark, because only operations are seen: what a branch depended on is baked in, and
each place where a value leaves for Python is warned of at the user's own line. Sizes are Python's numbers too: what a
function works out from ``x.shape`` holds for the shapes that it was traced with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.core.dispatch import MODES, below, pushed
from tensorlab.core.op import Op, lookup
from tensorlab.core.schema import Param
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import FLOAT, NONE, TENSOR, ListType, OptionalType, TensorType, TupleType, Type
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError, TraceError
from tensorlab.jit import edit
from tensorlab.jit.alias import is_random
from tensorlab.jit.build import Builder, clone
from tensorlab.jit.escapes import CHANGING, Escape, Escapes, described, read_value
from tensorlab.jit.ir import LIST_CONSTRUCT, TUPLE_CONSTRUCT, TUPLE_UNPACK, Graph, Span, Value
from tensorlab.jit.passes.shapes import shapes
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.source import user_span
from tensorlab.jit.strangers import Strangers
from tensorlab.jit.structure import (
    Structure,
    leaf_names,
    odd_one,
    rebuilt,
    structure_of,
    tensors,
)
from tensorlab.jit.uncollected import uncollected

_SEQUENCES = (list, tuple)


class TraceMode:
    """The mode that writes the graph. Tensors are known by identity and kept alive while the trace runs."""

    def __init__(self, name: str, known: Mapping[int, str] | None = None) -> None:
        self.graph = Graph(name)
        self.builder = Builder(self.graph.block)
        self.escapes = Escapes()
        self._values: dict[int, Value] = {}
        self._kept: list[Tensor] = []
        self._of_data: set[int] = set()  # ids of tensors made of data inside the trace, and not written to so far
        self._from_input: set[int] = set()  # serials of values that depend on an input
        self._known = known or {}  # names of tensors by identity: a module's parameters and buffers
        self._strangers = Strangers()
        self._made_at: dict[int, Span | None] = {}  # by identity: where a tensor was made of data
        self.made_nodes: set[int] = set()  # serials of the constants that such tensors became
        self.calls: list[tuple[Span | None, tuple[int, ...]]] = []  # of compiled functions: the nodes put in place

    def add_input(self, tensor: Tensor, name: str) -> Tensor:
        """Make a tensor the next input; gives what to pass for it, since one that is passed twice is two inputs."""
        value = self.builder.param(tensor.type, name)
        self._from_input.add(value.serial)
        return self._meet(tensor, value)

    # What a trace hears of

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Run the call below, and write its node."""
        span = user_span()
        for param, arg in zip(op.schema.params, args, strict=True):
            if param.alias is not None:
                self._own(arg, span)
        inputs = [self._argument(_declared(p, a), span) for p, a in zip(op.schema.params, args, strict=True)]
        writes = op.schema.writes
        for index in writes:
            self._written(args[index])
        with below(self):
            result = op.call(args)
        several = len(op.schema.results) != 1
        results = cast("tuple[Any, ...]", result or ()) if several else (result,)
        node = self.builder.node(op.kind, inputs, [value_type(r) for r in results], op=op, span=span)
        depends = op.random or self._depend(inputs)
        pairs = zip(results, node.outputs, strict=True)
        given = [self._give(r, v, depends=depends, writes=bool(writes)) for r, v in pairs]
        if not several:
            return given[0]
        return tuple(given) if given else None

    def inline(self, graph: Graph, inputs: Sequence[Any], run: Callable[..., Any]) -> Any:
        """A call of a compiled function: it runs below, and its graph becomes part of this one, control flow and all.

        What it gives that is no tensor is baked in, with a warning.
        """
        span = user_span()
        for argument in inputs:
            self._own(argument, span)
        values = [self._typed(a, v.type, span) for a, v in zip(inputs, graph.inputs, strict=True)]
        with below(self):
            result = run(*inputs)
        there = len(self.graph.block.nodes)
        outputs = self.builder.inline(specialised(graph, values).block, values)
        self.calls.append((span, tuple(n.serial for n in self.graph.block.nodes[there:])))
        depends = self._depend(values) or any(map(is_random, graph.nodes()))
        if len(outputs) == 1:
            given = self._match(result, outputs[0], depends=depends)
        else:
            given = tuple(self._match(r, v, depends=depends) for r, v in zip(result, outputs, strict=True))
        for node in (v.producer for v in outputs):  # what only tied several results together
            if node is not None and node.kind in (TUPLE_CONSTRUCT, LIST_CONSTRUCT) and not node.output.uses:
                edit.erase(node)
        return given

    def made(self, tensor: Tensor, *, blank: bool) -> None:
        """A tensor was made of data: a constant, or a fresh copy of one at each run once it is written to.

        A ``blank`` one holds what was in memory before; zeros are as good, and the same every time.
        """
        if blank:
            _op("aten::fill_").run((tensor, 0))
        self._of_data.add(id(tensor))
        self._made_at[id(tensor)] = user_span()
        self._kept.append(tensor)

    def other_stream(self, op: Op) -> None:
        """An op draws from a generator of its own, which a graph could not name.

        Raises: `TraceError`.
        """
        raise TraceError(
            f"trace: {op.schema.name} in {self.graph.name} draws from a generator that is passed to it, and a graph "
            f"draws from the default one alone: leave out generator=, and use manual_seed"
        )

    def moves(self, tensor: Tensor, name: str) -> None:
        """A tensor is about to change its shape or memory.

        Raises: `TraceError`.
        """
        raise TraceError(
            f"trace: {name} cannot be recorded in {self.graph.name}: it changes the shape or the memory of a tensor, "
            f"which has one of each in a trace"
        )

    def escaped(self, tensor: Tensor, what: str) -> None:
        """A tensor's value was read into Python; warn where that hides a dependence on the inputs."""
        value = self._values.get(id(tensor))
        if value is not None and value.serial in self._from_input:
            self.escapes.add(what, read_value(tensor, what))

    # Values

    def value_of(self, tensor: Tensor, span: Span | None = None) -> Value:
        """The graph's value for a tensor; one that the trace never saw is a constant."""
        found = self._values.get(id(tensor))
        if found is None:
            own = id(tensor) in self._of_data
            held = _op("aten::clone").run((tensor,)) if own else tensor
            name = self._known.get(id(tensor), "").replace(".", "_")
            name = f"_{name}" if name[:1].isdigit() else name
            keep = self.builder.constant if own else self.builder.captured
            found = keep(held, span=self._made_at.get(id(tensor), span), name=name)
            if id(tensor) in self._made_at and found.producer is not None:
                self.made_nodes.add(found.producer.serial)
            self._know(tensor, found, constant=True)
        return found

    def name(self, tensor: Tensor, name: str) -> None:
        """Let a value be printed under the user's name for it, if it has none yet."""
        value = self._values.get(id(tensor))
        if value is not None and not value.name:
            value.name = name

    def finish(self, result: Any, *, strict: bool) -> None:
        """Make the function's result the graph's; a dict and a named tuple are tuples there.

        Raises: `TraceError` for a result that holds anything but tensors, and, if ``strict``, for a dict.
        """
        self.builder.results(self._result(result, strict=strict))

    def _result(self, result: Any, *, strict: bool) -> Value:
        if isinstance(result, Tensor):
            return self.value_of(result)
        if isinstance(result, dict):
            if strict:
                raise TraceError(f"trace: {self.graph.name} gives a dict: {CHANGING.format('a NamedTuple')}")
            result = tuple(cast("dict[Any, Any]", result).values())
        if isinstance(result, list) and strict:
            self.escapes.add("list result")
        if isinstance(result, _SEQUENCES):
            parts = [self._result(r, strict=strict) for r in cast("Sequence[Any]", result)]
            if isinstance(result, tuple):
                return self.builder.node(TUPLE_CONSTRUCT, parts, [TupleType(tuple(p.type for p in parts))]).output
            return self.builder.node(LIST_CONSTRUCT, parts, [ListType(TENSOR)]).output
        hint = ": is a return missing?" if result is None else ""
        raise TraceError(
            f"trace: {self.graph.name} gave a value of type {type(result).__name__}; a traced function gives a Tensor, "
            f"or a tuple, list or dict of Tensors{hint}"
        )

    def _argument(self, argument: Any, span: Span | None) -> Value:
        if isinstance(argument, Tensor):
            return self.value_of(argument, span)
        listed = cast("Sequence[Any]", argument) if isinstance(argument, _SEQUENCES) else ()
        if any(isinstance(a, Tensor) for a in listed):
            parts = [self._argument(a, span) for a in listed]
            element = OptionalType(TENSOR) if any(a is None for a in listed) else TENSOR
            return self.builder.node(LIST_CONSTRUCT, parts, [ListType(element)], span=span).output
        return self.builder.constant(argument, span=span)

    def _typed(self, argument: Any, wanted: Type, span: Span | None) -> Value:
        """An argument of a compiled function as a value of the type that it takes."""
        match wanted:
            case TensorType():
                return self.value_of(argument, span)
            case OptionalType(element):
                return self._typed(argument, NONE if argument is None else element, span)
            case TupleType(elements):
                given = cast("Sequence[Any]", argument)
                parts = [self._typed(a, t, span) for a, t in zip(given, elements, strict=True)]
                types = TupleType(tuple(p.type for p in parts))
                return self.builder.node(TUPLE_CONSTRUCT, parts, [types], span=span).output
            case ListType(TensorType()):
                parts = [self.value_of(a, span) for a in cast("Sequence[Tensor]", argument)]
                return self.builder.node(LIST_CONSTRUCT, parts, [ListType(TENSOR)], span=span).output
            case ListType():
                return self.builder.constant(argument, type_=wanted, span=span)
            case _:
                return self.builder.constant(argument, span=span)

    def _match(self, result: Any, value: Value, *, depends: bool) -> Any:
        """What a compiled function gave, with the tensors in it known under the values of its graph."""
        if isinstance(result, Tensor):
            return self._give(result, value, depends=depends, writes=False)
        listed = isinstance(value.type, ListType) and isinstance(value.type.element, TensorType)
        if listed or isinstance(value.type, TupleType):
            parts = self._parts(value, len(result))
            return type(result)(self._match(r, v, depends=depends) for r, v in zip(result, parts, strict=True))
        if depends and result is not None and not value.is_constant:
            self.escapes.add("result")
        return result

    def _parts(self, value: Value, count: int) -> Sequence[Value]:
        """The elements of a tuple or a list."""
        node = value.producer
        if node is not None and node.kind in (TUPLE_CONSTRUCT, LIST_CONSTRUCT):
            return node.inputs
        if isinstance(value.type, TupleType):
            return self.builder.node(TUPLE_UNPACK, [value], value.type.elements).outputs
        self.escapes.add("length")
        return [self.builder.value("aten::__getitem__", [value, self.builder.constant(i)]) for i in range(count)]

    def _own(self, argument: Any, span: Span | None) -> None:
        """Before a tensor of data is written to or looked at through a view: a copy of it at each run."""
        if isinstance(argument, _SEQUENCES):
            for part in cast("Sequence[Any]", argument):
                self._own(part, span)
        elif id(argument) in self._of_data:
            constant = self.value_of(argument, span)
            self._of_data.discard(id(argument))
            self._know(argument, self.builder.value("aten::clone", [constant], span=span))

    def _give(self, result: Any, value: Value, *, depends: bool, writes: bool) -> Any:
        """Know a result by its value; gives the tensor to hand on."""
        if depends:
            self._from_input.add(value.serial)
        if isinstance(result, list):
            return self._given_list(cast("list[Any]", result), value, depends=depends)
        if not isinstance(result, Tensor):
            return result
        if writes:  # the tensor that was written to goes by the name of the write from here on
            self._know(result, value)
            return result
        return self._meet(result, value)

    def _given_list(self, results: list[Any], value: Value, *, depends: bool) -> list[Any]:
        """Know each tensor of a list that an op gave; how many there are is baked in, as all sizes are."""
        if not all(isinstance(r, Tensor) for r in results):
            return results
        span = value.producer.span if value.producer is not None else None
        places = [self.builder.constant(i, span=span) for i in range(len(results))]
        parts = [self.builder.value("aten::__getitem__", [value, i], span=span) for i in places]
        for result, part in zip(results, parts, strict=True):
            part.type = result.type
        return [self._give(r, v, depends=depends, writes=False) for r, v in zip(results, parts, strict=True)]

    def _meet(self, tensor: Tensor, value: Value) -> Tensor:
        """Know a tensor by a value; if it is known by another already, a second tensor over the same memory.

        ``x.contiguous()`` may be ``x`` itself here and not at the next call, so that the two need names of their own.
        """
        if self._values.get(id(tensor), value) is not value:
            tensor = tensor.as_view(tensor.layout, tensor.offset)
        self._know(tensor, value)
        return tensor

    def _know(self, tensor: Tensor, value: Value, *, constant: bool = False) -> None:
        self._values[id(tensor)] = value
        self._kept.append(tensor)
        if self._strangers.met(tensor, constant=constant and id(tensor) not in self._of_data):
            self.escapes.add("inplace", described(tensor))

    def _written(self, argument: Any) -> None:
        """A tensor is about to be written to; warn where others over its memory are constants of the graph."""
        if isinstance(argument, _SEQUENCES):
            for part in cast("Sequence[Any]", argument):
                self._written(part)
        elif isinstance(argument, Tensor) and self._strangers.written(argument):
            self.escapes.add("inplace", described(argument))

    def _depend(self, values: Sequence[Value]) -> bool:
        return any(v.serial in self._from_input for v in values)


def _declared(param: Param, argument: Any) -> Any:
    """An argument as the schema names it: an op that takes a float is also called with an int."""
    wanted = param.type.element if isinstance(param.type, OptionalType) else param.type
    return float(argument) if wanted == FLOAT and type(argument) is int else argument


def _op(kind: str) -> Op:
    """The one overload of a kind."""
    (op,) = lookup(kind)
    return op


def specialised(graph: Graph, arguments: Sequence[Value]) -> Graph:
    """A copy of a graph with the types that follow from these arguments."""
    own = clone(graph)
    for param, value in zip(own.inputs, arguments, strict=True):
        if not isinstance(param.type, OptionalType):
            param.type = value.type
    Pipeline((shapes,)).run(own)
    return own


@dataclass(frozen=True, slots=True)
class Trace:
    """What a trace gives: the graph, what the function returned, what escaped, and how nested arguments lie in it.

    ``calls`` are those of compiled functions with the serials of the nodes put in their place; ``made`` the serials of
    constants that are tensors made of data.
    """

    graph: Graph
    result: Any
    escapes: tuple[Escape, ...]
    arguments: tuple[tuple[str, Structure], ...] = ()
    calls: tuple[tuple[Span | None, tuple[int, ...]], ...] = ()
    made: frozenset[int] = frozenset()


def record(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    names: Sequence[str],
    name: str,
    *,
    keywords: Mapping[str, Any] | None = None,
    strict: bool = True,
    known: Mapping[int, str] | None = None,
    settle: Callable[[], None] = lambda: None,
) -> Trace:
    """Run ``fn(*inputs, **keywords)`` under a trace.

    ``known`` names tensors that are there already, by identity. ``settle`` runs at the end, still traced.

    Raises: `ArgumentError` for an input that holds anything but tensors, `TraceError` for such a result, or inside
            another trace.
    """
    for outer in MODES.get():
        if isinstance(outer, TraceMode):
            raise TraceError(
                f"trace: {name} would be traced inside the trace of {outer.graph.name}; trace it before: a call of it "
                f"becomes part of that trace"
            )
    mode = TraceMode(name, known)
    titles = [names[i] if i < len(names) else f"input_{i + 1}" for i in range(len(inputs))]
    given: list[Any] = []
    arguments: list[tuple[str, Structure]] = []
    for place, (title, value) in enumerate([*zip(titles, inputs, strict=True), *(keywords or {}).items()]):
        structure = structure_of(value)
        if structure is None:
            what = f"input {place}" if place < len(inputs) else f"input {title!r}"
            got = odd_one(value) + ("" if odd_one(value) == type(value).__name__ else " in it")
            raise ArgumentError(
                f"trace: {what} of {name} takes a Tensor, or a tuple, list or dict of Tensors, got {got}"
            )
        leaves = zip(tensors(value), leaf_names(structure, title), strict=True)
        given.append(rebuilt(structure, iter([mode.add_input(t, n) for t, n in leaves])))
        arguments.append((title, structure))
    with uncollected(), pushed(mode):  # every tensor and node of a trace lives until it ends
        result = fn(*given[: len(inputs)], **dict(zip(keywords or {}, given[len(inputs) :], strict=True)))
        settle()
        mode.finish(result, strict=strict)
    escapes, calls = tuple(mode.escapes.found), tuple(mode.calls)
    return Trace(mode.graph, result, escapes, tuple(arguments), calls, frozenset(mode.made_nodes))
