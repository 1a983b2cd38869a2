"""Common subexpressions: of two nodes that compute the same from the same, the first stands for both.

A block may take what an outer block computed before it, never the reverse. Nodes with effects, random ones, and those
whose memory somebody writes to are left alone.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo, has_side_effect, is_random
from tensorlab.jit.ir import CONSTANT, Block, Graph, Node
from tensorlab.jit.rewrite import Pass, Rewriter

Key = tuple[Any, ...]


def run(rewriter: Rewriter) -> None:
    """Compute what is computed twice only once."""
    _block(rewriter, rewriter.graph.block, AliasInfo(rewriter.graph), {})


cse = Pass("cse", run)


def _block(rewriter: Rewriter, block: Block, alias: AliasInfo, seen: dict[Key, Node]) -> None:
    """Join the nodes of a block; ``seen`` are those before it, and the same ones again when it is done."""
    own: list[Key] = []
    for node in list(block.nodes):
        for inner in node.blocks:
            _block(rewriter, inner, alias, seen)
        key = _key(node)
        if key is None:
            continue
        first = seen.setdefault(key, node)
        if first is not node:
            _join(rewriter, node, first, alias)
        else:
            own.append(key)
    for key in own:
        del seen[key]


def _join(rewriter: Rewriter, node: Node, first: Node, alias: AliasInfo) -> None:
    hazard = _hazard(node, first, alias)
    if hazard is not None:
        reason, blocker = hazard
        reason = f"computes what an earlier node does, but {reason}"
        rewriter.refuse(node, rule="same_as", reason=reason, blocker=blocker)
        return
    for old, new in zip(node.outputs, first.outputs, strict=True):
        alias.merge(old, new)
    values = dict(zip(node.outputs, first.outputs, strict=True))
    reason = "is an earlier constant" if node.kind == CONSTANT else "computes what an earlier node does"
    rewriter.replace([node], values, rule="same_as", reason=reason)


def _hazard(node: Node, first: Node, alias: AliasInfo) -> tuple[str, Any] | None:
    for value in node.inputs:
        for writer in alias.writers(value):
            return f"{writer.kind} may write to what it reads", writer
    for old, new in zip(node.outputs, first.outputs, strict=True):
        hazard = alias.hazard(new, old)
        if hazard is not None:
            return hazard
    return None


def _key(node: Node) -> Key | None:
    """What two nodes that compute the same have in common; `None` for a node that is never joined."""
    if why_never_joined(node):
        return None
    if node.kind == CONSTANT:
        return constant_key(node)
    # Types are compared too: one output cannot stand for another of a narrower type.
    types = tuple(v.type for v in node.outputs)
    attributes = tuple((key, _identity(value)) for key, value in node.attributes.items())
    overload = None if node.op is None else node.op.schema.overload
    return node.kind, overload, types, attributes, tuple(v.serial for v in node.inputs)


def why_never_joined(node: Node) -> str:
    """Why no other node can stand for a node, whatever it computes; empty where one could."""
    if node.blocks or any(isinstance(value, Graph) for value in node.attributes.values()):
        return f"{node.kind} holds operations of its own"
    if not node.outputs or has_side_effect(node):
        return f"{node.kind} has an effect"
    if is_random(node):
        return f"{node.kind} draws random numbers"
    if node.op is not None and node.op.schema.writes:
        return f"{node.kind} writes to its input"
    return ""


def constant_key(node: Node) -> Key:
    """What equal constants have in common."""
    return CONSTANT, node.output.type, _identity(node.attributes["value"])


def _identity(value: Any) -> Any:
    """Equal for values that are the same constant: 1, 1.0 and True are three, 0.0 and -0.0 two, a nan is one."""
    if isinstance(value, tuple):
        return tuple(_identity(v) for v in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(getattr(value, "type", None), TensorType):
        return ("tensor", id(value))
    return type(value).__name__, repr(value)
