"""Lowering: an optimised graph becomes the text of a Python function over compiled loops.

Fusion groups and single pointwise ops are calls of loops, other ops are calls of their rules, ifs and loops are
Python's own. Results of loops that no one outside can see lie in an arena, planned ahead where the shapes are known;
a name is deleted at its last use, so that everything else goes back to the allocator there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.types import ListType, TupleType
from tensorlab.errors import GraphError, RunError
from tensorlab.jit import interpret, ir
from tensorlab.jit.alias import holds_memory
from tensorlab.jit.arena import Place, plan_arena
from tensorlab.jit.epilogue import FusedOver
from tensorlab.jit.fused import FusedLoop
from tensorlab.jit.fused_rows import FusedRows
from tensorlab.jit.instructions import translate
from tensorlab.jit.ir import CONSTANT, LOOP, Block, Graph, Node, Value
from tensorlab.jit.labels import Labels
from tensorlab.jit.lifetimes import deaths
from tensorlab.jit.program import Program, build_program
from tensorlab.jit.regions import LoopCall, loop_call, product_under, rows_call
from tensorlab.jit.source import own_span

# CPython takes 20 loops inside of one another, and 100 levels of indentation.
MOST_LOOPS, MOST_BLOCKS = 18, 90


def lower(graph: Graph) -> Program:
    """Turn a graph into a program.

    Raises: `GraphError` for a node that nothing can run.
    """
    loops, blocks = _depth(graph.block)
    if loops > MOST_LOOPS or blocks > MOST_BLOCKS:
        return _interpreted(graph)
    return _Emitter(graph).program()


def _depth(block: Block) -> tuple[int, int]:
    """How many loops, and how many blocks of any kind, stand inside of one another."""
    loops = blocks = 0
    for node in block.nodes:
        for inner in node.blocks:
            inner_loops, inner_blocks = _depth(inner)
            loops, blocks = max(loops, inner_loops + (node.kind == LOOP)), max(blocks, inner_blocks + 1)
    return loops, blocks


def _interpreted(graph: Graph) -> Program:
    """A program for what Python would not compile."""
    lines = [
        "def program(*inputs):",
        "    # Nested deeper than Python allows: the interpreter runs the graph.",
        f"    return run(code, inputs){'[0]' if len(graph.outputs) == 1 else ''}",
    ]
    return build_program(lines, {"run": interpret.run, "code": translate(graph)}, {})


class _Emitter:
    """Writes the text, node by node."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.arena = plan_arena(graph)
        self.deaths = deaths(graph)
        self.lines: list[str] = []
        self.nodes: dict[int, Node] = {}
        self.labels = Labels("program", "storage", "arena", "list", "print", "range", "RunError")
        self.objects: dict[str, Any] = {"RunError": RunError}  # what the text's global names stand for
        self.known: dict[int, str] = {}  # the name of an object, by its id
        self.loops: list[FusedLoop] = []
        self.texts: dict[int, str] = {}  # how a value is written
        self.indent = ""

    def program(self) -> Program:
        inputs = [self._give(v) for v in self.graph.inputs]
        self._line(f"def program({', '.join(inputs)}):")
        self.indent = "    "
        if self.arena.places:
            self.objects["arena"] = self.arena
            count = len(self.arena.places)
            self._line(f"storage = arena.storage()  # {self.arena.nbytes} bytes for {count} temporaries")
        self._block(self.graph.block)
        outputs = self.graph.outputs
        self._line(f"return {self._read(outputs[0]) if len(outputs) == 1 else self._tuple(outputs)}")
        return build_program(
            self.lines,
            self.objects,
            self.nodes,
            loops=tuple(self.loops),
            arena_nbytes=self.arena.nbytes,
            unshared_nbytes=self.arena.unshared_nbytes,
        )

    # Lines and names

    def _line(self, text: str, node: Node | None = None) -> None:
        span = None if node is None else own_span(node.span)
        where = "" if span is None else f"  # line {span.line}"
        self.lines.append(f"{self.indent}{text}{where}")
        if node is not None:
            self.nodes[len(self.lines)] = node

    def _give(self, value: Value) -> str:
        """The name of a value that is bound here."""
        if value.serial not in self.texts:
            self.texts[value.serial] = self.labels.new(value.name, "v")
        return self.texts[value.serial]

    def _object(self, base: str, thing: object) -> str:
        """A global name for an object; the same object keeps its name."""
        if id(thing) not in self.known:
            name = self.known[id(thing)] = self.labels.new(base, "c")
            self.objects[name] = thing
        return self.known[id(thing)]

    def _read(self, value: Value) -> str:
        """A value where it is taken; of a list that the graph holds, everyone gets his own."""
        text = self.texts[value.serial]
        if not value.is_constant or not isinstance(value.type, ListType):
            return text
        return repr(list(value.constant)) if _is_plain(value.constant) else f"list({text})"

    def _tuple(self, values: Sequence[Value]) -> str:
        texts = [self._read(v) for v in values]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _assign(self, targets: Sequence[str], sources: Sequence[str]) -> None:
        """All at once, so that values can change places."""
        pairs = [(t, s) for t, s in zip(targets, sources, strict=True) if t != s]
        if pairs:
            self._line(f"{', '.join(t for t, _ in pairs)} = {', '.join(s for _, s in pairs)}")

    def _delete(self, values: Sequence[Value]) -> None:
        names = dict.fromkeys(self.texts[v.serial] for v in values if v.serial in self.texts)
        if names:
            self._line(f"del {', '.join(names)}")

    # Nodes

    def _block(self, block: Block) -> None:
        for node in block.nodes:
            _EMITTERS.get(node.kind, _Emitter._call)(self, node)
            self._delete(self.deaths.get(node.serial, ()))

    def _constant(self, node: Node) -> None:
        value, payload = node.output, node.output.constant
        if _is_plain(payload):
            text = repr(payload)
        elif isinstance(payload, DType):
            text = self._object(payload.name, payload)
        else:
            text = self._object(value.name or "c", payload)
        self.texts[value.serial] = text

    def _tuple_construct(self, node: Node) -> None:
        type_ = node.output.type
        python = type_.python if isinstance(type_, TupleType) else None  # the class of a named tuple
        if python is None:
            self._line(f"{self._give(node.output)} = {self._tuple(node.inputs)}")
            return
        made = self._object(python.__name__, python)
        self._line(f"{self._give(node.output)} = {made}({', '.join(map(self._read, node.inputs))})")

    def _list_construct(self, node: Node) -> None:
        self._line(f"{self._give(node.output)} = [{', '.join(map(self._read, node.inputs))}]")

    def _tuple_unpack(self, node: Node) -> None:
        if node.outputs:
            self._line(f"{', '.join(map(self._give, node.outputs))}, = {self._read(node.inputs[0])}", node)

    def _dict_construct(self, node: Node) -> None:
        parts = [self._read(v) for v in node.inputs]
        pairs = ", ".join(f"{key}: {value}" for key, value in zip(parts[::2], parts[1::2], strict=True))
        self._line(f"{self._give(node.output)} = {{{pairs}}}")

    def _enum_part(self, node: Node) -> None:
        part = "name" if node.kind == ir.ENUM_NAME else "value"
        self._line(f"{self._give(node.output)} = {self._read(node.inputs[0])}.{part}", node)

    def _create_object(self, node: Node) -> None:
        python = node.attributes["python"]
        made = f"{self._object('new', object.__new__)}({self._object(python.__name__, python)})"
        self._line(f"{self._give(node.output)} = {made}", node)

    def _get_attribute(self, node: Node) -> None:
        self._line(f"{self._give(node.output)} = {self._read(node.inputs[0])}.{node.attributes['name']}", node)

    def _set_attribute(self, node: Node) -> None:
        owner, value = map(self._read, node.inputs)
        self._line(f"{owner}.{node.attributes['name']} = {value}", node)

    def _python_op(self, node: Node) -> None:
        function = self._object(node.attributes["name"], node.attributes["python"])
        text = f"{function}({', '.join(map(self._read, node.inputs))})"
        self._line(f"{self._give(node.output)} = {text}" if node.outputs else text, node)

    def _format(self, node: Node) -> None:
        function = self._object("format_text", interpret.format_text)
        self._line(f"{self._give(node.output)} = {function}({', '.join(map(self._read, node.inputs))})", node)

    def _uninitialized(self, node: Node) -> None:
        self._line(f"{self._give(node.output)} = None")

    def _print(self, node: Node) -> None:
        self._line(f"print({', '.join(map(self._read, node.inputs))})", node)

    def _raise(self, node: Node) -> None:
        self._line(f"raise RunError({self._read(node.inputs[0])})", node)

    def _call(self, node: Node) -> None:
        call = loop_call(node)
        if call is not None:
            self._loop_call(node, call)
            return
        rows = rows_call(node)
        if rows is not None:
            self._rows_call(node, rows)
            return
        op = node.op
        if node.kind == ir.FUSION_GROUP:
            self._interpreted_group(node)
            return
        if op is None or op.evaluate is None:
            raise GraphError(f"{node.kind} cannot be lowered: no op is declared for it")
        arguments = ", ".join(map(self._read, node.inputs))
        name = op.name.replace(".", "_")
        rule = op.rules.get("call")
        if rule is not None:
            text = f"{self._object(name, rule)}({arguments})"
        else:
            text = f"{self._object(name, op.evaluate)}(({arguments}{',' if len(node.inputs) == 1 else ''}))"
        taken = any(v.uses for v in node.outputs)
        targets = ", ".join(self._give(v) for v in node.outputs) if taken else ""
        self._line(f"{targets} = {text}" if targets else text, node)

    def _interpreted_group(self, node: Node) -> None:
        """A group with an operation that looks at elements runs one operation at a time."""
        run = self._object("group", partial(interpret.run, translate(node.attributes["subgraph"])))
        self._line(f"{', '.join(map(self._give, node.outputs))}, = {run}({self._tuple(node.inputs)})", node)

    def _loop_call(self, node: Node, call: LoopCall) -> None:
        title = self._title("loop", call)
        product = product_under(node)
        if product is not None:
            loop, rooms = FusedOver(title, call.region, call.spans, call.arguments.index(product)), []
        else:
            rooms = self._rooms(node)
            loop = FusedLoop(title, call.region, call.spans, rooms)
        self._run_loop(node, call, loop, in_arena=bool(rooms))

    def _rows_call(self, node: Node, call: LoopCall) -> None:
        rooms, code = self._rooms(node), translate(node.attributes["subgraph"])
        order = [call.arguments.index(v) for v in node.inputs]
        loop = FusedRows(self._title("rows", call), call.region, call.spans, rooms, code, order)
        self._run_loop(node, call, loop, in_arena=bool(rooms))

    def _title(self, what: str, call: LoopCall) -> str:
        return f"{what}{len(self.loops)}_{'_'.join(s.op.schema.name for s in call.region.steps)}"[:48].rstrip("_")

    def _rooms(self, node: Node) -> list[Place]:
        return [self.arena.places[v.serial] for v in node.outputs if v.serial in self.arena.places]

    def _run_loop(self, node: Node, call: LoopCall, loop: FusedLoop, *, in_arena: bool) -> None:
        self.loops.append(loop)
        arguments = [*(["storage"] if in_arena else []), *map(self._read, call.arguments)]
        targets = ", ".join(map(self._give, node.outputs))
        self._line(f"{targets} = {self._object(loop.name, loop.call)}({', '.join(arguments)})", node)

    # Control flow

    def _if(self, node: Node) -> None:
        targets = [self._give(v) for v in node.outputs]
        then, otherwise = node.blocks
        self._line(f"if {self._read(node.inputs[0])}:", node)
        self._branch(then, targets)
        if otherwise.nodes or targets:
            self._line("else:")
            self._branch(otherwise, targets)

    def _branch(self, block: Block, targets: Sequence[str]) -> None:
        for value, target in zip(block.results, targets, strict=True):
            if _is_made_here(block, value):
                self.texts[value.serial] = target  # by the name of the result at once
        self._body(block, targets, block.results)

    def _body(self, block: Block, targets: Sequence[str], results: Sequence[Value]) -> None:
        """The nodes of a block, and what its results become."""
        outer, self.indent = self.indent, self.indent + "    "
        before = len(self.lines)
        self._block(block)
        self._assign(targets, [self._read(v) for v in results])
        left = [v for v in results if _is_local(block, v) and self.texts[v.serial] not in targets]
        self._delete(left)
        if len(self.lines) == before:
            self._line("pass")
        self.indent = outer

    def _loop(self, node: Node) -> None:
        (body,) = node.blocks
        trips, condition, *carried = node.inputs
        keeps_on, *results = body.results
        turn, *values = body.params
        params = [self._give(v) for v in values]
        # What comes out goes by the name that it had inside.
        self.texts.update(zip((v.serial for v in node.outputs), params, strict=True))
        self._assign(params, [self._read(v) for v in carried])
        dying = self.deaths.pop(node.serial, [])
        early = {v.serial for v in dying if v in carried and not _is_read_inside(node, v)}
        self._delete([v for v in dying if v.serial in early])
        self.deaths[node.serial] = [v for v in dying if v.serial not in early]
        if condition.constant is True and keeps_on.constant is True:
            self._line(f"for {self._give(turn)} in range({self._read(trips)}):", node)
            self._body(body, params, results)
            return
        go = self.labels.new("go", "go")
        if trips.is_constant and trips.constant >= ir.ENDLESS and not turn.uses:
            self._assign([go], [self._read(condition)])
            self._line(f"while {go}:", node)
            self._body(body, [go, *params], body.results)
            return
        count = self._give(turn)
        self._assign([count, go], ["0", self._read(condition)])
        self._line(f"while {go} and {count} < {self._read(trips)}:", node)
        self._body(body, [go, *params], body.results)
        self._line(f"    {count} += 1")


def _is_plain(payload: Any) -> bool:
    """Whether Python's way of writing a constant is the constant."""
    if isinstance(payload, tuple):
        return all(map(_is_plain, payload))  # pyright: ignore[reportUnknownArgumentType]
    return payload is None or type(payload) in (bool, int, str) or (type(payload) is float and math.isfinite(payload))


def _is_local(block: Block, value: Value) -> bool:
    """Whether a value that holds memory comes from a block itself."""
    home = value.block if value.producer is None else value.producer.owner
    return home is block and holds_memory(value.type) and not value.is_constant


def _is_made_here(block: Block, value: Value) -> bool:
    """Whether a node of the block makes a value, and gives it a name."""
    node = value.producer
    return node is not None and node.owner is block and node.kind not in (CONSTANT, LOOP)


def _is_read_inside(node: Node, value: Value) -> bool:
    """Whether a block of a node takes a value."""
    for use in value.uses:
        user = use.user if isinstance(use.user, Node) else use.user.owner
        outer = None if user is node and use.user is node else user
        while outer is not None and outer is not node:
            outer = outer.owner.owner if outer.owner is not None else None
        if outer is node:
            return True
    return False


_EMITTERS: dict[str, Callable[[_Emitter, Node], None]] = {
    CONSTANT: _Emitter._constant,  # pyright: ignore[reportPrivateUsage]
    ir.IF: _Emitter._if,  # pyright: ignore[reportPrivateUsage]
    LOOP: _Emitter._loop,  # pyright: ignore[reportPrivateUsage]
    ir.TUPLE_CONSTRUCT: _Emitter._tuple_construct,  # pyright: ignore[reportPrivateUsage]
    ir.LIST_CONSTRUCT: _Emitter._list_construct,  # pyright: ignore[reportPrivateUsage]
    ir.TUPLE_UNPACK: _Emitter._tuple_unpack,  # pyright: ignore[reportPrivateUsage]
    ir.LIST_UNPACK: _Emitter._tuple_unpack,  # pyright: ignore[reportPrivateUsage]
    ir.DICT_CONSTRUCT: _Emitter._dict_construct,  # pyright: ignore[reportPrivateUsage]
    ir.ENUM_NAME: _Emitter._enum_part,  # pyright: ignore[reportPrivateUsage]
    ir.ENUM_VALUE: _Emitter._enum_part,  # pyright: ignore[reportPrivateUsage]
    ir.CREATE_OBJECT: _Emitter._create_object,  # pyright: ignore[reportPrivateUsage]
    ir.GET_ATTR: _Emitter._get_attribute,  # pyright: ignore[reportPrivateUsage]
    ir.SET_ATTR: _Emitter._set_attribute,  # pyright: ignore[reportPrivateUsage]
    ir.PYTHON_OP: _Emitter._python_op,  # pyright: ignore[reportPrivateUsage]
    ir.FORMAT: _Emitter._format,  # pyright: ignore[reportPrivateUsage]
    ir.UNINITIALIZED: _Emitter._uninitialized,  # pyright: ignore[reportPrivateUsage]
    ir.PRINT: _Emitter._print,  # pyright: ignore[reportPrivateUsage]
    ir.RAISE: _Emitter._raise,  # pyright: ignore[reportPrivateUsage]
}
