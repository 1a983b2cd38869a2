"""Operators and choices between values: what they mean for the types that they meet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from tensorlab.core.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    SCALAR,
    TENSOR,
    ListType,
    OptionalType,
    TensorType,
    TupleType,
    Type,
    general,
    unify,
)
from tensorlab.errors import ScriptError
from tensorlab.jit.ir import LIST_CONSTRUCT, LIST_UNPACK, TUPLE_CONSTRUCT, TUPLE_UNPACK, Value
from tensorlab.jit.scripting.flow import not_none
from tensorlab.jit.scripting.merge import add_result, common_type
from tensorlab.jit.scripting.scope import Scope

NUMBERS = (INT, FLOAT, BOOL, SCALAR)

# Operators: sign and node kind.
BINARY: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "aten::add"),
    ast.Sub: ("-", "aten::sub"),
    ast.Mult: ("*", "aten::mul"),
    ast.Div: ("/", "aten::div"),
    ast.FloorDiv: ("//", "aten::floordiv"),
    ast.Mod: ("%", "aten::remainder"),
    ast.Pow: ("**", "aten::pow"),
    ast.MatMult: ("@", "aten::matmul"),
    ast.BitAnd: ("&", "aten::__and__"),
    ast.BitOr: ("|", "aten::__or__"),
    ast.BitXor: ("^", "aten::__xor__"),
    ast.LShift: ("<<", "aten::__lshift__"),
    ast.RShift: (">>", "aten::__rshift__"),
}
COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "aten::eq"),
    ast.NotEq: ("!=", "aten::ne"),
    ast.Lt: ("<", "aten::lt"),
    ast.LtE: ("<=", "aten::le"),
    ast.Gt: (">", "aten::gt"),
    ast.GtE: (">=", "aten::ge"),
}
# What a number on the left becomes: the op with its operands exchanged.
_EXCHANGED = {
    "aten::add": "aten::add",
    "aten::mul": "aten::mul",
    "aten::sub": "aten::rsub",
    "aten::eq": "aten::eq",
    "aten::ne": "aten::ne",
    "aten::lt": "aten::gt",
    "aten::le": "aten::ge",
    "aten::gt": "aten::lt",
    "aten::ge": "aten::le",
}
_BITWISE = ("aten::__and__", "aten::__or__", "aten::__xor__")
# Operators of numbers that have a name of their own among the ops of tensors.
_OF_TENSORS = {
    "aten::floordiv": "aten::floor_divide",
    "aten::__and__": "aten::bitwise_and",
    "aten::__or__": "aten::bitwise_or",
    "aten::__xor__": "aten::bitwise_xor",
    "aten::__lshift__": "aten::bitwise_left_shift",
    "aten::__rshift__": "aten::bitwise_right_shift",
}


Truth = Value | bool  # a value of the graph, or what the types alone decide


@dataclass(frozen=True, slots=True)
class Condition:
    """A truth value, or what is known of it beforehand.

    ``if_true`` and ``if_false`` are the variables that are not None where it turns out so.
    """

    value: Truth
    if_true: tuple[str, ...] = ()
    if_false: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Truth, test: ast.expr) -> Self:
        """The truth of a test, and what its text tells."""
        return cls(value, not_none(test, True), not_none(test, False))


class Operators(Scope):
    """Makes the nodes of operators over values."""

    def operate(self, operator: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        """The value of an operator."""
        sign, kind = BINARY[type(operator)][0], kind_of(operator, left, right)
        # An integer to a negative power is a float in Python, and where the power is written down, here too.
        if kind == "aten::pow" and left.type in (INT, BOOL) and isinstance(right.constant, int) and right.constant < 0:
            left = self.single("aten::Float", [left], node)
        if is_tensor(left) or is_tensor(right):
            return self.tensor_operator(sign, kind, left, right, node)
        same = left.type == right.type == BOOL and kind in _BITWISE
        return self.number_operator(sign, kind, left, right, node, keep_bools=same)

    def number_operator(
        self, sign: str, kind: str, left: Value, right: Value, node: ast.AST, *, keep_bools: bool
    ) -> Value:
        if not keep_bools:  # in arithmetic True is 1
            left, right = (self.single("aten::Int", [v], node) if v.type == BOOL else v for v in (left, right))
        return self.attempt(sign, kind, left, right, node)

    def tensor_operator(self, sign: str, kind: str, left: Value, right: Value, node: ast.AST) -> Value:
        """An operator with a tensor on at least one side; torch's ops take the number second."""
        if left.type in NUMBERS:
            if kind in _EXCHANGED:
                return self.attempt(sign, _EXCHANGED[kind], right, left, node)
            if kind == "aten::div":
                return self.attempt("*", "aten::mul", self.single("aten::reciprocal", [right], node), left, node)
        return self.attempt(sign, kind, left, right, node)

    def attempt(self, sign: str, kind: str, left: Value, right: Value, node: ast.AST) -> Value:
        try:
            return self.single(kind, [left, right], node)
        except ScriptError as error:
            if not error.message.startswith(("arguments for call", "unknown builtin op")):
                raise
            types = f"{general(left.type)} and {general(right.type)}"
            self.fail(node, f"arguments for call are not valid: {sign} does not take {types}")

    def choose(
        self, condition: Condition, true: Callable[[], Value], false: Callable[[], Value], node: ast.expr
    ) -> Value:
        """The value of one of two expressions; only that one runs."""
        if isinstance(condition.value, bool):
            return true() if condition.value else false()
        made, *blocks = self.new_if(condition.value, node)
        values: list[Value] = []
        for block, refined, emit in zip(blocks, (condition.if_true, condition.if_false), (true, false), strict=True):
            with self.inside(block):
                self.refine(refined, node)
                values.append(emit())
        type_ = common_type([v.type for v in values])
        if type_ is None:
            a, b = (general(v.type) for v in values)
            self.fail(node, f"Type mismatch: the expression has type {a} if true and type {b} if false")
        return add_result(self, made, values, type_)

    def implicit(self, value: Value, wanted: Type, node: ast.AST) -> Value:
        """A tensor, or a number of an unknown kind, as the int or the float that its place takes."""
        if wanted in (INT, FLOAT) and (is_tensor(value) or value.type == SCALAR):
            return self.single("aten::Int" if wanted == INT else "aten::Float", [value], node)
        return value

    def truth(self, value: Value, node: ast.AST) -> Value:
        """A value as a bool: a tensor's one element, a number that is not 0."""
        if value.type == BOOL:
            return value
        if is_tensor(value):
            return self.single("prim::Bool", [value], node)
        try:
            return self.single("aten::Bool", [value], node)
        except ScriptError:
            self.fail(node, f"a value of type {value.type} is neither true nor false", "compare it with something")

    def truth_value(self, condition: Condition, node: ast.AST) -> Value:
        """A condition as a value."""
        return self.constant(condition.value, node) if isinstance(condition.value, bool) else condition.value

    def list_of(self, values: Sequence[Value], node: ast.AST, *, fresh: bool = False) -> Value:
        """A list of values of one type, or of tensors and None; a constant where all of them are numbers.

        A ``fresh`` one is never a constant, for it may be written to; if it is empty, it is one of tensors.
        """
        if not values and fresh:
            return self.builder.node(LIST_CONSTRUCT, (), [ListType(TENSOR)], span=self.span(node)).output
        if not values:
            return self.builder.constant((), type_=ListType(INT), span=self.span(node))
        element: Type | None = general(values[0].type)
        if any(v.type == NONE for v in values) and any(is_tensor(v) for v in values):
            element = OptionalType(TENSOR)
        for value in values[1:]:
            element = None if element is None else unify(element, general(value.type))
        if element is None:
            found = ", ".join(str(general(v.type)) for v in values)
            self.fail(node, f"a list takes values of one type, got {found}")
        if not fresh and all(v.is_constant and v.type in NUMBERS for v in values):
            return self.builder.constant(tuple(v.constant for v in values), span=self.span(node))
        return self.builder.node(LIST_CONSTRUCT, values, [ListType(element)], span=self.span(node)).output

    def unpacked(self, value: Value, count: int, node: ast.AST) -> list[Value]:
        """The parts of a tuple.

        Raises: `ScriptError` for what is no tuple, or has another number of parts.
        """
        if isinstance(value.type, ListType):
            types = [value.type.element] * count
            return self.builder.node(LIST_UNPACK, [value], types, span=self.span(node)).outputs
        if not isinstance(value.type, TupleType):
            self.fail(node, f"a value of type {general(value.type)} cannot be unpacked", "only a tuple can")
        found = len(value.type.elements)
        if found != count:
            self.fail(
                node,
                f"{'too many' if found > count else 'not enough'} values to unpack: need {count} but found {found}",
            )
        if value.producer is not None and value.producer.kind == TUPLE_CONSTRUCT:
            return list(value.producer.inputs)
        return self.builder.node(TUPLE_UNPACK, [value], value.type.elements, span=self.span(node)).outputs


def kind_of(operator: ast.operator, *operands: Value) -> str:
    """The op of an operator over these operands."""
    kind = BINARY[type(operator)][1]
    return _OF_TENSORS.get(kind, kind) if any(map(is_tensor, operands)) else kind


def is_tensor(value: Value) -> bool:
    """Whether a value is a tensor."""
    return isinstance(value.type, TensorType)
