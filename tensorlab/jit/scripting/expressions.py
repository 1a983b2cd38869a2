"""Expressions: each becomes nodes and gives one value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any, cast

from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    TENSOR,
    DictType,
    ListType,
    OptionalType,
    TupleType,
    Type,
    accepts,
    general,
    unify,
)
from tensorlab.errors import ScriptError
from tensorlab.jit.ir import DICT_CONSTRUCT, LIST_CONSTRUCT, Graph, Value
from tensorlab.jit.scripting import calls, iteration, magic, methods, records, subscripts
from tensorlab.jit.scripting.arguments import op_call
from tensorlab.jit.scripting.comparisons import Comparisons
from tensorlab.jit.scripting.forms import Form
from tensorlab.jit.scripting.language import refusal
from tensorlab.jit.scripting.names import UNDEFINED, Attributes, Captured, did_you_mean, is_constant, member
from tensorlab.jit.scripting.operators import NUMBERS, Truth, is_tensor
from tensorlab.jit.scripting.python_calls import apart
from tensorlab.jit.scripting.pythonic_containers import has_attribute, isinstance_of

_KEYS = (STR, INT, FLOAT, BOOL)


class Expressions(Comparisons):
    """Makes the nodes of expressions."""

    def value(self, node: ast.expr) -> Value:
        """The value of an expression.

        Raises: `ScriptError` for one outside the language.
        """
        emitter = _EMITTERS.get(type(node))
        if emitter is None:
            self.fail(node, *refusal(node))
        return emitter(self, node)

    def value_as(self, node: ast.expr, wanted: Type, refused: Callable[[Type], str] | None) -> Value:
        """The value of an expression where one of a type is asked for: what ``[]`` and ``None`` are of themselves.

        Raises: `ScriptError` with ``refused`` of the type that it has instead; not where there is none.
        """
        inner = wanted.element if isinstance(wanted, OptionalType) else wanted
        if isinstance(node, ast.List) and isinstance(inner, ListType):
            parts = [self.value_as(self.unstarred(e), inner.element, None) for e in node.elts]
            if all(accepts(inner.element, v.type) for v in parts):
                return self.builder.node(LIST_CONSTRUCT, parts, [inner], span=self.span(node)).output
            value = self.list_of(parts, node, fresh=True)
        elif isinstance(node, ast.Dict) and isinstance(inner, DictType):
            value = self.dictionary(node, inner)
        else:
            value = self.value(node)
        if refused is not None and not accepts(wanted, value.type):
            self.fail(node, refused(general(value.type)))
        return value

    def constant_expression(self, node: ast.Constant) -> Value:
        if isinstance(node.value, bool | int | float | str | None):
            return self.constant(node.value, node)
        self.fail(node, f"a constant of type {type(node.value).__name__} cannot be scripted")

    def name(self, node: ast.Name) -> Value:
        found = self.read(node.id, node)
        return found if found is not None else self.captured(node)

    def captured(self, node: ast.expr) -> Value:
        """The value of a name from outside: a number, a string, a dtype."""
        thing = self.outside(node)
        if isinstance(thing, Enum):
            return records.member(self, thing, node)
        if isinstance(thing, Captured):
            return self.builder.captured(thing.tensor, span=self.span(node))
        if is_constant(thing):
            if isinstance(thing, tuple):
                return self.tuple_of([self.constant(v, node) for v in cast("tuple[Any, ...]", thing)], node)
            plain = float(thing) if isinstance(thing, float) else thing  # NumPy's float64 is a float too
            return self.constant(plain, node)
        text = ast.unparse(node)
        if hasattr(thing, "data_ptr"):
            self.fail(node, f"{text} is a tensor from outside the function", f"pass {text} as an argument")
        hint = "" if callable(thing) or isinstance(thing, Attributes) else "only numbers, strings and dtypes are taken"
        message = f"{text} is of type {type(thing).__name__}, which is no value in a script"
        self.fail(node, message, apart(self, thing, text) or hint)

    def outside(self, node: ast.expr) -> Any:
        """The object that a dotted name stands for outside the function.

        Raises: `ScriptError` for an undefined one.
        """
        if isinstance(node, ast.Name):
            found = self.names.get(node.id)
            if found is UNDEFINED:
                self.fail(
                    node,
                    f"undefined value {node.id}",
                    self.names.near(node.id, self.frame.visible()),
                )
            return found
        if isinstance(node, ast.Attribute) and not self.is_value(node.value):
            owner = self.outside(node.value)
            found = member(owner, node.attr)
            if found is UNDEFINED:
                message = f"{ast.unparse(node.value)} has no attribute {node.attr!r} that can be scripted"
                near = did_you_mean(node.attr, dir(owner) if isinstance(owner, ModuleType) else [])
                self.fail(node, message, apart(self, owner, ast.unparse(node.value)) or near)
            return found
        self.fail(node, *refusal(node))

    def is_value(self, node: ast.expr) -> bool:
        """Whether an expression has a value in the graph, rather than standing for something outside."""
        if isinstance(node, ast.Attribute):
            return self.is_value(node.value)
        return not isinstance(node, ast.Name) or self.frame.find(node.id) is not None or node.id in self.locals

    def attribute(self, node: ast.Attribute) -> Value:
        if not self.is_value(node):
            return self.captured(node)
        return calls.attribute(self, self.value(node.value), node)

    def binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if magic.has(left, magic.BINARY[type(node.op)]):
            return magic.call(self, left, magic.BINARY[type(node.op)], [right], node)
        if isinstance(node.op, ast.Add) and isinstance(left.type, TupleType) and isinstance(right.type, TupleType):
            parts = [self.unpacked(v, len(v.type.elements), node) for v in (left, right)]  # pyright: ignore
            return self.tuple_of([*parts[0], *parts[1]], node)
        if left.type == STR and isinstance(node.op, ast.Mod):
            return methods.percent(self, left, right, node)
        return self.operate(node.op, left, right, node)

    def unary(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return self.truth_value(self.condition(node), node)
        literal = node.operand
        number = literal.value if isinstance(literal, ast.Constant) else None
        if isinstance(node.op, ast.USub) and isinstance(number, int | float):
            return self.constant(-number, node)
        operand = self.value(node.operand)
        if magic.has(operand, magic.UNARY[type(node.op)]):
            return magic.call(self, operand, magic.UNARY[type(node.op)], [], node)
        if operand.type == BOOL:
            operand = self.single("aten::Int", [operand], node)
        if isinstance(node.op, ast.UAdd) and (operand.type in NUMBERS or is_tensor(operand)):
            return operand
        sign, kind = ("~", "aten::bitwise_not") if isinstance(node.op, ast.Invert) else ("-", "aten::neg")
        try:
            return self.single(kind, [operand], node)
        except ScriptError:
            self.fail(node, f"arguments for call are not valid: {sign} does not take {general(operand.type)}")

    def asked(self, thing: Any, node: ast.Call) -> Truth:
        """What ``isinstance`` and ``hasattr`` say."""
        return isinstance_of(self, node) if thing is isinstance else has_attribute(self, node)

    def contains(self, item: Value, container: Value, node: ast.AST) -> Value:
        """``item in container``."""
        return methods.contains(self, item, container, node)

    def call_method(self, function: FunctionType, receiver: Value, args: list[Value], node: ast.AST) -> Value:
        """A method called with values that are there."""
        return calls.call_method(self, function, receiver, args, node)

    def op_call(self, kind: str, given: Sequence[Value], keywords: Mapping[str, Value], node: ast.Call) -> Value:
        """An op, with arguments made to fit."""
        return op_call(self, kind, given, keywords, node)

    def ternary(self, node: ast.IfExp) -> Value:
        return self.choose(
            self.condition(node.test), lambda: self.value(node.body), lambda: self.value(node.orelse), node
        )

    def sequence(self, node: ast.Tuple | ast.List) -> Value:
        values = self.each(node.elts, self.value)
        if isinstance(node, ast.Tuple):
            return self.tuple_of(values, node)
        return self.list_of(values, node, fresh=True)

    def dictionary(self, node: ast.Dict, wanted: DictType | None = None) -> Value:
        """A dict display; an empty one is of strings and tensors, where nothing else is asked for."""
        parts: list[Value] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.fail(value, "** in a dict cannot be scripted", "call update")
            parts += [
                self.value(key),
                self.value(value) if wanted is None else self.value_as(value, wanted.value, None),
            ]
        keys, values = parts[::2], parts[1::2]
        type_ = wanted or DictType(STR, TENSOR)
        if not all(accepts(type_.key, k.type) for k in keys) or not all(accepts(type_.value, v.type) for v in values):
            type_ = None
        if parts and (wanted is None or type_ is None):
            type_ = DictType(self.common(keys, "keys", node), self.common(values, "values", node))
        if type_ is None or type_.key not in _KEYS:
            self.fail(node, f"a dict takes keys of type str, int, float or bool, got {keys[0].type}")
        return self.builder.node(DICT_CONSTRUCT, parts, [type_], span=self.span(node)).output

    def common(self, values: Sequence[Value], what: str, node: ast.AST) -> Type:
        """The one type of several values."""
        found: Type | None = general(values[0].type)
        for value in values[1:]:
            found = None if found is None else unify(found, general(value.type))
        if found is None:
            types = ", ".join(str(general(v.type)) for v in values)
            self.fail(node, f"a dict takes {what} of one type, got {types}")
        return found

    def assign_to(self, target: ast.expr, value: Value) -> None:
        """Give what stands left of ``=`` a value: see `Statements`."""
        raise TypeError(f"{type(target).__name__}: statements are made by a class below")

    def comprehension(self, node: ast.ListComp) -> Value:
        return iteration.comprehension(self, node)

    def dict_comprehension(self, node: ast.DictComp) -> Value:
        return iteration.dict_comprehension(self, node)

    def fstring(self, node: ast.JoinedStr) -> Value:
        return methods.fstring(self, node)

    def unstarred(self, node: ast.expr) -> ast.expr:
        """The expression itself; a starred one cannot be scripted."""
        if isinstance(node, ast.Starred):
            self.fail(node, *refusal(node))
        return node

    def arguments(self, node: ast.Call) -> tuple[list[Value], dict[str, Value]]:
        """The values of a call's arguments, by position and by name."""
        args = self.positional(node)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self.fail(keyword.value, "** in a call cannot be scripted", "write the arguments out")
            keywords[keyword.arg] = self.argument(keyword.value)
        return args, keywords

    def positional(self, node: ast.Call) -> list[Value]:
        """The values of a call's arguments by position; a starred tuple is each of its parts."""
        return self.each(node.args, self.argument)

    def each(self, nodes: Sequence[ast.expr], emit: Callable[[ast.expr], Value]) -> list[Value]:
        """The values of expressions; a starred tuple is each of its parts."""
        found: list[Value] = []
        for given in nodes:
            if not isinstance(given, ast.Starred):
                found.append(emit(given))
                continue
            turns = iteration.turns_of(self, given.value)
            if turns.parts is None:
                self.fail(given, "a starred argument takes a tuple", "how many parts it has is not known")
            found += turns.parts
        return found

    def argument(self, node: ast.expr) -> Value:
        """One argument of an op; a list of numbers that is written out is a constant, for nobody can change it."""
        if isinstance(node, ast.List):
            values = [self.value(self.unstarred(e)) for e in node.elts]
            return self.list_of(values, node)
        return self.value(node)

    def call_function(self, function: FunctionType, node: ast.Call, name: str, *, owner: Value | None = None) -> Value:
        """A call of a Python function, which is scripted for it."""
        return calls.call_function(self, function, node, name, owner=owner)

    def call_outside(self, thing: Any, node: ast.Call) -> Value:
        """A call of something outside of the function."""
        return calls.call_outside(self, thing, node)

    def expand(self, form: Form, node: ast.Call, name: str, *, owner: Value | None = None) -> Value:
        """A call of one of the library's own functions, in the form that it has in scripts."""
        return calls.expand(self, form, node, name, owner=owner)

    def inlined(self, graph: Graph, function: Any, name: str, node: ast.Call) -> Value:
        """The nodes of another function's graph, in place of a call of it."""
        return calls.inline(self, graph, function, name, node)

    def call(self, node: ast.Call) -> Value:
        return calls.call(self, node)

    def subscript(self, node: ast.Subscript) -> Value:
        return subscripts.read(self, node)


_EMITTERS: dict[type[ast.expr], Callable[[Expressions, Any], Value]] = {
    ast.Constant: Expressions.constant_expression,
    ast.Name: Expressions.name,
    ast.Attribute: Expressions.attribute,
    ast.BinOp: Expressions.binary,
    ast.UnaryOp: Expressions.unary,
    ast.BoolOp: Expressions.logic,
    ast.Compare: Expressions.compare,
    ast.IfExp: Expressions.ternary,
    ast.Call: Expressions.call,
    ast.Subscript: Expressions.subscript,
    ast.Tuple: Expressions.sequence,
    ast.List: Expressions.sequence,
    ast.Dict: Expressions.dictionary,
    ast.ListComp: Expressions.comprehension,
    ast.DictComp: Expressions.dict_comprehension,
    ast.JoinedStr: Expressions.fstring,
}
