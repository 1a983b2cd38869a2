"""Which values may share memory, and which nodes may write to it.

Each value has a set of places that its bytes may be in: one place for each output that an op makes anew, and one,
`OUTSIDE`, for all that comes from outside the graph (inputs and constants may share storages, and nobody tells).
Views have the places of what they look at, as the schemas' alias marks say; a list or tuple has those of its elements.
Where nothing is known the answer is "may".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tensorlab.core.types import ClassType, DictType, ListType, OptionalType, TensorType, TupleType, Type
from tensorlab.jit.ir import (
    CONSTANT,
    DICT_CONSTRUCT,
    ENUM_NAME,
    ENUM_VALUE,
    FORMAT,
    FUSION_GROUP,
    IF,
    LIST_CONSTRUCT,
    LOOP,
    PRINT,
    PYTHON_OP,
    RAISE,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    UNINITIALIZED,
    Block,
    Graph,
    Node,
    Value,
    walk,
)

Places = frozenset[int]

OUTSIDE = 0  # no serial is 0
NOWHERE: Places = frozenset()
_ELSEWHERE: Places = frozenset({OUTSIDE})

# Nodes whose outputs are their inputs, or parts of them; the schemas of the declared ones say nothing of it.
_PASSES_ON = {
    LIST_CONSTRUCT,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    DICT_CONSTRUCT,
    "prim::ListUnpack",
    "prim::TupleIndex",
    "aten::__getitem__",
    "prim::unchecked_unwrap_optional",
}
_OF_KIND = {*(CONSTANT, FUSION_GROUP, IF, LOOP, UNINITIALIZED), *_PASSES_ON}  # that the kind tells of, not the schema
_HARMLESS = {
    *(CONSTANT, ENUM_NAME, ENUM_VALUE, FUSION_GROUP, IF, LOOP, FORMAT, PRINT, RAISE, UNINITIALIZED),
    *_PASSES_ON,
}


def holds_memory(type_: Type) -> bool:
    """Whether a value of the type is, or has in it, a tensor."""
    match type_:
        case TensorType():
            return True
        case ListType(element) | OptionalType(element) | DictType(_, element):
            return holds_memory(element)
        case TupleType(elements):
            return any(map(holds_memory, elements))
        case _:
            return False


def may_join_tape(node: Node) -> bool:
    """Whether Python may give tensors with a history of their own: loops would go on without it."""
    if node.kind != PYTHON_OP or not getattr(node.attributes.get("python"), "joins_tape", False):
        return False
    of_module = any(isinstance(v.type, ClassType) for v in node.inputs)  # whose parameters are read at each run
    return of_module or any(holds_memory(v.type) for v in node.outputs)


def _has_container(type_: Type) -> bool:
    """Whether a value of the type is, or has in it, a list or a dict."""
    match type_:
        case ListType() | DictType():
            return True
        case OptionalType(element):
            return _has_container(element)
        case TupleType(elements):
            return any(map(_has_container, elements))
        case _:
            return False


def _writes_to_container(node: Node) -> bool:
    return node.op is not None and any(_has_container(node.inputs[i].type) for i in node.op.schema.writes)


def is_opaque(node: Node) -> bool:
    """Whether nothing is known of what a node does: a call into Python, say."""
    return node.op is None and node.kind not in _HARMLESS


def has_side_effect(node: Node) -> bool:
    """Whether a node does something besides giving its outputs and writing to memory: prints, raises, or may."""
    if node.kind in (PRINT, RAISE) or is_opaque(node) or (node.op is not None and node.op.side_effect):
        return True
    return any(has_side_effect(inner) for block in node.blocks for inner in block.nodes)


def is_random(node: Node) -> bool:
    """Whether a node, or one inside it, draws random numbers."""
    if node.op is not None and node.op.random:
        return True
    return any(is_random(inner) for block in node.blocks for inner in block.nodes)


class AliasInfo:
    """The places of each value of a graph, found once; `merge` keeps them right when a pass joins two values.

    Cost: linear in the graph, times the depth of its loops.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Where somebody writes to lists or dicts, those are memory too, with all that is in them.
        self._with_containers = any(map(_writes_to_container, walk(graph.block)))
        self._places: dict[int, Places] = {}
        self._joined: dict[int, int] = {}
        self._writers: dict[int, tuple[Node, Places]] = {}
        for value in graph.inputs:
            self._set(value, {OUTSIDE})
        self._block(graph.block)

    # -- questions

    def places(self, value: Value) -> Places:
        """Where the bytes of a value may be; empty for a number."""
        if not self._holds(value.type):
            return NOWHERE
        found = self._places.get(value.serial, _ELSEWHERE)
        return self._found(found) if self._joined else found

    def may_alias(self, a: Value, b: Value) -> bool:
        """Whether two values may share memory."""
        return bool(self.places(a) & self.places(b))

    def is_fresh(self, value: Value) -> bool:
        """Whether a value's memory is made in the graph, and is no input's or constant's."""
        places = self.places(value)
        return bool(places) and OUTSIDE not in places

    def escapes(self, value: Value) -> bool:
        """Whether a caller can see a value's memory: it came from outside or is given back."""
        return not self._seen().isdisjoint(self.places(value))

    def writers(self, value: Value) -> tuple[Node, ...]:
        """The nodes, those in blocks included, that may write to a value's memory."""
        places = self.places(value)
        if not places:
            return ()
        return tuple(node for node, written in self._writers.values() if not places.isdisjoint(self._found(written)))

    def writes(self, node: Node) -> Places:
        """Places that a node, or one inside it, may write to."""
        own = self._writers.get(node.serial)
        inner = (self.writes(n) for block in node.blocks for n in block.nodes)
        return NOWHERE.union(self._found(own[1]) if own else NOWHERE, *inner)

    def reads(self, node: Node) -> Places:
        """Places that a node, or one inside it, may read."""
        inner = (self.reads(n) for block in node.blocks for n in block.nodes)
        results = (self.places(v) for block in node.blocks for v in block.results)
        return NOWHERE.union(*map(self.places, node.inputs), *inner, *results)

    def conflict(self, a: Node, b: Node) -> bool:
        """Whether two nodes must stay in their order for what they write or do, apart from the values they pass."""
        written_a, written_b = self.writes(a), self.writes(b)
        if not written_a.isdisjoint(self.reads(b) | written_b) or not written_b.isdisjoint(self.reads(a)):
            return True
        return (has_side_effect(a) and has_side_effect(b)) or (is_random(a) and is_random(b))

    def hazard(self, a: Value, b: Value) -> tuple[str, Node | Value] | None:
        """Why one memory cannot stand for both values, and what is in the way; `None` if it can."""
        for value in (a, b):
            for writer in self.writers(value):
                return f"{writer.kind} may write to its memory", writer
        places_a, places_b = self.places(a), self.places(b)
        seen = self._seen()
        if not seen.isdisjoint(places_a - places_b) and not seen.isdisjoint(places_b - places_a):
            return "a caller would get the same memory twice", b
        return None

    def merge(self, a: Value, b: Value) -> None:
        """From now on the two values have one memory."""
        places = self.places(a) | self.places(b)
        if places:
            target = min(places)  # OUTSIDE, if it is among them
            self._joined.update((p, target) for p in places if p != target)

    # -- finding

    def _seen(self) -> Places:
        return NOWHERE.union({OUTSIDE}, *map(self.places, self.graph.outputs))

    def _found(self, places: Iterable[int]) -> Places:
        found: set[int] = set()
        for place in places:
            while place in self._joined:
                place = self._joined[place]
            found.add(place)
        return frozenset(found)

    def _holds(self, type_: Type) -> bool:
        return holds_memory(type_) or (self._with_containers and _has_container(type_))

    def _set(self, value: Value, places: Iterable[int]) -> None:
        if self._holds(value.type):
            self._places[value.serial] = frozenset(places)

    def _block(self, block: Block) -> None:
        for node in block.nodes:
            self._node(node)

    def _node(self, node: Node) -> None:
        if node.op is not None and node.kind not in _OF_KIND:
            self._op(node)
        elif node.kind == IF:
            self._if(node)
        elif node.kind == LOOP:
            self._loop(node)
        elif node.kind == CONSTANT:
            self._set(node.outputs[0], {OUTSIDE})
        elif node.kind in (LIST_CONSTRUCT, DICT_CONSTRUCT) and self._with_containers:
            self._set(node.output, self._of_inputs(node) | {node.output.serial})
        elif node.kind in _PASSES_ON or node.kind == UNINITIALIZED:
            self._all(node.outputs, self._of_inputs(node))
        elif node.kind == FUSION_GROUP:
            self._fresh(node.outputs)
        elif is_opaque(node):
            inputs = self._of_inputs(node) | {OUTSIDE}
            self._all(node.outputs, inputs)
            self._writers[node.serial] = (node, inputs)

    def _of_inputs(self, node: Node) -> Places:
        return NOWHERE.union(*map(self.places, node.inputs))

    def _all(self, values: Sequence[Value], places: Places) -> None:
        for value in values:
            self._set(value, places)

    def _fresh(self, values: Sequence[Value]) -> None:
        for value in values:
            self._set(value, {value.serial})

    def _op(self, node: Node) -> None:
        if node.op is None:
            return
        schema = node.op.schema
        if self._with_containers and any(_has_container(v.type) for v in (*node.inputs, *node.outputs)):
            self._container_op(node, schema.writes)
            return
        if not schema.writes and all(result.alias is None for result in schema.results):
            for _, value in zip(schema.results, node.outputs, strict=False):
                self._set(value, (value.serial,))
            return
        # What may be a view has a place of its own too: `reshape` and `to` copy where they have to.
        own = not schema.writes and "view" not in node.op.rules
        sets: dict[str, Places] = {}
        written = NOWHERE
        for param, value in zip(schema.params, node.inputs, strict=False):
            if param.alias is None:
                continue
            places = self.places(value)
            sets[param.alias.name] = sets.get(param.alias.name, NOWHERE) | places
            if param.alias.writes:
                written |= places
        for result, value in zip(schema.results, node.outputs, strict=False):
            places = NOWHERE if result.alias is None else sets.get(result.alias.name, NOWHERE)
            self._set(value, places | {value.serial} if own or not places else places)
        if schema.writes:
            self._writers[node.serial] = (node, written)

    def _container_op(self, node: Node, writes: Sequence[int]) -> None:
        """An op on a list or a dict: what it gives may be in it, and what it puts in shares its memory from then on."""
        inputs = NOWHERE.union(*map(self.places, node.inputs))
        for value in node.outputs:
            self._set(value, inputs | {value.serial})
        if writes:
            self._writers[node.serial] = (node, inputs)
            for value in node.inputs:
                self.merge(node.inputs[writes[0]], value)

    def _if(self, node: Node) -> None:
        for block in node.blocks:
            self._block(block)
        for index, output in enumerate(node.outputs):
            self._set(output, NOWHERE.union(*(self.places(block.results[index]) for block in node.blocks)))

    def _loop(self, node: Node) -> None:
        (block,) = node.blocks
        carried = block.params[1:]
        for value, init in zip(carried, node.inputs[2:], strict=True):
            self._set(value, self.places(init))
        while True:
            before = [self.places(v) for v in carried]
            self._block(block)
            for value, result in zip(carried, block.results[1:], strict=True):
                self._set(value, self.places(value) | self.places(result))
            if before == [self.places(v) for v in carried]:
                break
        for output, value in zip(node.outputs, carried, strict=True):
            self._set(output, self.places(value))
