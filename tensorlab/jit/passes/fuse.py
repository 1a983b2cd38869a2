"""Fusion: neighbouring pointwise nodes become one `prim::FusionGroup`, which is lowered to a single loop.

A group grows from producers to their consumers, and across nodes that read the same input. Every result of a group must
have the shape of its loop: where shapes are known all nodes have the same one (smaller inputs are broadcast); where
they are not, a group with several results takes only nodes whose shapes are provably equal. A group never crosses a
block, and merging never makes a cycle: values, writes and effects ask for an order of the block's nodes, in which no
path may lead out of a group and back in.

A group that alone takes a matrix product, and gives one tensor of its type, is the product's epilogue, even where it is
one node: its loop writes over the product (see `epilogue`).

A product and a sum in one loop may be rounded once together, where one by one they are rounded twice: see
`core.scalar_math`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import CONSTANT, Block, Node, Value
from tensorlab.jit.passes.enclosing import Enclosing
from tensorlab.jit.passes.order import Order
from tensorlab.jit.regions import is_product, looks_at_values
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.jit.work import ARITHMETIC

# Compiling a loop takes longer than in proportion to its length; more nodes than this gain little by one more. What is
# more than a sum or a product counts for several: 64 hyperbolic tangents take 5 s of processor time, 128 take 15.
NODES = 256
DEAR = 4
# How many groups that read one tensor are tried: a weight may be read by all nodes of a large graph.
NEIGHBOURS = 8


def run(rewriter: Rewriter, *, nodes: int = NODES) -> None:
    """Make one loop of neighbouring pointwise nodes."""
    _block(rewriter, rewriter.graph.block, AliasInfo(rewriter.graph), nodes)


fuse = Pass("fuse", run, {"nodes": NODES})


def _block(rewriter: Rewriter, block: Block, alias: AliasInfo, nodes: int) -> None:
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, alias, nodes)
    _Fuser(rewriter, block, alias, nodes).run()


def why_not_fusable(node: Node) -> str:
    """Why a node has no place in a group; empty if it has."""
    if node.op is None or "scalar" not in node.op.rules:
        return f"{node.kind} is not pointwise"
    if node.op.random:
        return f"{node.kind} draws random numbers"
    if node.op.side_effect:
        return f"{node.kind} has an effect"
    if node.op.schema.writes:
        return f"{node.kind} writes to its input"
    if len(node.outputs) != 1 or not isinstance(node.output.type, TensorType):
        return f"{node.kind} gives no tensor"
    if not node.output.uses:
        return "nothing takes what it gives"
    if looks_at_values(node):
        return f"{node.kind} of integers looks for zeros to divide by first"
    return ""


class _Fuser:
    """The groups of one block: sets of nodes, by the serial of any member."""

    def __init__(self, rewriter: Rewriter, block: Block, alias: AliasInfo, nodes: int) -> None:
        self.rewriter = rewriter
        self.nodes = nodes
        self.block = block
        self.order = Order(block, alias)
        self.shapes = _Shapes(block)
        self.groups = {n.serial: [n] for n in block.nodes if not why_not_fusable(n)}
        self.sizes = {id(group): _size(group[0]) for group in self.groups.values()}
        self.takers: dict[int, list[Node]] = {}
        self.enclosing = Enclosing(rewriter, block, self.order)

    def run(self) -> None:
        members = [n for n in self.block.nodes if n.serial in self.groups]
        for node in members:
            for value in dict.fromkeys(node.inputs):
                self.along(node, value)
        for node in members:
            for value in dict.fromkeys(node.inputs):
                self.across(node, value)
        refused = {serial for d in self.rewriter.decisions if d.refused for serial in d.nodes_in}
        for group in list({id(group): group for group in self.groups.values()}.values()):
            product = self.product(group)
            kinds = ", ".join(n.kind.removeprefix("aten::") for n in group)
            if product is not None:
                reason = f"epilogue of {product.kind}: one loop computes {kinds} in the product's memory"
                self.enclosing.enclose(group, rule="epilogue", reason=reason)
            elif len(group) > 1:
                self.enclosing.enclose(group, rule="fuse", reason=f"one loop computes {kinds}")
            elif group[0].serial not in refused:
                self.rewriter.refuse(group[0], rule="fuse", reason="no neighbour could share its loop")

    def product(self, group: list[Node]) -> Node | None:
        """The product over whose memory the one result of a group can be written."""
        members, results = {id(n) for n in group}, list(_results(group))
        taken = [(node, value) for node in group for value in node.inputs if is_product(value, node)]
        for node, value in taken:
            other = next((use.user for use in value.uses if id(use.user) not in members), None)
            if other is not None:
                blocker = other if isinstance(other, Node) else None
                reason = "its product has another use" if blocker else "its product is a result"
                self.rewriter.refuse(node, rule="epilogue", reason=reason, blocker=blocker or value.producer)
            elif len(results) > 1:
                self.rewriter.refuse(node, rule="epilogue", reason="its loop gives several results", blocker=group[-1])
            elif value.type != results[0].type:
                reason = f"its product is {value.type}, the loop gives {results[0].type}"
                self.rewriter.refuse(node, rule="epilogue", reason=reason, blocker=value.producer)
            else:
                return value.producer
        return None

    # -- growing

    def along(self, node: Node, value: Value) -> None:
        """Join a node with the one that gives ``value``."""
        producer = value.producer
        if producer is None or producer.kind == CONSTANT or not isinstance(value.type, TensorType):
            return
        if producer.owner is not self.block:
            self.refuse(node, f"{producer.kind} stands in another block", producer)
        elif producer.serial not in self.groups:
            self.refuse(node, why_not_fusable(producer), producer)
        else:
            self.merge(node, producer)

    def across(self, node: Node, value: Value) -> None:
        """Join a node with earlier ones that take the same tensor, the nearest first."""
        if not isinstance(value.type, TensorType) or value.is_constant:
            return
        for other in self.neighbours(node, value):
            if self.shapes.equal(other.output, node.output) and self.merge(node, other):
                return

    def neighbours(self, node: Node, value: Value) -> list[Node]:
        """Nodes of other groups that take ``value`` before ``node`` does, one a group, the nearest first."""
        users = self.users(value)
        groups = {id(self.groups[node.serial])}
        found: list[Node] = []
        for other in reversed(users[: bisect_left(users, self.order.index(node), key=self.order.index)]):
            group = id(self.groups[other.serial])
            if group not in groups:
                groups.add(group)
                found.append(other)
                if len(found) == NEIGHBOURS:
                    break
        return found

    def users(self, value: Value) -> list[Node]:
        """The nodes of groups that take a value, in their order."""
        found = self.takers.get(value.serial)
        if found is None:
            taking = {use.user.serial: use.user for use in value.uses if isinstance(use.user, Node)}
            found = sorted((n for n in taking.values() if n.serial in self.groups), key=self.order.index)
            self.takers[value.serial] = found
        return found

    def merge(self, node: Node, earlier: Node) -> bool:
        """Join the groups of two nodes, if nothing speaks against it; whether they are one now."""
        mine, theirs = self.groups[node.serial], self.groups[earlier.serial]
        if mine is theirs:
            return True
        size = self.sizes[id(mine)] + self.sizes[id(theirs)]
        if size > self.nodes:
            dear = f", counting {DEAR} for each that is no plain arithmetic" if size > len(mine) + len(theirs) else ""
            return self.refuse(node, f"a group has at most {self.nodes} nodes{dear}", earlier)
        between = self.order.between(node, earlier)
        if between is not None:
            return self.refuse(node, f"{between.kind} has to run between it and {earlier.kind}", between)
        parts = (theirs, mine) if self.order.index(theirs[0]) < self.order.index(mine[0]) else (mine, theirs)
        reason = self.shapes.why_not_one_loop(*parts, node, earlier)
        if reason:
            return self.refuse(node, reason, earlier)
        self.order.join(node, earlier)
        self.shapes.join(mine, theirs)
        if self.order.index(theirs[-1]) < self.order.index(mine[0]):
            theirs += mine  # in their order already
            joined, moved = theirs, mine
        else:
            joined = moved = sorted([*mine, *theirs], key=self.order.index)
        self.sizes[id(joined)] = size
        for member in moved:
            self.groups[member.serial] = joined
        return True

    def refuse(self, node: Node, reason: str, blocker: Node) -> bool:
        self.rewriter.refuse(node, rule="fuse", reason=reason, blocker=blocker)
        return False


def _size(node: Node) -> int:
    """How much of a group's room a node takes."""
    return 1 if node.kind.removeprefix("aten::").removesuffix("_") in ARITHMETIC else DEAR


class _Shapes:
    """What is known of the shapes in one block: which values have the same one."""

    def __init__(self, block: Block) -> None:
        self._same: dict[int, int] = {}
        self._forms: dict[int, _Form] = {}  # by the first node of a group
        for node in block.nodes:
            if not why_not_fusable(node):
                self._same[node.output.serial] = self._of_result(node)
                self._forms[node.serial] = self._class(node.output), _known_shape(node.output)

    def _of_result(self, node: Node) -> int:
        """The class of a result: that of its operands, if they have one in common and the rest are numbers."""
        classes = {self._class(v) for v in node.inputs if isinstance(v.type, TensorType) and v.type.shape != ()}
        return classes.pop() if len(classes) == 1 else node.output.serial

    def _class(self, value: Value) -> int:
        return self._same.get(value.serial, value.serial)

    def equal(self, a: Value, b: Value) -> bool:
        """Whether two tensors provably have the same shape."""
        if self._class(a) == self._class(b):
            return True
        known_a, known_b = _known_shape(a), _known_shape(b)
        return known_a is not None and known_a == known_b

    def join(self, mine: list[Node], theirs: list[Node]) -> None:
        """Two groups become one, which begins where one of them does."""
        form = _common(self._forms[mine[0].serial], self._forms[theirs[0].serial])
        self._forms[mine[0].serial] = self._forms[theirs[0].serial] = form

    def why_not_one_loop(self, group: list[Node], other_group: list[Node], node: Node, earlier: Node) -> str:
        """Why the results of two groups would not all have the shape of one loop; empty if they do."""
        alike = _common(self._forms[group[0].serial], self._forms[other_group[0].serial])
        if any(part is not None for part in alike):
            return ""
        first, *others = (*group, *other_group)
        if all(self.equal(first.output, n.output) for n in others):
            return ""
        shape, other = _known_shape(node.output), _known_shape(earlier.output)
        if shape is not None and other is not None and shape != other:
            return f"{earlier.kind} gives {earlier.output.type}, this node {node.output.type}"
        # A single result has the loop's shape by itself: everything in the group feeds it, broadcast if need be.
        both = [first, *others]
        if len(list(_results(both))) == 1 and not any(_known_shape(n.output) for n in both):
            return ""
        return "the shapes are not known to be equal"


# What all results of a group have in common: the class of their shapes, and their known shape.
_Form = tuple[int | None, tuple[int | None, ...] | None]


def _common(a: _Form, b: _Form) -> _Form:
    return a[0] if a[0] == b[0] else None, a[1] if a[1] == b[1] else None


def _known_shape(value: Value) -> tuple[int | None, ...] | None:
    shape = value.type.shape if isinstance(value.type, TensorType) else None
    return None if shape is None or None in shape else shape


def _results(group: list[Node]) -> Iterable[Value]:
    """The values of a group that something outside it takes."""
    members = {id(n) for n in group}
    for node in group:
        if any(id(use.user) not in members for use in node.output.uses):
            yield node.output
