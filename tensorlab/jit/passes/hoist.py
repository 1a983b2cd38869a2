"""Loop-invariant code motion: what each trip computes anew from the same values is computed once, before the loop.

What cannot raise moves out of any loop: if the loop does not run at all, its result is for nothing. What may raise
moves only if the loop surely runs, and only past nodes that neither raise nor do anything that could be seen before
the error. Effects, random numbers, writes and what reads memory that the loop writes to stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.op import infer
from tensorlab.core.types import BOOL, FLOAT, TensorType
from tensorlab.errors import TensorlabError
from tensorlab.jit import edit
from tensorlab.jit.alias import AliasInfo, has_side_effect, is_random
from tensorlab.jit.build import known
from tensorlab.jit.ir import CONSTANT, LIST_CONSTRUCT, LOOP, TUPLE_CONSTRUCT, TUPLE_UNPACK, Block, Node, Value
from tensorlab.jit.regions import looks_at_values
from tensorlab.jit.rewrite import Pass, Rewriter

Obstacle = tuple[str, Node | Value | None]


def run(rewriter: Rewriter) -> None:
    """Compute before a loop what is the same in each of its trips."""
    _block(rewriter, rewriter.graph.block, AliasInfo(rewriter.graph))


hoist = Pass("hoist", run)


def _block(rewriter: Rewriter, block: Block, alias: AliasInfo) -> None:
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, alias)  # inner loops first: what leaves them may leave the outer one too
        if node.kind == LOOP:
            _loop(rewriter, node, alias)


def _loop(rewriter: Rewriter, loop: Node, alias: AliasInfo) -> None:
    (body,) = loop.blocks
    stay: list[Node] = []
    for node in list(body.nodes):
        if node.blocks or any(_home(v) is body for v in node.inputs):
            stay.append(node)
            continue
        obstacle = _obstacle(node, loop, stay, alias)
        if obstacle is None:
            rewriter.move(node, loop, rule="invariant", reason="it is the same in every trip")
            continue
        reason, blocker = obstacle
        rewriter.refuse(node, rule="invariant", reason=reason, blocker=blocker)
        stay.append(node)


def _obstacle(node: Node, loop: Node, before: Sequence[Node], alias: AliasInfo) -> Obstacle | None:
    """Why a node must be done in each trip, though it takes nothing of the loop; and what is in the way."""
    if has_side_effect(node):
        return "has an effect in each trip", None
    if is_random(node):
        return "draws other random numbers in each trip", None
    if alias.writes(node):
        return "writes to memory in each trip", None
    return _memory(node, loop, alias) or _raising(node, loop, before, alias)


def _memory(node: Node, loop: Node, alias: AliasInfo) -> Obstacle | None:
    for value in node.inputs if _reads(node) else ():
        for writer in alias.writers(value):
            if _inside(writer, loop):
                return f"{writer.kind} may write to what it reads", writer
    (body,) = loop.blocks
    for value in node.outputs if _makes_memory(node) else ():
        for writer in alias.writers(value):
            return f"{writer.kind} may write to its memory, which is new in each trip", writer
        carried = [v for v in body.results[1:] if alias.may_alias(v, value)]
        together = len(carried) > 1 or any(not isinstance(v.type, TensorType) for v in carried)
        if together and alias.escapes(value):
            return "a caller could get the memory of two trips, which would be one", carried[-1]
    return None


def _raising(node: Node, loop: Node, before: Sequence[Node], alias: AliasInfo) -> Obstacle | None:
    if cannot_raise(node):
        return None
    trips, condition = loop.inputs[:2]
    if not trips.is_constant or trips.constant < 1:
        return "may raise, and the loop may make no trip", trips
    if not condition.is_constant or not condition.constant:
        return "may raise, and the loop may make no trip", condition
    for other in before:
        if has_side_effect(other) or alias.writes(other) or other.blocks or not cannot_raise(other):
            return f"may raise, and {other.kind} comes before it in the first trip", other
    return None


def cannot_raise(node: Node) -> bool:
    """Whether a node surely gives its results: shapes and dtypes are known to fit, and no value could be refused."""
    if node.op is None:
        return node.kind in _PLAIN
    given = [v.type for v in node.inputs]
    if not any(isinstance(t, TensorType) for t in given):
        return node.kind in _TOTAL and (len(given) == 1 or given[0] == given[1])
    if node.kind in _OF_TYPES:
        return True
    if not {"scalar", "reduce", "view"} & node.op.rules.keys() or "guard" in node.op.rules or looks_at_values(node):
        return False
    for value in node.inputs:
        # A number from outside may be a dim out of range, or more than the dtype holds.
        settled = value.type.is_complete if isinstance(value.type, TensorType) else value.is_constant
        if not settled and value.type not in (BOOL, FLOAT):
            return False
    try:
        infer(node.op, [known(v) for v in node.inputs])
    except TensorlabError:
        return False
    return True


def _home(value: Value) -> Block | None:
    return value.block if value.producer is None else edit.home(value.producer)


def _inside(node: Node, loop: Node) -> bool:
    block = node.owner
    while block is not None and block.owner is not None:
        if block.owner is loop:
            return True
        block = block.owner.owner
    return False


def _reads(node: Node) -> bool:
    """Whether a node looks at elements, and not only at where they lie."""
    return node.kind not in (*_PLAIN, *_OF_TYPES) and not (node.op is not None and "view" in node.op.rules)


def _makes_memory(node: Node) -> bool:
    if node.kind == LIST_CONSTRUCT:
        return True  # whoever appends to it writes there
    return node.kind not in _PLAIN and not (node.op is not None and "view" in node.op.rules)


_PLAIN = frozenset({CONSTANT, TUPLE_CONSTRUCT, TUPLE_UNPACK, LIST_CONSTRUCT})
_OF_TYPES = frozenset({"aten::dim", "aten::numel", "prim::dtype", "prim::device"})
# Of numbers of one type, these give a result whatever the values are.
_TOTAL = frozenset(
    f"aten::{name}"
    for name in (
        *("add", "sub", "mul", "neg", "abs", "min", "max", "eq", "ne", "lt", "le", "gt", "ge"),
        *("__and__", "__or__", "__xor__", "__not__", "bitwise_not", "Bool"),
    )
)
