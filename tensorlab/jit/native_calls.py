"""Forms of operations that call loops of their own, in a native function: what they have in common.

A form takes a node and its arguments, writes the calls, and gives what comes out, several results as a tuple. It calls
the loop that the eager operation calls, with the same numbers, so that results agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from tensorlab.core.dtype import DType, float32, promote, uint8
from tensorlab.core.layout import layout
from tensorlab.jit.ir import Node
from tensorlab.jit.native_regions import row_major
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Fixed, Number, Place, RefusedError, Several, Thing, known, python_of

Found = Thing | tuple[Thing, ...]
Form = Callable[[Writer, Node, list[Thing]], Found]


def tensor(node: Node, thing: Thing) -> Place:
    """A tensor.

    Raises: `RefusedError` for what is none.
    """
    if not isinstance(thing, Place):
        raise RefusedError("takes what is no tensor", node)
    return thing


def maybe(node: Node, thing: Thing) -> Place | None:
    """A tensor, or None where None is given."""
    return None if isinstance(thing, Fixed) and thing.value is None else tensor(node, thing)


def settled(node: Node, thing: Thing) -> Any:
    """A value that is known beforehand, a list as a tuple.

    Raises: `RefusedError`.
    """
    if not known(thing):
        raise RefusedError("takes a number that is not known beforehand", node)
    found = python_of(thing)
    return tuple(found) if isinstance(found, list) else found  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def typed(node: Node, *given: Any) -> Any:
    """What a node gives for these types and numbers: a type, or a tuple of them.

    Raises: what the operation raises for them.
    """
    if node.op is None:
        raise RefusedError("has no declaration", node)
    return node.op.rules["type"](*given)


def number(node: Node, thing: Thing) -> Number:
    """A number.

    Raises: `RefusedError`.
    """
    if not isinstance(thing, Number):
        raise RefusedError("takes what is no number", node)
    return thing


def scratch(w: Writer, nbytes: int) -> Place | None:
    """Room for a loop's own use; None where it needs none."""
    return w.fresh(layout(uint8, (nbytes,))) if nbytes else None


def maybe_rows(w: Writer, node: Node, place: Place | None, dtype: DType | None = None) -> Place | None:
    """As `row_major`, for a tensor that may be none."""
    return None if place is None else row_major(w, node, place, dtype)


def wide(form: Form) -> Form:
    """The same form for floats of 16 bits too: computed in float32, and rounded when all is done.

    As `core.widened` does it for what is called.
    """

    def written(w: Writer, node: Node, args: list[Thing]) -> Found:
        halves = [a.form.dtype for a in args if isinstance(a, Place) and a.form.dtype.is_half]
        if not halves:
            return form(w, node, args)
        narrow = reduce(promote, halves)
        found = form(w, node, [_as(w, node, a, float32) if _is_half(a) else a for a in args])
        if isinstance(found, tuple):
            return tuple(_narrowed(w, node, part, narrow) for part in found)
        return _narrowed(w, node, found, narrow)

    return written


def _is_half(thing: Thing) -> bool:
    return isinstance(thing, Place) and thing.form.dtype.is_half


def _as(w: Writer, node: Node, thing: Thing, dtype: DType) -> Thing:
    return row_major(w, node, thing, dtype) if isinstance(thing, Place) else thing


def _narrowed(w: Writer, node: Node, thing: Thing, dtype: DType) -> Thing:
    return _as(w, node, thing, dtype) if isinstance(thing, Place) and thing.form.dtype is float32 else thing


def write_form(forms: dict[str, Form], w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write a node by its form in a table; False where it has none."""
    form = forms.get(node.kind)
    if form is None:
        return False
    found = form(w, node, args)
    if isinstance(found, tuple):
        w.things.update(zip((v.serial for v in node.outputs), found, strict=True))
    elif node.outputs:
        w.things[node.output.serial] = found
    return True


def tensors(node: Node, thing: Thing) -> list[Place]:
    """The tensors of a list.

    Raises: `RefusedError` for a list with anything else in it.
    """
    parts = [p for p in thing.parts if isinstance(p, Place)] if isinstance(thing, Several) else []
    if not isinstance(thing, Several) or len(parts) != len(thing.parts):
        raise RefusedError("takes a list that is not one of tensors alone", node)
    return parts
