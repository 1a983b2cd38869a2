"""Subscripts: an element of a list or a tuple, a view of a tensor."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tensorlab.core.types import INT, NONE, TensorType, TupleType, general
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting import indexing, magic, methods, modules
from tensorlab.jit.scripting.module_types import module_of

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def read(scope: Expressions, node: ast.Subscript) -> Value:
    """The value of ``a[...]``."""
    size = _size(scope, node)
    if size is not None:
        return size
    value = scope.value(node.value)
    module = module_of(value.type)
    if module is not None:
        return modules.subscript(scope, value, module, node)
    if magic.has(value, "__getitem__"):
        return magic.call(scope, value, "__getitem__", [scope.value(node.slice)], node)
    if isinstance(value.type, TensorType):
        return indexing.read(scope, value, node)
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
    if not index.is_constant and index.type == INT and len({general(t) for t in type_.elements}) == 1:
        parts = scope.list_of(scope.unpacked(value, len(type_.elements), node), node)
        return scope.single("aten::__getitem__", [parts, index], node)
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
