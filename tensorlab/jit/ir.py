"""The graph: blocks of nodes that take and give values.

Identity is the ``serial`` of a node or value, given once and kept by snapshots; printed names never matter.
Data only: printing is in `text`, changes go through `build.Rewriter`, checking is in `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.types import Type

_serials = count(1)


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the user's source: file (or cell), 1-based lines, 0-based columns in characters."""

    filename: str
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    function: str = ""
    caller: Span | None = None  # of what was inlined: where it was called

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}:{self.column}"

    def to_dict(self) -> dict[str, object]:
        place: dict[str, object] = {"filename": self.filename, "line": self.line, "column": self.column}
        place["function"] = self.function
        return place if self.caller is None else {**place, "caller": self.caller.to_dict()}

    def called_from(self, caller: Span) -> Span:
        """The same place, at the inner end of a chain of calls that ``caller`` is the outer end of."""
        return replace(self, caller=caller if self.caller is None else self.caller.called_from(caller))


@dataclass(eq=False, repr=False, slots=True)
class Value:
    """What a node gives or a block takes. ``name`` is a hint for printing (the user's variable), or empty."""

    type: Type
    name: str = ""
    producer: Node | None = None  # None for a parameter of a block
    block: Block | None = None  # set for a parameter of a block
    uses: list[Use] = field(default_factory=list["Use"])
    serial: int = field(default_factory=lambda: next(_serials))

    @property
    def is_constant(self) -> bool:
        """Whether a ``prim::Constant`` gives it."""
        return self.producer is not None and self.producer.kind == CONSTANT

    @property
    def constant(self) -> Any:
        """The value of a constant (`None` is a value too: ask `is_constant` first)."""
        return self.producer.attributes["value"] if self.producer is not None and self.is_constant else None

    def __repr__(self) -> str:
        # Short on purpose: a generated one would walk through uses and producers over the whole graph, many times.
        return f"<value {self.serial} {self.name}: {self.type}>"


@dataclass(eq=False, repr=False, slots=True)
class Use:
    """One place that takes a value: a node's input, or a result of a block (``user`` is then the block)."""

    user: Node | Block
    index: int

    def __repr__(self) -> str:
        return f"<input {self.index} of {self.user!r}>"


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One operation. ``kind`` is ``aten::add`` or ``prim::If``; ``op`` the declared overload, for what has one.

    ``attributes``: ``value`` of a ``prim::Constant``, ``subgraph`` (a `Graph`) of a ``prim::FusionGroup``,
    ``name`` of a ``prim::CallFunction``.
    """

    kind: str
    inputs: list[Value] = field(default_factory=list[Value])
    outputs: list[Value] = field(default_factory=list[Value])
    blocks: list[Block] = field(default_factory=list["Block"])
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    op: Op | None = None
    span: Span | None = None
    owner: Block | None = None
    serial: int = field(default_factory=lambda: next(_serials))
    stood: int = 0  # in its block, when it was last looked for: see `edit.position`

    @property
    def output(self) -> Value:
        """The only output."""
        (only,) = self.outputs
        return only

    def __repr__(self) -> str:
        return f"<node {self.serial} {self.kind}>"


@dataclass(eq=False, repr=False, slots=True)
class Block:
    """A list of nodes in order, with parameters and results. ``owner`` is the node it belongs to, None at the top."""

    params: list[Value] = field(default_factory=list[Value])
    nodes: list[Node] = field(default_factory=list[Node])
    results: list[Value] = field(default_factory=list[Value])
    owner: Node | None = None

    def __repr__(self) -> str:
        return f"<block of {'a graph' if self.owner is None else repr(self.owner)}, {len(self.nodes)} nodes>"


@dataclass(eq=False, repr=False, slots=True)
class Graph:
    """A function: its top block's parameters are the inputs, its results the outputs.

    ``span`` is where the user wrote it, as far as that is known: what a graph without nodes has no other trace of.
    """

    name: str = "forward"
    block: Block = field(default_factory=Block)
    span: Span | None = None

    @property
    def inputs(self) -> list[Value]:
        return self.block.params

    @property
    def outputs(self) -> list[Value]:
        return self.block.results

    def nodes(self) -> Iterator[Node]:
        """Every node, blocks inside nodes included (not the subgraphs of fusion groups), in order of text."""
        yield from walk(self.block)

    def __str__(self) -> str:
        from tensorlab.jit.text import format_graph

        return format_graph(self)

    def __repr__(self) -> str:
        return f"<graph {self.name}, {len(self.block.nodes)} nodes>"


def walk(block: Block) -> Iterator[Node]:
    """Every node of a block and of the blocks inside it, in order of text."""
    for node in block.nodes:
        yield node
        for inner in node.blocks:
            yield from walk(inner)


CONSTANT = "prim::Constant"
CAPTURED = "captured"  # attribute of a constant whose tensor others hold too
IF = "prim::If"  # input: bool; two blocks without parameters; outputs = results of the block taken
# Inputs: max trip count (int), first condition (bool), carried...; block(i, carried...) -> (condition, carried...).
LOOP = "prim::Loop"
ENDLESS = 2**62  # turns that nobody counts, this many or more: the trip count of a while is the largest int there is
# attributes["subgraph"]: pointwise nodes only; inputs and outputs match the subgraph's.
FUSION_GROUP = "prim::FusionGroup"
CALLS = ("prim::CallFunction", "prim::CallMethod")  # attributes["name"], and ["subgraph"] where it is known
TUPLE_CONSTRUCT = "prim::TupleConstruct"
TUPLE_UNPACK = "prim::TupleUnpack"
LIST_CONSTRUCT = "prim::ListConstruct"
LIST_UNPACK = "prim::ListUnpack"
DICT_CONSTRUCT = "prim::DictConstruct"  # inputs: a key, its value, a key ...
ENUM_NAME, ENUM_VALUE = "prim::EnumName", "prim::EnumValue"
# Objects of scripted classes; attributes["name"] is the class's or the attribute's, ["python"] the class.
CREATE_OBJECT, GET_ATTR, SET_ATTR = "prim::CreateObject", "prim::GetAttr", "prim::SetAttr"
PYTHON_OP = "prim::PythonOp"  # attributes["python"] is called
FORMAT = "aten::format"  # inputs: the text with its fields, the values
PRINT = "prim::Print"
RAISE = "prim::RaiseException"
UNINITIALIZED = "prim::Uninitialized"  # a value that no one reads, of the type that its place asks for
