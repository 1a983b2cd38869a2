"""Scripted classes: objects are Python's own, their attributes are read and written by nodes, methods put in place.

What attributes there are, and of which types, is what ``__init__`` assigns, and what the class annotates.
"""

from __future__ import annotations

import ast
import inspect
from enum import Enum
from types import FunctionType
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import ClassType, Type, accepts, general
from tensorlab.jit.ir import CREATE_OBJECT, GET_ATTR, SET_ATTR, Value

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions


def is_scripted_class(thing: Any) -> bool:
    """Whether something is a class of the user's own whose objects a script can make."""
    if not isinstance(thing, type) or issubclass(thing, (tuple, Enum, BaseException)):
        return False
    home = thing.__module__
    return home != "builtins" and not home.startswith("tensorlab.") and thing.__bases__ == (object,)


def class_type(thing: type) -> ClassType:
    """The type of a class's objects."""
    return ClassType(thing.__name__, thing)


def methods_of(thing: type) -> dict[str, FunctionType]:
    """The methods that a class defines, ``__init__`` first."""
    found = {name: f for name, f in vars(thing).items() if isinstance(f, FunctionType)}
    first = {"__init__": found["__init__"]} if "__init__" in found else {}
    return first | found


def make(scope: Expressions, thing: type, node: ast.Call) -> Value:
    """``Counter(3)``: a new object, and what ``__init__`` does to it."""
    type_ = class_type(thing)
    scope.attributes_of(thing)
    attributes = {"name": thing.__name__, "python": thing}
    made = scope.builder.node(CREATE_OBJECT, (), [type_], attributes=attributes, span=scope.span(node)).output
    init = methods_of(thing).get("__init__")
    if init is not None:
        scope.call_function(init, node, thing.__name__, owner=made)
    elif node.args or node.keywords:
        scope.fail(node, f"arguments for call are not valid: {thing.__name__} takes no arguments")
    return made


def method(scope: Expressions, receiver: Value, type_: ClassType, func: ast.Attribute, node: ast.Call) -> Value:
    """``counter.add(1)``."""
    found = inspect.getattr_static(type_.python, func.attr, None)
    if isinstance(found, staticmethod) and isinstance(found.__func__, FunctionType):
        return scope.call_function(found.__func__, node, func.attr)
    if isinstance(found, FunctionType):
        return scope.call_function(found, node, func.attr, owner=receiver)
    scope.fail(func, f"{type_} has no method {func.attr!r} that can be scripted")


def read(scope: Expressions, receiver: Value, type_: ClassType, node: ast.Attribute) -> Value:
    """``counter.count``."""
    known = scope.attributes_of(type_.python)
    if node.attr in known:
        attributes = {"name": node.attr}
        made = scope.builder.node(
            GET_ATTR, [receiver], [known[node.attr]], attributes=attributes, span=scope.span(node)
        )
        return made.output
    found = inspect.getattr_static(type_.python, node.attr, None)
    if isinstance(found, property) and isinstance(found.fget, FunctionType):
        call = ast.copy_location(ast.Call(node, [], []), node)
        return scope.call_function(found.fget, call, node.attr, owner=receiver)
    if isinstance(found, bool | int | float | str):
        return scope.constant(found, node)
    scope.fail(node, f"{type_} has no attribute {node.attr!r}", _assigned_in_init(known))


def write(scope: Expressions, receiver: Value, type_: ClassType, node: ast.Attribute, value: Value) -> None:
    """``counter.count = 1``; in ``__init__`` an attribute is made."""
    known = scope.attributes_of(type_.python)
    wanted = known.get(node.attr)
    if wanted is None:
        if not scope.is_init_of(type_.python):
            scope.fail(node, f"{type_} has no attribute {node.attr!r}", _assigned_in_init(known))
        known[node.attr] = wanted = general(value.type)
    if not accepts(wanted, value.type):
        got = general(value.type)
        scope.fail(node, f"attribute {node.attr} of {type_} has type {wanted}, but is assigned a value of type {got}")
    scope.builder.node(SET_ATTR, [receiver, value], attributes={"name": node.attr}, span=scope.span(node))


def _assigned_in_init(known: dict[str, Type]) -> str:
    return f"__init__ makes {', '.join(known)}" if known else "give it a value in __init__"
