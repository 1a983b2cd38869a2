"""Peephole: small patterns give way to what they come to, by the table of rules in `algebra`.

No rule may let two values share memory where somebody could see it: a copy that is written to, or handed to the caller
beside its original, stays a copy.
"""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import Block, Node, Value
from tensorlab.jit.passes.algebra import RULES, NoMatch, Outcome, Refusal, Rule
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
    values = outcome if isinstance(outcome, tuple) else (outcome,)
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
    for output, value in zip(node.outputs, found, strict=True):
        alias.merge(value, output)
    pairs = dict(zip(node.outputs, found, strict=True))
    rewriter.replace([node], pairs, rule=rule.name, reason=rule.meaning, location=where)
    return True
