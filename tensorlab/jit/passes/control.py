"""Control flow that decides nothing: branches and loops that never run, trips that are known, outputs that do not vary.

Nothing is computed here: `constant` does that, with these same rules in between. An if or loop without outputs goes if
nothing in it has an effect or writes; what it might raise goes with it, as in `dce`.
"""

from __future__ import annotations

from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo, has_side_effect
from tensorlab.jit.build import frozen
from tensorlab.jit.ir import IF, LOOP, Block, Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter


def run(rewriter: Rewriter) -> None:
    """Drop branches and loops that never run, and what ifs and loops only hand on."""
    _Control(rewriter).block(rewriter.graph.block, {})


control = Pass("control", run)


class _Control:
    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.alias = AliasInfo(rewriter.graph)

    def block(self, block: Block, known: dict[Value, bool]) -> None:
        """``known`` are the conditions that ifs around the block have tested."""
        index = 0
        while index < len(block.nodes):
            # A spliced block's nodes come to stand at this index: they are next.
            node = block.nodes[index]
            length = len(block.nodes)
            if not self.node(node, known) and (len(block.nodes) == length or block.nodes[index] is node):
                index += 1

    def node(self, node: Node, known: dict[Value, bool]) -> bool:
        """Work on one node; whether it gave way to others that stand in its place, or is gone."""
        if node.kind == IF:
            return self.if_(node, known)
        if node.kind == LOOP:
            return self.loop(node, known)
        for inner in node.blocks:
            self.block(inner, known)
        return False

    def if_(self, node: Node, known: dict[Value, bool]) -> bool:
        condition = node.inputs[0]
        if known_branch(self.rewriter, node) or tested_before(self.rewriter, node, known):
            return True
        for block, truth in zip(node.blocks, (True, False), strict=True):
            self.block(block, {**known, condition: truth})
        same_results(self.rewriter, node)
        only_the_condition(self.rewriter, node)
        return self.without_effect(node, "empty_if")

    def loop(self, node: Node, known: dict[Value, bool]) -> bool:
        if no_trip(self.rewriter, node) or one_trip(self.rewriter, node):
            return True
        self.block(node.blocks[0], known)
        unchanged(self.rewriter, node)
        return self.without_effect(node, "empty_loop")

    def without_effect(self, node: Node, rule: str) -> bool:
        """An if or loop that gives nothing and does nothing; whether it went."""
        if any(v.uses for v in node.outputs):
            return False
        inside = [inner for block in node.blocks for inner in walk(block) if not inner.blocks]
        for inner in inside:
            if has_side_effect(inner) or self.alias.writes(inner):
                does = "has an effect" if has_side_effect(inner) else "writes to memory"
                self.rewriter.refuse(node, rule=rule, reason=f"{inner.kind} inside it {does}", blocker=inner)
                return False
        self.rewriter.remove(node, rule=rule, reason="it gives nothing, and nothing in it has an effect")
        return True


# -- ifs


def known_branch(rewriter: Rewriter, node: Node) -> bool:
    """An if of a constant is the block that runs; whether it gave way to that."""
    condition = node.inputs[0]
    if not condition.is_constant:
        return False
    reason = f"the condition is always {bool(condition.constant)}"
    rewriter.splice(node, node.blocks[0 if condition.constant else 1], (), rule="constant_if", reason=reason)
    return True


def tested_before(rewriter: Rewriter, node: Node, known: dict[Value, bool]) -> bool:
    """An if inside a branch of another if with the same condition; whether it gave way to the block that runs."""
    truth = known.get(node.inputs[0])
    if truth is None:
        return False
    reason = f"an if around it has tested the condition: it is {truth} here"
    rewriter.splice(node, node.blocks[0 if truth else 1], (), rule="tested_before", reason=reason)
    return True


def same_results(rewriter: Rewriter, node: Node) -> None:
    """Outputs for which both blocks of an if give one value, or the same constant."""
    for index in reversed(range(len(node.outputs))):
        output, (then, otherwise) = node.outputs[index], [block.results[index] for block in node.blocks]
        if then is otherwise:
            value = then
        elif not _same_constant(then, otherwise):
            continue
        else:
            builder = rewriter.builder_before(node)
            value = builder.constant(then.constant, type_=then.type, name=output.name)
        rewriter.replace_value(output, value, rule="same_result", reason="both blocks give the same")
        rewriter.drop_output(node, index, rule="same_result", reason=f"nothing takes output {index}")


def only_the_condition(rewriter: Rewriter, node: Node) -> None:
    """Outputs that are True in one block and False in the other: the condition itself."""
    for index in reversed(range(len(node.outputs))):
        then, otherwise = (block.results[index] for block in node.blocks)
        if then.is_constant and otherwise.is_constant and then.constant is True and otherwise.constant is False:
            reason = "it is True where the condition is, and False where that is"
            rewriter.replace_value(node.outputs[index], node.inputs[0], rule="only_the_condition", reason=reason)
            rewriter.drop_output(node, index, rule="only_the_condition", reason=f"nothing takes output {index}")


# -- loops


def no_trip(rewriter: Rewriter, node: Node) -> bool:
    """A loop that never runs gives what it was given; whether it went."""
    trips, condition = node.inputs[:2]
    if not ((trips.is_constant and trips.constant <= 0) or (condition.is_constant and not condition.constant)):
        return False
    values = dict(zip(node.outputs, node.inputs[2:], strict=True))
    rewriter.replace([node], values, rule="no_trip", reason="the loop never runs")
    return True


def one_trip(rewriter: Rewriter, node: Node) -> bool:
    """A loop that surely runs just once is its body; whether it gave way to that."""
    trips, condition, *carried = node.inputs
    again = node.blocks[0].results[0]
    ends = again.is_constant and not again.constant
    if not trips.is_constant or not (trips.constant == 1 or (trips.constant > 1 and ends)):
        return False
    if not condition.is_constant:
        reason = "it runs at most once, but its condition may keep it from that"
        rewriter.refuse(node, rule="one_trip", reason=reason, blocker=condition)
        return False
    first = rewriter.builder_before(node).constant(0)
    rewriter.splice(node, node.blocks[0], [first, *carried], rule="one_trip", reason="the loop runs just once")
    return True


def unchanged(rewriter: Rewriter, node: Node) -> None:
    """Carried values that each trip hands on as they came."""
    reason = "no trip of the loop changes it"
    (block,) = node.blocks
    for index in reversed(range(len(node.outputs))):
        init, param, result = node.inputs[index + 2], block.params[index + 1], block.results[index + 1]
        if result is param or result is init:
            rewriter.replace_value(node.outputs[index], init, rule="unchanged", reason=reason)
            rewriter.drop_output(node, index, rule="unchanged", reason=reason)


def _same_constant(a: Value, b: Value) -> bool:
    if not a.is_constant or not b.is_constant or a.type != b.type or isinstance(a.type, TensorType):
        return False
    return repr(frozen(a.constant)) == repr(frozen(b.constant))
