"""List-mutation removal: what is done to a list right after it was made, in the block that made it, makes another list.

``l = [a]``, ``l.append(b)`` becomes ``[a, b]``, which everything after it takes. Until then nobody may have got hold of
the list itself. Of a list that nobody writes to, length and elements are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tensorlab.core.types import ListType
from tensorlab.jit import edit
from tensorlab.jit.build import known
from tensorlab.jit.ir import LIST_CONSTRUCT, PRINT, Block, Node, Use, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter

Elements = list[Value]
LIST_UNPACK = "prim::ListUnpack"


def run(rewriter: Rewriter) -> None:
    """Make lists with all that is put into them, and take elements from where they came."""
    for node in list(walk(rewriter.graph.block)):
        if node.op is not None and 0 in node.op.schema.writes and isinstance(node.inputs[0].type, ListType):
            _mutation(rewriter, node, edit.home(node))
    for node in list(walk(rewriter.graph.block)):
        if node.kind in _READS and _made(node.inputs[0]) is not None:
            _read(rewriter, node)


lists = Pass("lists", run)


def _made(value: Value) -> Node | None:
    node = value.producer
    return node if node is not None and node.kind == LIST_CONSTRUCT else None


# -- writes


def _mutation(rewriter: Rewriter, node: Node, block: Block) -> None:
    target = node.inputs[0]
    obstacle = _why_not(node, block)
    made = _made(target)
    if made is None or obstacle is not None:
        reason, blocker = obstacle or ("", None)
        rewriter.refuse(node, rule="new_list", reason=reason, blocker=blocker)
        return
    elements = _CHANGES[node.kind](list(made.inputs), node.inputs[1:])
    if elements is None:
        reason = "which element it is is not known, or it raises when it runs"
        rewriter.refuse(node, rule="new_list", reason=reason, blocker=node.inputs[1] if len(node.inputs) > 1 else None)
        return
    builder = rewriter.builder_before(node)
    new = builder.node(LIST_CONSTRUCT, elements, [target.type], names=[target.name] if target.name else ()).output
    later = [(use, new) for use in target.uses if use.user is not node and not _is_before(use, node, block)]
    values = {output: new for output in node.outputs if output.type == target.type}
    reason = f"{node.kind} makes another list of it"
    rewriter.replace([node], values, rule="new_list", reason=reason, uses=later)


def _why_not(node: Node, block: Block) -> tuple[str, Node | Value | None] | None:
    target = node.inputs[0]
    if node.kind not in _CHANGES:
        return f"what {node.kind} leaves is not known", None
    made = _made(target)
    if made is None:
        return "it is not known what is in the list", target
    if made.owner is not block:
        return "the list is made in another block", made
    for use in target.uses:
        if use.user is not node and _is_before(use, node, block) and not _only_reads(use):
            return "the list was handed on before, or written to", use.user if isinstance(use.user, Node) else target
    return None


def _is_before(use: Use, node: Node, block: Block) -> bool:
    """Whether a list is used, in a block or in one inside it, before a node of that block."""
    inner: Node | None = use.user if isinstance(use.user, Node) else use.user.owner
    while inner is not None and inner.owner is not block:
        inner = None if inner.owner is None else inner.owner.owner
    return inner is not None and block.nodes.index(inner) < block.nodes.index(node)


def _only_reads(use: Use) -> bool:
    """Whether a user neither writes to a list nor gives it, or a part of it, to somebody who might."""
    if isinstance(use.user, Block) or use.user.op is None:
        return isinstance(use.user, Node) and use.user.kind in (PRINT, LIST_UNPACK)
    params = use.user.op.schema.params
    return use.index < len(params) and params[use.index].alias is None


def _append(elements: Elements, given: Sequence[Value]) -> Elements | None:
    return [*elements, given[0]]


def _extend(elements: Elements, given: Sequence[Value]) -> Elements | None:
    other = _made(given[0])
    if other is None or not all(_only_reads(u) or _is_result(u) for u in other.output.uses):
        return None
    return [*elements, *other.inputs]


def _insert(elements: Elements, given: Sequence[Value]) -> Elements | None:
    place = known(given[0])
    if not isinstance(place, int):
        return None
    elements.insert(place, given[1])
    return elements


def _set(elements: Elements, given: Sequence[Value]) -> Elements | None:
    place = known(given[0])
    if not isinstance(place, int) or not -len(elements) <= place < len(elements):
        return None
    elements[place] = given[1]
    return elements


def _delete(elements: Elements, given: Sequence[Value]) -> Elements | None:
    place = known(given[0])
    if not isinstance(place, int) or not -len(elements) <= place < len(elements):
        return None
    del elements[place]
    return elements


_CHANGES: dict[str, Callable[[Elements, Sequence[Value]], Elements | None]] = {
    "aten::append": _append,
    "aten::extend": _extend,
    "aten::add_": _extend,
    "aten::insert": _insert,
    "aten::_set_item": _set,
    "aten::Delete": _delete,
    "aten::clear": lambda elements, given: [],
    "aten::reverse": lambda elements, given: elements[::-1],
}


# -- reads

_READS = ("aten::len", "aten::__getitem__", LIST_UNPACK)


def _read(rewriter: Rewriter, node: Node) -> None:
    value = node.inputs[0]
    made = _made(value)
    writer = next((u.user for u in value.uses if not _only_reads(u) and not _is_result(u)), None)
    if made is None or writer is not None:
        blocker = writer if isinstance(writer, Node) else value
        rewriter.refuse(node, rule="fixed_list", reason="what is in the list may change", blocker=blocker)
        return
    if node.kind == "aten::len":
        length = rewriter.builder_before(node).constant(len(made.inputs))
        rewriter.replace([node], {node.output: length}, rule="fixed_list", reason="nobody writes to the list")
        return
    if node.kind == LIST_UNPACK:
        if len(node.outputs) != len(made.inputs):
            rewriter.refuse(node, rule="fixed_list", reason=f"raises when it runs: there are {len(made.inputs)}")
            return
        pairs = dict(zip(node.outputs, made.inputs, strict=True))
        rewriter.replace([node], pairs, rule="fixed_list", reason="a list's elements are what it was made of")
        return
    place = known(node.inputs[1])
    if not isinstance(place, int) or not -len(made.inputs) <= place < len(made.inputs):
        reason = "which element it is is not known, or it raises when it runs"
        rewriter.refuse(node, rule="fixed_list", reason=reason, blocker=node.inputs[1])
        return
    pairs = {node.output: made.inputs[place]}
    rewriter.replace([node], pairs, rule="fixed_list", reason="an element is what the list was made of")


def _is_result(use: Use) -> bool:
    """Whether a list is only given to the caller at the end."""
    return isinstance(use.user, Block) and use.user.owner is None
