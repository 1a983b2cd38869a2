"""A graph as readable Python, one statement a node, which scripting reads back as the same graph.

The text of an archive. Tensor constants are attributes of ``self``; control flow is Python's own. A value that a branch
or a turn of a loop gives has the name of the result where it can, so that little is only passed on.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tensorlab.core.types import TensorType, general, unify
from tensorlab.errors import GraphError
from tensorlab.jit.ir import CONSTANT, GET_ATTR, IF, LOOP, PRINT, RAISE, SET_ATTR, Block, Graph, Node, Value
from tensorlab.jit.scripting.annotations import type_text
from tensorlab.jit.scripting.loops import NO_LIMIT
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.spelling import expression, literal

_EXCEPTION = re.compile(r"(\w+)(?:: (.*))?", re.DOTALL)
_RESERVED = frozenset({*keyword.kwlist, *dir(builtins), *text_namespace({})})
_INDENT = "    "


def name_constants(graph: Graph, tensors: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Names for the tensor constants of a graph: those of ``tensors`` where it has them, else ``c0``, ``c1`` ..."""
    named = dict(tensors or {})
    known = {id(t) for t in named.values()}
    for node in graph.nodes():
        value = node.attributes.get("value") if node.kind == CONSTANT else None
        if isinstance(getattr(value, "type", None), TensorType) and id(value) not in known:
            number = next(n for n in range(len(named) + 1) if f"c{n}" not in named)
            named[f"c{number}"] = value
            known.add(id(value))
    return named


def graph_to_code(graph: Graph, *, constants: Mapping[str, Any] | None = None) -> str:
    """``def forward(self, x: Tensor) -> Tensor:`` and a statement for each node.

    ``constants`` are the tensors under the names that `name_constants` gives; it is called where they are left out.

    Raises: `GraphError` for what has no form in code: a fusion group, a constant of an odd kind.
    """
    return _Printer(graph, name_constants(graph, constants)).text()


class _Printer:
    """Names values and writes lines; a name is given when its value is first written."""

    def __init__(self, graph: Graph, constants: Mapping[str, Any]) -> None:
        self.graph = graph
        self.constants = {id(t): name for name, t in constants.items()}
        self.names: dict[int, str] = {}
        self.taken: dict[str, int] = {}
        self.temporaries = 0
        self.lines: list[str] = []

    def text(self) -> str:
        params = ["self"]
        inputs = self.graph.inputs
        if inputs and module_of(inputs[0].type) is not None:  # a method of a module
            self.names[inputs[0].serial], inputs = "self", inputs[1:]
        for index, value in enumerate(inputs, start=1):
            self.names[value.serial] = self.fresh(value.name or f"input_{index}")
            params.append(f"{self.names[value.serial]}: {type_text(value.type)}")
        outputs = self.graph.outputs
        types = [type_text(v.type) for v in outputs]
        returned = types[0] if len(types) == 1 else f"Tuple[{', '.join(types)}]" if types else "None"
        self.lines.append(f"def forward({', '.join(params)}) -> {returned}:")
        for node in self.graph.nodes():
            if node.kind == CONSTANT and len(node.output.uses) > 1:
                self.line(1, f"{self.name(node.output)} = {literal(node.output.constant, self.constants)}")
        self.block(self.graph.block, 1)
        texts = [self.spell(v) for v in outputs]
        if texts:
            together = ", ".join(texts)
            self.line(1, f"return {together}" if len(texts) == 1 else f"return ({together})")
        elif len(self.lines) == 1:
            self.line(1, "pass")
        return "\n".join(self.lines) + "\n"

    # Names

    def fresh(self, hint: str) -> str:
        """A name that nothing else has, like the hint."""
        base = re.sub(r"\W", "_", re.sub(r"(\.\d+)+$", "", hint))
        if not base or base[0].isdigit():
            base = f"_{base}"
        while base in _RESERVED:
            base += "_"
        name = base
        while name in self.taken:
            self.taken[base] += 1
            name = f"{base}_{self.taken[base]}"
        self.taken[name] = 0
        return name

    def name(self, value: Value) -> str:
        """The name of a value, given now if it has none."""
        found = self.names.get(value.serial)
        if found is None:
            if value.name and value.name.isidentifier():
                found = self.fresh(value.name)
            else:
                found = self.fresh(f"_{self.temporaries}")
                self.temporaries += 1
            self.names[value.serial] = found
        return found

    def is_name(self, value: Value) -> bool:
        """Whether a value is written as a name: all are but constants that are used once."""
        return not value.is_constant or value.serial in self.names

    def spell(self, value: Value) -> str:
        """A value where it is used."""
        if value.is_constant and value.serial not in self.names:
            return literal(value.constant, self.constants)
        if value.serial not in self.names:
            raise GraphError(f"graph {self.graph.name}: value {value.serial} is used before it is given")
        return self.names[value.serial]

    # Lines

    def line(self, depth: int, text: str) -> None:
        self.lines.append(f"{_INDENT * depth}{text}")

    def block(self, block: Block, depth: int) -> None:
        for node in block.nodes:
            if node.kind == CONSTANT or (node.kind == GET_ATTR and not node.output.uses):
                continue
            writers = {IF: self.branch, LOOP: self.loop}
            writers.get(node.kind, self.statement)(node, depth)

    def statement(self, node: Node, depth: int) -> None:
        if node.kind == PRINT:
            self.line(depth, f"print({', '.join(map(self.spell, node.inputs))})")
        elif node.kind == RAISE:
            self.line(depth, f"raise {self.exception(node.inputs[0])}")
        elif node.kind == SET_ATTR and module_of(node.inputs[0].type) is not None:
            self.line(depth, f"{self.spell(node.inputs[0])}.{node.attributes['name']} = {self.spell(node.inputs[1])}")
        else:
            right = expression(node, self.spell, self.is_name)
            left = ", ".join(self.name(v) for v in node.outputs) if any(v.uses for v in node.outputs) else ""
            comma = (
                ","
                if left and node.kind in ("prim::TupleUnpack", "prim::ListUnpack") and len(node.outputs) == 1
                else ""
            )
            self.line(depth, f"{left}{comma} = {right}" if left else right)

    def exception(self, message: Value) -> str:
        """The exception behind a message: ``ValueError("no")`` for ``ValueError: no``."""
        if not message.is_constant:
            return f"RaisedError({self.spell(message)})"  # which says its kind itself
        found = _EXCEPTION.fullmatch(message.constant)
        kind = getattr(builtins, found[1], None) if found else None
        if found is None or not isinstance(kind, type) or not issubclass(kind, BaseException):
            return f"RaisedError({literal(message.constant, {})})"
        return found[1] if found[2] is None else f"{found[1]}({literal(found[2], {})})"

    def branch(self, node: Node, depth: int) -> None:
        names = [self.name(v) for v in node.outputs]
        first, second = node.blocks
        for index, output in enumerate(node.outputs):
            merged = unify(first.results[index].type, second.results[index].type)
            if merged is None or general(merged) != general(output.type):
                self.line(depth, f"{names[index]}: {type_text(output.type)}")
        self.line(depth, f"if {self.spell(node.inputs[0])}:")
        self.arm(first, names, _leading(first), depth + 1)
        if second.nodes or names:
            self.line(depth, "else:")
            self.arm(second, names, _made_here(second), depth + 1)

    def arm(self, block: Block, names: Sequence[str], shared: Mapping[int, int], depth: int) -> None:
        """One branch; ``shared`` are the results, by index, whose values get the name of the output at once."""
        for index, serial in shared.items():
            self.names[serial] = names[index]
        before = len(self.lines)
        self.block(block, depth)
        for index, result in enumerate(block.results):
            if index not in shared:
                self.line(depth, f"{names[index]} = {self.spell(result)}")
        if len(self.lines) == before:
            self.line(depth, "pass")

    def loop(self, node: Node, depth: int) -> None:
        limit, start, *initial = node.inputs
        (body,) = node.blocks
        turn, *params = body.params
        go_on, *results = body.results
        shared = _updated(body)
        for value, param, output in zip(initial, params, node.outputs, strict=True):
            name = self.names[output.serial] = self.name(param)
            declared = "" if general(value.type) == general(param.type) else f": {type_text(param.type)}"
            self.line(depth, f"{name}{declared} = {self.spell(value)}")
        last: list[tuple[str, Value]] = []
        counter = ""
        if start.constant is True and go_on.constant is True:
            endless = limit.constant == NO_LIMIT and not turn.uses
            self.line(depth, "while True:" if endless else f"for {self.name(turn)} in range({self.spell(limit)}):")
        else:
            condition = self.condition_name(node, start, depth)
            if go_on.producer in body.nodes and go_on.serial not in shared.values() and not go_on.is_constant:
                self.names[go_on.serial] = condition
            else:
                last.append((condition, go_on))
            if limit.constant == NO_LIMIT and not turn.uses:
                self.line(depth, f"while {condition}:")
            else:
                counter = self.name(turn)
                self.line(depth, f"{counter} = 0")
                self.line(depth, f"while {counter} < {self.spell(limit)} and {condition}:")
        for index, serial in shared.items():
            self.names[serial] = self.names[params[index].serial]
        before = len(self.lines)
        self.block(body, depth + 1)
        last += [
            (self.names[params[index].serial], result)
            for index, result in enumerate(results)
            if index not in shared and result is not params[index]
        ]
        if last:
            left, right = ", ".join(name for name, _ in last), ", ".join(self.spell(v) for _, v in last)
            self.line(depth + 1, f"{left} = {right}")
        if counter:
            self.line(depth + 1, f"{counter} = {counter} + 1")
        if len(self.lines) == before:
            self.line(depth + 1, "pass")

    def condition_name(self, node: Node, start: Value, depth: int) -> str:
        """The variable that a while tests: the first condition itself where nothing else needs it."""
        made = start.producer
        if made is not None and made.owner is node.owner and made.kind != CONSTANT and len(start.uses) == 1:
            return self.names[start.serial]
        name = self.fresh(f"_{self.temporaries}")
        self.temporaries += 1
        self.line(depth, f"{name} = {self.spell(start)}")
        return name


def _made_here(block: Block) -> dict[int, int]:
    """The results, by index, that a node of the block itself makes under a name of its own: their serials."""
    found: dict[int, int] = {}
    for index, result in enumerate(block.results):
        node = result.producer
        if node is None or node.owner is not block or node.kind in (CONSTANT, LOOP):
            continue
        if result.serial not in found.values():
            found[index] = result.serial
    return found


def _leading(block: Block) -> dict[int, int]:
    """As `_made_here`, the first ones that are made in the order of the results.

    The order in which a branch assigns its variables is the order of the outputs when the code is read back.
    """
    made = _made_here(block)
    order = {v.serial: place for place, v in enumerate(v for node in block.nodes for v in node.outputs)}
    kept: dict[int, int] = {}
    latest = -1
    for index in range(len(block.results)):
        if index not in made or order[made[index]] < latest:
            break
        latest = order[made[index]]
        kept[index] = made[index]
    return kept


def _updated(body: Block) -> dict[int, int]:
    """The values that a loop carries whose new value may take the name of the old one as soon as it is made.

    The old one must not be read after that: not by a later node, not by a node inside the one that makes the new
    value, and not as the new value of another.
    """
    kept: dict[int, int] = {}
    places = {id(node): place for place, node in enumerate(body.nodes)}
    for index, serial in _made_here(body).items():
        if index == 0:  # the condition
            continue
        node = body.results[index].producer
        uses = body.params[index].uses
        if node is not None and all(_before(use.user, node, body, places) for use in uses):
            kept[index - 1] = serial
    return kept


def _before(user: Node | Block, maker: Node, body: Block, places: Mapping[int, int]) -> bool:
    """Whether a use is over when ``maker`` has run."""
    node = user if isinstance(user, Node) else user.owner
    if node is maker:
        return user is maker
    while node is not None and node.owner is not body:
        node = node.owner.owner if node.owner is not None else None
    return node is not None and node is not maker and places[id(node)] < places[id(maker)]
