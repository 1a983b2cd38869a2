"""Methods of lists, dicts and strings, the operators over them, and how their elements are written to."""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING

from tensorlab.core.op import lookup
from tensorlab.core.types import BOOL, FLOAT, INT, NONE, STR, DictType, ListType, TupleType, Type, accepts, general
from tensorlab.jit.ir import FORMAT, Value
from tensorlab.jit.scripting import magic, modules
from tensorlab.jit.scripting.iteration import listed
from tensorlab.jit.scripting.module_types import module_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorlab.jit.scripting.expressions import Expressions

LIST = ("append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear", "copy", "index", "count")
DICT = ("get", "setdefault", "keys", "values", "items", "pop", "popitem", "update", "clear", "copy")
STRING = (
    *("upper", "lower", "capitalize", "title", "swapcase", "strip", "lstrip", "rstrip", "split", "rsplit"),
    *("splitlines", "join", "replace", "startswith", "endswith", "find", "rfind", "count", "index", "center"),
    *("ljust", "rjust", "zfill", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower", "isdecimal"),
    *("isnumeric", "istitle"),
)


def methods_of(type_: Type) -> tuple[str, ...]:
    """The methods that a value of a type has, if it is a container or a string."""
    match type_:
        case ListType():
            return LIST
        case DictType():
            return DICT
        case _:
            return STRING if type_ == STR else ()


def method(scope: Expressions, receiver: Value, func: ast.Attribute, node: ast.Call) -> Value:
    """The value of a method's call.

    Raises: `ScriptError` for a method that there is not, or arguments that it does not take.
    """
    name = func.attr
    if receiver.type == STR and name == "format":
        return formatted(scope, receiver, node)
    known = methods_of(receiver.type)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.7)
        hint = f"did you mean {near[0]!r}?" if near else ""
        message = f"a value of type {general(receiver.type)} has no method {name!r} that can be scripted"
        scope.fail(func, message, hint)
    args = [_argument(scope, receiver.type, name, scope.unstarred(a)) for a in node.args]
    keywords = {k.arg: scope.value(k.value) for k in node.keywords if k.arg is not None}
    if len(keywords) < len(node.keywords):
        scope.fail(node, "** in a call cannot be scripted", "write the arguments out")
    if name == "get" and len(args) == 2 and args[1].type == NONE:
        args.pop()
    if name == "extend" and isinstance(receiver.type, ListType):
        args = [listed(scope, a, node) for a in args]
    found = scope.op(f"aten::{name}", [receiver, *args], node, keywords)
    if isinstance(found, Value) and not (isinstance(receiver.type, ListType) and name == "append"):
        return found
    return scope.constant(None, node)


def _argument(scope: Expressions, type_: Type, name: str, node: ast.expr) -> Value:
    """An argument; an empty list or dict is one of what the receiver holds."""
    wanted: Type | None = None
    if isinstance(type_, ListType):
        wanted = type_ if name == "extend" else type_.element
    elif isinstance(type_, DictType):
        wanted = type_ if name == "update" else type_.value
    if wanted is not None and isinstance(node, ast.List | ast.Dict):
        return scope.value_as(node, wanted, None)
    return scope.value(node)


def formatted(scope: Expressions, receiver: Value, node: ast.Call) -> Value:
    """``"{} {}".format(a, b)``."""
    if node.keywords:
        scope.fail(node.keywords[0].value, "format takes no names in a script", "write {} and give the values in order")
    values = [receiver, *(scope.value(scope.unstarred(a)) for a in node.args)]
    return scope.builder.node(FORMAT, values, [STR], span=scope.span(node)).output


def fstring(scope: Expressions, node: ast.JoinedStr) -> Value:
    """An f-string: the format of its text with the values in place."""
    text = ""
    values: list[Value] = []
    for part in node.values:
        match part:
            case ast.Constant(str() as literal):
                text += literal.replace("{", "{{").replace("}", "}}")
            case ast.FormattedValue(value, conversion, spec):
                text += "{" + ("" if conversion == -1 else f"!{chr(conversion)}") + _spec(scope, spec) + "}"
                values.append(scope.value(value))
            case _:
                scope.fail(part, f"{ast.unparse(part)} in an f-string cannot be scripted")
    if not values:
        return scope.constant(text.replace("{{", "{").replace("}}", "}"), node)
    form = scope.constant(text, node)
    return scope.builder.node(FORMAT, [form, *values], [STR], span=scope.span(node)).output


_PERCENT = re.compile(r"%(?:(%)|([-+0# ]*)(\d*(?:\.\d+)?)([sdifgeExXor]))")


def percent(scope: Expressions, left: Value, right: Value, node: ast.AST) -> Value:
    """``"%s has %d" % (a, b)``, as the format that gives the same."""
    if not left.is_constant:
        scope.fail(node, "% of a string that is computed cannot be scripted", "use format")
    count = len(right.type.elements) if isinstance(right.type, TupleType) else 1
    values = scope.unpacked(right, count, node) if isinstance(right.type, TupleType) else [right]
    text, place, used = "", 0, 0
    for found in _PERCENT.finditer(left.constant):
        text += left.constant[place : found.start()].replace("{", "{{").replace("}", "}}")
        place = found.end()
        if found[1]:
            text += "%"
            continue
        if used == len(values):
            scope.fail(node, f"{left.constant!r} takes more values than the {len(values)} there are")
        text += _field(scope, values[used].type, found[2], found[3], found[4], node)
        used += 1
    rest = left.constant[place:]
    if "%" in rest or used < len(values):
        scope.fail(node, f"{left.constant!r} cannot be filled with {len(values)} values in a script")
    form = scope.constant(text + rest.replace("{", "{{").replace("}", "}}"), node)
    return scope.builder.node(FORMAT, [form, *values], [STR], span=scope.span(node)).output


def _field(scope: Expressions, type_: Type, flags: str, width: str, kind: str, node: ast.AST) -> str:
    side = "<" if "-" in flags else ">" if kind in "sr" and width else ""
    others = flags.replace("-", "")
    if kind in "sr":
        return f"{{!{kind}:{side}{width}}}" if width else f"{{!{kind}}}"
    if type_ not in ((INT, BOOL) if kind in "dixXo" else (INT, FLOAT, BOOL)):
        scope.fail(node, f"%{kind} takes a number, got {general(type_)}")
    return f"{{:{side}{others}{width}{'d' if kind == 'i' else kind}}}"


def _spec(scope: Expressions, spec: ast.expr | None) -> str:
    if spec is None:
        return ""
    match spec:
        case ast.JoinedStr([ast.Constant(str() as text)]):
            return f":{text}"
        case _:
            scope.fail(spec, "a format that is computed cannot be scripted", "write the format out")


def contains(scope: Expressions, item: Value, container: Value, node: ast.AST) -> Value:
    """``item in container``."""
    module = module_of(container.type)
    if module is not None and item.is_constant:
        return scope.constant(modules.holds(module, item.constant), node)
    if magic.has(container, "__contains__"):
        return magic.call(scope, container, "__contains__", [item], node)
    if isinstance(container.type, ListType | DictType) or container.type == STR:
        return scope.single("aten::__contains__", [container, item], node)
    scope.fail(node, f"in does not take {general(item.type)} and {general(container.type)}")


def store(scope: Expressions, owner: Value, target: ast.Subscript, value: Value) -> None:
    """``owner[...] = value`` for a list or a dict.

    Raises: `ScriptError` for what cannot be written to.
    """
    if isinstance(owner.type, DictType):
        key = scope.value(target.slice)
        scope.op("aten::_set_item", [owner, key, value], target)
        return
    if not isinstance(owner.type, ListType):
        message = f"a value of type {general(owner.type)} cannot be changed in a script"
        scope.fail(target, message, "build a new one")
    if isinstance(target.slice, ast.Slice):
        bounds = slice_bounds(scope, target.slice)
        scope.op("tensorlab::set_slice", [owner, *bounds, listed(scope, value, target)], target)
        return
    index = scope.value(target.slice)
    scope.op("aten::_set_item", [owner, index, value], target)


def delete(scope: Expressions, target: ast.Subscript) -> None:
    """``del owner[...]``."""
    owner = scope.value(target.value)
    if magic.has(owner, "__delitem__"):
        magic.call(scope, owner, "__delitem__", [scope.value(target.slice)], target)
        return
    if not isinstance(owner.type, ListType | DictType) or isinstance(target.slice, ast.Slice):
        scope.fail(target, f"{ast.unparse(target)} cannot be deleted in a script")
    scope.op("aten::Delete", [owner, scope.value(target.slice)], target)


def slice_bounds(scope: Expressions, part: ast.Slice) -> Sequence[Value]:
    """Start, end and step of a slice."""
    start, end = (scope.value(b) if b is not None else scope.constant(None, part) for b in (part.lower, part.upper))
    step = scope.value(part.step) if part.step is not None else scope.constant(1, part)
    return start, end, step


def element(scope: Expressions, value: Value, node: ast.Subscript) -> Value:
    """An element or a slice of a list, a string or a dict."""
    if isinstance(node.slice, ast.Slice):
        return scope.single("aten::slice", [value, *slice_bounds(scope, node.slice)], node)
    index = scope.value(node.slice)
    takes = value.type.key if isinstance(value.type, DictType) else INT
    if not accepts(takes, index.type):
        message = f"a value of type {general(value.type)} cannot be indexed with one of type {general(index.type)}"
        scope.fail(node, message)
    return scope.single("aten::__getitem__", [value, index], node)


def has_overload(kind: str, type_: Type) -> bool:
    """Whether an op takes a value of a type first."""
    return any(op.schema.params and accepts(op.schema.params[0].type, type_) for op in lookup(kind))


def is_container(type_: Type) -> bool:
    """Whether a type is one of Python's containers or a string, which has methods here."""
    return isinstance(type_, ListType | DictType) or type_ == STR
