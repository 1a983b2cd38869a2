"""Python's own functions, and ours that are no single op: casts, ``len``, ``print``, ``arange`` and the like."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.types import FLOAT, INT, NONE, STR, ListType, OptionalType, TensorType, TupleType
from tensorlab.errors import TensorlabError
from tensorlab.jit.ir import PRINT, Value
from tensorlab.jit.scripting import iteration, magic, modules, pythonic_containers
from tensorlab.jit.scripting.annotations import annotation_type
from tensorlab.jit.scripting.arguments import op_call
from tensorlab.jit.scripting.markers import annotate, is_scripting, uninitialized
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.ops import factories

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

Emitter = Callable[["Expressions", ast.Call], Value]


def python_function(thing: Any) -> Emitter | None:
    """What makes the nodes for a call of ``thing``, or `None` where it is no such function."""
    try:
        return _FUNCTIONS.get(thing)
    except TypeError:  # not hashable
        return None


def _positional(scope: Expressions, node: ast.Call, takes: range) -> list[Value]:
    """The arguments of one of Python's own functions, which are positional here."""
    name = ast.unparse(node.func)
    if node.keywords:
        scope.fail(node.keywords[0].value, f"{name} takes no keywords in a script")
    if len(node.args) not in takes:
        few = takes.start if takes.stop - takes.start == 1 else f"at least {takes.start}"
        scope.fail(node, f"{name} takes {few} argument{'' if few == 1 else 's'}, got {len(node.args)}")
    return [scope.value(scope.unstarred(a)) for a in node.args]


_ONE, _SOME = range(1, 2), range(2, 1 << 16)


def _cast_int(scope: Expressions, node: ast.Call) -> Value:
    (value,) = _positional(scope, node, _ONE)
    if magic.has(value, "__int__"):
        return magic.call(scope, value, "__int__", [], node)
    return value if value.type == INT else scope.single("aten::Int", [value], node)


def _cast_float(scope: Expressions, node: ast.Call) -> Value:
    (value,) = _positional(scope, node, _ONE)
    if value.type == STR and value.is_constant:  # float("inf") is how Python writes it
        try:
            return scope.constant(float(value.constant), node)
        except ValueError:
            scope.fail(node, f"{value.constant!r} is no float")
    if magic.has(value, "__float__"):
        return magic.call(scope, value, "__float__", [], node)
    return value if value.type == FLOAT else scope.single("aten::Float", [value], node)


def _cast_bool(scope: Expressions, node: ast.Call) -> Value:
    (value,) = _positional(scope, node, _ONE)
    return scope.truth(value, node)


def _len(scope: Expressions, node: ast.Call) -> Value:
    (value,) = _positional(scope, node, _ONE)
    if isinstance(value.type, TupleType):
        return scope.constant(len(value.type.elements), node)
    if magic.has(value, "__len__"):
        return magic.call(scope, value, "__len__", [], node)
    module = module_of(value.type)
    count = None if module is None else modules.length(module)
    if count is not None:
        return scope.constant(count, node)
    return scope.single("aten::len", [value], node)


def _extreme(kind: str) -> Emitter:
    def emit(scope: Expressions, node: ast.Call) -> Value:
        if len(node.args) == 1:
            values = iteration.all_of(scope, scope.unstarred(node.args[0]))
            return scope.single(kind.replace("aten", "prim"), [values], node)
        first, *rest = _positional(scope, node, _SOME)
        for value in rest:
            if isinstance(first.type, TensorType | ListType) or isinstance(value.type, TensorType | ListType):
                scope.fail(node, f"{ast.unparse(node.func)} takes numbers", "of tensors, use where")
            first = scope.number_operator(ast.unparse(node.func), kind, first, value, node, keep_bools=False)
        return first

    return emit


def _pow(scope: Expressions, node: ast.Call) -> Value:
    base, exponent = _positional(scope, node, range(2, 3))
    return scope.operate(ast.Pow(), base, exponent, node)


def _print(scope: Expressions, node: ast.Call) -> Value:
    values = _positional(scope, node, range(1 << 16))
    scope.builder.node(PRINT, values, span=scope.span(node))
    return scope.constant(None, node)


def _annotate(scope: Expressions, node: ast.Call) -> Value:
    """``annotate(List[Tensor], [])``: a value as of a type."""
    if len(node.args) != 2 or node.keywords:
        scope.fail(node, "annotate takes a type and a value")
    wanted = annotation_type(node.args[0], scope.names, scope.source)
    value = scope.value_as(node.args[1], wanted, lambda given: f"annotate: the value is {given}, not {wanted}")
    if value.type == NONE and isinstance(wanted, OptionalType):
        return scope.builder.constant(None, type_=wanted, span=scope.span(node))
    return value


def _is_scripting(scope: Expressions, node: ast.Call) -> Value:
    _positional(scope, node, range(1))
    return scope.constant(True, node)


def _uninitialized(scope: Expressions, node: ast.Call) -> Value:
    if len(node.args) != 1 or node.keywords:
        scope.fail(node, "uninitialized takes a type")
    return scope.uninitialized(annotation_type(node.args[0], scope.names, scope.source), node)


def _range(scope: Expressions, node: ast.Call) -> Value:
    scope.fail(node, "range can only be what a for loop goes over", "write list(range(...))")


def _device(scope: Expressions, node: ast.Call) -> Value:
    (value,) = _positional(scope, node, _ONE)
    if value.type != STR or not value.is_constant:
        scope.fail(node, "device takes a string that is written out")
    return scope.builder.constant(device(value.constant), span=scope.span(node))


def _tensor(scope: Expressions, node: ast.Call) -> Value:
    """``tensor(1.0)`` is an op; nested lists become a constant, and a copy of it that may be written to."""
    data = node.args[0] if node.args else None
    if not isinstance(data, ast.List | ast.Tuple):
        return _op("aten::tensor", scope, node)
    try:
        values = ast.literal_eval(data)
    except ValueError:
        scope.fail(data, "a tensor of lists is made of numbers that are written out", "join tensors with cat")
    keywords = {k.arg: scope.value(k.value) for k in node.keywords}
    dtype = keywords.pop("dtype", None)
    if keywords or len(node.args) > 1 or (dtype is not None and not isinstance(dtype.constant, DType)):
        scope.fail(node, "tensor takes data and a dtype in a script")
    try:
        made = factories.tensor(values, dtype=dtype.constant if dtype is not None else None)
    except TensorlabError as error:
        raise scope.source.error(data, str(error)) from error
    return scope.single("aten::clone", [scope.builder.constant(made, span=scope.span(data))], node)


def _arange(scope: Expressions, node: ast.Call) -> Value:
    """``arange(n)`` begins at 0."""
    if len(node.args) == 1 and not any(k.arg == "end" for k in node.keywords):
        start = ast.copy_location(ast.Constant(0), node)
        node = ast.copy_location(ast.Call(node.func, [start, *node.args], node.keywords), node)
    return _op("aten::arange", scope, node)


def _like(kind: str) -> Emitter:
    """``zeros_like(x)`` is zeros of the shape and dtype of ``x``."""

    def emit(scope: Expressions, node: ast.Call) -> Value:
        if len(node.args) != 1 or any(k.arg != "dtype" for k in node.keywords):
            scope.fail(node, f"{ast.unparse(node.func)} takes a tensor and a dtype")
        like = scope.value(scope.unstarred(node.args[0]))
        if not isinstance(like.type, TensorType):
            scope.fail(node.args[0], f"{ast.unparse(node.func)} takes a tensor, got {like.type}")
        size = scope.single("aten::size", [like], node)
        dtype = scope.value(node.keywords[0].value) if node.keywords else scope.single("prim::dtype", [like], node)
        return scope.single(kind, [size], node, {"dtype": dtype})

    return emit


def _op(kind: str, scope: Expressions, node: ast.Call) -> Value:
    return op_call(scope, kind, *scope.arguments(node), node)


_FUNCTIONS: dict[Any, Emitter] = {
    builtins.int: _cast_int,
    builtins.float: _cast_float,
    builtins.bool: _cast_bool,
    builtins.len: _len,
    builtins.min: _extreme("aten::min"),
    builtins.max: _extreme("aten::max"),
    builtins.pow: _pow,
    math.pow: _pow,
    builtins.print: _print,
    builtins.range: _range,
    **pythonic_containers.FUNCTIONS,
    device: _device,
    annotate: _annotate,
    is_scripting: _is_scripting,
    uninitialized: _uninitialized,
    factories.tensor: _tensor,
    factories.arange: _arange,
    factories.zeros_like: _like("aten::zeros"),
    factories.ones_like: _like("aten::ones"),
}
