"""What modules are made of, as scripts see it: their types, and those of their attributes."""

from __future__ import annotations

import ast
import sys
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TENSOR, ClassType, ListType, OptionalType, Type, accepts, general
from tensorlab.core.value_types import value_type
from tensorlab.errors import ArgumentError, ScriptError
from tensorlab.jit.ir import Value
from tensorlab.jit.scripting.annotations import said_type
from tensorlab.jit.scripting.classes import class_type, is_scripted_class
from tensorlab.jit.scripting.names import Names, is_constant
from tensorlab.jit.scripting.source import function_source
from tensorlab.nn import Module

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

_OWN = "__annotations__"


def module_of(type_: Type) -> Module | None:
    """The module that a type is the type of; `None` for another type."""
    return type_.python if isinstance(type_, ClassType) and isinstance(type_.python, Module) else None


def module_type(module: Module) -> ClassType:
    """The type of one module."""
    return ClassType(class_of(module).__name__, module)


def class_of(module: Module) -> type:
    """The class that a module was written as: of a scripted one, that of the module which was scripted."""
    return cast("type", getattr(module, "original_class", type(module)))


def is_fixed(module: Module, name: str) -> bool:
    """Whether an attribute is a constant of every graph."""
    owner = class_of(module)
    if owner.__module__.startswith("tensorlab.") or name in getattr(owner, "__constants__", ()):
        return True
    said = _said(owner, name)
    return said is not None and _is_final(said)


def declared(module: Module, name: str) -> Type | None:
    """The type that the class annotates an attribute with; `None` where it does not, or says ``Final``."""
    owner = class_of(module)
    said = None if owner.__module__.startswith("tensorlab.") else _said(owner, name)
    if said is None or _is_final(said) or name in getattr(owner, "__constants__", ()):
        return None
    return said_type(said, Names(_globals(owner)))


def _globals(owner: type) -> Mapping[str, Any]:
    """The names of the module or the cell that a class is written in."""
    for base in owner.__mro__:
        for found in vars(base).values():
            if isinstance(found, FunctionType) and found.__module__ == owner.__module__:
                return found.__globals__
    return vars(sys.modules[owner.__module__])


def _said(owner: type, name: str) -> Any:
    for base in owner.__mro__:
        if base is not Module and name in vars(base).get(_OWN, {}):
            return vars(base)[_OWN][name]
    return _said_in_init(owner).get(name)


@cache
def _said_in_init(owner: type) -> dict[str, str]:
    """What ``__init__`` says of attributes: ``self.sizes: List[int] = []``."""
    init = getattr(owner, "__init__", None)
    try:
        node, _ = function_source(init)
    except ScriptError:  # no function, or no source
        return {}
    return {
        part.target.attr: ast.unparse(part.annotation)
        for part in ast.walk(node)
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Attribute)
    }


def _is_final(said: Any) -> bool:
    if isinstance(said, str):
        return said.partition("[")[0].rpartition(".")[2] == "Final"
    return said is typing.Final or typing.get_origin(said) is typing.Final


def attribute_type(value: Any) -> Type | None:
    """The type of an attribute by its value; `None` for what is none of the language. An empty list is of tensors."""
    if isinstance(value, Tensor):
        return TENSOR
    if isinstance(value, list) and not value:
        return ListType(TENSOR)
    kind = cast("object", value).__class__
    if is_scripted_class(kind):
        return class_type(kind)
    try:
        return general(value_type(value))
    except ArgumentError:
        return None


def fixed(scope: Expressions, value: Any, node: ast.AST) -> Value | None:
    """A constant attribute as a value; `None` for what is none of the language."""
    if isinstance(value, (list, tuple)):
        parts = [fixed(scope, part, node) for part in cast("Sequence[Any]", value)]
        known = [part for part in parts if part is not None]
        return scope.tuple_of(known, node) if len(known) == len(parts) else None
    return scope.constant(value, node) if is_constant(value) else None


def check_annotations(module: Module) -> None:
    """Look at what the class annotates.

    Raises: `ScriptError` for an annotation that is no type of the language, naming the attribute.
    """
    for name in [n for n in module.__dict__ if not n.startswith("_")]:
        try:
            type_ = declared(module, name)
        except ScriptError as error:
            raise ScriptError(f"{class_of(module).__name__}.{name}: {error}") from None
        value = module.__dict__[name]
        found = attribute_type(value)
        if isinstance(value, (list, dict)) and not value:
            continue
        if type_ is not None and found is not None and not accepts(type_, found) and type_ != OptionalType(found):
            raise ScriptError(f"{class_of(module).__name__}.{name} is annotated as {type_}, but is a {found}")
