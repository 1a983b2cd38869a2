"""Modules in scripts: their parts are read by name at each run, their methods are put in place.

The type of a module is its own, for two of one class may have other parts. What is ``Final``, or named in
``__constants__``, is a constant; so are all options of the library's own layers.
"""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import BOOL, TENSOR, Type, accepts, general
from tensorlab.jit.ir import GET_ATTR, SET_ATTR, Value
from tensorlab.jit.scripting import layers
from tensorlab.jit.scripting.markers import mark_of
from tensorlab.jit.scripting.module_types import (
    attribute_type,
    class_of,
    declared,
    fixed,
    is_fixed,
    module_of,
    module_type,
)
from tensorlab.jit.scripting.names import did_you_mean
from tensorlab.jit.scripting.python_calls import python_call
from tensorlab.nn import Module, ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

CONTAINERS = (Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict)


def read(scope: Expressions, receiver: Value, module: Module, node: ast.Attribute) -> Value:
    """``self.weight``, ``self.conv``, ``self.training``.

    Raises: `ScriptError` for what the module has not, or what is no value in a script.
    """
    found = member(scope, receiver, module, node.attr, node)
    if found is not None:
        return found
    prop = inspect.getattr_static(class_of(module), node.attr, None)
    if isinstance(prop, property) and isinstance(prop.fget, FunctionType):
        call = ast.copy_location(ast.Call(node, [], []), node)
        return scope.call_function(prop.fget, call, node.attr, owner=receiver)
    scope.fail(node, *missing(module, node.attr))


def missing(module: Module, name: str) -> tuple[str, str]:
    """The message and the hint for an attribute that is not there, or is no value."""
    owner = class_of(module)
    message = f"Module {owner.__name__!r} has no attribute {name!r}"
    if isinstance(inspect.getattr_static(owner, name, None), FunctionType):
        return f"{message} that is a value: it is a method", f"call it: self.{name}(...)"
    if name in module.__dict__:
        kind = type(module.__dict__[name]).__name__
        return f"{message} of a type of the language: it is of type {kind}", "mark what needs it with jit.ignore"
    tables = ("_parameters", "_buffers", "_modules")
    known = [*(n for t in tables for n in module.__dict__[t]), *module.__dict__, *dir(owner)]
    return message, did_you_mean(name, [n for n in known if not n.startswith("_")])


def member(scope: Expressions, receiver: Value, module: Module, name: str, node: ast.AST) -> Value | None:
    """A part of a module: a tensor, a module, a number. `None` for what is no part of it."""
    tables = module.__dict__
    for table in ("_parameters", "_buffers", "_modules"):
        if name in tables[table]:
            part = tables[table][name]
            if part is None:
                return scope.constant(None, node)
            return _get(scope, receiver, name, module_type(part) if isinstance(part, Module) else TENSOR, node)
    if name == "training":
        return _get(scope, receiver, name, BOOL, node)
    if name == "original_name":
        return scope.constant(class_of(module).__name__, node)
    if name not in tables or name.startswith("__"):
        return None
    value, said = tables[name], declared(module, name)
    if said is None and is_fixed(module, name):
        return fixed(scope, value, node)
    type_ = said or attribute_type(value)
    return None if type_ is None else _get(scope, receiver, name, type_, node)


def _get(scope: Expressions, receiver: Value, name: str, type_: Type, node: ast.AST) -> Value:
    made = scope.builder.node(GET_ATTR, [receiver], [type_], attributes={"name": name}, span=scope.span(node))
    return made.output


def write(scope: Expressions, receiver: Value, module: Module, node: ast.Attribute, value: Value) -> None:
    """``self.count = 1``, for an attribute that is there.

    Raises: `ScriptError` for one that is not, a constant, a module, or a value of another type.
    """
    name, title = node.attr, class_of(module).__name__
    if name in module.__dict__["_modules"]:
        scope.fail(node, f"Module {title!r}: {name} is a module, and another cannot be put in its place")
    if declared(module, name) is None and name in module.__dict__ and is_fixed(module, name):
        scope.fail(node, f"Module {title!r}: {name} is a constant", "take it out of __constants__, or drop Final")
    held = member(scope, receiver, module, name, node)
    if held is None:
        hint = "give it a value in __init__"
        scope.fail(node, f"Tried to set nonexistent attribute: {name}. Did you forget to initialize it?", hint)
    wanted = held.type
    if not accepts(wanted, value.type):
        got = general(value.type)
        scope.fail(node, f"attribute {name} of {title} has type {wanted}, but is assigned a value of type {got}")
    scope.builder.node(SET_ATTR, [receiver, value], attributes={"name": name}, span=scope.span(node))


def method(scope: Expressions, receiver: Value, module: Module, func: ast.Attribute, node: ast.Call) -> Value:
    """``self.conv(x)``, ``self.helper(x)``, ``self.activation(x)`` of a function kept as an attribute."""
    held = module.__dict__
    if func.attr in held["_modules"]:
        part = member(scope, receiver, module, func.attr, func)
        if part is not None and (inner := module_of(part.type)) is not None:
            return call(scope, part, inner, node, func.attr)
        scope.fail(func, f"{ast.unparse(func)} is None, which cannot be called")
    if func.attr in held and callable(held[func.attr]) and func.attr not in held.get("_methods", ()):
        return scope.call_outside(held[func.attr], node)
    found = inspect.getattr_static(class_of(module), func.attr, None)
    if isinstance(found, staticmethod) and isinstance(found.__func__, FunctionType):
        return scope.call_function(found.__func__, node, func.attr)
    if isinstance(found, FunctionType):
        return call_method(scope, receiver, module, found, node, func.attr)
    scope.fail(func, *missing(module, func.attr))


def call(scope: Expressions, receiver: Value, module: Module, node: ast.Call, name: str) -> Value:
    """A module called: what its ``forward`` does."""
    graph = None if hasattr(module, "original_class") else scope.resolve(module)  # of a traced module
    if graph is not None:
        return scope.inlined(graph, module, name, node)
    found = inspect.getattr_static(class_of(module), "forward", None)
    if not isinstance(found, FunctionType) or found is Module.forward:
        scope.fail(node, f"Module {class_of(module).__name__!r} has no forward, and cannot be called")
    return call_method(scope, receiver, module, found, node, name)


def call_method(
    scope: Expressions, receiver: Value, module: Module, function: FunctionType, node: ast.Call, name: str
) -> Value:
    """A method of a module, in the form that it has in scripts."""
    mark = mark_of(function)
    if mark in ("ignore", "unused"):
        return python_call(scope, function, mark, node, owner=receiver)
    form = layers.form_of(module, function)
    if form is not None:
        return scope.expand(form, node, name, owner=receiver)
    return scope.call_function(function, node, name, owner=receiver)


# -- containers


def parts_of(scope: Expressions, receiver: Value, module: Module, node: ast.AST) -> list[Value] | None:
    """What going over a module gives: modules of a list, keys of a dict; `None` for one that is no container."""
    if _is(module, ModuleDict, ParameterDict):
        return [scope.constant(key, node) for key in _keys(module)]
    if _is(module, *CONTAINERS):
        return [_part(scope, receiver, module, key, node) for key in _keys(module)]
    return None


def _is(module: Module, *kinds: type) -> bool:
    return issubclass(class_of(module), kinds)


def _keys(module: Module) -> list[str]:
    tables = module.__dict__
    return list(tables["_modules"] or tables["_parameters"])


def _part(scope: Expressions, receiver: Value, module: Module, name: str, node: ast.AST) -> Value:
    found = member(scope, receiver, module, name, node)
    if found is None:
        scope.fail(node, *missing(module, name))
    return found


def subscript(scope: Expressions, receiver: Value, module: Module, node: ast.Subscript) -> Value:
    """``self.layers[0]``, ``self.layers[1:]``, ``self.heads["left"]``; the index is known beforehand."""
    keys = _keys(module)
    if not _is(module, *CONTAINERS):
        scope.fail(node, f"Module {class_of(module).__name__!r} is no container, and has no parts by index")
    if isinstance(node.slice, ast.Slice):
        bounds = [None if b is None else scope.value(b) for b in (node.slice.lower, node.slice.upper, node.slice.step)]
        if any(b is not None and not b.is_constant for b in bounds):
            scope.fail(node.slice, "a container of modules takes a slice that is written out")
        chosen = keys[slice(*(None if b is None else b.constant for b in bounds))]
        return scope.tuple_of([_part(scope, receiver, module, key, node) for key in chosen], node)
    index = scope.value(node.slice)
    if not index.is_constant:
        scope.fail(node.slice, "a container of modules takes an index that is written out", "go over it with a for")
    if _is(module, ModuleDict, ParameterDict):
        if index.constant not in keys:
            scope.fail(node.slice, f"Key Error, {index.constant}", did_you_mean(str(index.constant), keys))
        return _part(scope, receiver, module, index.constant, node)
    if not isinstance(index.constant, int) or not -len(keys) <= index.constant < len(keys):
        scope.fail(node.slice, f"index {index.constant!r} into a container of {len(keys)}")
    return _part(scope, receiver, module, keys[index.constant], node)


def container_method(
    scope: Expressions, receiver: Value, module: Module, func: ast.Attribute, node: ast.Call
) -> Value | None:
    """``self.heads.items()``, ``self.children()`` and the like, as a tuple; `None` for another method."""
    if func.attr in ("children", "named_children", "modules", "named_modules") and not node.args and not node.keywords:
        return _tree(scope, receiver, module, func.attr, node)
    if not _is(module, ModuleDict, ParameterDict) or func.attr not in ("items", "keys", "values"):
        return None
    keys = _keys(module)
    names = [scope.constant(key, node) for key in keys]
    if func.attr == "keys":
        return scope.tuple_of(names, node)
    parts = [_part(scope, receiver, module, key, node) for key in keys]
    if func.attr == "values":
        return scope.tuple_of(parts, node)
    return scope.tuple_of([scope.tuple_of(pair, node) for pair in zip(names, parts, strict=True)], node)


def _tree(scope: Expressions, receiver: Value, module: Module, method: str, node: ast.AST) -> Value:
    """The modules right below one, or all with itself, each once; with their dotted names where those are asked for."""
    paths = module.named_children() if method.endswith("children") else module.named_modules()
    found: list[Value] = []
    for path, _ in paths:
        value = receiver
        for name in path.split(".") if path else ():
            owner = module_of(value.type)
            value = value if owner is None else _part(scope, value, owner, name, node)
        named = method.startswith("named")
        found.append(scope.tuple_of([scope.constant(path, node), value], node) if named else value)
    return scope.tuple_of(found, node)


def length(module: Module) -> int | None:
    """How many parts a container has; `None` for another module."""
    return len(_keys(module)) if _is(module, *CONTAINERS) else None


def holds(module: Module, key: Any) -> bool:
    """Whether a dict of modules has a key."""
    return _is(module, ModuleDict, ParameterDict) and key in _keys(module)


def has(module: Module, name: str) -> bool:
    """What ``hasattr(self, name)`` says."""
    tables = module.__dict__
    if any(name in tables[t] for t in ("_parameters", "_buffers", "_modules")) or name in tables:
        return True
    return inspect.getattr_static(class_of(module), name, None) is not None
