"""Statements: each adds nodes and changes the table of variables; a return gives the function its value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.types import (
    NONE,
    STR,
    OptionalType,
    accepts,
    general,
)
from tensorlab.jit.ir import RAISE, Node, Value
from tensorlab.jit.scripting import (
    contexts,
    flow,
    loops,
    methods,
)
from tensorlab.jit.scripting.assignments import Assignments
from tensorlab.jit.scripting.exits import Returned, ReturnTypeError
from tensorlab.jit.scripting.language import refusal
from tensorlab.jit.scripting.merge import add_result, common_type, merge_branches
from tensorlab.jit.scripting.names import RaisedError
from tensorlab.jit.scripting.operators import Condition
from tensorlab.jit.scripting.python_calls import module_call, module_called
from tensorlab.jit.scripting.scope import RESULT, RETURNED

# An if that returns on some of its ways and goes on on others doubles what follows it; this many doublings are enough.
MOST_COPIES = 32


class Statements(Assignments):
    """Makes the nodes of statements."""

    copies = 0

    def tail(self, statements: Sequence[ast.stmt], function: ast.FunctionDef) -> Returned:
        """The last statements of a function, and its value.

        Raises: `ScriptError` where ways that control can take give values of types that don't go together.
        """
        for index, node in enumerate(statements):
            if isinstance(node, ast.Return):
                return Returned(self.returned(node), place=self.span(node.value or node))
            if isinstance(node, ast.If) and (flow.returns_somewhere(node) or self.guards(node)):
                return self.split(node, statements[index + 1 :], function)
            if isinstance(node, ast.For | ast.While) and flow.returns_somewhere(node):
                return self.tail_loop(node, statements[index + 1 :], function)
            if isinstance(node, ast.With):
                found = contexts.emit(self, node)
                if found is not None:
                    return found
                continue
            self.statement(node)
            if isinstance(node, ast.Raise):
                return Returned(self.constant(None, node), implicit=True)
        if self.returns is not None and not accepts(self.returns, NONE):
            if not self.is_annotated:
                raise ReturnTypeError(OptionalType(self.returns))
            self.fail(function, f"{function.name} does not return {self.returns} on every way to its end")
        return Returned(self.constant(None, function), implicit=True)

    def tail_loop(self, node: ast.For | ast.While, rest: Sequence[ast.stmt], function: ast.FunctionDef) -> Returned:
        """A loop from which the function can return, and what follows it."""
        self.statement(node)
        returned, result = self.frame.find(RETURNED), self.frame.find(RESULT)
        if not isinstance(returned, Value) or not isinstance(result, Value):
            return self.tail(rest, function)
        if flow.is_endless(node):
            return Returned(result)
        made, first, second = self.new_if(returned, node)
        with self.inside(second, tail=True):
            end = self.tail(rest, function)
        del first
        return self.joined(made, [Returned(result, place=self.first_return), end], node, function)

    def split(self, node: ast.If, rest: Sequence[ast.stmt], function: ast.FunctionDef) -> Returned:
        """An if on whose ways the function can end: what follows it goes into the branches that go on."""
        leaving = [flow.leaves(node.body), flow.leaves(node.orelse)]
        if rest and not any(leaving):
            self.copies += 1
            if self.copies > MOST_COPIES:
                self.fail(node, "too many ways through returns inside of ifs", "return in the else branch too")
        true = node.body if leaving[0] else [*node.body, *rest]
        false = node.orelse if leaving[1] else [*node.orelse, *rest]
        condition = self.condition(node.test)
        if isinstance(condition.value, bool):
            return self.tail(true if condition.value else false, function)
        if flow.raises(true) or flow.raises(false):
            self.guard(condition, true, false, node)
            return self.tail(false if flow.raises(true) else true, function)
        made, *blocks = self.new_if(condition.value, node)
        ends: list[Returned] = []
        for block, statements, refined in zip(
            blocks, (true, false), (condition.if_true, condition.if_false), strict=True
        ):
            with self.inside(block, tail=True):
                self.refine(refined, node)
                ends.append(self.tail(statements, function))
        return self.joined(made, ends, node, function)

    def joined(self, made: Node, ends: Sequence[Returned], node: ast.stmt, function: ast.FunctionDef) -> Returned:
        """The value of a function on both ways through an if."""
        a, b = ends
        if a.value.type == b.value.type == NONE:
            return Returned(self.constant(None, node), implicit=a.implicit and b.implicit)
        type_ = common_type([a.value.type, b.value.type], self.returns)
        if type_ is None:
            first, second = general(a.value.type), general(b.value.type)
            error = self.source.error(
                node,
                f"Type mismatch: the function returns type {first} in the true branch and type {second} in the false "
                "branch",
            )
            told = ((first, "true", a), (second, "false", b))
            error.derivations = tuple(
                (f"type {type_} in the {side} branch", self.source.place(end.place))
                for type_, side, end in told
                if end.place is not None
            )
            raise error
        return Returned(add_result(self, made, [a.value, b.value], type_), place=a.place)

    def guards(self, node: ast.If) -> bool:
        """Whether one branch of an if only leads to an exception, so that what follows belongs to the other."""
        return flow.raises(node.body) or flow.raises(node.orelse)

    def guard(self, condition: Condition, true: Sequence[ast.stmt], false: Sequence[ast.stmt], node: ast.If) -> None:
        """The branch that raises; after it, control is in the other one, which stands where the if does."""
        _, block0, block1 = self.new_if(self.truth_value(condition, node), node)
        first = flow.raises(true)
        with self.inside(block0 if first else block1):
            self.refine(condition.if_true if first else condition.if_false, node)
            self.body(true if first else false)
        self.refine(condition.if_false if first else condition.if_true, node)

    def statement(self, node: ast.stmt) -> None:
        """One statement.

        Raises: `ScriptError` for one outside the language.
        """
        emitter = _EMITTERS.get(type(node))
        if emitter is None:
            self.fail(node, *refusal(node))
        emitter(self, node)

    def expression(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):  # a docstring
            return
        module = module_called(self, node.value)
        if module is not None and isinstance(node.value, ast.Call):
            module_call(self, module, node.value, NONE)
            return
        self.value(node.value)

    def nothing(self, node: ast.Pass) -> None:
        pass

    def branch(self, node: ast.If) -> None:
        condition = self.condition(node.test)
        if isinstance(condition.value, bool):
            self.body(node.body if condition.value else node.orelse)
            return
        if self.guards(node):
            self.guard(condition, node.body, node.orelse, node)
            self.body(node.orelse if flow.raises(node.body) else node.body)
            return
        made, *blocks = self.new_if(condition.value, node)
        frames: list[Any] = []
        for block, statements, refined in zip(
            blocks, (node.body, node.orelse), (condition.if_true, condition.if_false), strict=True
        ):
            with self.inside(block) as frame:
                self.refine(refined, node)
                self.body(statements)
            frames.append(frame)
        merge_branches(self, made, frames)

    def context(self, node: ast.With) -> None:
        if flow.returns_somewhere(node):
            self.fail(node, "a return inside of a with inside of a loop or an if cannot be scripted", "return after it")
        contexts.emit(self, node)

    def loop_while(self, node: ast.While) -> None:
        loops.emit_while(self, node)

    def loop_for(self, node: ast.For) -> None:
        loops.emit_for(self, node)

    def assertion(self, node: ast.Assert) -> None:
        condition = self.condition(node.test)
        if isinstance(condition.value, bool):
            if condition.value:
                return
            self.raised(self.message(node.msg, "AssertionError", node), node)
            return
        _, _, block = self.new_if(condition.value, node)
        with self.inside(block):
            self.raised(self.message(node.msg, "AssertionError", node), node)
        self.refine(condition.if_true, node)

    def exception(self, node: ast.Raise) -> None:
        """``raise ValueError("text")``: the kind and the text."""
        given = node.exc
        argument: ast.expr | None = None
        if isinstance(given, ast.Call) and len(given.args) <= 1 and not given.keywords:
            argument = given.args[0] if given.args else None
            given = given.func
        if given is None or self.is_value(given):
            self.fail(node, "raise takes an exception's class and a message in a script")
        kind = self.outside(given)
        if not isinstance(kind, type) or not issubclass(kind, BaseException):
            self.fail(given, f"{ast.unparse(given)} is no exception")
        self.raised(self.message(argument, "" if kind is RaisedError else kind.__name__, node), node)

    def message(self, node: ast.expr | None, kind: str, at: ast.stmt) -> Value:
        """The text of an exception."""
        if node is None:
            return self.constant(kind, at)
        value = self.value(node)
        if value.type != STR:
            value = self.single("aten::str", [value], node)
        if not kind:
            return value
        if value.is_constant:
            return self.constant(f"{kind}: {value.constant}", node)
        return self.single("aten::add", [self.constant(f"{kind}: ", node), value], node)

    def raised(self, message: Value, node: ast.stmt) -> None:
        """The node that raises."""
        self.builder.node(RAISE, [message], span=self.span(node))

    def deletion(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                methods.delete(self, target)
                continue
            if not isinstance(target, ast.Name):
                self.fail(target, "only a variable or an element can be deleted in a script")
            self.read(target.id, target)
            self.forget(target.id, f"undefined value {target.id}", "it was deleted above")


_EMITTERS: dict[type[ast.stmt], Callable[[Statements, Any], None]] = {
    ast.Expr: Statements.expression,
    ast.Pass: Statements.nothing,
    ast.Assign: Statements.assignment,
    ast.AnnAssign: Statements.annotated,
    ast.AugAssign: Statements.augmented,
    ast.If: Statements.branch,
    ast.While: Statements.loop_while,
    ast.For: Statements.loop_for,
    ast.With: Statements.context,
    ast.Assert: Statements.assertion,
    ast.Raise: Statements.exception,
    ast.Delete: Statements.deletion,
    ast.Return: Statements.return_in_loop,
    ast.Break: Statements.stop,
    ast.Continue: Statements.next_turn,
}
