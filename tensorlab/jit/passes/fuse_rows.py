"""Fusion of reductions: those along the last dimensions, with the pointwise nodes before and after them, in one group.

A group grows from its first reduction, to what makes the rows, to what is done with them and with the numbers that are
had of each row, and to other reductions of the same rows. It is lowered to one loop that goes over each row a few times
while the row lies in the cache. All of it has provably the same rows: the same shape, or that shape with its last
dimensions folded. Blocks are not crossed and no cycle is made, as in `fuse`, which runs after this on what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tensorlab.core.region import Reduce
from tensorlab.core.row_form import folded_of
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import Block, Node, Value
from tensorlab.jit.passes.enclosing import Enclosing
from tensorlab.jit.passes.fuse import why_not_fusable
from tensorlab.jit.passes.order import Order
from tensorlab.jit.regions import is_reduction, why_no_rows
from tensorlab.jit.rewrite import Pass, Rewriter

# A row is gone through once a reduction and once more for what follows; a few dozen nodes are as much as one has seen.
NODES = 64
ALL = -1  # dimensions folded, of a tensor of unknown rank: all


@dataclass(frozen=True, slots=True)
class Folded:
    """What folding leaves of a shape that is not known: its last dimensions as 1, or none in their place."""

    whole: Shape
    count: int
    keeps: bool


# A shape: its sizes, the serial of the value that has it, or what is left of another one.
Shape = tuple[int, ...] | int | Folded


def run(rewriter: Rewriter, *, nodes: int = NODES) -> None:
    """Make one loop of reductions and the pointwise nodes around them."""
    _block(rewriter, rewriter.graph.block, AliasInfo(rewriter.graph), nodes)


fuse_rows = Pass("fuse_rows", run, {"nodes": NODES})


def _block(rewriter: Rewriter, block: Block, alias: AliasInfo, nodes: int) -> None:
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, alias, nodes)
    if any(map(is_reduction, block.nodes)):
        _RowFuser(rewriter, block, alias, nodes).run()


def why_not_rows(node: Node) -> str:
    """Why a reduction folds no rows that are known beforehand; empty if it does."""
    if not all(v.is_constant for v in node.inputs[1:]):
        return "which dimensions it folds is not known"
    names = [] if node.op is None else [p.name for p in node.op.schema.params]
    if "dtype" in names and node.inputs[names.index("dtype")].constant is not None:
        return "it sums up in another dtype"
    if not node.output.uses:
        return "nothing takes what it gives"
    try:
        return "" if _folded(node) is not None else "it folds other dimensions than the last"
    except DimError:
        return "it folds a dimension that is not there"  # running it says so, with the user's line


def _folded(node: Node) -> int | None:
    """How many last dimensions a reduction folds, `ALL` where that is all of an unknown number; None for others."""
    type_ = node.inputs[0].type
    if node.op is None or not isinstance(type_, TensorType):
        return None
    if type_.shape is not None:
        step = Reduce(node.op, (), tuple(v.constant for v in node.inputs[1:]))
        return folded_of(step, len(type_.shape))
    names = [p.name for p in node.op.schema.params]
    dims = node.inputs[names.index("dim")].constant if "dim" in names else None
    if not dims:
        return ALL
    return len(dims) if sorted(dims) == list(range(-len(dims), 0)) else None


class _RowFuser:
    """The groups of one block."""

    def __init__(self, rewriter: Rewriter, block: Block, alias: AliasInfo, nodes: int) -> None:
        self.rewriter = rewriter
        self.nodes = nodes
        self.block = block
        self.order = Order(block, alias)
        self.enclosing = Enclosing(rewriter, block, self.order)
        self.folded: dict[int, int] = {}  # by reduction that may be fused: how many dimensions it folds
        for node in block.nodes:
            if is_reduction(node) and not why_not_rows(node):
                self.folded[node.serial] = _folded(node) or ALL
        self.shapes = _Shapes(block, self.folded)
        self.taken: set[int] = set()
        self.refusals: list[tuple[Node, Node, str, Node]] = []  # of the group at hand: member, other, why, blocker

    def run(self) -> None:
        for node in list(self.block.nodes):
            if not is_reduction(node) or node.serial in self.taken:
                continue
            reason = why_not_rows(node)
            if reason:
                self.rewriter.refuse(node, rule="fuse_rows", reason=reason)
            else:
                self.group(node)

    def group(self, first: Node) -> None:
        """Grow a group from a reduction, and make it."""
        rows = self.shapes.of(first.inputs[0]), self.folded[first.serial]
        group = [first]
        for member in group:  # grows meanwhile
            for node in self.neighbours(member):
                if node not in group and self.fits(node, member, rows) and self.joins(node, member, group, rows):
                    group.append(node)
        group.sort(key=self.order.index)
        refusals, self.refusals = self.refusals, []
        for member, node, reason, blocker in refusals:
            if node not in group:  # what was in the way may have joined later
                self.rewriter.refuse(member, rule="fuse_rows", reason=reason, blocker=blocker)
        reason = why_no_rows(group) if len(group) > 1 else ""
        if reason:
            self.rewriter.refuse(first, rule="fuse_rows", reason=reason)
        elif len(group) == 1 and not refusals:
            self.rewriter.refuse(first, rule="fuse_rows", reason="nothing before or after it goes along its rows")
        if reason or len(group) == 1:
            return
        self.taken.update(n.serial for n in group)
        kinds = ", ".join(n.kind.removeprefix("aten::") for n in group)
        self.enclosing.enclose(group, rule="fuse_rows", reason=f"one loop over rows computes {kinds}")

    def neighbours(self, node: Node) -> Iterator[Node]:
        """The nodes that give what ``node`` takes, those that take what it gives, and reductions beside it."""
        for value in dict.fromkeys(node.inputs):
            if value.producer is not None and isinstance(value.type, TensorType):
                yield value.producer
        for use in list(node.output.uses):
            if isinstance(use.user, Node):
                yield use.user
        for value in dict.fromkeys(node.inputs):
            if isinstance(value.type, TensorType) and not value.is_constant:
                yield from (u.user for u in list(value.uses) if isinstance(u.user, Node) and is_reduction(u.user))

    def fits(self, node: Node, member: Node, rows: tuple[Shape, int]) -> bool:
        """Whether a node goes along the same rows; what speaks against it is noted."""
        if node.serial in self.taken or node.owner is not self.block:
            return False
        if is_reduction(node):
            return self.reduces(node, member, rows)
        reason = why_not_fusable(node)
        if reason:
            if node.op is not None:  # constants and their like stand in nobody's way
                self.refuse(member, node, reason)
            return False
        shape, (whole, folded) = self.shapes.of(node.output), rows
        if shape == whole:
            return True
        if any(use.user is member for use in node.output.uses):
            return False  # what gives something smaller is computed once, and not for each row
        if shape in (kept(whole, folded), gone(whole, folded)):
            return True
        self.refuse(member, node, f"{node.kind} gives {node.output.type}, which is not known to have its rows")
        return False

    def reduces(self, node: Node, member: Node, rows: tuple[Shape, int]) -> bool:
        if node.serial not in self.folded:
            self.refuse(member, node, why_not_rows(node))
            return False
        if (self.shapes.of(node.inputs[0]), self.folded[node.serial]) == rows:
            return True
        self.refuse(member, node, f"{node.kind} folds other rows")
        return False

    def joins(self, node: Node, member: Node, group: list[Node], rows: tuple[Shape, int]) -> bool:
        """Join a node with a group, if nothing has to run between them."""
        if len(group) >= self.nodes:
            self.refuse(member, node, f"a group has at most {self.nodes} nodes")
            return False
        between = self.order.between(node, member)
        if between is not None:
            self.refuse(member, node, f"{between.kind} has to run between it and {node.kind}", between)
            return False
        left = gone(*rows)
        if left != () and any(self.shapes.of(n.output) == left for n in (*group, node)):
            # Without the folded dimensions, numbers a row stand beside whole rows as if they were one.
            reason = why_no_rows(sorted((*group, node), key=self.order.index))
            if reason:
                self.refuse(member, node, reason)
                return False
        self.order.join(node, member)
        return True

    def refuse(self, member: Node, node: Node, reason: str, blocker: Node | None = None) -> None:
        self.refusals.append((member, node, reason, blocker or node))


class _Shapes:
    """What is known of the shapes in one block: equal ones are equal objects here."""

    def __init__(self, block: Block, folded: dict[int, int]) -> None:
        self._found: dict[int, Shape] = {}
        for node in block.nodes:
            if node.serial in folded:
                whole = self.of(node.inputs[0])
                names = [] if node.op is None else [p.name for p in node.op.schema.params]
                keeps = "keepdim" in names and node.inputs[names.index("keepdim")].constant
                self._found[node.output.serial] = (kept if keeps else gone)(whole, folded[node.serial])
            elif not why_not_fusable(node):
                self._found[node.output.serial] = self._of_result(node)

    def of(self, value: Value) -> Shape:
        """The shape of a tensor."""
        type_ = value.type
        if isinstance(type_, TensorType) and type_.shape is not None and None not in type_.shape:
            return tuple(n for n in type_.shape if n is not None)
        return self._found.get(value.serial, value.serial)

    def _of_result(self, node: Node) -> Shape:
        """The shape that the operands have in common: numbers, and what was folded of it, are broadcast to it."""
        found = {self.of(v) for v in node.inputs if isinstance(v.type, TensorType)} - {()}
        whole = {s for s in found if not (isinstance(s, Folded) and s.keeps and s.whole in found)}
        return whole.pop() if len(whole) == 1 else node.output.serial


def kept(whole: Shape, count: int) -> Shape:
    """A shape, its last dimensions folded to 1."""
    return (
        (*whole[: len(whole) - count], *(1,) * count) if isinstance(whole, tuple) else Folded(whole, count, keeps=True)
    )


def gone(whole: Shape, count: int) -> Shape:
    """A shape without its last dimensions."""
    if count == ALL:
        return ()
    return whole[: len(whole) - count] if isinstance(whole, tuple) else Folded(whole, count, keeps=False)
