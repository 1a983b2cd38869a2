"""What each node of a graph costs, by its types: operations on numbers, bytes read and written, memory held at once.

Counted is what the mathematics asks for, not what instructions a processor takes for it. A count that is not known is
None, and a total then says how many nodes it leaves out: nothing unknown counts as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, IF, LOOP, Graph, Node, Value
from tensorlab.jit.lifetimes import last_use, positions
from tensorlab.jit.work import ARITHMETIC

_WORDS = {
    "transcendental": "acos acosh asin asinh atan atan2 atanh cos cosh digamma erf erfc erfinv exp exp2 expm1 lgamma "
    "log log10 log1p log2 pow rsqrt sigmoid sin sinh tan tanh",
    "moves": "clone copy contiguous cat stack zeros ones full fill zeros_like ones_like full_like",
}
_TRANSCENDENTAL, _MOVES = (frozenset(words.split()) for words in _WORDS.values())
_SEVERAL = {"addcdiv": 3, "addcmul": 3, "lerp": 3, "clamp": 2}  # operations an element
_STRUCTURE = ("Construct", "Unpack", "Constant", "Uninitialized", "EnumName", "EnumValue")


@dataclass(frozen=True, slots=True)
class NodeCost:
    """The cost of one node. ``operations`` are sums, products, comparisons and the like; ``transcendentals`` are
    exponentials, sines and their kin, each counted once; ``read`` and ``written`` are bytes of memory.

    ``runs`` is how often it ran, all of which the counts are for. ``parts`` are the nodes in the blocks of an if or a
    loop, whose sums are its own counts.
    """

    serial: int
    kind: str
    operations: int | None
    transcendentals: int | None
    read: int | None
    written: int | None
    runs: int = 1
    parts: tuple[NodeCost, ...] = ()

    def to_dict(self) -> dict[str, object]:
        found: dict[str, object] = {
            "node": self.serial,
            "kind": self.kind,
            "operations": self.operations,
            "transcendentals": self.transcendentals,
            "read": self.read,
            "written": self.written,
        }
        if self.parts or self.runs != 1:
            found["runs"] = self.runs
            found["parts"] = [part.to_dict() for part in self.parts]
        return found


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of what is known, and how many parts are not."""

    known: int
    unknown: int

    @property
    def exact(self) -> int | None:
        """The sum, if all of it is known."""
        return None if self.unknown else self.known

    def to_dict(self) -> dict[str, int]:
        return {"known": self.known, "unknown": self.unknown}


@dataclass(frozen=True, slots=True)
class GraphCost:
    """The costs of the nodes of a graph's top block: a group is one node, and so is an if or a loop, with its parts.

    ``peak`` is the most bytes that tensors hold at once, inputs and constants included; `peak_nbytes`.
    """

    nodes: tuple[NodeCost, ...]
    peak: Total

    def total(self, what: str) -> Total:
        """The sum of one column: ``operations``, ``transcendentals``, ``read`` or ``written``."""
        return total_of(getattr(node, what) for node in self.nodes)

    @property
    def moved(self) -> Total:
        """Bytes read and written."""
        read, written = self.total("read"), self.total("written")
        return Total(read.known + written.known, max(read.unknown, written.unknown))

    def to_dict(self) -> dict[str, object]:
        totals = {what: self.total(what).to_dict() for what in ("operations", "transcendentals", "read", "written")}
        return {**totals, "peak": self.peak.to_dict(), "nodes": [node.to_dict() for node in self.nodes]}


def total_of(parts: Iterable[int | None]) -> Total:
    """Sum what is known, count what is not."""
    parts = list(parts)
    return Total(sum(part for part in parts if part is not None), sum(part is None for part in parts))


def graph_cost(graph: Graph, runs: Mapping[int, int] | None = None) -> GraphCost:
    """The cost of every node of a graph's top block, and the memory that it holds at once.

    An if or a loop costs as much as it runs, which types do not tell: its counts are None, unless ``runs`` says how
    often each node ran for some inputs (`executions`). Then they are the sums over what ran, for those inputs.
    """
    costs = (node_cost(node) if runs is None else _counted(node, runs) for node in graph.block.nodes)
    return GraphCost(tuple(costs), peak_nbytes(graph))


def _counted(node: Node, runs: Mapping[int, int]) -> NodeCost:
    """The cost of a node in all its runs, where these were counted."""
    if node.kind not in (IF, LOOP):
        one, times = node_cost(node), runs.get(node.serial, 0)
        a, b, c, d = (n if n is None and times else (n or 0) * times for n in _counts(one))
        return NodeCost(node.serial, node.kind, a, b, c, d, times)
    parts = tuple(_counted(inner, runs) for block in node.blocks for inner in block.nodes)
    a, b, c, d = (total_of(_counts(part)[i] for part in parts).exact for i in range(4))
    return NodeCost(node.serial, node.kind, a, b, c, d, parts=parts)


def _counts(cost: NodeCost) -> tuple[int | None, int | None, int | None, int | None]:
    return cost.operations, cost.transcendentals, cost.read, cost.written


def node_cost(node: Node) -> NodeCost:
    """The cost of a node by the types of what it takes and gives.

    Pointwise: one operation an element (three for ``addcmul``, two for ``add`` with a factor), or one transcendental.
    Reductions: an operation for each element that goes in. Products of matrices: ``2 m n k``, a product and a sum each.
    Convolutions: ``2 k`` for each element that comes out, with ``k`` products each. Views: nothing. Others: unknown.

    Source: Golub and Van Loan, *Matrix Computations*, 2013, 1.1.15 (flops of products); counting one operation an
    element, and transcendentals apart, is that of XLA's ``HloCostAnalysis``.
    """
    operations, transcendentals = _operations(node)
    read, written = _bytes(node)
    return NodeCost(node.serial, node.kind, operations, transcendentals, read, written)


def peak_nbytes(graph: Graph) -> Total:
    """The most bytes that a graph's tensors hold at once: what it is given, constants, and what its top block makes and
    still needs; a view holds its base. Inputs count each by itself, though a caller may give one tensor for several.
    ``unknown`` counts tensors whose size no type tells.
    """
    alias = AliasInfo(graph)
    order = positions(graph.block)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    size: dict[int, int | None] = {}
    outputs = [(n, v) for n in graph.block.nodes for v in n.outputs]
    kept = [*graph.inputs, *(v for _, v in outputs if v.is_constant)]  # by whoever gave it, or holds the graph
    always = [nbytes_of(v) for v in kept if isinstance(v.type, TensorType)]
    theirs = {place for v in kept for place in alias.places(v)}
    for node, value in outputs:
        here = order[node.serial]
        until = max(here, last_use(value, order))
        for place in alias.places(value) - theirs:  # a list or a tuple keeps what is in it
            last[place] = max(last.get(place, until), until)
            if isinstance(value.type, TensorType):
                first[place] = min(first.get(place, here), here)
                size.setdefault(place, nbytes_of(value))
    changes = [0] * (len(order) + 2)
    for place, nbytes in size.items():
        changes[first[place]] += nbytes or 0
        changes[last[place] + 1] -= nbytes or 0
    unknown = sum(nbytes is None for nbytes in (*always, *size.values()))
    return Total(sum(nbytes or 0 for nbytes in always) + max(accumulate(changes), default=0), unknown)


def nbytes_of(value: Value) -> int | None:
    """Bytes of a tensor's elements, None where its type does not tell."""
    type_ = value.type
    if not isinstance(type_, TensorType) or type_.dtype is None or type_.numel is None:
        return None
    return type_.numel * type_.dtype.itemsize


# -- operations


def _operations(node: Node) -> tuple[int | None, int | None]:
    if _is_structure(node) or _has_rule(node, "view"):
        return 0, 0
    subgraph = node.attributes.get("subgraph")
    if node.kind == FUSION_GROUP and isinstance(subgraph, Graph):
        parts = [_operations(inner) for inner in subgraph.block.nodes]
        return total_of(p[0] for p in parts).exact, total_of(p[1] for p in parts).exact
    if node.blocks or node.op is None or not node.outputs:
        return None, None
    name = node.kind.partition("::")[2].rstrip("_")
    if not any(isinstance(v.type, TensorType) for v in (*node.inputs, *node.outputs)):
        return 0, 0  # on Python's numbers, which take no walk over memory
    if name in _FORMULAS:
        return _FORMULAS[name](node)
    out = _numel(node.outputs[0])
    if name in _MOVES:
        return 0, 0
    if name in _TRANSCENDENTAL:
        return 0, out
    if name in ARITHMETIC:
        each = _SEVERAL.get(name, 2 if name in ("add", "sub", "rsub") and _has_factor(node) else 1)
        return (None if out is None else each * out), 0
    if _has_rule(node, "reduce"):
        return _numel(node.inputs[0]), 0
    return None, None


def _is_structure(node: Node) -> bool:
    return node.kind == CONSTANT or (node.kind.startswith("prim::") and node.kind.endswith(_STRUCTURE))


def _has_rule(node: Node, rule: str) -> bool:
    return node.op is not None and rule in node.op.rules


def _has_factor(node: Node) -> bool:
    return len(node.inputs) > 2 and not (node.inputs[2].is_constant and node.inputs[2].constant == 1)


def _numel(value: Value) -> int | None:
    return value.type.numel if isinstance(value.type, TensorType) else None


def _shape(value: Value) -> tuple[int, ...] | None:
    shape = value.type.shape if isinstance(value.type, TensorType) else None
    return None if shape is None or None in shape else tuple(n for n in shape if n is not None)


Counts = tuple[int | None, int | None]


def _product(left: int, bias: int | None = None) -> Callable[[Node], Counts]:
    """A product of matrices whose first one is input ``left``; ``bias`` is what is added to it."""

    def count(node: Node) -> Counts:
        shape, out = _shape(node.inputs[left]), _numel(node.outputs[0])
        if not shape or out is None:
            return None, None
        more = bias is not None and isinstance(node.inputs[bias].type, TensorType)
        return 2 * out * shape[-1] + (out if more else 0), 0

    return count


def _convolution(node: Node) -> Counts:
    """``2 c h w`` an element that comes out: a weight is ``(out channels, c, h, w)``, with ``c`` those of one group."""
    weight, out = _shape(node.inputs[1]), _numel(node.outputs[0])
    if not weight or out is None:
        return None, None
    more = out if len(node.inputs) > 2 and isinstance(node.inputs[2].type, TensorType) else 0
    return 2 * out * math.prod(weight[1:]) + more, 0


def _softmax(node: Node) -> Counts:
    """Maximum, difference, sum and quotient: four an element, and an exponential."""
    out = _numel(node.outputs[0])
    return (None, None) if out is None else (4 * out, out)


_FORMULAS: dict[str, Callable[[Node], Counts]] = {
    **{name: _product(0) for name in ("matmul", "mm", "bmm", "mv", "dot")},
    **{name: _product(1, 0) for name in ("addmm", "baddbmm", "addmv")},
    "linear": _product(0, 2),
    **dict.fromkeys(("conv1d", "conv2d", "convolution"), _convolution),
    "softmax": _softmax,
}


# -- bytes


def _bytes(node: Node) -> tuple[int | None, int | None]:
    """What a node reads and writes if each tensor that it takes is read once, and each that it gives written once."""
    if _is_structure(node) or _has_rule(node, "view"):
        return 0, 0
    if node.blocks or (node.op is None and node.kind != FUSION_GROUP):
        return None, None
    given = {v.serial: v for v in _tensors(node.inputs)}
    return _sum(given.values()), _sum(_tensors(node.outputs))


def _tensors(values: Sequence[Value]) -> list[Value]:
    """The tensors among values, and those in lists that are put together right before."""
    found: list[Value] = []
    for value in values:
        producer: Any = value.producer
        if isinstance(value.type, TensorType):
            found.append(value)
        elif producer is not None and producer.kind == "prim::ListConstruct":
            found += [v for v in producer.inputs if isinstance(v.type, TensorType)]
    return found


def _sum(values: Iterable[Value]) -> int | None:
    return total_of(nbytes_of(value) for value in values).exact
