"""Nodes over tensors in a native function: views, pointwise loops, copies, and what is filled, folded and joined."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import Category, DType, default_float, fits, float64, int64, uint8
from tensorlab.core.in_place import InPlacePointwise, check_fits
from tensorlab.core.layout import Layout, layout
from tensorlab.core.loops import LoopText
from tensorlab.core.pointwise import arrange, dense_like
from tensorlab.core.reduction import EagerReduction, plan_reduction, reduced_dims
from tensorlab.core.region import Region, Source
from tensorlab.core.shape import broadcast_strides, may_overlap, wrap_dim
from tensorlab.core.softmax_loops import softmax_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ListType, TensorType
from tensorlab.jit.fused import without_numbers
from tensorlab.jit.ir import Node
from tensorlab.jit.native_numbers import index_text
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import (
    Fixed,
    Number,
    Place,
    RefusedError,
    Several,
    Thing,
    known,
    literal,
    python_of,
    wrapped,
)
from tensorlab.jit.regions import loop_call
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.joining import cat_type, stack_type
from tensorlab.ops.operands import as_dtype

Rule = Callable[[Writer, Node, list[Thing]], Any]

_FILL = '''"""One value over n elements that lie side by side, {type}."""

import numpy as np

from tensorlab.core.intrinsics import {type}_at


def loop(n, out_at, value):
    out = {type}_at(out_at)
    v = np.{type}(value)
    for i in range(n):
        out[i] = v
'''
_STORED_AS = {"bool": "uint8"}


# Pointwise ------------------------------------------------------------------------------------------------------------


def write_region(
    w: Writer,
    node: Node,
    region: Region,
    tensors: Sequence[Place],
    numbers: Sequence[Thing],
    into: Sequence[Place] | None = None,
) -> list[Place]:
    """Write a call of a region's loop; its results are new tensors, or those of ``into``."""
    absent = [not isinstance(n, Number) for n in numbers]
    if any(isinstance(n, Fixed) and n.value is None for n in numbers):
        region = without_numbers(region, absent)
    given = [n for n in numbers if isinstance(n, Number)]
    if len(given) != region.params:
        raise RefusedError("takes what is no number", node)
    _check_guards(node, region, given)
    categories = [Category.FLOAT if n.kind == "float" else Category[n.kind.upper()] for n in given]
    found = arrange(region, [t.form for t in tensors], categories, None if into is None else [p.form for p in into])
    hints = [v.name for v in node.outputs] if len(node.outputs) == len(found.results) else [""] * len(found.results)
    places = [w.fresh(f, hint) for f, hint in zip(found.results, hints, strict=True)] if into is None else list(into)
    if found.text is not None:
        head = str(found.meta[0]) if len(found.meta) == 1 else w.table(found.meta)
        addresses = [p.at for p in (*places, *tensors)]
        w.line(f"{w.function(found.text)}({', '.join([head, *addresses, *(n.text for n in given)])})")
    for p in (*places, *tensors):
        w.touch(p.room)
    return places


def _check_guards(node: Node, region: Region, given: Sequence[Number]) -> None:
    for step in region.steps:
        if "guard" in step.op.rules:
            taken = [given[r.index] for r in step.args if r.source is Source.PARAM]
            if any(n.kind != "float" for n in taken):
                raise RefusedError(f"{step.op.name} looks at its numbers", node)


def write_loop_call(w: Writer, node: Node) -> bool:
    """Write a fusion group, or a single pointwise operation; False for any other node."""
    call = loop_call(node)
    if call is None:
        return False
    count = call.region.inputs
    tensors = [w.place(v, node) for v in call.arguments[:count]]
    for value, place in zip(
        node.outputs,
        write_region(w, node, call.region, tensors, [w.of(v) for v in call.arguments[count:]]),
        strict=True,
    ):
        w.things[value.serial] = place
    return True


def copied(w: Writer, node: Node, source: Place, form: Layout) -> Place:
    """A new tensor with the elements of another of the same shape."""
    target = w.fresh(form)
    write_region(w, node, copy_runner().region, [source], (), [target])
    return target


def dense_copy(w: Writer, node: Node, source: Place) -> Place:
    """A copy of the same form, for what a loop hands on."""
    return copied(w, node, source, source.form)


def row_major(w: Writer, node: Node, source: Place, dtype: DType | None = None) -> Place:
    """The tensor itself where it is row-major and of the dtype, else a copy that is."""
    own = source.form
    wanted = dtype or own.dtype
    if own.dtype is wanted and own.is_contiguous:
        return source
    return copied(w, node, source, layout(wanted, tuple(own.shape)))


# Writing over ---------------------------------------------------------------------------------------------------------


def _check_written(w: Writer, node: Node, target: Place) -> None:
    if any(root.outside for root in target.room.roots()):
        raise RefusedError("writes over an argument or a constant", node)
    if may_overlap(target.form.shape, target.form.strides):
        raise RefusedError("writes to memory that overlaps itself", node)


def _apart(w: Writer, node: Node, source: Place, target: Place) -> Place:
    """The source itself where each element is read before it is written, else a copy."""
    if source.at == target.at and source.form is target.form:
        return source
    if not (source.room.roots() & target.room.roots()):
        return source
    return copied(w, node, source, layout(source.form.dtype, tuple(source.form.shape), dense_like(source.form)))


def write_in_place(w: Writer, node: Node) -> bool:
    """Write the in-place form of a pointwise operation; False for any other node."""
    evaluator = node.op.evaluate if node.op is not None else None
    if not isinstance(evaluator, InPlacePointwise):
        return False
    stand_in = Node(node.kind, node.inputs, node.outputs, op=evaluator.functional.op, span=node.span)
    call = loop_call(stand_in)
    if call is None:
        raise RefusedError("looks at elements before it computes", node)
    count = call.region.inputs
    target = w.place(node.inputs[0], node)
    _check_written(w, node, target)
    tensors = [w.place(v, node) for v in call.arguments[:count]]
    numbers = [w.of(v) for v in call.arguments[count:]]
    categories = [Category[n.kind.upper()] for n in numbers if isinstance(n, Number)]
    if len(categories) == len(numbers):
        found = arrange(call.region, [t.form for t in tensors], categories, None)
        check_fits(node.kind, found.steps[-1].result, target.form.type)
    write_region(w, node, call.region, [_apart(w, node, t, target) for t in tensors], numbers, [target])
    w.things[node.output.serial] = target
    return True


def _copy_(w: Writer, node: Node, args: list[Thing]) -> Thing:
    target, source = args[0], args[1]
    if not isinstance(target, Place) or not isinstance(source, Place):
        raise RefusedError("copies what is no tensor", node)
    _check_written(w, node, target)
    if source.at == target.at and source.form is target.form:
        return target
    shape = tuple(target.form.shape)
    strides = broadcast_strides(tuple(source.form.shape), source.form.strides, shape)
    spread = Place(source.room, source.at, source.offset, layout(source.form.dtype, shape, strides))
    write_region(w, node, copy_runner().region, [_apart(w, node, spread, target)], (), [target])
    return target


def _fill_(w: Writer, node: Node, args: list[Thing]) -> Thing:
    target, value = args
    if not isinstance(target, Place) or not isinstance(value, Number):
        raise RefusedError("fills with what is no number", node)
    _check_written(w, node, target)
    one = filled(w, node, layout(target.form.dtype, ()), value)
    shape = tuple(target.form.shape)
    spread = Place(one.room, one.at, one.offset, layout(target.form.dtype, shape, (0,) * len(shape)))
    write_region(w, node, copy_runner().region, [spread], (), [target])
    return target


# New tensors ----------------------------------------------------------------------------------------------------------


def filled(w: Writer, node: Node, form: Layout, value: Number) -> Place:
    """A new dense tensor of one value."""
    dtype = form.dtype
    if dtype.is_half:
        raise RefusedError("a tensor of 16-bit floats made of a number", node)
    if dtype.category is Category.INT:
        if value.kind == "float" or (value.value is None and dtype is not int64):
            raise RefusedError(f"a number that may not fit into {dtype.name}", node)
        if isinstance(value.value, int) and not fits(value.value, dtype):
            raise RefusedError(f"a number that does not fit into {dtype.name}", node)
    place = w.fresh(form)
    text = value.text if dtype.category is not Category.BOOL else f"({value.text} != 0)"
    name = _STORED_AS.get(dtype.name, dtype.name)
    number = "float64" if dtype.is_floating_point else "int64"
    loop = LoopText(_FILL.format(type=name), f"void(int64, int64, {number})", f"fill_{name}")
    w.line(f"{w.function(loop)}({form.numel}, {place.at}, {text})")
    w.touch(place.room)
    return place


def _dtype_of(argument: Thing, default: DType, op: str) -> DType:
    return as_dtype(python_of(argument), op=op) or default


def _size_of(node: Node, thing: Thing) -> tuple[int, ...]:
    if not known(thing):
        raise RefusedError("a size that is not known beforehand", node)
    return tuple(python_of(thing))


def _full(w: Writer, node: Node, args: list[Thing]) -> Thing:
    size, value, dtype = args
    if not isinstance(value, Number):
        raise RefusedError("fills with what is no number", node)
    default = {"float": default_float(), "int": int64, "bool": None}[value.kind]
    if default is None and python_of(dtype) is None:
        raise RefusedError("a tensor of bools made of one", node)
    return filled(w, node, layout(_dtype_of(dtype, default or int64, "full"), _size_of(node, size)), value)


def _constant_fill(number: int) -> Rule:
    def rule(w: Writer, node: Node, args: list[Thing]) -> Thing:
        size, dtype = args
        form = layout(_dtype_of(dtype, default_float(), node.kind), _size_of(node, size))
        return filled(w, node, form, literal(number))

    return rule


def _cat(w: Writer, node: Node, args: list[Thing]) -> Thing:
    parts, dim = _tensors(node, args[0]), python_of(args[1])
    found = cat_type([p.form.type for p in parts], dim)
    form = layout(found.dtype or parts[0].form.dtype, tuple(n or 0 for n in found.shape or ()))
    at, start = wrap_dim(dim, len(form.shape), op="cat"), 0
    target = w.fresh(form, node.output.name)
    for part in parts:
        shape = tuple(part.form.shape)
        if shape == (0,):
            continue
        own = target.moved(layout(form.dtype, shape, form.strides), start * form.strides[at] * form.dtype.itemsize)
        write_region(w, node, copy_runner().region, [part], (), [own])
        start += shape[at]
    return target


def _stack(w: Writer, node: Node, args: list[Thing]) -> Thing:
    parts, dim = _tensors(node, args[0]), python_of(args[1])
    found = stack_type([p.form.type for p in parts], dim)
    form = layout(found.dtype or parts[0].form.dtype, tuple(n or 0 for n in found.shape or ()))
    at = wrap_dim(dim, len(form.shape), op="stack")
    own = layout(form.dtype, tuple(parts[0].form.shape), (*form.strides[:at], *form.strides[at + 1 :]))
    target = w.fresh(form, node.output.name)
    for i, part in enumerate(parts):
        place = target.moved(own, i * form.strides[at] * form.dtype.itemsize)
        write_region(w, node, copy_runner().region, [part], (), [place])
    return target


def _tensors(node: Node, thing: Thing) -> list[Place]:
    parts = [p for p in thing.parts if isinstance(p, Place)] if isinstance(thing, Several) else []
    if not isinstance(thing, Several) or len(parts) != len(thing.parts):
        raise RefusedError("takes a list that is not one of tensors alone", node)
    return parts


# Folds ----------------------------------------------------------------------------------------------------------------


def write_reduction(w: Writer, node: Node, args: list[Thing]) -> bool:
    """Write a reduction; False for any other node."""
    evaluator = node.op.evaluate if node.op is not None else None
    if not isinstance(evaluator, EagerReduction) or node.op is None:
        return False
    source = args[0]
    if not isinstance(source, Place) or not all(map(known, args[1:])):
        raise RefusedError("folds dimensions that are not known beforehand", node)
    values = {p.name: python_of(a) for p, a in zip(node.op.schema.params[1:], args[1:], strict=True)}
    fold = node.op.rules["reduce"]()
    given = [tuple(v) if isinstance(v, list) else v for v in values.values()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    found = node.op.rules["type"](source.form.type, *given)
    result = source.form.dtype if fold.beats is not None else found.dtype
    dims = reduced_dims(values.get("dim"), len(source.form.shape), op=node.op.schema.name)
    plan = plan_reduction(source.form, dims, fold, result, keepdim=bool(values.get("keepdim")))
    outputs = tuple(w.fresh(form) for form in plan.results)
    if plan.loop is not None:
        if plan.converted is not None:
            form = layout(plan.converted, tuple(source.form.shape), dense_like(source.form))
            source = copied(w, node, source, form)
        if plan.walk.moved is not None:
            source = row_major(w, node, Place(source.room, source.at, source.offset, plan.walk.moved))
        scratch = w.fresh(layout(uint8, (plan.scratch_nbytes,))) if plan.scratch_nbytes else None
        text = LoopText(plan.loop.source, plan.loop.signature, plan.loop.name.rpartition("_")[0])
        walk, room = plan.walk, "0" if scratch is None else scratch.at
        sizes = f"{walk.outer}, {walk.n}, {walk.inner}"
        w.line(f"{w.function(text)}({sizes}, {outputs[0].at}, {outputs[-1].at}, {source.at}, {room})")
        for p in (*outputs, source, *((scratch,) if scratch else ())):
            w.touch(p.room)
    given_out = evaluator.give(outputs)
    several = given_out if isinstance(given_out, tuple) else (given_out,)
    for value, place in zip(node.outputs, several, strict=False):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        w.things[value.serial] = place
    return True


def _softmax(w: Writer, node: Node, args: list[Thing]) -> Thing:
    source, dim, dtype = args[0], python_of(args[1]), python_of(args[2])
    if not isinstance(source, Place) or node.op is None:
        raise RefusedError("takes what is no tensor", node)
    wanted = node.op.rules["type"](source.form.type, dim, dtype).dtype
    if wanted.is_half:
        raise RefusedError("a softmax of 16-bit floats", node)
    source = row_major(w, node, source, wanted)
    shape = tuple(source.form.shape) or (1,)
    at = wrap_dim(dim, len(source.form.shape), op="softmax")
    outer, n, inner = math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])
    columns = inner > 1
    text = softmax_loop(wanted, columns=columns, log="log" in node.op.name)
    target = w.fresh(layout(wanted, tuple(source.form.shape)), node.output.name)
    nbytes = inner * (wanted.itemsize + float64.itemsize) if columns else 0
    scratch = w.fresh(layout(uint8, (nbytes,))) if nbytes else None
    if target.form.numel:
        room = "0" if scratch is None else scratch.at
        w.line(f"{w.function(text)}({outer}, {n}, {inner}, {target.at}, {source.at}, {room})")
    for p in (target, source, *((scratch,) if scratch else ())):
        w.touch(p.room)
    return target


# Views ----------------------------------------------------------------------------------------------------------------


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
    parts = given if isinstance(given, (list, tuple)) else [given]
    if not all(isinstance(p, Tensor) for p in parts):  # pyright: ignore[reportUnknownVariableType]
        return False
    found: list[Thing] = []
    for part in parts:  # pyright: ignore[reportUnknownVariableType]
        if part is model:
            found.append(source)
        elif part.storage() is model.storage():  # pyright: ignore[reportUnknownMemberType]
            found.append(source.moved(part.layout, (part.offset - model.offset) * source.form.dtype.itemsize))  # pyright: ignore
        else:
            found.append(_in_other_form(w, node, source, part.layout))  # pyright: ignore
    if isinstance(given, list):
        w.things[node.output.serial] = Several(tuple(found), is_list=True)
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


# Facts about tensors --------------------------------------------------------------------------------------------------


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

RULES: dict[str, Rule] = {
    "aten::copy_": _copy_,
    "aten::fill_": _fill_,
    "aten::full": _full,
    "aten::zeros": _constant_fill(0),
    "aten::ones": _constant_fill(1),
    "aten::cat": _cat,
    "aten::stack": _stack,
    "aten::softmax": _softmax,
    "aten::log_softmax": _softmax,
    "aten::select": _select,
}
