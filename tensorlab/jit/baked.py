"""What a traced function says when it fails on inputs unlike those that it was traced with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.types import INT, ListType
from tensorlab.jit.ir import Graph, Node, Value


def baked_in(graph: Graph, given: Sequence[Any], node: Node | None) -> str:
    """What to add to the message of a traced function that failed on inputs unlike those that it was traced with."""
    changed = [(v, t) for v, t in zip(graph.inputs, given, strict=True) if t != v.type]
    if not changed:
        return ""
    then, now = (
        ", ".join(f"{v.name}: {t}" for v, t in pairs) for pairs in ([(v, v.type) for v, _ in changed], changed)
    )
    found: list[str] = []
    if node is not None and node.op is not None:
        named = zip(node.op.schema.params, node.inputs, strict=True)
        found = [f"{p.name}={_listed(v.constant)}" for p, v in named if _is_size(v) and v.constant != p.default]
    baked = f"; the trace has baked in {', '.join(found)}" if found else ""
    return f"\n  traced with {then}, called with {now}{baked}"


def _is_size(value: Value) -> bool:
    return value.is_constant and value.type in (INT, ListType(INT))


def _listed(constant: Any) -> str:
    return str(list(cast("tuple[int, ...]", constant))) if isinstance(constant, tuple) else str(constant)
