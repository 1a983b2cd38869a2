"""Statements: each adds nodes and changes the table of variables; a return gives the function its value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import lookup
from tensorlab.core.types import (
    NONE,
    STR,
    ClassType,
    DictType,
    ListType,
    OptionalType,
    TensorType,
    Type,
    accepts,
    general,
)
from tensorlab.jit.ir import RAISE, Node, Value
from tensorlab.jit.scripting import classes, flow, iteration, loops, methods, modules, subscripts
from tensorlab.jit.scripting.annotations import annotation_type
from tensorlab.jit.scripting.exits import Exits, Returned, ReturnTypeError
from tensorlab.jit.scripting.language import refusal
from tensorlab.jit.scripting.merge import add_result, common_type, merge_branches
from tensorlab.jit.scripting.names import RaisedError
from tensorlab.jit.scripting.operators import Condition, kind_of
from tensorlab.jit.scripting.scope import RESULT, RETURNED

# An if that returns on some of its ways and goes on on others doubles what follows it; this many doublings are enough.
MOST_COPIES = 32


class Statements(Exits):
    """Makes the nodes of statements."""

    copies = 0

    def tail(self, statements: Sequence[ast.stmt], function: ast.FunctionDef) -> Returned:
        """The last statements of a function, and its value.

        Raises: `ScriptError` where ways that control can take give values of types that don't go together.
        """
        for index, node in enumerate(statements):
            if isinstance(node, ast.Return):
                return Returned(self.returned(node))
            if isinstance(node, ast.If) and (flow.returns_somewhere(node) or self.guards(node)):
                return self.split(node, statements[index + 1 :], function)
            if isinstance(node, ast.For | ast.While) and flow.returns_somewhere(node):
                return self.tail_loop(node, statements[index + 1 :], function)
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
        return self.joined(made, [Returned(result), end], node, function)

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
            self.fail(
                node,
                f"Type mismatch: the function returns type {first} in the true branch and type {second} in the false "
                "branch",
            )
        return Returned(add_result(self, made, [a.value, b.value], type_))

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
        self.value(node.value)

    def nothing(self, node: ast.Pass) -> None:
        pass

    def assignment(self, node: ast.Assign) -> None:
        value = self.assigned(node)
        for target in node.targets:
            self.assign_to(target, value)

    def assigned(self, node: ast.Assign) -> Value:
        """The value of an assignment; an empty list or dict is of the type that its place has."""
        if isinstance(node.value, ast.List | ast.Dict) and len(node.targets) == 1:
            wanted: Type | None = None
            match node.targets[0]:
                case ast.Subscript(owner) if self.is_value(owner) and isinstance(owner, ast.Name):
                    held = self.value(owner).type
                    wanted = held.value if isinstance(held, DictType) else None
                    wanted = held.element if isinstance(held, ListType) else wanted
                case ast.Name(name):
                    old = self.frame.find(name)
                    wanted = self.frame.declaration(name) or (old.type if isinstance(old, Value) else None)
                case _:
                    pass
            if wanted is not None and not (isinstance(node.value, ast.List) and node.value.elts):
                return self.value_as(node.value, wanted, None)
        return self.value(node.value)

    def assign_to(self, target: ast.expr, value: Value) -> None:
        """Give what stands left of ``=`` a value."""
        match target:
            case ast.Name():
                self.assign(target.id, value, target)
            case ast.Tuple() | ast.List():
                targets = [self.unstarred(t) for t in target.elts]
                for part, item in zip(targets, self.unpacked(value, len(targets), target), strict=True):
                    self.assign_to(part, item)
            case ast.Subscript():
                self.store(target, value)
            case ast.Attribute(owner) if self.is_value(owner) and self.owner_of(target) is not None:
                self.set_attribute(target, value)
            case ast.Attribute():
                self.fail(target, "assigning to an attribute cannot be scripted", "return the value")
            case _:
                self.fail(target, *refusal(target))

    def owner_of(self, target: ast.Attribute) -> Value | None:
        """The object of a scripted class whose attribute a target is."""
        if isinstance(target.value, ast.Name | ast.Attribute):
            owner = self.value(target.value)
            return owner if isinstance(owner.type, ClassType) else None
        return None

    def set_attribute(self, target: ast.Attribute, value: Value) -> None:
        """``self.count = 1``."""
        owner = self.value(target.value)
        module = modules.module_of(owner.type)
        if module is not None:
            modules.write(self, owner, module, target, value)
        elif isinstance(owner.type, ClassType):
            classes.write(self, owner, owner.type, target, value)

    def place(self, target: ast.Subscript) -> Value:
        """The view of a tensor that a subscript left of ``=`` names."""
        owner = self.value(target.value)
        if not isinstance(owner.type, TensorType):
            type_ = general(owner.type)
            self.fail(target, f"a value of type {type_} cannot be changed in a script", "build a new one")
        return subscripts.view(self, owner, target)

    def store(self, target: ast.Subscript, value: Value) -> None:
        """``x[i] = value``: written into the view of a tensor, or into a list or a dict."""
        if self.is_value(target.value):
            owner = self.value(target.value)
            if not isinstance(owner.type, TensorType):
                methods.store(self, owner, target, value)
                return
        kind = "aten::copy_" if isinstance(value.type, TensorType) else "aten::fill_"
        self.single(kind, [self.place(target), value], target)

    def annotated(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Attribute) and node.value is not None:
            wanted = annotation_type(node.annotation, self.names, self.source)
            said = ast.unparse(node.target)
            value = self.value_as(node.value, wanted, lambda given: f"{said} is annotated as {wanted}, but is {given}")
            owner = self.owner_of(node.target)
            if owner is not None and isinstance(owner.type, ClassType) and self.is_init_of(owner.type.python):
                self.attributes_of(owner.type.python).setdefault(node.target.attr, wanted)
            self.assign_to(node.target, value)
            return
        if not isinstance(node.target, ast.Name):
            self.fail(node.target, "only a variable can be annotated in a script")
        wanted = annotation_type(node.annotation, self.names, self.source)
        name = node.target.id
        self.frame.declared[name] = wanted
        self.optional_params.discard(name)
        if node.value is None:
            return
        annotated = f"variable {name} is annotated as {wanted} but is assigned a value of type"
        value = self.value_as(node.value, wanted, lambda given: f"{annotated} {given}")
        self.assign(name, value, node.target)

    def augmented(self, node: ast.AugAssign) -> None:
        """``x += y`` writes into the memory of a tensor; of a number it makes a new value for the name."""
        if isinstance(node.target, ast.Subscript):
            owner = self.value(node.target.value)
            if isinstance(owner.type, TensorType):
                self.updated(node, subscripts.view(self, owner, node.target))
            else:
                self.updated_element(node, owner, node.target)
        elif isinstance(node.target, ast.Name):
            self.assign(node.target.id, self.updated(node, self.name(node.target)), node.target)
        elif self.is_value(node.target) and self.owner_of(node.target) is not None:
            self.set_attribute(node.target, self.updated(node, self.value(node.target)))
        else:
            self.fail(node.target, "assigning to an attribute cannot be scripted", "return the value")

    def updated(self, node: ast.AugAssign, old: Value) -> Value:
        """The new value of what an augmented assignment changes."""
        if isinstance(old.type, ListType) and isinstance(node.op, ast.Add):
            other = iteration.listed(self, self.value_as(node.value, old.type, None), node.value)
            return self.single("aten::add_", [old, other], node)
        other = self.value(node.value)
        in_place = f"{kind_of(node.op, old)}_"
        if isinstance(old.type, TensorType) and lookup(in_place):
            return self.single(in_place, [old, other], node)
        return self.operate(node.op, old, other, node)

    def updated_element(self, node: ast.AugAssign, owner: Value, target: ast.Subscript) -> None:
        """``d[k] += 1``: read, computed and put back, the key worked out once."""
        if not methods.is_container(owner.type) or isinstance(target.slice, ast.Slice):
            message = f"a value of type {general(owner.type)} cannot be changed in a script"
            self.fail(target, message, "build a new one")
        key = self.value(target.slice)
        old = self.single("aten::__getitem__", [owner, key], target)
        self.op("aten::_set_item", [owner, key, self.updated(node, old)], target)

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
            self.fail(node, f"a message is a str, got {general(value.type)}")
        return self.constant(f"{kind}: {value.constant}", node) if value.is_constant and kind else value

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
    ast.Assert: Statements.assertion,
    ast.Raise: Statements.exception,
    ast.Delete: Statements.deletion,
    ast.Return: Statements.return_in_loop,
    ast.Break: Statements.stop,
    ast.Continue: Statements.next_turn,
}
