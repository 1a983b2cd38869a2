"""Break, continue, and return inside of loops: flags in the table of variables, and guards around what they skip.

The graph has no jumps. Whoever leaves a loop's body early sets a flag, and the statements that follow stand in an if
over it; a loop that is left early makes the flag its condition. The flags are variables like others, with names that no
user can write, so that branches merge them and loops carry them. A branch that left has any value for what it did not
assign: ``prim::Uninitialized``, which nothing reads.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.types import NONE, Type, accepts, general
from tensorlab.jit.ir import Span, Value
from tensorlab.jit.scripting import flow
from tensorlab.jit.scripting.expressions import Expressions
from tensorlab.jit.scripting.merge import common_type, merge_branches
from tensorlab.jit.scripting.operators import Condition
from tensorlab.jit.scripting.scope import BROKE, LEFT, RESULT, RETURNED


@dataclass(frozen=True, slots=True)
class Returned:
    """A function's value, whether it is only the None of a function that came to its end, and the return's place."""

    value: Value
    implicit: bool = False
    place: Span | None = None


class ReturnTypeError(Exception):
    """The type that a function returns turned out while its loops were made: they are made again with it."""

    def __init__(self, type_: Type) -> None:
        super().__init__(str(type_))
        self.type = type_


class Exits(Expressions):
    """Makes what breaks, continues and returns become."""

    returns: Type | None = None  # what the function is annotated with, or was found to return
    is_annotated = True  # whether `returns` is the user's own word
    in_loops = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flags: dict[bool, Value] = {}
        self.first_return: Span | None = None

    def statement(self, node: ast.stmt) -> None:
        """One statement: see `Statements`."""
        raise TypeError(f"{type(node).__name__}: statements are made by a class below")

    def branch(self, node: ast.If) -> None:
        """An if: see `Statements`."""
        raise TypeError(f"{type(node).__name__}: statements are made by a class below")

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """Statements after which control goes on, or leaves the loop's body that they stand in."""
        for index, node in enumerate(statements):
            rest = statements[index + 1 :]
            if isinstance(node, ast.If) and flow.exits_somewhere(node):
                self._exiting_branch(node, rest)
                return
            self.statement(node)
            if isinstance(node, ast.Raise | ast.Return | ast.Break | ast.Continue):
                return
            if isinstance(node, ast.For | ast.While) and flow.returns_somewhere(node):
                self._after_loop(node, rest)
                return
            if flow.is_endless(node):
                return

    def _exiting_branch(self, node: ast.If, rest: Sequence[ast.stmt]) -> None:
        """An if on some of whose ways control leaves: what follows is for the others."""
        true, false = list(node.body), list(node.orelse)
        if flow.leaves(true):
            false, rest = [*false, *rest], ()
        elif flow.leaves(false):
            true, rest = [*true, *rest], ()
        self.branch(ast.copy_location(ast.If(node.test, true, false), node))
        if rest:
            self.guarded(LEFT, lambda: self.body(rest), node)

    def _after_loop(self, node: ast.stmt, rest: Sequence[ast.stmt]) -> None:
        """What follows a loop, inside of another one, from which the function may have returned."""
        if flow.is_endless(node):
            self.set_flags(node, LEFT, BROKE)
            return
        self.guarded(RETURNED, lambda: self.body(rest), node, LEFT, BROKE)

    def guarded(self, flag: str, rest: Callable[[], Any], node: ast.AST, *sets: str) -> None:
        """What runs only where a flag is not set; where it is, the flags ``sets`` are set too."""
        value = self.frame.find(flag)
        if not isinstance(value, Value) or value.constant is False:
            rest()
            return
        if value.constant is True:
            self.set_flags(node, *sets)
            return
        made, *blocks = self.new_if(value, node)
        with self.inside(blocks[0]) as left:
            self.set_flags(node, LEFT, *sets)
        with self.inside(blocks[1]) as on:
            self.clear_flags(node, LEFT)
            rest()
        merge_branches(self, made, [left, on])

    def set_flags(self, node: ast.AST, *names: str) -> None:
        """Let flags be set from here on."""
        for name in names:
            self.frame.names[name] = self.flag(True, node)

    def clear_flags(self, node: ast.AST, *names: str) -> None:
        """Let flags be clear from here on."""
        for name in names:
            self.frame.names[name] = self.flag(False, node)

    def flag(self, value: bool, node: ast.AST) -> Value:  # noqa: FBT001 - what the flag says
        """A flag's value, the same one throughout the function."""
        if value not in self.flags:
            self.flags[value] = self.constant(value, node)
        return self.flags[value]

    # -- loops

    def loop_begins(self, node: ast.For | ast.While) -> list[str]:
        """Make the variables ready that a loop with a return inside has; those that it carries."""
        if not any(map(flow.returns_somewhere, node.body)):
            return []
        type_ = NONE if self.returns is None else self.returns
        self.clear_flags(node, RETURNED)
        self.frame.names[RESULT] = self.uninitialized(type_, node)
        self.frame.declared[RESULT] = type_
        return [RETURNED, RESULT]

    def turn_begins(self, node: ast.For | ast.While) -> None:
        """Clear the flags of one turn."""
        if any(map(flow.exits_somewhere, node.body)):
            self.clear_flags(node, LEFT)
        if any(map(flow.stops_somewhere, node.body)):
            self.clear_flags(node, BROKE)

    def turn_ends(self, node: ast.For | ast.While) -> Value:
        """Whether there is a next turn, as far as breaks and a while's condition tell."""
        broke = self.frame.find(BROKE) if any(map(flow.stops_somewhere, node.body)) else None
        test = node.test if isinstance(node, ast.While) else ast.copy_location(ast.Constant(value=True), node)
        if not isinstance(broke, Value) or broke.constant is False:
            return self.truth_value(self.condition(test), test)
        if broke.constant is True:
            return self.flag(False, node)
        if isinstance(test, ast.Constant):
            return self.single("aten::__not__", [broke], test)
        again = lambda: self.truth_value(self.condition(test), test)
        return self.choose(Condition(broke), lambda: self.constant(False, test), again, test)

    def stop(self, node: ast.Break) -> None:
        """``break``."""
        if not self.in_loops:
            self.fail(node, "break outside of a loop")
        self.set_flags(node, LEFT, BROKE)

    def next_turn(self, node: ast.Continue) -> None:
        """``continue``."""
        if not self.in_loops:
            self.fail(node, "continue outside of a loop")
        self.set_flags(node, LEFT)

    def return_in_loop(self, node: ast.Return) -> None:
        """A return from inside of a loop."""
        value = self.returned(node)
        if self.returns is None:
            raise ReturnTypeError(general(value.type))
        self.frame.names[RESULT] = value
        self.set_flags(node, RETURNED, LEFT, BROKE)

    def returned(self, node: ast.Return) -> Value:
        """The value of a return, of the type that the function is annotated with."""
        if node.value is None:
            value = self.constant(None, node)
        else:
            value = self.value(node.value) if self.returns is None else self.value_as(node.value, self.returns, None)
        place = self.span(node if node.value is None else node.value)
        self.first_return = self.first_return or place
        if self.returns is None or accepts(self.returns, value.type):
            return value
        if self.is_annotated:
            value = self.implicit(value, self.returns, node)
            if accepts(self.returns, value.type):
                return value
        given = general(value.type)
        if self.is_annotated:
            self.fail(node, f"the function is annotated to return {self.returns} but returns {given}")
        joined = common_type([self.returns, value.type])
        if joined is None:
            error = self.source.error(
                node,
                f"Previous return statement returned a value of type {self.returns} but this return statement returns "
                f"a value of type {given}",
            )
            told = ((self.returns, self.first_return), (given, place))
            error.derivations = tuple((f"type {type_} is returned here", self.source.place(at)) for type_, at in told)
            raise error
        raise ReturnTypeError(joined)
