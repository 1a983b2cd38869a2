"""Checking a graph against the rules of the IR.

The rules, each with the name that a message carries: ``owner`` (a node knows its block, a block its node), ``ssa``
(each value is defined once), ``scope`` (and before what takes it, in the same or an outer block), ``uses`` (the lists
of uses are exact), ``blocks`` (an if and a loop have the blocks that they need), ``schema`` (inputs fit the op),
``types`` (result types do not contradict the op's type rule), ``group`` (a subgraph fits its group).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tensorlab.core.op import infer, mismatch
from tensorlab.core.types import BOOL, INT, ListType, OptionalType, ScalarType, TensorType, TupleType, Type, accepts
from tensorlab.core.value_types import value_type
from tensorlab.errors import GraphError, TensorlabError
from tensorlab.jit.build import known
from tensorlab.jit.ir import CONSTANT, IF, LOOP, Block, Graph, Node, Value
from tensorlab.jit.text import Names, format_graph, format_node


def verify(graph: Graph, *, after: str = "") -> None:
    """Check a graph and the subgraphs of its groups; ``after`` names the pass that has just run.

    Cost: linear in the graph, one call of the type rule a node.
    Raises: `GraphError` with the pass, the rule that is broken, the node and how.
    """
    _Checker(graph, after).run()


def compatible(a: Type, b: Type) -> bool:
    """Whether two types can both be true of one value: neither says what the other denies."""
    match a, b:
        case TensorType(), TensorType():
            if a.dtype is not None and b.dtype is not None and a.dtype is not b.dtype:
                return False
            if a.shape is None or b.shape is None:
                return True
            sizes = zip(a.shape, b.shape, strict=False)
            return len(a.shape) == len(b.shape) and all(m == n or None in (m, n) for m, n in sizes)
        case ListType(x), ListType(y):
            return compatible(x, y)
        case TupleType(x), TupleType(y):
            return len(x) == len(y) and all(compatible(p, q) for p, q in zip(x, y, strict=True))
        case OptionalType(x), OptionalType(y):
            return compatible(x, y)
        case _:
            return accepts(a, b) or accepts(b, a)


class _Checker:
    def __init__(self, graph: Graph, after: str) -> None:
        self.graph = graph
        self.after = after
        self._names: Names | None = None
        self.uses: defaultdict[int, Counter[tuple[int, int]]] = defaultdict(Counter)  # by value: user, index
        self.defined: dict[int, Value] = {}

    def run(self) -> None:
        if self.graph.block.owner is not None:
            raise self.broken("owner", "the graph's block belongs to a node")
        self.block(self.graph.block, set())
        for value in self.defined.values():
            self.check_uses(value)
        for node in self.graph.nodes():
            subgraph = node.attributes.get("subgraph")
            if isinstance(subgraph, Graph):
                self.group(node, subgraph)

    @property
    def names(self) -> Names:
        """The names that values have in a print of the whole graph, which an error alone needs."""
        if self._names is None:
            self._names = Names()
            format_graph(self.graph, names=self._names, spans=False)
        return self._names

    def broken(self, rule: str, how: str, node: Node | None = None) -> GraphError:
        head = f"after {self.after}: " if self.after else ""
        where = f"\n    {format_node(node, self.names)}" if node is not None else ""
        return GraphError(f"{head}{rule}: {how}{where}")

    def block(self, block: Block, scope: set[int]) -> None:
        """``scope`` holds the values that the block may take; its own are added while it is walked."""
        for value in block.params:
            if value.block is not block or value.producer is not None:
                raise self.broken("owner", f"{self.names.of(value)} does not know its block", block.owner)
            self.define(value, scope, block.owner)
        for node in block.nodes:
            if node.owner is not block:
                raise self.broken("owner", "the node does not know its block", node)
            self.node(node, scope)
        self.take(block.results, block, scope, block.owner)

    def node(self, node: Node, scope: set[int]) -> None:
        self.take(node.inputs, node, scope, node)
        if node.kind == IF:
            self.check_if(node)
        elif node.kind == LOOP:
            self.check_loop(node)
        elif node.kind == CONSTANT:
            self.check_constant(node)
        if node.op is not None:
            self.check_op(node)
        for inner in node.blocks:
            if inner.owner is not node:
                raise self.broken("owner", "a block does not know its node", node)
            self.block(inner, set(scope))
        for value in node.outputs:
            if value.producer is not node or value.block is not None:
                raise self.broken("owner", f"{self.names.of(value)} does not know its node", node)
            self.define(value, scope, node)

    def define(self, value: Value, scope: set[int], node: Node | None) -> None:
        if value.serial in self.defined:
            raise self.broken("ssa", f"{self.names.of(value)} is defined twice", node)
        self.defined[value.serial] = value
        scope.add(value.serial)

    def take(self, values: Sequence[Value], user: Node | Block, scope: set[int], node: Node | None) -> None:
        for index, value in enumerate(values):
            if value.serial not in scope:
                raise self.broken("scope", f"{self.names.of(value)} is not defined before it is taken", node)
            self.uses[value.serial][id(user), index] += 1

    def check_uses(self, value: Value) -> None:
        noted = Counter((id(use.user), use.index) for use in value.uses)
        found = self.uses[value.serial]
        if noted == found:
            return
        how = "notes a use that is none" if noted - found else "misses a use"
        raise self.broken("uses", f"{self.names.of(value)} {how}", value.producer)

    # -- nodes with blocks

    def check_if(self, node: Node) -> None:
        if len(node.inputs) != 1 or len(node.blocks) != 2:
            raise self.broken("blocks", "an if has one input and two blocks", node)
        if node.inputs[0].type != BOOL:
            raise self.broken("blocks", f"the condition of an if is a bool, got {node.inputs[0].type}", node)
        for index, block in enumerate(node.blocks):
            if block.params or len(block.results) != len(node.outputs):
                takes = f"no parameters and {len(node.outputs)} results"
                got = f"{len(block.params)} and {len(block.results)}"
                raise self.broken("blocks", f"block{index} takes {takes}, got {got}", node)
            self.flows(block.results, node.outputs, f"block{index}", node)

    def check_loop(self, node: Node) -> None:
        carried = len(node.inputs) - 2
        if carried < 0 or len(node.blocks) != 1 or len(node.outputs) != carried:
            raise self.broken("blocks", "a loop has two inputs, one more an output, and one block", node)
        (block,) = node.blocks
        if len(block.params) != carried + 1 or len(block.results) != carried + 1:
            takes = f"{carried + 1} parameters and {carried + 1} results"
            got = f"{len(block.params)} and {len(block.results)}"
            raise self.broken("blocks", f"block0 takes {takes}, got {got}", node)
        given = [node.inputs[0].type, node.inputs[1].type, block.params[0].type, block.results[0].type]
        if given != [INT, BOOL, INT, BOOL]:
            got = ", ".join(map(str, given))
            message = f"a loop takes int and bool, its block takes int and gives bool, got {got}"
            raise self.broken("blocks", message, node)
        self.flows(node.inputs[2:], block.params[1:], "the inputs", node)
        self.flows(block.results[1:], block.params[1:], "block0", node)
        self.flows(block.results[1:], node.outputs, "block0", node)

    def flows(self, values: Sequence[Value], into: Sequence[Value], what: str, node: Node) -> None:
        for value, target in zip(values, into, strict=True):
            if not accepts(target.type, value.type) and not accepts(value.type, target.type):
                found = f"{self.names.of(value)} : {value.type} of {what}"
                raise self.broken("types", f"{found} becomes {self.names.of(target)} : {target.type}", node)

    # -- constants, ops and groups

    def check_constant(self, node: Node) -> None:
        if node.inputs or len(node.outputs) != 1 or "value" not in node.attributes:
            raise self.broken("schema", "a constant has a value, one output and no inputs", node)
        payload = node.attributes["value"]
        if not isinstance(payload, tuple) and not accepts(node.output.type, value_type(payload)):
            raise self.broken("types", f"the value is {value_type(payload)}, the output {node.output.type}", node)

    def check_op(self, node: Node) -> None:
        if node.op is None or node.op.kind != node.kind:
            raise self.broken("schema", f"the op is {node.op}", node)
        params, results = node.op.schema.params, node.op.schema.results
        if len(node.inputs) != len(params) or len(node.outputs) != len(results):
            takes = f"{len(params)} inputs and gives {len(results)}"
            raise self.broken("schema", f"takes {takes}, got {len(node.inputs)} and {len(node.outputs)}", node)
        why = mismatch(node.op.schema, [v.type for v in node.inputs], {})
        if why is not None:
            raise self.broken("schema", why, node)
        try:
            found = infer(node.op, [known(v) for v in node.inputs])
        except TensorlabError:
            return  # it raises when it runs, as it should, if ever it does
        for value, type_ in zip(node.outputs, found, strict=True):
            if not _fits(value.type, type_):
                message = f"{self.names.of(value)} is {value.type}, but {node.kind} gives {type_}"
                raise self.broken("types", message, node)

    def group(self, node: Node, subgraph: Graph) -> None:
        if len(subgraph.inputs) != len(node.inputs) or len(subgraph.outputs) != len(node.outputs):
            takes = f"takes {len(subgraph.inputs)} inputs and gives {len(subgraph.outputs)}"
            raise self.broken("group", f"the subgraph {takes}, got {len(node.inputs)} and {len(node.outputs)}", node)
        pairs = [*zip(node.inputs, subgraph.inputs, strict=True), *zip(node.outputs, subgraph.outputs, strict=True)]
        for outer, inner in pairs:
            if not compatible(outer.type, inner.type):
                names = f"{self.names.of(outer)} : {outer.type} is {self.names.of(inner)} : {inner.type}"
                raise self.broken("group", f"{names} in the subgraph", node)
        verify(subgraph, after=self.after)


def _fits(given: Type, found: Type) -> bool:
    # A rule over `Scalar` says "a number"; a graph says which.
    return compatible(given, found) or (found == ScalarType("Scalar") and accepts(found, given))
