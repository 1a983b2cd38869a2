"""Reading a graph from its text, in torch 2's form or in that of torch 1.0.

The inverse of `text.format_graph`: printing what was read gives the same text, for whatever was printed before.
Names made of digits are numbers again when printed; others stay as hints. Places (``# file:line:column``) come back.
"""

from __future__ import annotations

import json
import re
from typing import Any

import tensorlab.ops  # noqa: F401  # pyright: ignore[reportUnusedImport] - declares the ops
from tensorlab.core.device import device
from tensorlab.core.dtype import BY_CODE
from tensorlab.core.op import lookup, mismatch, resolve
from tensorlab.core.types import (
    BOOL,
    DEVICE,
    DTYPE,
    FLOAT,
    INT,
    NONE,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
)
from tensorlab.errors import ArgumentError
from tensorlab.jit import edit
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import CONSTANT, FORMAT, Block, Graph, Node, Value
from tensorlab.jit.lexer import Token
from tensorlab.jit.parse_types import TypeParser
from tensorlab.jit.torch_expansions import expand, unlift
from tensorlab.jit.torch_forms import KINDS, adapt

_BLOCK = re.compile(r"block\d+$")
_LABEL = re.compile(r"(\w+::\w+)_\d+$")
_HINT = re.compile(r"%(\D[\w.]*?)(?:\.\d+)*$")


def parse_graph(text: str) -> Graph:
    """The graph that a text stands for; not verified beyond names, ops and their inputs.

    Raises: `ParseError` with line, column and a caret.
    """
    parser = _Parser(text)
    try:
        return parser.file()
    except RecursionError:
        raise parser.error("nested too deeply", parser.ahead) from None


class _Parser(TypeParser):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.labelled: dict[str, list[tuple[Node, Token]]] = {}
        self.functions: set[str] = set()

    # -- graphs and blocks

    def file(self) -> Graph:
        graph = self.graph()
        while self.skip("with"):
            label = self.expect_kind("word", "the label of a group, prim::FusionGroup_0")
            self.expect("=", "after the label of a group")
            nodes = self.labelled.pop(label.text, None)
            if nodes is None:
                raise self.error(f"no node is labelled {label.text}", label)
            subgraph = self.graph()
            for node, _ in nodes:
                node.attributes["subgraph"] = subgraph
        if self.ahead.kind != "end":
            raise self.unexpected("the end of the text")
        for label, nodes in self.labelled.items():
            raise self.error(f"the graph of {label} is missing: takes 'with {label} = graph(...)'", nodes[0][1])
        return graph

    def graph(self) -> Graph:
        graph = Graph()
        self.expect("graph", "at the start")
        names: dict[str, Value] = {}
        self.params(graph.block, names)
        closing = self.opening()
        self.nodes(graph.block, names)
        self.expect("return", "or a node")
        self.results(graph.block, names)
        self.skip(";")
        if closing:
            self.expect(closing, "at the end of a graph that '{' opens")
        return graph

    def opening(self) -> str:
        """How the body starts; returns what closes it."""
        if self.skip("{"):
            return "}"
        self.expect(":", "or '{' before the nodes")
        return ""

    def params(self, block: Block, names: dict[str, Value]) -> None:
        self.expect("(", "before the parameters")
        while not self.skip(")"):
            name = self.expect_kind("name", "a parameter, %x, or ')'")
            self.expect(":", f"and a type after {name.text}")
            self.define(name, edit.add_param(block, self.type(), _hint(name)), names)
            self.skip(",")  # torch 1.0 writes none between lines

    def nodes(self, block: Block, names: dict[str, Value]) -> None:
        while self.ahead.kind == "name" or self.ahead.text == "=":
            self.node(block, names)

    def block(self, node: Node, names: dict[str, Value]) -> None:
        self.take()
        block, inner = edit.add_block(node), dict(names)
        self.params(block, inner)
        closing = self.opening()
        self.nodes(block, inner)
        self.expect("->", "or a node")
        self.results(block, inner)
        if closing:
            self.expect(closing, "at the end of a block that '{' opens")

    def results(self, block: Block, names: dict[str, Value]) -> None:
        for index, value in enumerate(self.values(names)):
            edit.insert_result(block, index, value)

    def values(self, names: dict[str, Value]) -> list[Value]:
        self.expect("(", "before values")
        values: list[Value] = []
        while not self.skip(")"):
            if values:
                self.expect(",", "or ')' after a value")
            token = self.expect_kind("name", "a value, %x, or ')'")
            if token.text in self.functions:
                raise self.error(f"{token.text} is a function that is called: takes PyTorch's inlined_graph", token)
            if token.text not in names:
                raise self.error(f"{token.text} is not defined here", token)
            values.append(names[token.text])
        return values

    def define(self, token: Token, value: Value, names: dict[str, Value]) -> None:
        if token.text in names:
            raise self.error(f"{token.text} is defined twice", token)
        names[token.text] = value

    # -- nodes

    def node(self, block: Block, names: dict[str, Value]) -> None:
        outputs: list[tuple[Token, Type]] = []
        while self.ahead.kind == "name":
            name = self.take()
            self.expect(":", f"and a type after {name.text}")
            outputs.append((name, self.type()))
            if not self.skip(","):
                break
        self.expect("=", "after the outputs of a node")
        word = self.expect_kind("word", "the kind of a node, aten::add")
        node = Node(self.kind(word))
        self.attributes(node, outputs[0][1] if len(outputs) == 1 else NONE, word)
        for index, value in enumerate(self.values(names)):
            edit.insert_input(node, index, value)
        node.span = self.places.get(self.next)
        labelled = node.kind != word.text
        made = self.expanded(node, block)
        if made is not None and len(outputs) == 1:
            self.define(outputs[0][0], made, names)
            return
        node.kind = KINDS.get(node.kind, node.kind)
        self.resolve(node, word)
        if labelled:
            self.labelled.setdefault(word.text, []).append((node, word))
        while _BLOCK.match(self.ahead.text):
            self.block(node, names)
        if node.kind == CONSTANT and "name" in node.attributes:  # a function, which only its calls would need
            self.functions |= {name.text for name, _ in outputs}
            return
        # Defined last: neither its inputs nor its blocks can see what a node gives.
        for name, type_ in outputs:
            self.define(name, edit.add_output(node, type_, _hint(name)), names)
        edit.place(node, block)

    def expanded(self, node: Node, block: Block) -> Value | None:
        """The value of a node of PyTorch's that is several of ours: no declared op takes it as it stands."""
        if self.by_torch:
            unlift(node, Builder(block, span=node.span))
        types = [v.type for v in node.inputs]
        if any(
            len(op.schema.params) == len(types) and mismatch(op.schema, types, {}) is None for op in lookup(node.kind)
        ):
            return None
        made = expand(node, Builder(block, span=node.span))
        if made is not None:
            for index in range(len(node.inputs) - 1, -1, -1):
                edit.remove_input(node, index)
        return made

    def kind(self, word: Token) -> str:
        labelled = _LABEL.match(word.text)
        if labelled is not None and not lookup(word.text):
            return labelled[1]
        if "::" not in word.text:
            raise self.error(f"takes the kind of a node, aten::add, got {word.text!r}", word)
        return word.text

    def resolve(self, node: Node, word: Token, *, adapted: bool = False) -> None:
        if not lookup(node.kind):
            if node.kind.startswith("aten::") and node.kind != FORMAT:
                raise self.error(f"unknown builtin op {node.kind}", word)
            return
        types = [v.type for v in node.inputs]
        whole = (op for op in lookup(node.kind) if len(op.schema.params) == len(types))
        node.op = next((op for op in whole if mismatch(op.schema, types, {}) is None), None)
        if node.op is not None:
            return
        if not adapted and adapt(node):
            self.resolve(node, word, adapted=True)
            return
        try:
            op = resolve(node.kind, types)
        except ArgumentError as error:
            raise self.error(str(error), word) from None
        wanted = ", ".join(p.name for p in op.schema.params)
        message = f"{node.kind} takes {len(op.schema.params)} inputs ({wanted}), got {len(types)}"
        raise self.error(message, word)

    def attributes(self, node: Node, type_: Type, word: Token) -> None:
        if node.kind == CONSTANT:
            node.attributes["value"] = None
        if not self.skip("["):
            return
        while not self.skip("]"):
            key = self.expect_kind("word", "the name of an attribute")
            self.expect("=", "after the name of an attribute")
            typed = node.kind == CONSTANT and key.text == "value"
            node.attributes[key.text] = self.constant(type_ if typed else None)
            if not self.skip(",") and self.ahead.text != "]":
                raise self.unexpected("',' or ']' after an attribute")

    # -- constants

    def constant(self, type_: Type | None) -> Any:
        """A value, read as ``type_`` says; without one, as it is written."""
        if isinstance(type_, OptionalType):
            type_ = type_.element
        token = self.ahead
        if isinstance(type_, TensorType):
            return self.tensor(type_)
        if token.text in ("[", "("):
            return self.sequence(type_)
        if token.kind == "string":
            return self.string(type_)
        if token.kind == "number":
            return self.number(type_)
        if token.text == "annotate":  # (List[int], [])
            while self.take().text != ",":
                pass
            value = self.constant(type_)
            self.expect(")", "after an annotated constant")
            return value
        raise self.unexpected("a constant")

    def sequence(self, type_: Type | None) -> tuple[Any, ...]:
        closing = "]" if self.take().text == "[" else ")"
        parts: list[Any] = []
        while not self.skip(closing):
            if parts:
                self.expect(",", f"or {closing!r} in a list")
            match type_:
                case ListType(element):
                    part = element
                case TupleType(elements) if len(parts) < len(elements):
                    part = elements[len(parts)]
                case _:
                    part = None
            parts.append(self.constant(part))
        return tuple(parts)

    def string(self, type_: Type | None) -> Any:
        token = self.take()
        try:
            text = json.loads(token.text.replace("\\'", "'"))  # PyTorch escapes what JSON does not
        except json.JSONDecodeError as error:
            raise self.error(f"cannot read this string: {error.msg}", token) from None
        return device(text) if type_ == DEVICE else text

    def number(self, type_: Type | None) -> Any:
        token = self.take()
        try:
            if type_ == FLOAT:
                return float(token.text)
            if type_ == BOOL:
                return bool(int(token.text))
            if type_ == DTYPE:
                return BY_CODE[int(token.text)]
            return int(token.text) if type_ == INT or re.fullmatch(r"-?\d+", token.text) else float(token.text)
        except (ValueError, KeyError):
            raise self.error(f"takes a constant of type {type_}, got {token.text!r}", token) from None

    def tensor(self, type_: TensorType) -> Any:
        token = self.ahead
        if token.kind == "tensor":
            raise self.error("the elements of this tensor were left out; print with elide=False", token)
        if type_.dtype is None or type_.numel is None:
            raise self.error(f"a tensor constant takes its full type, as Float(2, 2), got {type_}", token)
        numbers = self.columns(type_) if token.kind == "number" else self.elements()
        if len(numbers) != type_.numel:
            raise self.error(f"{type_} has {type_.numel} elements, got {len(numbers)}", token)
        try:
            return tensor_from_values(numbers, type_)
        except (ValueError, OverflowError):
            raise self.error(f"takes elements of type {type_.dtype.ir_name}", token) from None

    def columns(self, type_: TensorType) -> list[str]:
        """``0  1 [ CPULongType{2} ]``: PyTorch's way of showing a tensor; it cuts digits after the point."""
        token, numbers = self.ahead, list[str]()
        while self.ahead.kind == "number":
            numbers.append(self.take().text)
        self.expect("[", "after the elements of a tensor")
        while not self.skip("]"):
            self.take()
        if any("." in n for n in numbers) and type_.dtype is not None and type_.dtype.is_floating_point:
            raise self.error("the digits of this tensor were cut: give it to the function as an argument", token)
        return numbers

    def elements(self) -> list[str]:
        self.expect("{", "before the elements of a tensor")
        numbers: list[str] = []
        while not self.skip("}"):
            numbers += self.elements() if self.ahead.text == "{" else [self.expect_kind("number", "an element").text]
            if not self.skip(",") and self.ahead.text != "}":
                raise self.unexpected("',' or '}' in a tensor")
        return numbers


def _hint(token: Token) -> str:
    found = _HINT.match(token.text)
    return found[1] if found else ""


def tensor_from_values(numbers: list[str], type_: TensorType) -> Any:
    """A tensor of a complete type from its elements as text, in row-major order.

    Raises: `ValueError` or `OverflowError` for what the dtype does not hold.
    """
    import numpy as np

    from tensorlab.core.tensor import empty

    dtype, shape = type_.dtype, type_.shape
    if dtype is None or shape is None:
        raise ValueError(f"{type_} is not complete")
    sizes = tuple(n for n in shape if n is not None)
    read = float if dtype.is_floating_point else int
    made = empty(dtype, sizes)
    made.detached_numpy()[...] = np.array([read(n) for n in numbers], dtype.numpy).reshape(sizes)
    return made
