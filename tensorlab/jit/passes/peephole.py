"""Peephole: small patterns give way to what they come to, by the table of rules in `algebra`.

No rule may let two values share memory where somebody could see it: a copy that is written to, or handed to the caller
beside its original, stays a copy. Nor may one value stand for another that lies in memory in another way, where
somebody could see that: what takes views of a slice makes others than of a dense copy, or refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import FUSION_GROUP, Block, Node, Value
from tensorlab.jit.passes.algebra import RULES, Elements, NoMatch, Outcome, Refusal, Rule
from tensorlab.jit.rewrite import Pass, Rewriter, location_of


def run(rewriter: Rewriter, *, rules: Sequence[Rule] = tuple(RULES)) -> None:
    """Replace small patterns by what they come to: ``x.t().t()`` is ``x``."""
    table: dict[str, list[Rule]] = {}
    for rule in rules:
        for kind in rule.kinds:
            table.setdefault(kind, []).append(rule)
    _block(rewriter, rewriter.graph.block, AliasInfo(rewriter.graph), table)


peephole = Pass("peephole", run)


def _block(rewriter: Rewriter, block: Block, alias: AliasInfo, table: dict[str, list[Rule]]) -> None:
    # Inputs stand before what takes them and are done by then: one walk forwards finds everything.
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, alias, table)
        for rule in table.get(node.kind, ()):
            outcome = rule.apply(node)
            if not isinstance(outcome, NoMatch) and _follow(rewriter, node, rule, outcome, alias):
                break


def _follow(rewriter: Rewriter, node: Node, rule: Rule, outcome: Outcome, alias: AliasInfo) -> bool:
    """Do what a rule says; whether the node went."""
    where = location_of(rule.apply)
    elements = outcome.value if isinstance(outcome, Elements) else None
    values = outcome if isinstance(outcome, tuple) else (elements or outcome,)
    refusal = next((v for v in values if isinstance(v, Refusal)), None)
    if refusal is not None:
        rewriter.refuse(node, rule=rule.name, reason=refusal.reason, blocker=refusal.blocker, location=where)
        return False
    found = [v for v in values if isinstance(v, Value)]
    for output, value in zip(node.outputs, found, strict=True):
        hazard = alias.hazard(value, output)
        if hazard is not None:
            reason, blocker = hazard
            rewriter.refuse(node, rule=rule.name, reason=reason, blocker=blocker, location=where)
            return False
    if elements is not None and not is_dense(elements):
        user = next((use.user for use in node.output.uses if looks_at_strides(use.user)), None)
        if user is not None:
            who = user.kind if isinstance(user, Node) else "who gets the result"
            reason = f"may lie in memory in another way, and {who} could tell"
            rewriter.refuse(node, rule=rule.name, reason=reason, blocker=elements, location=where)
            return False
    for output, value in zip(node.outputs, found, strict=True):
        alias.merge(value, output)
    pairs = dict(zip(node.outputs, found, strict=True))
    rewriter.replace([node], pairs, rule=rule.name, reason=rule.meaning, location=where)
    return True


def looks_at_strides(user: Node | Block) -> bool:
    """Whether what takes a tensor may make something else of the same elements in other places: a view, say.

    In-place operations are no matter: there the memory itself is somebody's.
    """
    if isinstance(user, Block) or user.op is None:
        return isinstance(user, Block) or user.kind != FUSION_GROUP
    schema = user.op.schema
    return not schema.writes and any(r.alias is not None for r in schema.results)


def is_dense(value: Value) -> bool:
    """Whether a tensor is known to have its elements side by side, in whatever order; a number is as good."""
    node = value.producer
    if not isinstance(value.type, TensorType):
        return True
    if node is None:
        return False
    if node.kind in _REARRANGE:
        return is_dense(node.inputs[0])
    rules = node.op.rules if node.op is not None and not node.op.schema.writes else ()
    return node.kind == FUSION_GROUP or "scalar" in rules or "reduce" in rules


_REARRANGE = ("aten::t", "aten::transpose", "aten::permute", "aten::view", "aten::unsqueeze", "aten::squeeze")
