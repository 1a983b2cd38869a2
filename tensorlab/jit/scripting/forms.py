"""The library's own functions and layers, written in the language: a form is compiled anew for each kind of arguments.

Numbers, strings and None that are known at the call are known in the form too, so that what they decide is decided.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any

from tensorlab.core.types import TensorType, TupleType, Type, general
from tensorlab.jit.ir import TUPLE_CONSTRUCT, Value
from tensorlab.jit.scripting.names import Names
from tensorlab.jit.scripting.source import Source, function_source

if TYPE_CHECKING:
    from tensorlab.jit.scripting.scope import Scope


@dataclass(frozen=True, slots=True)
class Known:
    """An argument whose value is known."""

    type: Type
    payload: Any


@dataclass(frozen=True, slots=True)
class Several:
    """A tuple, part by part."""

    parts: tuple[Argument, ...]


Argument = Type | Known | Several


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A function in the language that stands for one of the library's own."""

    name: str
    node: ast.FunctionDef
    source: Source
    names: Names
    signature: inspect.Signature = field(repr=False)
    typed: bool = False  # whether the annotations of its result are the language's

    @classmethod
    def of(cls, function: FunctionType, *, typed: bool = False) -> Form:
        """The form that a function's source is."""
        node, source = function_source(function)
        return cls(function.__name__, node, source, Names.of(function), inspect.signature(function), typed)

    def bound(self, args: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name, with the defaults.

        Raises: `TypeError` for arguments that it does not take.
        """
        found = self.signature.bind(*args, **keywords)
        found.apply_defaults()
        return dict(found.arguments)


def argument_of(value: Value) -> tuple[Argument, list[Value]]:
    """What is known of an argument, and the values in it that are not."""
    if value.is_constant and not isinstance(value.type, TensorType):
        return Known(value.type, value.constant), []
    made = value.producer
    if made is not None and made.kind == TUPLE_CONSTRUCT and not _is_named(value.type):
        several = [argument_of(part) for part in made.inputs]
        return Several(tuple(a for a, _ in several)), [v for _, values in several for v in values]
    return general(value.type), [value]


def _is_named(type_: Type) -> bool:
    return isinstance(type_, TupleType) and bool(type_.names)


def bound(scope: Scope, argument: Argument, name: str) -> Value:
    """The value of a parameter in the form's own graph."""
    if isinstance(argument, Known):
        return scope.builder.constant(argument.payload, type_=argument.type)
    if isinstance(argument, Several):
        parts = [bound(scope, part, name) for part in argument.parts]
        return scope.builder.node(TUPLE_CONSTRUCT, parts, [TupleType(tuple(p.type for p in parts))]).output
    return scope.builder.param(argument, name)
