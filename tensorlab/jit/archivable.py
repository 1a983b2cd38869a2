"""What no archive holds: an archive has no code of Python's own, so neither the user's classes nor his functions."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from tensorlab.core.types import ClassType, DictType, EnumType, ListType, OptionalType, TupleType, Type
from tensorlab.errors import ArchiveError
from tensorlab.jit.interpret import place
from tensorlab.jit.ir import CONSTANT, PYTHON_OP, Graph, Node

_HINT = "hint: give what it computes to the function as an argument"


def check_archivable(graph: Graph) -> None:
    """See that every node of a graph has a meaning where the user's classes and functions are not.

    Raises: `ArchiveError` naming the first node that has none, with the user's line.
    """
    for value in graph.inputs:
        for what in _classes(value.type):
            raise ArchiveError(f"{graph.name}: the argument {value.name} cannot be saved: {what}; {_HINT}")
    for node in graph.nodes():
        why = _why_not(node)
        if why:
            raise ArchiveError(f"{graph.name}: {node.kind} cannot be saved: {why}\n{_HINT}{place(node.span)}")


def _why_not(node: Node) -> str:
    if node.kind == PYTHON_OP:
        return f"an archive does not hold Python's function {node.attributes['name']}"
    if node.kind == CONSTANT and isinstance(node.attributes["value"], enum.Enum):
        return f"an archive does not hold the enumeration {type(node.attributes['value']).__name__}"
    values = (v for v in (*node.inputs, *node.outputs) if not (v.is_constant and v.producer is not node))
    return next((what for v in values for what in _classes(v.type)), "")


def _classes(type_: Type) -> Iterator[str]:
    """What an archive would need for values of a type and does not hold."""
    match type_:
        case ClassType(name):
            yield f"an archive does not hold the class {name}"
        case EnumType(name):
            yield f"an archive does not hold the enumeration {name}"
        case ListType(element) | OptionalType(element):
            yield from _classes(element)
        case DictType(key, value):
            yield from _classes(key)
            yield from _classes(value)
        case TupleType(elements):
            for element in elements:
                yield from _classes(element)
        case _:
            return
