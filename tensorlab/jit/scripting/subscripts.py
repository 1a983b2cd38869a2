"""Subscripts: an element of a list or a tuple, a view of a tensor."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tensorlab.core.types import INT, NONE, TensorType, TupleType, general
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting import methods, modules

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def read(scope: Expressions, node: ast.Subscript) -> Value:
    """The value of ``a[...]``."""
    size = _size(scope, node)
    if size is not None:
        return size
    value = scope.value(node.value)
    module = modules.module_of(value.type)
    if module is not None:
        return modules.subscript(scope, value, module, node)
    if isinstance(value.type, TensorType):
        return view(scope, value, node)
    if methods.is_container(value.type):
        return methods.element(scope, value, node)
    if isinstance(value.type, TupleType):
        return _part(scope, value, value.type, node)
    if isinstance(node.slice, ast.Slice):
        scope.fail(node, f"a slice of {general(value.type)} cannot be scripted")
    index = scope.value(node.slice)
    scope.fail(node, f"a value of type {general(value.type)} cannot be indexed with one of type {general(index.type)}")


def _size(scope: Expressions, node: ast.Subscript) -> Value | None:
    """``x.shape[i]`` is one op, without the list between."""
    shape = node.value
    if not isinstance(shape, ast.Attribute) or shape.attr != "shape" or not scope.is_value(shape.value):
        return None
    if isinstance(node.slice, ast.Slice | ast.Tuple):
        return None
    owner = scope.value(shape.value)
    if not isinstance(owner.type, TensorType):
        return None
    return scope.single("aten::size", [owner, scope.value(node.slice)], node)


def _part(scope: Expressions, value: Value, type_: TupleType, node: ast.Subscript) -> Value:
    if isinstance(node.slice, ast.Slice):
        return _parts(scope, value, type_, node.slice, node)
    index = scope.value(node.slice)
    if not index.is_constant or index.type != INT:
        scope.fail(node.slice, "a tuple takes an index that is written out", "its parts may differ in type")
    count = len(type_.elements)
    if not -count <= index.constant < count:
        scope.fail(node.slice, f"index {index.constant} into a tuple of {count}")
    position: int = index.constant
    return scope.unpacked(value, count, node)[position]


def _parts(scope: Expressions, value: Value, type_: TupleType, part: ast.Slice, node: ast.Subscript) -> Value:
    bounds = [
        scope.value(b) if b is not None else scope.constant(None, part) for b in (part.lower, part.upper, part.step)
    ]
    for bound in bounds:
        if not bound.is_constant or bound.type not in (INT, NONE):
            scope.fail(part, "a tuple takes a slice that is written out", "its parts may differ in type")
    chosen = slice(*(b.constant for b in bounds))
    return scope.tuple_of(scope.unpacked(value, len(type_.elements), node)[chosen], node)


def view(scope: Expressions, value: Value, node: ast.Subscript) -> Value:
    """A view of a tensor: an int takes one position of a dimension, a slice several, None adds a dimension.

    What stands behind ``...`` counts from the last dimension.
    """
    dim, behind = 0, False
    parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    for position, part in enumerate(parts):
        if isinstance(part, ast.Constant) and part.value is Ellipsis:
            if behind:
                scope.fail(part, "a second ... cannot be scripted", "write the dimensions out with :")
            dim, behind = -sum(not _is_none(p) for p in parts[position + 1 :]), True
            continue
        if _is_none(part):
            at = scope.constant(dim - 1 if behind else dim, part)
            value = scope.single("aten::unsqueeze", [value, at], node)
            dim += not behind
            continue
        at = scope.constant(dim, part)
        if isinstance(part, ast.Slice):
            value = scope.single("aten::slice", [value, at, *methods.slice_bounds(scope, part)], node)
            dim += 1
        else:
            value = scope.single("aten::select", [value, at, _position(scope, part)], node)
            dim += behind
    return value


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None


def _position(scope: Expressions, part: ast.expr) -> Value:
    index = scope.value(part)
    if index.type != INT:
        scope.fail(part, f"a tensor cannot be indexed with a value of type {general(index.type)} in a script")
    return index
