"""New tensors in a native function: filled with one value, and made of several tensors."""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.core.dtype import Category, DType, default_float, fits, int64
from tensorlab.core.filling import bits_of
from tensorlab.core.layout import Layout, layout
from tensorlab.core.loops import LoopText
from tensorlab.core.pointwise import dense_like
from tensorlab.core.shape import wrap_dim
from tensorlab.jit.ir import Node
from tensorlab.jit.native_calls import tensors
from tensorlab.jit.native_regions import check_written, write_region
from tensorlab.jit.native_text import Writer
from tensorlab.jit.native_values import (
    Number,
    Place,
    RefusedError,
    Thing,
    known,
    literal,
    python_of,
)
from tensorlab.ops.copying import copy_runner
from tensorlab.ops.joining import cat_type, stack_type
from tensorlab.ops.operands import as_dtype

Rule = Callable[[Writer, Node, list[Thing]], Thing]

_FILL = '''"""One value over n elements that lie side by side, {type}."""

import numpy as np

from tensorlab.core.intrinsics import {type}_at


def loop(n, out_at, value):
    out = {type}_at(out_at)
    v = np.{type}(value)
    for i in range(n):
        out[i] = v
'''
_STORED_AS = {"bool": "uint8", "float16": "int16", "bfloat16": "int16"}


def filled(w: Writer, node: Node, form: Layout, value: Number) -> Place:
    """A new dense tensor of one value."""
    dtype = form.dtype
    if dtype.is_half and value.value is None:
        raise RefusedError("a tensor of 16-bit floats made of a number that is not known beforehand", node)
    if dtype.category is Category.INT:
        if value.kind == "float" or (value.value is None and dtype is not int64):
            raise RefusedError(f"a number that may not fit into {dtype.name}", node)
        if isinstance(value.value, int) and not fits(value.value, dtype):
            raise RefusedError(f"a number that does not fit into {dtype.name}", node)
    place = w.fresh(form)
    if dtype.category is Category.BOOL:
        value = literal(bool(value.value)) if value.value is not None else Number(f"({value.text} != 0)", "bool")
    if dtype.is_half and value.value is not None:
        value = literal(bits_of(dtype, value.value))
    name = _STORED_AS.get(dtype.name, dtype.name)
    number = "float64" if dtype.is_floating_point and not dtype.is_half else "int64"
    loop = LoopText(_FILL.format(type=name), f"void(int64, int64, {number})", f"fill_{name}")
    w.run(loop, form.numel, place, value)
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


def _full_like(w: Writer, node: Node, args: list[Thing]) -> Thing:
    model, value, dtype = args
    if not isinstance(model, Place) or not isinstance(value, Number):
        raise RefusedError("fills with what is no number", node)
    wanted = _dtype_of(dtype, model.form.dtype, node.kind)
    return filled(w, node, layout(wanted, tuple(model.form.shape), dense_like(model.form)), value)


def _constant_like(number: int) -> Rule:
    def rule(w: Writer, node: Node, args: list[Thing]) -> Thing:
        return _full_like(w, node, [args[0], literal(number), args[1]])

    return rule


def _cat(w: Writer, node: Node, args: list[Thing]) -> Thing:
    parts, dim = tensors(node, args[0]), python_of(args[1])
    found = cat_type([p.form.type for p in parts], dim)
    form = layout(found.dtype or parts[0].form.dtype, found.sizes)
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
    parts, dim = tensors(node, args[0]), python_of(args[1])
    found = stack_type([p.form.type for p in parts], dim)
    form = layout(found.dtype or parts[0].form.dtype, found.sizes)
    at = wrap_dim(dim, len(form.shape), op="stack")
    own = layout(form.dtype, tuple(parts[0].form.shape), (*form.strides[:at], *form.strides[at + 1 :]))
    target = w.fresh(form, node.output.name)
    for i, part in enumerate(parts):
        place = target.moved(own, i * form.strides[at] * form.dtype.itemsize)
        write_region(w, node, copy_runner().region, [part], (), [place])
    return target


def _fill_(w: Writer, node: Node, args: list[Thing]) -> Thing:
    target, value = args
    if not isinstance(target, Place) or not isinstance(value, Number):
        raise RefusedError("fills with what is no number", node)
    check_written(w, node, target)
    one = filled(w, node, layout(target.form.dtype, ()), value)
    shape = tuple(target.form.shape)
    spread = Place(one.room, one.at, one.offset, layout(target.form.dtype, shape, (0,) * len(shape)))
    write_region(w, node, copy_runner().region, [spread], (), [target])
    return target


CREATION: dict[str, Rule] = {
    "aten::fill_": _fill_,
    "aten::full": _full,
    "aten::zeros": _constant_fill(0),
    "aten::ones": _constant_fill(1),
    "aten::full_like": _full_like,
    "aten::zeros_like": _constant_like(0),
    "aten::ones_like": _constant_like(1),
    "aten::cat": _cat,
    "aten::stack": _stack,
}
