"""Lists in a native function: worked out while it is written, so that nothing of them is left.

That takes a length that is known at each line. A list may change where it was made, and nowhere deeper: not in a branch
that may not be taken, nor in a loop.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.types import ListType
from tensorlab.jit.ir import Node
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Number, RefusedError, Several, Thing, python_of, wrapped

# What moves elements and looks at none of them.
_KINDS = {
    *("aten::len", "aten::__getitem__", "aten::slice", "aten::copy", "aten::list", "aten::add", "aten::mul"),
    *("aten::append", "aten::extend", "aten::insert", "aten::pop", "aten::reverse", "aten::clear", "aten::add_"),
    *("aten::_set_item", "aten::Delete", "tensorlab::set_slice"),
}


def write_list(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Do what a node does to lists; False for any other node."""
    op = node.op
    if op is None or op.evaluate is None or node.kind not in _KINDS:
        return False
    params = op.schema.params
    if not any(isinstance(a, Several) and isinstance(p.type, ListType) for a, p in zip(args, params, strict=True)):
        return False
    given: list[Any] = []
    for i, (param, thing) in enumerate(zip(params, args, strict=True)):
        if isinstance(param.type, ListType):
            if not isinstance(thing, Several):
                raise RefusedError("takes a list that is not known beforehand", node)
            if i in op.schema.writes and thing.indent != w.indent:
                raise RefusedError("changes a list in a branch or a loop that it was not made in", node)
            given.append(thing.parts)
        elif param.name in ("el", "t"):
            given.append(thing)
        else:
            if isinstance(thing, Number) and thing.value is None:
                raise RefusedError("a place in a list that is not known beforehand", node)
            given.append(python_of(thing))
    found = op.run(tuple(given))
    if node.outputs:
        w.things[node.output.serial] = _thing(w, node, args, found)
    return True


def _thing(w: Writer, node: Node, args: list[Thing], found: Any) -> Thing:
    """What came out: the list that went in, a new one, or an element."""
    for arg in args:
        if isinstance(arg, Several) and arg.parts is found:
            return arg
    if isinstance(found, list):
        return Several(found, True, None, w.indent)  # pyright: ignore[reportUnknownArgumentType]
    return wrapped(found, node) if isinstance(found, int) else found
