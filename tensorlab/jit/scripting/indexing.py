"""Subscripts of tensors: views of them, and elements picked by tensors of indices or masks.

What is written out becomes views first, dimension by dimension; tensors of indices then pick from the view.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tensorlab.core.dtype import int64
from tensorlab.core.types import INT, TENSOR, ListType, OptionalType, TensorType, general
from tensorlab.jit.ir import LIST_CONSTRUCT, Value
from tensorlab.jit.scripting import methods
from tensorlab.ops.factories import tensor

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

Picks = dict[int, Value]  # a tensor of indices by the dimension of the view that it picks from


def read(scope: Expressions, value: Value, node: ast.Subscript) -> Value:
    """The value of ``x[...]``."""
    seen, picks = _looked_at(scope, value, node)
    return seen if not picks else scope.single("aten::index", [seen, _indices(scope, picks, node)], node)


def view(scope: Expressions, value: Value, node: ast.Subscript) -> Value:
    """``x[...]`` where it is written to.

    Raises: `ScriptError` where tensors pick elements: those are no view.
    """
    seen, picks = _looked_at(scope, value, node)
    if picks:
        scope.fail(node, "what tensors of indices pick cannot be updated in place in a script", "assign x[i] = ...")
    return seen


def store(scope: Expressions, target: ast.Subscript, value: Value) -> bool:
    """``x[index] = value`` where tensors pick the elements; whether they do."""
    owner = scope.value(target.value)
    parts = list(target.slice.elts) if isinstance(target.slice, ast.Tuple) else [target.slice]
    if not isinstance(owner.type, TensorType) or not any(_may_pick(scope, p) for p in parts):
        return False
    seen, picks = _looked_at(scope, owner, target)
    if not picks:
        kind = "aten::copy_" if isinstance(value.type, TensorType) else "aten::fill_"
        scope.single(kind, [seen, value], target)
        return True
    if not isinstance(value.type, TensorType):
        dtype = scope.single("prim::dtype", [seen], target)
        shape = scope.list_of([], target)
        value = scope.single("aten::full", [shape, value], target, {"dtype": dtype})
    scope.single("aten::index_put_", [seen, _indices(scope, picks, target), value], target)
    return True


def _may_pick(scope: Expressions, part: ast.expr) -> bool:
    """Whether a part of a subscript may be a tensor, from its text alone: neither a number, a slice nor None."""
    return not isinstance(part, ast.Constant | ast.Slice)


def _looked_at(scope: Expressions, value: Value, node: ast.Subscript) -> tuple[Value, Picks]:
    """The view: an int takes one position of a dimension, a slice several, None adds one; and what picks from it.

    What stands behind ``...`` counts from the last dimension.
    """
    dim, behind = 0, False
    picks: Picks = {}
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
            continue
        index = _index(scope, part)
        if isinstance(index.type, TensorType):
            if behind:
                scope.fail(part, "a tensor of indices behind ... cannot be scripted", "write the dimensions out with :")
            picks[dim] = index
            dim += 1
        else:
            value = scope.single("aten::select", [value, at, index], node)
            dim += behind
    return value, picks


def _index(scope: Expressions, part: ast.expr) -> Value:
    """An int, or a tensor of indices or a mask; a list of ints that is written out is a tensor of them."""
    index = scope.value(part)
    if index.type == INT or isinstance(index.type, TensorType):
        return index
    made = index.producer
    if index.type == ListType(INT) and made is not None and all(v.is_constant for v in made.inputs):
        numbers = [v.constant for v in made.inputs] if made.inputs else list(index.constant)
        return scope.builder.constant(tensor(numbers, dtype=int64), span=scope.span(part))
    scope.fail(part, f"a tensor cannot be indexed with a value of type {general(index.type)} in a script")


def _indices(scope: Expressions, picks: Picks, node: ast.AST) -> Value:
    none = scope.constant(None, node)
    values = [picks.get(d, none) for d in range(max(picks) + 1)]
    type_ = ListType(OptionalType(TENSOR))
    return scope.builder.node(LIST_CONSTRUCT, values, [type_], span=scope.span(node)).output


def _is_none(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None
