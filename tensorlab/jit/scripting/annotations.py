"""Annotations as types: what a parameter, a variable or a result is said to be."""

from __future__ import annotations

import ast
import typing
from enum import Enum
from types import UnionType
from typing import Any, Optional

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.types import (
    BOOL,
    DEVICE,
    DTYPE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    ClassType,
    DictType,
    EnumType,
    ListType,
    OptionalType,
    ScalarType,
    TensorType,
    TupleType,
    Type,
    general,
)
from tensorlab.core.value_types import value_type
from tensorlab.errors import ScriptError
from tensorlab.jit.scripting.names import UNDEFINED, Names, member
from tensorlab.jit.scripting.source import Source

_PLAIN: dict[Any, Type] = {int: INT, float: FLOAT, bool: BOOL, str: STR, device: DEVICE, DType: DTYPE, None: NONE}
_TAKES = "Tensor, int, float, bool, str, None, Optional[...], List[...], Tuple[...], Dict[...]"


def annotation_type(node: ast.expr | None, names: Names, source: Source) -> Type:
    """The type that an annotation names; a tensor where there is none, as in torch.

    Raises: `ScriptError` at the part that names no type of the language.
    """
    if node is None:
        return TENSOR
    if isinstance(node, ast.Constant):
        return _constant(node, names, source)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], node, names, source)
    if isinstance(node, ast.Subscript):
        return _subscript(node, names, source)
    return _plain(node, names, source)


def _constant(node: ast.Constant, names: Names, source: Source) -> Type:
    if node.value is None:
        return NONE
    if not isinstance(node.value, str):
        raise source.error(node, f"{ast.unparse(node)} is no type", hint=f"takes {_TAKES}")
    try:
        inner = ast.parse(node.value, mode="eval").body
    except SyntaxError:
        raise source.error(node, f"{ast.unparse(node)} is no type", hint=f"takes {_TAKES}") from None
    for part in ast.walk(inner):  # the parts of a quoted annotation all stand where the quotes do
        if isinstance(part, ast.expr):
            ast.copy_location(part, node)
    return annotation_type(inner, names, source)


def _plain(node: ast.expr, names: Names, source: Source) -> Type:
    found = _object(node, names, source)
    if isinstance(found, TensorType | ScalarType):
        return found
    if isinstance(found, type) and found.__name__ == "Tensor" and found.__module__ == "tensorlab.core.tensor":
        return TENSOR
    made = class_type(found, names, source)
    if made is not None:
        return made
    if typing.get_origin(found) is not None or isinstance(found, UnionType):  # a name for an annotation
        try:
            return object_type(found)
        except ScriptError:
            raise source.error(
                node, f"{ast.unparse(node)} is no type of the language", hint=f"takes {_TAKES}"
            ) from None
    try:
        return _PLAIN[found]
    except (KeyError, TypeError):
        raise source.error(node, f"{ast.unparse(node)} is no type of the language", hint=f"takes {_TAKES}") from None


def class_type(thing: Any, names: Names, source: Source) -> Type | None:
    """The type of a named tuple's class or an enumeration; `None` for what is neither."""
    if not isinstance(thing, type):
        return None
    if issubclass(thing, tuple) and hasattr(thing, "_fields"):  # pyright: ignore
        return named_tuple_type(thing, names, source)
    if issubclass(thing, Enum) and len(thing):
        values = {general(value_type(m.value)) for m in thing}
        if len(values) == 1:
            return EnumType(thing.__name__, values.pop(), thing)
    plain = thing.__bases__ == (object,) and thing.__module__ != "builtins"
    if plain and not thing.__module__.startswith(("tensorlab.", "torch", "numpy", "typing")):
        return ClassType(thing.__name__, thing)
    return None


def named_tuple_type(thing: Any, names: Names, source: Source) -> TupleType:
    """The type of a named tuple: a part without an annotation is a tensor."""
    fields: tuple[str, ...] = thing._fields
    said: dict[str, Any] = getattr(thing, "__annotations__", {})
    types = [said_type(said[name], names) if name in said else TENSOR for name in fields]
    return TupleType(tuple(types), fields, thing)


def said_type(said: Any, names: Names) -> Type:
    """The type that an annotation of a class stands for, which is an object, or a text."""
    text = said if isinstance(said, str) else getattr(said, "__forward_arg__", None)
    if text is not None:
        return annotation_type(ast.parse(text, mode="eval").body, names, Source("", (text,)))
    return object_type(said)


def object_type(said: Any) -> Type:
    """The type that an annotation's object stands for.

    Raises: `ScriptError` for one that is no type of the language.
    """
    if isinstance(said, TensorType | ScalarType):
        return said
    if isinstance(said, type) and said.__name__ == "Tensor":
        return TENSOR
    origin, parts = typing.get_origin(said), typing.get_args(said)
    if origin in (typing.Union, UnionType) and len(parts) == 2 and type(None) in parts:
        return OptionalType(object_type(next(p for p in parts if p is not type(None))))
    if origin in (list, tuple, dict):
        types = tuple(map(object_type, parts))
        return {list: lambda: ListType(*types), tuple: lambda: TupleType(types), dict: lambda: DictType(*types)}[
            origin
        ]()
    made = class_type(said, Names(), Source("", ()))
    if made is not None:
        return made
    if said in _PLAIN or said is type(None):
        return _PLAIN.get(said, NONE)
    raise ScriptError(f"{said} is no type of the language", hint=f"takes {_TAKES}")


def _subscript(node: ast.Subscript, names: Names, source: Source) -> Type:
    found = _object(node.value, names, source)
    parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if found is typing.Final and len(parts) == 1:
        return annotation_type(parts[0], names, source)
    if found in (tuple, typing.Tuple):  # noqa: UP006 - what users write
        if len(parts) == 1 and isinstance(parts[0], ast.Tuple) and not parts[0].elts:  # Tuple[()]
            parts = []
        return TupleType(tuple(annotation_type(p, names, source) for p in parts))
    if found in (list, typing.List) and len(parts) == 1:  # noqa: UP006
        return ListType(annotation_type(parts[0], names, source))
    if found in (dict, typing.Dict) and len(parts) == 2:  # noqa: UP006
        return DictType(*(annotation_type(p, names, source) for p in parts))
    if found is Optional and len(parts) == 1:
        return OptionalType(annotation_type(parts[0], names, source))
    if found is typing.Union:
        return _union(parts, node, names, source)
    raise source.error(node, f"{ast.unparse(node)} is no type of the language", hint=f"takes {_TAKES}")


def _union(parts: list[ast.expr], node: ast.expr, names: Names, source: Source) -> Type:
    """A type or None: the one union that there is."""
    found = [annotation_type(p, names, source) for p in parts]
    others = [t for t in found if t != NONE]
    if len(found) == 2 and len(others) == 1:
        return OptionalType(others[0])
    raise source.error(node, f"{ast.unparse(node)} is no type of the language", hint="a union takes a type and None")


def _object(node: ast.expr, names: Names, source: Source) -> Any:
    if isinstance(node, ast.Name):
        found = names.get(node.id)
    elif isinstance(node, ast.Attribute):
        found = member(_object(node.value, names, source), node.attr)
    else:
        raise source.error(node, f"{ast.unparse(node)} is no type of the language", hint=f"takes {_TAKES}")
    if found is UNDEFINED:
        raise source.error(node, f"undefined value {ast.unparse(node)}", hint=f"takes {_TAKES}")
    return found


def type_text(type_: Type) -> str:
    """A type as an annotation: what `annotation_type` reads back."""
    match type_:
        case TensorType():
            return "Tensor"
        case ListType(element):
            return f"List[{type_text(element)}]"
        case OptionalType(element):
            return f"Optional[{type_text(element)}]"
        case DictType(key, value):
            return f"Dict[{type_text(key)}, {type_text(value)}]"
        case TupleType(elements):
            return f"Tuple[{', '.join(map(type_text, elements)) or '()'}]"
        case ScalarType("NoneType"):
            return "None"
        case ScalarType("ScalarType"):
            return "DType"
        case _:
            return str(type_)
