"""What loops and comprehensions go over: so many turns, and the value of each.

What has a length that only a run knows becomes a loop; a tuple, whose parts may differ in type, the body once for each.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import BOOL, FLOAT, INT, STR, DictType, ListType, TensorType, TupleType, Type, general
from tensorlab.jit.ir import DICT_CONSTRUCT, LIST_CONSTRUCT, LOOP, Value
from tensorlab.jit.scripting import modules
from tensorlab.jit.scripting.module_types import module_of

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


@dataclass(frozen=True, slots=True)
class Turns:
    """``count`` turns, each with the value that ``element`` makes for its number; or the ``parts`` of a tuple."""

    count: Value | None
    element: Callable[[Value], Value]
    parts: Sequence[Value] | None = None


def turns_of(scope: Expressions, node: ast.expr) -> Turns:
    """What an expression that is gone over gives.

    Raises: `ScriptError` for what cannot be gone over.
    """
    builtin = _builtin(scope, node)
    if builtin is not None and isinstance(node, ast.Call):
        return _BUILTINS[builtin](scope, node)
    return _over(scope, scope.value(node), node)


def _builtin(scope: Expressions, node: ast.expr) -> Any:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or scope.is_value(node.func):
        return None
    thing = scope.outside(node.func)
    return thing if isinstance(thing, type) and thing in _BUILTINS else None


def _over(scope: Expressions, value: Value, node: ast.expr) -> Turns:
    module = module_of(value.type)
    if module is not None:
        parts = modules.parts_of(scope, value, module, node)
        if parts is None:
            scope.fail(node, f"Module {value.type} is no container of modules, and cannot be gone over")
        return Turns(None, lambda turn: turn, parts)
    if isinstance(value.type, TupleType):
        parts = scope.unpacked(value, len(value.type.elements), node)
        return Turns(None, lambda turn: turn, parts)
    if isinstance(value.type, DictType):
        value = scope.single("aten::keys", [value], node)
    if isinstance(value.type, ListType) or value.type == STR:
        over = value
        return Turns(
            scope.single("aten::len", [over], node), lambda turn: scope.single("aten::__getitem__", [over, turn], node)
        )
    if isinstance(value.type, TensorType):
        zero = scope.constant(0, node)
        return Turns(
            scope.single("aten::len", [value], node),
            lambda turn: scope.single("aten::select", [value, zero, turn], node),
        )
    scope.fail(node, f"a for loop goes over a range, a list, a tuple, a dict, a string or a tensor, got {_name(value)}")


def _name(value: Value) -> Type:
    return general(value.type)


def _range(scope: Expressions, node: ast.Call) -> Turns:
    if node.keywords or not 1 <= len(node.args) <= 3:
        scope.fail(node, f"range takes 1 to 3 arguments, got {len(node.args) + len(node.keywords)}")
    values = [scope.value(scope.unstarred(a)) for a in node.args]
    for value, argument in zip(values, node.args, strict=True):
        if value.type != INT:
            scope.fail(argument, f"range takes ints, got {general(value.type)}")
    match values:
        case [trips]:
            return Turns(trips, lambda turn: turn)
        case [start, stop]:
            trips = scope.single("aten::sub", [stop, start], node)
            return Turns(trips, lambda turn: scope.single("aten::add", [turn, start], node))
        case _:
            start, _, step = values
            trips = scope.single("aten::__range_length", values, node)
            return Turns(trips, lambda turn: scope.single("aten::__derive_index", [turn, start, step], node))


def _enumerate(scope: Expressions, node: ast.Call) -> Turns:
    begins = {k.arg: k.value for k in node.keywords}
    given = [*node.args, *([begins["start"]] if "start" in begins else [])]
    if not 1 <= len(given) <= 2 or set(begins) - {"start"}:
        scope.fail(node, "enumerate takes something to go over and a number to begin with")
    inner = turns_of(scope, scope.unstarred(given[0]))
    start = scope.value(given[1]) if len(given) == 2 else None
    if start is not None and start.type != INT:
        scope.fail(given[1], f"enumerate begins with an int, got {general(start.type)}")

    def number(turn: Value) -> Value:
        return turn if start is None else scope.single("aten::add", [turn, start], node)

    if inner.parts is not None:
        pairs = [scope.tuple_of([number(scope.constant(i, node)), part], node) for i, part in enumerate(inner.parts)]
        return Turns(None, inner.element, pairs)
    return Turns(inner.count, lambda turn: scope.tuple_of([number(turn), inner.element(turn)], node))


def _zip(scope: Expressions, node: ast.Call) -> Turns:
    if not node.args or node.keywords:
        scope.fail(node, "zip takes things to go over together")
    several = [turns_of(scope, scope.unstarred(a)) for a in node.args]
    static = [t.parts for t in several if t.parts is not None]
    if len(static) == len(several):
        rows = zip(*static, strict=False)
        return Turns(None, several[0].element, [scope.tuple_of(row, node) for row in rows])
    if static:
        scope.fail(node, "zip takes tuples alone, or none", "make a list of the tuple")
    count: Value | None = None
    for turns in several:
        if turns.count is not None:
            count = turns.count if count is None else scope.single("aten::min", [count, turns.count], node)
    return Turns(count, lambda turn: scope.tuple_of([t.element(turn) for t in several], node))


def _reversed(scope: Expressions, node: ast.Call) -> Turns:
    if len(node.args) != 1 or node.keywords:
        scope.fail(node, "reversed takes one argument")
    inner = turns_of(scope, scope.unstarred(node.args[0]))
    if inner.parts is not None or inner.count is None:
        return Turns(None, inner.element, list(reversed(inner.parts or ())))
    last = scope.single("aten::sub", [inner.count, scope.constant(1, node)], node)
    return Turns(inner.count, lambda turn: inner.element(scope.single("aten::sub", [last, turn], node)))


_BUILTINS: dict[Any, Callable[[Any, ast.Call], Turns]] = {
    builtins.range: _range,
    builtins.enumerate: _enumerate,
    builtins.zip: _zip,
    builtins.reversed: _reversed,
}


def comprehension(scope: Expressions, node: ast.ListComp) -> Value:
    """``[f(v) for v in values if g(v)]``: a loop that appends; over a tuple, the elements one by one."""
    if len(node.generators) != 1 or node.generators[0].is_async:
        scope.fail(node, "a list comprehension with several fors cannot be scripted", "write for loops that append")
    (generator,) = node.generators
    turns = turns_of(scope, generator.iter)
    if turns.parts is not None:
        if generator.ifs:
            scope.fail(generator.ifs[0], "an if in a comprehension over a tuple cannot be scripted", "write a for loop")
        return scope.list_of([_part(scope, node, generator, part) for part in turns.parts], node)
    made = scope.builder.node(LIST_CONSTRUCT, (), [ListType(INT)], span=scope.span(node)).output
    true = scope.constant(True, node)
    loop = scope.builder.node(LOOP, [_count(scope, turns, node), true], span=scope.span(node))
    with scope.inside(scope.builder.block(loop), tail=True):
        turn = scope.builder.param(INT)
        scope.assign_to(generator.target, turns.element(turn))
        _append(scope, node, generator.ifs, made)
        scope.builder.results(true)
    return made


def dict_comprehension(scope: Expressions, node: ast.DictComp) -> Value:
    """``{key(v): f(v) for v in values}``: a loop that writes into a dict; over a tuple, the entries one by one."""
    if len(node.generators) != 1 or node.generators[0].is_async:
        scope.fail(node, "a dict comprehension with several fors cannot be scripted", "write for loops")
    (generator,) = node.generators
    turns = turns_of(scope, generator.iter)
    made = scope.builder.node(DICT_CONSTRUCT, (), [DictType(STR, INT)], span=scope.span(node)).output

    def entry(tests: Sequence[ast.expr]) -> None:
        if not tests:
            key, value = scope.value(node.key), scope.value(node.value)
            made.type = DictType(general(key.type), general(value.type))
            if key.type not in (STR, INT, FLOAT, BOOL):
                scope.fail(node.key, f"a dict takes keys of type str, int, float or bool, got {key.type}")
            scope.op("aten::_set_item", [made, key, value], node)
            return
        _where(scope, tests, entry)

    if turns.parts is not None:
        for part in turns.parts:
            with scope.nested():
                scope.assign_to(generator.target, part)
                entry(generator.ifs)
        return made
    true = scope.constant(True, node)
    loop = scope.builder.node(LOOP, [_count(scope, turns, node), true], span=scope.span(node))
    with scope.inside(scope.builder.block(loop), tail=True):
        scope.assign_to(generator.target, turns.element(scope.builder.param(INT)))
        entry(generator.ifs)
        scope.builder.results(true)
    return made


def _where(scope: Expressions, tests: Sequence[ast.expr], then: Callable[[Sequence[ast.expr]], None]) -> None:
    """What a comprehension does where its first test holds."""
    condition = scope.condition(tests[0])
    if isinstance(condition.value, bool):
        if condition.value:
            then(tests[1:])
        return
    _, first, _ = scope.new_if(condition.value, tests[0])
    with scope.inside(first, tail=True):
        scope.refine(condition.if_true, tests[0])
        then(tests[1:])


def _count(scope: Expressions, turns: Turns, node: ast.AST) -> Value:
    return turns.count if turns.count is not None else scope.constant(0, node)


def _part(scope: Expressions, node: ast.ListComp, generator: ast.comprehension, part: Value) -> Value:
    with scope.nested():
        scope.assign_to(generator.target, part)
        return scope.value(node.elt)


def _append(scope: Expressions, node: ast.ListComp, tests: Sequence[ast.expr], made: Value) -> None:
    if not tests:
        element = scope.value(node.elt)
        made.type = ListType(general(element.type))
        scope.op("aten::append", [made, element], node)
        return
    _where(scope, tests, lambda left: _append(scope, node, left, made))


def listed(scope: Expressions, value: Value, node: ast.expr | ast.AST) -> Value:
    """What ``list(value)`` gives."""
    if isinstance(value.type, ListType):
        return value
    if isinstance(value.type, DictType):
        return scope.single("aten::keys", [value], node)
    if value.type == STR:
        return scope.single("aten::list", [value], node)
    if isinstance(value.type, TupleType):
        return scope.list_of(scope.unpacked(value, len(value.type.elements), node), node)
    if isinstance(value.type, TensorType):
        return scope.single("aten::unbind", [value], node)
    scope.fail(node, f"list takes a list, a tuple, a dict, a string or a tensor, got {general(value.type)}")


def all_of(scope: Expressions, node: ast.expr) -> Value:
    """A list of all that an expression gives when it is gone over."""
    if isinstance(node, ast.GeneratorExp):
        return comprehension(scope, ast.copy_location(ast.ListComp(node.elt, node.generators), node))
    if _builtin(scope, node) is not None:
        target = ast.copy_location(ast.Name("$item", ast.Store()), node)
        element = ast.copy_location(ast.Name("$item", ast.Load()), node)
        generator = ast.comprehension(target, node, [], 0)
        return comprehension(scope, ast.copy_location(ast.ListComp(element, [generator]), node))
    return listed(scope, scope.value(node), node)
