"""Making nodes: the overload by the inputs' types, defaults filled in, result types by the op's type rule.

`Builder` is what tracing, scripting, the parser and the passes use; `snapshot` and `clone` copy whole graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tensorlab.ops  # noqa: F401  # pyright: ignore[reportUnusedImport] - declares the ops
from tensorlab.core.op import Op, bound_results, infer, lookup, mismatch, resolve
from tensorlab.core.schema import Param, Schema
from tensorlab.core.types import (
    DTYPE,
    INT,
    NONE,
    DictType,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
    VarType,
    accepts,
    unify,
)
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError
from tensorlab.jit import edit
from tensorlab.jit.ir import (
    CAPTURED,
    CONSTANT,
    FUSION_GROUP,
    LIST_CONSTRUCT,
    PRINT,
    TUPLE_CONSTRUCT,
    Block,
    Graph,
    Node,
    Span,
    Use,
    Value,
)

_TYPES = (TensorType, ListType, OptionalType, TupleType)


def frozen(value: Any) -> Any:
    """A constant's payload: lists become tuples, so that graphs can share it."""
    if isinstance(value, (list, tuple)):
        return tuple(frozen(v) for v in value)  # pyright: ignore[reportUnknownVariableType]
    return value


def known(value: Value) -> Any:
    """What a type rule gets for a value: a tensor's type; a number or list itself where known, else its type."""
    if value.is_constant:
        return _known_constant(value)
    node = value.producer
    if node is None or node.kind != LIST_CONSTRUCT or not is_fixed(value):
        return value.type
    if all(v.is_constant and not isinstance(v.type, TensorType) for v in node.inputs):
        return tuple(v.constant for v in node.inputs)
    if all(isinstance(v.type, TensorType) or v.type == NONE for v in node.inputs):
        return tuple(v.type if isinstance(v.type, TensorType) else None for v in node.inputs)
    return value.type


def is_fixed(value: Value) -> bool:
    """Whether a list stays as it was made: nobody writes to it, or puts it where somebody else might."""
    return all(_only_reads(use) for use in value.uses)


def _only_reads(use: Use) -> bool:
    user = use.user
    if isinstance(user, Block):
        return user.owner is None
    if user.op is None:
        return user.kind in (FUSION_GROUP, PRINT)
    schema = user.op.schema
    if use.index in schema.writes or use.index >= len(schema.params):
        return False
    if not schema.is_generic:
        return True
    # What is put into a container, or may be given back out of one, has other names from then on.
    return not schema.writes and isinstance(schema.params[use.index].type, ListType | DictType)


def _known_constant(value: Value) -> Any:
    match value.type:
        case TensorType():
            return value.type
        case ListType(TensorType()):
            return tuple(value_type(v) for v in value.constant)
        case _:
            return value.constant


class Builder:
    """Puts new nodes before an insertion point; by default at a block's end.

    ``span`` is given to every node that gets none of its own; ``made`` hears of every node, ``copied`` of every pair of
    serials of a node and its copy.
    """

    def __init__(
        self,
        block: Block,
        index: int | None = None,
        *,
        span: Span | None = None,
        made: Callable[[Node], None] | None = None,
        copied: Callable[[tuple[int, int]], None] | None = None,
    ) -> None:
        self.span = span
        self.made = made
        self.copied = copied
        self._block = block
        self._before = block.nodes[index] if index is not None and index < len(block.nodes) else None

    def at(self, node: Node) -> Builder:
        """Go on before ``node``."""
        self._block, self._before = edit.home(node), node
        return self

    def end(self, block: Block) -> Builder:
        """Go on at the end of ``block``."""
        self._block, self._before = block, None
        return self

    @contextmanager
    def inside(self, block: Block) -> Generator[Block]:
        """Build at the end of ``block`` for the length of a ``with`` block."""
        place = self._block, self._before
        self.end(block)
        try:
            yield block
        finally:
            self._block, self._before = place

    def block(self, node: Node) -> Block:
        """Give ``node`` one more block; the insertion point stays where it is."""
        return edit.add_block(node)

    def param(self, type_: Type, name: str = "") -> Value:
        """Give the present block one more parameter."""
        return edit.add_param(self._block, type_, name)

    def results(self, *values: Value) -> None:
        """Add results to the present block."""
        for value in values:
            edit.insert_result(self._block, len(self._block.results), value)

    def output(self, node: Node, type_: Type, name: str = "") -> Value:
        """Give a node one more output, as an if does when its branches are known."""
        return edit.add_output(node, type_, name)

    def node(
        self,
        kind: str,
        inputs: Sequence[Value] = (),
        output_types: Sequence[Type] = (),
        *,
        attributes: Mapping[str, Any] | None = None,
        names: Sequence[str] = (),
        span: Span | None = None,
        op: Op | None = None,
    ) -> Node:
        """A node as it is said, nothing checked: for ``prim`` nodes."""
        node = Node(kind, attributes=dict(attributes or {}), op=op, span=span or self.span)
        for index, value in enumerate(inputs):
            edit.insert_input(node, index, value)
        for index, type_ in enumerate(output_types):
            edit.add_output(node, type_, names[index] if index < len(names) else "")
        edit.place(node, self._block, self._before)
        if self.made is not None:
            self.made(node)
        return node

    def constant(self, value: Any, *, type_: Type | None = None, span: Span | None = None, name: str = "") -> Value:
        """A ``prim::Constant``: number, string, None, dtype, device, tensor, or a list of these.

        Raises: `ArgumentError` for a value without a type in a graph.
        """
        payload = frozen(value)
        wanted = value_type(payload) if type_ is None else type_
        names = (name,) if name else ()
        return self.node(CONSTANT, (), (wanted,), attributes={"value": payload}, names=names, span=span).output

    def captured(self, tensor: Any, *, span: Span | None = None, name: str = "") -> Value:
        """A constant that is somebody else's tensor, who may write to it between two runs: it is not computed with."""
        found = self.constant(tensor, span=span, name=name)
        if found.producer is not None:
            found.producer.attributes[CAPTURED] = True
        return found

    def op(
        self,
        kind: str,
        inputs: Sequence[Value],
        keywords: Mapping[str, Value] | None = None,
        *,
        span: Span | None = None,
        name: str = "",
    ) -> Value | tuple[Value, ...]:
        """A declared op: one value for one result, else a tuple.

        Parameters that are not given get their defaults as constants; a tuple, or one number, goes where a list is
        taken. Result types come from the op's type rule.

        Raises: `ArgumentError` where no overload fits, and whatever the type rule raises (`ShapeError` ...).
        """
        given = dict(keywords or {})
        op = _choose(kind, inputs, given)
        arguments = self._arguments(op.schema, inputs, given, span)
        types = infer(op, [known(v) for v in arguments])
        if op.schema.is_generic:
            types = bound_results(op.schema, [v.type for v in arguments])
        names = (name,) if name else ()
        node = self.node(op.kind, arguments, types, names=names, span=span, op=op)
        return node.outputs[0] if len(node.outputs) == 1 else tuple(node.outputs)

    def value(
        self,
        kind: str,
        inputs: Sequence[Value],
        keywords: Mapping[str, Value] | None = None,
        *,
        span: Span | None = None,
        name: str = "",
    ) -> Value:
        """`op`, for one that has one result.

        Raises: `ArgumentError` where it has another number of them.
        """
        made = self.op(kind, inputs, keywords, span=span, name=name)
        if isinstance(made, Value):
            return made
        raise ArgumentError(f"{kind}: has {len(made)} results where one is taken")

    def inline(self, block: Block, arguments: Sequence[Value]) -> tuple[Value, ...]:
        """Copy a block's nodes here, ``arguments`` for its parameters; returns what its results became."""
        copier = _Copier(keep_serials=False, copied=self.copied)
        copier.values.update(zip((p.serial for p in block.params), arguments, strict=True))
        for node in block.nodes:
            copied = copier.node(node, self._block)
            edit.place(copied, self._block, self._before)
            if self.made is not None:
                self.made(copied)
        return tuple(copier.value(v) for v in block.results)

    def _arguments(
        self, schema: Schema, inputs: Sequence[Value], keywords: dict[str, Value], span: Span | None
    ) -> list[Value]:
        bound: list[Value] = []
        for index, param in enumerate(schema.params):
            value = inputs[index] if index < len(inputs) else keywords.get(param.name)
            if value is None:
                bound.append(self.constant(param.default, span=span))
            else:
                bound.append(self._as_list(value, param, span))
        return bound

    def _as_list(self, value: Value, param: Param, span: Span | None) -> Value:
        wanted = _fitted(param, value.type)
        if wanted is value.type or not isinstance(wanted, ListType):
            return value
        if value.is_constant:
            payload = value.constant
            return self.constant(payload if isinstance(payload, tuple) else (payload,), type_=wanted, span=span)
        node = value.producer
        parts = node.inputs if node is not None and node.kind == TUPLE_CONSTRUCT else [value]
        return self.node(LIST_CONSTRUCT, parts, (wanted,), span=span).output


def _choose(kind: str, inputs: Sequence[Value], keywords: Mapping[str, Value]) -> Op:
    """The overload that takes the values: as they are if one does, else with tuples and numbers made lists.

    Keyword-only parameters are not filled by position, unless nothing else fits: ``sum(x, 1)`` has a dim, no dtype.
    """
    types = [v.type for v in inputs]
    named = {name: v.type for name, v in keywords.items()}
    ops = [op for op in lookup(kind) if len(inputs) <= sum(not p.keyword_only for p in op.schema.params)]
    for op in ops:
        if mismatch(op.schema, types, named) is None and not _takes_number_for_dtype(op, types):
            return op
    for op in ops:
        params = {p.name: p for p in op.schema.params}
        fitted = [_fitted(p, t) for p, t in zip(op.schema.params, types, strict=False)]
        fitted_named = {n: _fitted(params[n], t) if n in params else t for n, t in named.items()}
        if mismatch(op.schema, fitted, fitted_named) is None and not _takes_number_for_dtype(op, fitted):
            return op
    return resolve(kind, types, named)


def _takes_number_for_dtype(op: Op, types: Sequence[Type]) -> bool:
    """Whether a number would stand for a dtype: what can be read in another way (``x.view(6)``) is meant so."""
    return any(p.type == DTYPE and t == INT for p, t in zip(op.schema.params, types, strict=False))


def _fitted(param: Param, given: Type) -> Type:
    """The list type that a value becomes where ``param`` takes a list and the value is a tuple or one element."""
    wanted = param.type.element if isinstance(param.type, OptionalType) else param.type
    if not isinstance(wanted, ListType) or isinstance(given, ListType) or accepts(param.type, given):
        return given
    if accepts(wanted.element, given):  # a letter takes anything, but lists of it are meant to be lists
        return given if isinstance(wanted.element, VarType) else ListType(given)
    if isinstance(given, TupleType) and given.elements:
        element: Type | None = given.elements[0]
        for part in given.elements[1:]:
            element = None if element is None else unify(element, part)
        return given if element is None else ListType(element)
    return given


class _Copier:
    """Copies blocks and nodes; values that it did not copy stay as they are."""

    def __init__(self, *, keep_serials: bool, copied: Callable[[tuple[int, int]], None] | None = None) -> None:
        self.keep_serials = keep_serials
        self.copied = copied
        self.values: dict[int, Value] = {}

    def value(self, value: Value) -> Value:
        return self.values.get(value.serial, value)

    def graph(self, graph: Graph) -> Graph:
        copied = Graph(graph.name, span=graph.span)
        self.fill(graph.block, copied.block)
        return copied

    def fill(self, block: Block, copied: Block) -> None:
        for param in block.params:
            copied.params.append(self._new(param, None, copied))
        for node in block.nodes:
            edit.place(self.node(node, copied), copied)
        for index, result in enumerate(block.results):
            edit.insert_result(copied, index, self.value(result))

    def node(self, node: Node, home: Block) -> Node:
        copied = Node(node.kind, attributes=self._attributes(node), op=node.op, span=node.span)
        if self.keep_serials:
            copied.serial = node.serial
        if self.copied is not None:
            self.copied((node.serial, copied.serial))
        copied.inputs.extend(map(self.value, node.inputs))
        for index, value in enumerate(copied.inputs):
            edit.add_use(value, copied, index)
        for block in node.blocks:
            self.fill(block, edit.add_block(copied))
        copied.outputs.extend(self._new(v, copied, None) for v in node.outputs)
        return copied

    def _attributes(self, node: Node) -> dict[str, Any]:
        attributes = dict(node.attributes)
        subgraph = attributes.get("subgraph")
        if isinstance(subgraph, Graph):
            attributes["subgraph"] = _Copier(keep_serials=self.keep_serials).graph(subgraph)
        return attributes

    def _new(self, value: Value, producer: Node | None, block: Block | None) -> Value:
        copied = Value(value.type, value.name, producer, block)
        if self.keep_serials:
            copied.serial = value.serial
        self.values[value.serial] = copied
        return copied


def snapshot(graph: Graph) -> Graph:
    """A copy in which every node and value keeps its serial; payloads of constants are shared.

    Cost: linear in the graph.
    """
    return _Copier(keep_serials=True).graph(graph)


def clone(graph: Graph) -> Graph:
    """A copy with serials of its own: another graph, not another state of this one."""
    return _Copier(keep_serials=False).graph(graph)
