"""Calls that stay with Python: functions marked ``ignore`` are called while the script runs, ``unused`` ones raise.

So are modules that no scripted module has as a part: their parameters, buffers and mode are what they are by then.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tensorlab.core.tensor import Tensor
from tensorlab.core.types import NONE, TENSOR, TensorType, TupleType, Type, accepts, general
from tensorlab.errors import ArgumentError
from tensorlab.jit.arguments import MisfitError, fit
from tensorlab.jit.ir import PYTHON_OP, RAISE, Value
from tensorlab.jit.scripting.annotations import annotation_type
from tensorlab.jit.scripting.names import Names
from tensorlab.jit.scripting.source import function_source
from tensorlab.jit.scripting.type_comments import with_type_comments
from tensorlab.nn.module import Module

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


@dataclass(frozen=True, slots=True)
class PythonCall:
    """A function of Python with the type that its result is said to have."""

    function: FunctionType
    type: Type
    joins_tape: ClassVar = True

    def __call__(self, *args: Any) -> Any:
        """Call it.

        Raises: `ArgumentError`, which a run tells with its place, for a result of another type.
        """
        result = self.function(*args)
        try:
            return fit(result, self.type)[0]
        except MisfitError:
            name, got = self.function.__name__, type(result).__name__
            raise ArgumentError(
                f"{name}: is annotated to return {self.type}, but returned a value of type {got}"
            ) from None


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A module that Python calls. Nothing says what it returns but the place where the script puts that.

    ``type`` is a tensor, a tuple as wide as the one that is assigned to, or None where nobody takes the result.
    """

    module: Module
    name: str
    type: Type
    joins_tape: ClassVar = True  # it may give tensors that have a history, of parameters

    def __call__(self, *args: Any) -> Any:
        """Call it.

        Raises: `ArgumentError`, which a run tells with its place, for what does not go where the script puts it.
        """
        result = self.module(*args)
        return None if self.type == NONE else self._taken(result, self.type)

    def _taken(self, result: Any, wanted: Type) -> Any:
        parts = _parts(result)
        if isinstance(wanted, TupleType) and len(parts) == len(wanted.elements):
            return tuple(map(self._taken, parts, wanted.elements))
        if isinstance(result, Tensor) and not isinstance(wanted, TupleType):
            return result
        got = type(result).__name__ + (f" of {len(parts)}" if parts else "")
        if isinstance(wanted, TupleType):
            raise ArgumentError(f"{self.name}: its result is assigned to {len(wanted.elements)} targets, got {got}")
        names = ", ".join("abcdefgh"[: len(parts)])
        hint = f"; take it apart: {names} = {self.name}(...)" if 1 < len(parts) <= 8 else ""
        raise ArgumentError(
            f"{self.name}: a module from outside the function returns a tensor to a script, got {got}{hint}"
        )


def _parts(result: Any) -> tuple[Any, ...]:
    """What Python would take apart: a tuple or a list, and a tensor along its first dimension."""
    if isinstance(result, (tuple, list)) or (isinstance(result, Tensor) and result.ndim):
        return tuple(cast("Sequence[Any]", result))
    return ()


def apart(scope: Expressions, thing: object, name: str) -> str:
    """What to do with a module from outside the function; an empty text of anything else."""
    if not isinstance(thing, Module):
        return ""
    part = f"make {name} a part of a module that is scripted"
    callable_apart = scope.resolve(thing) is None and type(thing).forward is not Module.forward
    return f"call {name}(x), which Python runs, or {part}" if callable_apart else part


def module_called(scope: Expressions, node: ast.expr) -> Module | None:
    """The module from outside the function that an expression calls; `None` for any other expression."""
    if not isinstance(node, ast.Call) or scope.is_value(node.func):
        return None
    thing = scope.outside(node.func)
    return thing if isinstance(thing, Module) and scope.resolve(thing) is None else None


def module_call(scope: Expressions, module: Module, node: ast.Call, wanted: Type = TENSOR) -> Value:
    """The node that calls a module from outside the function in Python: a tensor first, and what follows by position.

    Raises: `ScriptError` for other arguments.
    """
    name = ast.unparse(node.func)
    args, keywords = scope.arguments(node)
    if not args or not isinstance(args[0].type, TensorType):
        got = general(args[0].type) if args else "nothing"
        scope.fail(node, f"arguments for call are not valid: {name} is called in Python with a tensor first, got {got}")
    for keyword in keywords:
        message = f"arguments for call are not valid: {name} is called in Python by position alone, got {keyword}="
        scope.fail(node, message, "give it by position")
    attributes = {"name": name, "python": ModuleCall(module, name, wanted)}
    types = [] if wanted == NONE else [wanted]
    made = scope.builder.node(PYTHON_OP, args, types, attributes=attributes, span=scope.span(node))
    return made.output if types else scope.constant(None, node)


def python_call(
    scope: Expressions, function: FunctionType, mark: str, node: ast.Call, *, owner: Value | None = None
) -> Value:
    """The node that calls into Python, or that raises; ``owner`` is the module whose method it is."""
    definition, source = function_source(function)
    definition = with_type_comments(definition, source)
    names = Names.of(function)
    returned = TENSOR if definition.returns is None else annotation_type(definition.returns, names, source)
    if mark == "unused":
        message = f"RuntimeError: {function.__name__} is marked unused, and a script cannot run it"
        scope.builder.node(RAISE, [scope.constant(message, node)], span=scope.span(node))
        return scope.constant(None, node) if returned == NONE else scope.uninitialized(returned, node)
    given = definition.args
    params = {p.arg: annotation_type(p.annotation, names, source) for p in (*given.posonlyargs, *given.args)}
    if owner is not None and params:
        params[next(iter(params))] = owner.type
    values = _bound(scope, function, params, node, [] if owner is None else [owner])
    attributes = {"name": function.__name__, "python": PythonCall(function, returned)}
    types = [] if returned == NONE else [returned]
    made = scope.builder.node(PYTHON_OP, values, types, attributes=attributes, span=scope.span(node))
    return made.output if types else scope.constant(None, node)


def _bound(
    scope: Expressions, function: FunctionType, params: dict[str, Type], node: ast.Call, first: list[Value]
) -> list[Value]:
    args, keywords = scope.arguments(node)
    args = [*first, *args]
    name = function.__name__
    if len(args) > len(params):
        message = f"arguments for call are not valid: {name} takes {len(params)} arguments, got {len(args)}"
        scope.fail(node, message)
    given = dict(zip(params, args, strict=False)) | keywords
    defaults = inspect.signature(function).parameters
    values: list[Value] = []
    for param, wanted in params.items():
        value = given.pop(param, None)
        if value is None and defaults[param].default is not inspect.Parameter.empty:
            value = scope.constant(defaults[param].default, node)
        if value is None:
            scope.fail(node, f"arguments for call are not valid: {name} misses its argument {param}")
        if not accepts(wanted, general(value.type)):
            got = general(value.type)
            scope.fail(node, f"arguments for call are not valid: {name} takes {wanted} for {param}, got {got}")
        values.append(value)
    for param in given:
        scope.fail(node, f"arguments for call are not valid: {name} has no further argument {param}")
    return values
