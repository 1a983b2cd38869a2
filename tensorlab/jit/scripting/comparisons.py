"""Comparisons and conditions: what is known beforehand decides which branch there is."""

from __future__ import annotations

import ast
import operator as python_operators
from collections.abc import Callable
from types import FunctionType
from typing import Any

from tensorlab.core.types import BOOL, FLOAT, INT, NONE, STR, EnumType, OptionalType
from tensorlab.jit.ir import ENUM_NAME, Value
from tensorlab.jit.scripting import magic
from tensorlab.jit.scripting.markers import is_scripting
from tensorlab.jit.scripting.operators import COMPARE, Condition, Operators, Truth, is_tensor

_PLAIN = {STR, INT, FLOAT, BOOL}
_FOLDED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: python_operators.eq,
    ast.NotEq: python_operators.ne,
    ast.Lt: python_operators.lt,
    ast.LtE: python_operators.le,
    ast.Gt: python_operators.gt,
    ast.GtE: python_operators.ge,
}


class Comparisons(Operators):
    """Makes the nodes of comparisons, of and, or, not."""

    folds = False  # whether a comparison of two constants decides which branch there is

    def value(self, node: ast.expr) -> Value:
        """The value of an expression: see `Expressions`."""
        raise TypeError(f"{type(node).__name__}: expressions are made by a class below")

    def outside(self, node: ast.expr) -> Any:
        """What a name from outside stands for: see `Expressions`."""
        raise TypeError(f"{type(node).__name__}: expressions are made by a class below")

    def is_value(self, node: ast.expr) -> bool:
        """Whether an expression has a value in the graph: see `Expressions`."""
        raise TypeError(f"{type(node).__name__}: expressions are made by a class below")

    def contains(self, item: Value, container: Value, node: ast.AST) -> Value:
        """``item in container``: see `Expressions`."""
        raise TypeError(f"{type(node).__name__}: expressions are made by a class below")

    def call_method(self, function: FunctionType, receiver: Value, args: list[Value], node: ast.AST) -> Value:
        """A method called with values that are there: see `Expressions`."""
        raise TypeError(f"{function.__name__}: calls are made by a class below")

    def asked(self, thing: Any, node: ast.Call) -> Truth:
        """``isinstance`` and ``hasattr``: see `Expressions`."""
        raise TypeError(f"{type(node).__name__}: expressions are made by a class below")

    def logic(self, node: ast.BoolOp) -> Value:
        """``a and b`` is ``a`` where that is false, else ``b``: Python's own meaning, both of one type."""
        return self._logic(node, list(node.values))

    def _logic(self, node: ast.BoolOp, parts: list[ast.expr]) -> Value:
        if len(parts) == 1:
            return self.value(parts[0])
        first, truth = self._operand(parts[0])
        is_and = isinstance(node.op, ast.And)
        if isinstance(truth, bool):
            return self._logic(node, parts[1:]) if truth is is_and else first
        rest = lambda: self._logic(node, parts[1:])
        keep = lambda: first
        true, false = (rest, keep) if is_and else (keep, rest)
        return self.choose(Condition.of(truth, parts[0]), true, false, node)

    def _operand(self, node: ast.expr) -> tuple[Value, Truth]:
        """An operand's value and its truth."""
        found = self._compared(node) if isinstance(node, ast.Compare) else self.value(node)
        if isinstance(found, bool):
            return self.constant(found, node), found
        return found, self.truth(found, node)

    def compare(self, node: ast.Compare) -> Value:
        found = self._compared(node)
        return self.constant(found, node) if isinstance(found, bool) else found

    def condition(self, node: ast.expr) -> Condition:
        """The truth of an expression, and what follows from it about variables that may be None."""
        return Condition.of(self._truth_of(node), node)

    def _truth_of(self, node: ast.expr) -> Truth:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._truth_of(node.operand)
            return not inner if isinstance(inner, bool) else self.single("aten::__not__", [inner], node)
        if isinstance(node, ast.BoolOp):
            return self._both(node, list(node.values))
        if isinstance(node, ast.Call) and not self.is_value(node.func):
            thing = self.outside(node.func)
            if thing is is_scripting:
                return True
            if thing is isinstance or thing is hasattr:
                return self.asked(thing, node)
        found = self._compared(node) if isinstance(node, ast.Compare) else self.value(node)
        return found if isinstance(found, bool) else known_truth(self.truth(found, node))

    def _both(self, node: ast.BoolOp, parts: list[ast.expr]) -> Truth:
        first = self._truth_of(parts[0])
        if len(parts) == 1:
            return first
        is_and = isinstance(node.op, ast.And)
        if isinstance(first, bool):
            return self._both(node, parts[1:]) if first is is_and else first

        def rest() -> Value:
            found = self._both(node, parts[1:])
            return self.constant(found, node) if isinstance(found, bool) else found

        keep = lambda: self.constant(not is_and, node)
        true, false = (rest, keep) if is_and else (keep, rest)
        return self.choose(Condition.of(first, parts[0]), true, false, node)

    def _compared(self, node: ast.Compare) -> Truth:
        """A comparison; a bool where the types alone decide it."""
        return self._chain(self.value(node.left), list(zip(node.ops, node.comparators, strict=True)), node)

    def _chain(self, left: Value, rest: list[tuple[ast.cmpop, ast.expr]], node: ast.Compare) -> Truth:
        """``a < b < c`` is ``a < b and b < c``, with ``b`` computed once."""
        operator, right_node = rest[0]
        right = self.value(right_node)
        if isinstance(operator, ast.Is | ast.IsNot):
            return self._identity(operator, left, right, node)
        if self.folds and left.is_constant and right.is_constant and {left.type, right.type} <= _PLAIN:
            return bool(_FOLDED[type(operator)](left.constant, right.constant))
        if isinstance(operator, ast.In | ast.NotIn):
            first = self.contains(left, right, node)
            if isinstance(operator, ast.NotIn):
                first = self.single("aten::__not__", [first], node)
            return self._rest_of_chain(first, right, rest, node)
        if magic.has(left, magic.COMPARE[type(operator)]):
            found = magic.call(self, left, magic.COMPARE[type(operator)], [right], node)
            return self._rest_of_chain(found, right, rest, node)
        sign, kind = COMPARE[type(operator)]
        if isinstance(left.type, EnumType) and left.type == right.type and kind in ("aten::eq", "aten::ne"):
            left, right = (self.builder.node(ENUM_NAME, [v], [STR], span=self.span(node)).output for v in (left, right))
        if is_tensor(left) or is_tensor(right):
            first = self.tensor_operator(sign, kind, left, right, node)
        else:
            same = left.type == right.type == BOOL and kind in ("aten::eq", "aten::ne")
            first = self.number_operator(sign, kind, left, right, node, keep_bools=same)
        return self._rest_of_chain(first, right, rest, node)

    def _rest_of_chain(
        self, first: Value, right: Value, rest: list[tuple[ast.cmpop, ast.expr]], node: ast.Compare
    ) -> Truth:
        if len(rest) == 1:
            return first

        def following() -> Value:
            found = self._chain(right, rest[1:], node)
            return self.constant(found, node) if isinstance(found, bool) else found

        return self.choose(Condition(self.truth(first, node)), following, lambda: first, node)

    def _identity(self, operator: ast.cmpop, left: Value, right: Value, node: ast.Compare) -> Truth:
        if isinstance(left.type, EnumType) and left.type == right.type and len(node.ops) == 1:
            first, second = (
                self.builder.node(ENUM_NAME, [v], [STR], span=self.span(node)).output for v in (left, right)
            )
            return self.single("aten::eq" if isinstance(operator, ast.Is) else "aten::ne", [first, second], node)
        if right.type != NONE or len(node.ops) > 1:
            self.fail(node, "the operator is can only compare with None", "compare values with ==")
        positive = isinstance(operator, ast.Is)
        if left.type == NONE:
            return positive
        if not isinstance(left.type, OptionalType):
            return not positive
        return self.single("aten::__is__" if positive else "aten::__isnot__", [left, right], node)


def known_truth(value: Value) -> Truth:
    """A truth value, as what it is where it is written out."""
    return value.constant if value.is_constant else value
