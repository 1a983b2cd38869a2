"""Where the types of a script's variables come from: an annotation, a literal, the schema of an op, and so on back."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tensorlab.core.types import NONE, TensorType, Type, general
from tensorlab.jit.ir import (
    DICT_CONSTRUCT,
    IF,
    LIST_CONSTRUCT,
    LOOP,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    Node,
    Span,
    Value,
)
from tensorlab.jit.scripting.source import Source

ReasonKind = Literal["annotation", "parameter", "literal", "outside", "schema", "parts", "branch", "loop", "variable"]
_DEEPEST = 3
_MOST_PARTS = 2
_CONTAINERS = {TUPLE_CONSTRUCT: "a tuple of its parts", LIST_CONSTRUCT: "a list", DICT_CONSTRUCT: "a dict"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A step of the way back from a variable: what was said, where, and how far back (a part of a part is deeper)."""

    kind: ReasonKind
    said: str
    span: Span | None = None
    depth: int = 0

    def to_dict(self) -> dict[str, object]:
        span = None if self.span is None else self.span.to_dict()
        return {"kind": self.kind, "said": self.said, "span": span, "depth": self.depth}


@dataclass(frozen=True, slots=True)
class VariableType:
    """A variable at a place that gives it a value, the type that it has from there on, and why."""

    name: str
    type: str
    span: Span
    why: tuple[Reason, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "type": self.type,
            "span": self.span.to_dict(),
            "why": [reason.to_dict() for reason in self.why],
        }


class Derivations:
    """Notes each variable while a graph is made; a definition that is made again says the same.

    ``given`` is what is said of a parameter with an annotation.
    """

    def __init__(self, given: str = "the parameter is annotated as") -> None:
        self._given = given
        self._found: dict[tuple[str, Span, str], VariableType] = {}
        self._held: dict[Value, VariableType] = {}
        self._said: dict[tuple[str, str], Reason] = {}  # annotations, by function and name

    @property
    def variables(self) -> tuple[VariableType, ...]:
        """All, in the order of the text."""
        return tuple(sorted(self._found.values(), key=lambda v: (v.span.filename, v.span.line, v.span.column)))

    def parameter(self, name: str, value: Value, span: Span, *, annotated: bool) -> None:
        """A parameter of the function."""
        type_ = _text(value.type)
        if annotated:
            reason = Reason("annotation", f"{self._given} {type_}", span)
        else:
            reason = Reason("parameter", f"a parameter without an annotation is a {type_}", span)
        self._note(name, value, span, (reason,))

    def annotated(self, name: str, type_: Type, span: Span) -> None:
        """An annotation of a variable, which holds for the whole function."""
        self._said[span.function, name] = Reason("annotation", f"{name} is annotated as {type_}", span)

    def assigned(self, name: str, value: Value, span: Span, source: Source) -> None:
        """A variable that gets a value."""
        said = self._said.get((span.function, name))
        reasons = list(self._why(value, source, 0))
        self._note(name, value, span, (*([said] if said is not None else []), *reasons))

    def merged(self, name: str, value: Value, parts: Sequence[Value], span: Span, source: Source) -> None:
        """A variable behind an if, where its type is not that of both branches."""
        if name.startswith("$") or all(_text(part.type) == _text(value.type) for part in parts):
            return
        sides = zip(("true", "false"), parts, strict=True)
        reasons = [r for side, part in sides for r in self._side(side, part, source, 0)]
        self._note(name, value, span, tuple(reasons))

    def _note(self, name: str, value: Value, span: Span, why: tuple[Reason, ...]) -> None:
        type_ = _text(value.type)
        found = VariableType(name, type_, span, why)
        self._found[name, span, type_] = found
        self._held.setdefault(value, found)

    def _why(self, value: Value, source: Source, depth: int) -> Iterator[Reason]:
        held = self._held.get(value)
        node = value.producer
        if held is not None:
            yield Reason("variable", f"{held.name} is {held.type}", held.span, depth)
            if depth < _DEEPEST:
                yield from (Reason(r.kind, r.said, r.span, r.depth + depth + 1) for r in held.why if r.depth == 0)
        elif value.is_constant:
            yield _constant(value, source, depth)
        elif node is None:
            yield from self._round(value, source, depth)
        else:
            yield from self._made(node, value, source, depth)

    def _made(self, node: Node, value: Value, source: Source, depth: int) -> Iterator[Reason]:
        parts: Sequence[Value] = ()
        if node.kind == IF:
            index = node.outputs.index(value)
            for side, block in zip(("true", "false"), node.blocks, strict=True):
                yield from self._side(side, block.results[index], source, depth)
        elif node.kind == LOOP:
            yield Reason("loop", f"the loop carries it as {_text(value.type)}", node.span, depth)
            parts = [node.inputs[node.outputs.index(value) + 2]]
        elif node.kind in _CONTAINERS:
            yield Reason("parts", f"{_CONTAINERS[node.kind]}, {_text(value.type)}", node.span, depth)
            parts = node.inputs
        elif node.kind == TUPLE_UNPACK:
            yield Reason("parts", f"part {node.outputs.index(value) + 1} of a tuple", node.span, depth)
            parts = node.inputs
        else:
            said = str(node.op.schema) if node.op is not None else f"{node.kind} gives {_text(value.type)}"
            yield Reason("schema", said, node.span, depth)
            if not isinstance(value.type, TensorType):  # the overload was chosen by these
                parts = [v for v in node.inputs if v.type != NONE]
        if depth < _DEEPEST:
            for part in list(dict.fromkeys(parts))[:_MOST_PARTS]:
                yield from self._why(part, source, depth + 1)

    def _side(self, side: str, value: Value, source: Source, depth: int) -> Iterator[Reason]:
        yield Reason("branch", f"{_text(value.type)} in the {side} branch", None, depth)
        if depth < _DEEPEST:
            yield from self._why(value, source, depth + 1)

    def _round(self, value: Value, source: Source, depth: int) -> Iterator[Reason]:
        """A value that comes into each turn of a loop."""
        block = value.block
        node = None if block is None else block.owner
        if block is None or node is None or node.kind != LOOP:
            yield Reason("parameter", f"it is given as {_text(value.type)}", None, depth)
            return
        index = block.params.index(value)
        if index == 0:
            yield Reason("loop", "the number of the turn is an int", node.span, depth)
            return
        yield Reason("loop", f"the loop carries it as {_text(value.type)}", node.span, depth)
        if depth < _DEEPEST:
            yield from self._why(node.inputs[index + 1], source, depth + 1)


def _constant(value: Value, source: Source, depth: int) -> Reason:
    span = None if value.producer is None else value.producer.span
    type_ = _text(value.type)
    if span is None or span.filename != source.filename or span.end_line != span.line:
        return Reason("outside", f"a constant is {type_}", span, depth)
    text = source.line(span.line)[span.column : span.end_column]
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return Reason("outside", f"{text} is known when the function is compiled, as {type_}", span, depth)
    return Reason("literal", f"the literal {text} is {type_}", span, depth)


def _text(type_: Type) -> str:
    return str(general(type_))
