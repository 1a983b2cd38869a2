"""Python's own functions of containers and strings: ``sum``, ``sorted``, ``list``, ``str``, ``isinstance``."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    ClassType,
    DictType,
    ListType,
    OptionalType,
    TupleType,
    Type,
    accepts,
    general,
)
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting import iteration, magic, modules
from tensorlab.jit.scripting.annotations import annotation_type
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.jit.scripting.names import UNDEFINED, member

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

Emitter = Callable[["Expressions", ast.Call], Value]


def _only(scope: Expressions, node: ast.Call) -> ast.expr:
    """The only argument of a call."""
    if len(node.args) != 1 or node.keywords:
        got = len(node.args) + len(node.keywords)
        scope.fail(node, f"{ast.unparse(node.func)} takes 1 argument, got {got}")
    return scope.unstarred(node.args[0])


def _of_list(kind: str) -> Emitter:
    """A function of all that its argument gives."""

    def emit(scope: Expressions, node: ast.Call) -> Value:
        return scope.single(kind, [iteration.all_of(scope, _only(scope, node))], node)

    return emit


def _sum(scope: Expressions, node: ast.Call) -> Value:
    if len(node.args) == 2:
        first = ast.copy_location(ast.Call(node.func, node.args[:1], node.keywords), node)
        return scope.operate(ast.Add(), scope.value(node.args[1]), _sum(scope, first), node)
    values = iteration.all_of(scope, _only(scope, node))
    return scope.single("aten::sum", [values], node)


def _list(scope: Expressions, node: ast.Call) -> Value:
    if not node.args and not node.keywords:
        return scope.list_of([], node, fresh=True)
    argument = _only(scope, node)
    made = iteration.all_of(scope, argument)
    fresh = isinstance(argument, ast.GeneratorExp | ast.Call | ast.Tuple)
    return made if fresh else scope.single("aten::list", [made], node)


def _tuple(scope: Expressions, node: ast.Call) -> Value:
    value = scope.value(_only(scope, node))
    if isinstance(value.type, TupleType):
        return value
    scope.fail(node, f"tuple takes a tuple in a script, got {general(value.type)}", "its length is not known")


def _dict(scope: Expressions, node: ast.Call) -> Value:
    if not node.args and not node.keywords:
        return scope.dictionary(ast.copy_location(ast.Dict([], []), node))
    if not node.args and all(k.arg is not None for k in node.keywords):
        keys: list[ast.expr | None] = [ast.copy_location(ast.Constant(k.arg), k.value) for k in node.keywords]
        return scope.dictionary(ast.copy_location(ast.Dict(keys, [k.value for k in node.keywords]), node))
    value = scope.value(_only(scope, node))
    if isinstance(value.type, DictType):
        return scope.single("aten::copy", [value], node)
    scope.fail(node, f"dict takes a dict, or names with values, got {general(value.type)}")


def _str(scope: Expressions, node: ast.Call) -> Value:
    value = scope.value(_only(scope, node))
    if magic.has(value, "__str__"):
        return magic.call(scope, value, "__str__", [], node)
    return value if value.type == STR else scope.single("aten::str", [value], node)


def _one_op(kind: str) -> Emitter:
    def emit(scope: Expressions, node: ast.Call) -> Value:
        if node.keywords:
            scope.fail(node.keywords[0].value, f"{ast.unparse(node.func)} takes no keywords in a script")
        values = [scope.value(scope.unstarred(a)) for a in node.args]
        return scope.single(kind, [_plain(scope, v, node) for v in values], node)

    return emit


def _of_floats(kind: str) -> Emitter:
    """A function of floats, which takes ints as floats."""

    def emit(scope: Expressions, node: ast.Call) -> Value:
        values = [scope.value(scope.unstarred(a)) for a in node.args]
        given = [v if v.type == FLOAT else scope.single("aten::Float", [v], node) for v in values]
        return scope.single(kind, given, node)

    return emit


def _plain(scope: Expressions, value: Value, node: ast.AST) -> Value:
    return scope.single("aten::Int", [value], node) if value.type == BOOL else value


def _goes_over(scope: Expressions, node: ast.Call) -> Value:
    name = ast.unparse(node.func)
    scope.fail(node, f"{name} can only be what a for loop goes over", f"write list({name}(...))")


# -- isinstance

_KINDS: dict[Any, Callable[[Type], bool]] = {
    builtins.int: lambda t: t in (INT, BOOL),
    builtins.float: lambda t: t == FLOAT,
    builtins.bool: lambda t: t == BOOL,
    builtins.str: lambda t: t == STR,
    builtins.list: lambda t: isinstance(t, ListType),
    builtins.tuple: lambda t: isinstance(t, TupleType),
    builtins.dict: lambda t: isinstance(t, DictType),
    type(None): lambda t: t == NONE,
}


def isinstance_of(scope: Expressions, node: ast.Call) -> bool | Value:
    """``isinstance(x, int)``: decided by the types, but for a value that may be None."""
    if len(node.args) != 2 or node.keywords:
        scope.fail(node, "isinstance takes a value and a type")
    value = scope.value(node.args[0])
    kinds = list(node.args[1].elts) if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    given = value.type
    if not isinstance(given, OptionalType):
        return any(_is(scope, given, kind) for kind in kinds)
    inside, nothing = (any(_is(scope, t, kind) for kind in kinds) for t in (given.element, NONE))
    if inside == nothing:
        return inside
    kind = "aten::__isnot__" if inside else "aten::__is__"
    return scope.single(kind, [value, scope.constant(None, node)], node)


def _is(scope: Expressions, given: Type, node: ast.expr) -> bool:
    thing: Any = UNDEFINED
    if isinstance(node, ast.Name):
        thing = scope.names.get(node.id)
    elif isinstance(node, ast.Attribute):
        thing = member(scope.outside(node.value), node.attr)
    try:
        if thing in _KINDS:
            return _KINDS[thing](given)
    except TypeError:  # not hashable
        pass
    wanted = annotation_type(node, scope.names, scope.source)
    return (wanted == TENSOR and general(given) == TENSOR) or accepts(wanted, general(given))


def has_attribute(scope: Expressions, node: ast.Call) -> bool:
    """``hasattr(self, "bias")``: decided by what there is when the script is made."""
    name = _text(scope, node, "hasattr")
    type_ = scope.value(node.args[0]).type
    module = module_of(type_)
    if module is not None:
        return modules.has(module, name)
    if isinstance(type_, ClassType):
        return name in scope.attributes_of(type_.python) or hasattr(type_.python, name)
    if isinstance(type_, TupleType):
        return name in type_.names
    scope.fail(node, f"hasattr takes a module or an object, got {general(type_)}")


def _text(scope: Expressions, node: ast.Call, name: str) -> str:
    given = node.args[1] if len(node.args) > 1 and not node.keywords else None
    if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
        scope.fail(node, f"{name} takes an object and a name that is written out")
    return given.value


def _hasattr(scope: Expressions, node: ast.Call) -> Value:
    return scope.constant(has_attribute(scope, node), node)


def _getattr(scope: Expressions, node: ast.Call) -> Value:
    name = _text(scope, node, "getattr")
    if len(node.args) == 3 and not has_attribute(scope, node):
        return scope.value(node.args[2])
    return scope.value(ast.copy_location(ast.Attribute(node.args[0], name, ast.Load()), node))


def _isinstance(scope: Expressions, node: ast.Call) -> Value:
    found = isinstance_of(scope, node)
    return scope.constant(found, node) if isinstance(found, bool) else found


FUNCTIONS: dict[Any, Emitter] = {
    builtins.sum: _sum,
    builtins.sorted: _of_list("aten::sorted"),
    builtins.any: _of_list("aten::any"),
    builtins.all: _of_list("aten::all"),
    builtins.list: _list,
    builtins.tuple: _tuple,
    builtins.dict: _dict,
    builtins.str: _str,
    builtins.ord: _one_op("aten::ord"),
    builtins.chr: _one_op("aten::chr"),
    builtins.hex: _one_op("aten::hex"),
    builtins.oct: _one_op("aten::oct"),
    builtins.bin: _one_op("aten::bin"),
    builtins.divmod: _one_op("aten::divmod"),
    builtins.isinstance: _isinstance,
    builtins.hasattr: _hasattr,
    builtins.getattr: _getattr,
    builtins.enumerate: _goes_over,
    builtins.zip: _goes_over,
    builtins.reversed: _goes_over,
    **{
        getattr(math, name): _one_op(f"aten::{name}")
        for name in (
            *("acos", "asin", "atan", "cosh", "sinh", "tan", "acosh", "asinh", "atanh", "log10", "log2", "log1p"),
            *("expm1", "erf", "erfc", "gamma", "lgamma", "degrees", "radians", "fabs", "factorial", "gcd"),
        )
    },
    **{
        getattr(math, name): _of_floats(f"aten::{name}")
        for name in ("isnan", "isinf", "isfinite", "atan2", "fmod", "copysign", "trunc", "modf")
    },
}
