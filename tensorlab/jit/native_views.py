"""Views in a native function, and facts about tensors: worked out while it is written, but for runtime indices."""

from __future__ import annotations

from typing import Any

from tensorlab.core.layout import Layout, layout
from tensorlab.core.shape import wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ListType, TensorType
from tensorlab.jit.ir import Node
from tensorlab.jit.native_numbers import index_text
from tensorlab.jit.native_regions import copied, row_major
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import (
    Number,
    Place,
    RefusedError,
    Several,
    Thing,
    known,
    python_of,
    wrapped,
)


def _select(w: Writer, node: Node, args: list[Thing]) -> Thing:
    source, dim, index = args
    if not isinstance(source, Place) or not isinstance(index, Number):
        raise RefusedError("takes what is no tensor", node)
    form = source.form
    at = wrap_dim(python_of(dim), len(form.shape), op="select")
    text = index_text(w, node, index, form.shape[at])
    taken = layout(form.dtype, *(tuple(x for d, x in enumerate(own) if d != at) for own in (form.shape, form.strides)))
    step = form.strides[at] * form.dtype.itemsize
    if index.value is not None:
        return source.moved(taken, int(text) * step)
    name = w.name(f"{node.output.name}_at" if node.output.name else "", "at")
    w.line(f"{name} = {source.at} + {text} * {step}")
    return Place(source.room, name, None, taken)


def stand_in(form: Layout) -> Tensor:
    """A tensor of a layout whose bytes mean nothing."""
    low, high = form.span
    return Tensor(Storage.empty(max(high - low, 1)), form, -low // form.dtype.itemsize)


def write_view(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write what looks at its first argument in another form: that is worked out now; False for any other node.

    ``reshape`` and its like copy where the form asks for it.
    """
    op = node.op
    if op is None or op.evaluate is None or op.random or op.schema.writes or not args:
        return False
    source = args[0]
    if not isinstance(source, Place) or op.schema.params[0].alias is None or not all(map(known, args[1:])):
        return False
    model = stand_in(source.form)
    given = op.run((model, *map(python_of, args[1:])))
    parts: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]  # pyright: ignore[reportUnknownArgumentType]
    if not all(isinstance(p, Tensor) for p in parts):
        return False
    found: list[Thing] = []
    for part in parts:
        if part is model:
            found.append(source)
        elif part.storage() is model.storage():
            found.append(source.moved(part.layout, (part.offset - model.offset) * source.form.dtype.itemsize))
        else:
            found.append(_in_other_form(w, node, source, part.layout))
    if isinstance(given, list):
        w.things[node.output.serial] = Several(found, True, None, w.indent)
    else:
        w.things.update(zip((v.serial for v in node.outputs), found, strict=True))
    return True


def _in_other_form(w: Writer, node: Node, source: Place, form: Layout) -> Place:
    """A copy in another form, elements in the same order."""
    if tuple(form.shape) == tuple(source.form.shape):
        return copied(w, node, source, form)
    if not form.is_contiguous or form.dtype is not source.form.dtype:
        raise RefusedError("a copy in a form that is not row-major", node)
    return row_major(w, node, source).moved(form, 0)


def write_fact(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Work out what is known beforehand: numbers of numbers, sizes, dtypes; False for any other node."""
    op = node.op
    if op is None or op.evaluate is None or op.random or op.side_effect or op.schema.writes:
        return False
    if len(node.outputs) != 1 or isinstance(node.output.type, TensorType) or node.output.type == ListType(TensorType()):
        return False
    if node.kind in ("aten::Int", "aten::Float", "prim::Bool", "aten::item") and isinstance(args[0], Place):
        return False
    if not all(isinstance(a, Place) or known(a) for a in args):
        return False
    if any(isinstance(a, Place) for a in args) and node.kind not in _FACTS:
        return False
    given = [stand_in(a.form) if isinstance(a, Place) else python_of(a) for a in args]
    w.things[node.output.serial] = wrapped(op.run(tuple(given)), node)
    return True


_FACTS = {
    *("aten::size", "aten::dim", "aten::numel", "aten::len", "prim::dtype", "prim::device"),
    *("aten::is_floating_point", "aten::__is__", "aten::__isnot__"),
}

VIEWS = {"aten::select": _select}
