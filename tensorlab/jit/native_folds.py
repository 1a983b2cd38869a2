"""Reductions and softmax in a native function, by the loops that eager calls run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.dtype import float32, float64
from tensorlab.core.layout import layout
from tensorlab.core.loops import LoopText
from tensorlab.core.op import Op
from tensorlab.core.pointwise import dense_like
from tensorlab.core.reduction import EagerReduction, plan_reduction, reduced_dims
from tensorlab.core.shape import wrap_dim
from tensorlab.core.softmax_loops import softmax_loop
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import Form, scratch
from tensorlab.jit.native_regions import copied, row_major
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import Place, RefusedError, Thing, known, python_of


def write_reduction(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write a reduction; False for any other node."""
    evaluator = node.op.evaluate if node.op is not None else None
    if not isinstance(evaluator, EagerReduction) or node.op is None:
        return False
    source = args[0]
    if not isinstance(source, Place) or not all(map(known, args[1:])):
        raise RefusedError("folds dimensions that are not known beforehand", node)
    outputs = _folded(w, node, node.op, source, [python_of(a) for a in args[1:]])
    chosen: Any = evaluator.give(cast("tuple[Any, ...]", outputs))  # one of them, or both
    for value, place in zip(node.outputs, chosen if isinstance(chosen, tuple) else (chosen,), strict=False):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        w.things[value.serial] = place
    return True


def folded(w: Writer, node: Node, op: Op, source: Place, dims: Sequence[int], *, keepdim: bool = False) -> Place:
    """A tensor folded along dimensions by a reduction ``(self, dim, keepdim, ...)`` of one result."""
    rest = [p.default for p in op.schema.params[3:]]
    return _folded(w, node, op, source, [list(dims), keepdim, *rest])[0]


def _folded(w: Writer, node: Node, op: Op, source: Place, args: Sequence[Any]) -> tuple[Place, ...]:
    """What a reduction gives: values, and places where it has them."""
    values = {p.name: a for p, a in zip(op.schema.params[1:], args, strict=True)}
    fold = op.rules["reduce"]()
    given = [tuple(v) if isinstance(v, list) else v for v in values.values()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    found = op.rules["type"](source.form.type, *given)
    result = source.form.dtype if fold.beats is not None else found.dtype
    dims = reduced_dims(values.get("dim"), len(source.form.shape), op=op.schema.name)
    plan = plan_reduction(source.form, dims, fold, result, keepdim=bool(values.get("keepdim")))
    outputs = tuple(w.fresh(form) for form in plan.results)
    if plan.loop is not None:
        if plan.converted is not None:
            form = layout(plan.converted, tuple(source.form.shape), dense_like(source.form))
            source = copied(w, node, source, form)
        if plan.walk.moved is not None:
            source = row_major(w, node, Place(source.room, source.at, source.offset, plan.walk.moved))
        room = scratch(w, plan.scratch_nbytes)
        text = LoopText(plan.loop.source, plan.loop.signature, plan.loop.name.rpartition("_")[0])
        walk = plan.walk
        w.run(text, walk.outer, walk.n, walk.inner, outputs[0], outputs[-1], source, room)
    return outputs


def _softmax(w: Writer, node: Node, args: list[Thing]) -> Thing:
    source, dim, dtype = args[0], python_of(args[1]), python_of(args[2])
    if not isinstance(source, Place) or node.op is None:
        raise RefusedError("takes what is no tensor", node)
    wanted = node.op.rules["type"](source.form.type, dim, dtype).dtype
    narrow, wanted = wanted, float32 if wanted.is_half else wanted
    source = row_major(w, node, source, wanted)
    shape = tuple(source.form.shape) or (1,)
    at = wrap_dim(dim, len(source.form.shape), op="softmax")
    outer, n, inner = math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])
    columns = inner > 1
    text = softmax_loop(wanted, columns=columns, log="log" in node.op.name)
    target = w.fresh(layout(wanted, tuple(source.form.shape)), node.output.name)
    room = scratch(w, inner * (wanted.itemsize + float64.itemsize) if columns else 0)
    if target.form.numel:
        w.run(text, outer, n, inner, target, source, room)
    return row_major(w, node, target, narrow)


FOLDS: dict[str, Form] = {"aten::softmax": _softmax, "aten::log_softmax": _softmax}
