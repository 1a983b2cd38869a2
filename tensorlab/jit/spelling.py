"""One node as a Python expression, one constant as a literal: the words that `code` makes its lines of.

Numbers get operators, tensors calls under their public names. Everything reads back as the same node.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tensorlab.core.device import device
from tensorlab.core.dtype import DType
from tensorlab.core.schema import Param
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import BOOL, FLOAT, INT, SCALAR, STR, TENSOR, ListType, TensorType, Type, general
from tensorlab.errors import GraphError
from tensorlab.jit import ir
from tensorlab.jit.ir import Node, Value
from tensorlab.jit.scripting.annotations import type_text
from tensorlab.jit.scripting.module_types import module_of
from tensorlab.jit.scripting.python_calls import ModuleCall, PythonCall
from tensorlab.ops import factories, families, random_functions

Spell = Callable[[Value], str]  # a value as it is written where it is used

_NUMBERS = (INT, FLOAT)
_INFIX = {
    "aten::add": "+",
    "aten::sub": "-",
    "aten::mul": "*",
    "aten::div": "/",
    "aten::floordiv": "//",
    "aten::remainder": "%",
    "aten::pow": "**",
    "aten::__and__": "&",
    "aten::__or__": "|",
    "aten::__xor__": "^",
    "aten::__lshift__": "<<",
    "aten::__rshift__": ">>",
    "aten::eq": "==",
    "aten::ne": "!=",
    "aten::lt": "<",
    "aten::le": "<=",
    "aten::gt": ">",
    "aten::ge": ">=",
}
_ON_BOOLS = ("aten::__and__", "aten::__or__", "aten::__xor__", "aten::eq", "aten::ne")
_PREFIX = {"aten::neg": "-", "aten::bitwise_not": "~"}
_OF_NUMBERS = {
    "aten::abs": "abs",
    "aten::round": "round",
    "aten::min": "min",
    "aten::max": "max",
    **{f"aten::{name}": f"math.{name}" for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "floor", "ceil")},
}
_CASTS: dict[str, tuple[str, tuple[Type, ...]]] = {
    "aten::Int": ("int", (FLOAT, BOOL, STR, SCALAR)),
    "aten::Float": ("float", (INT, BOOL, SCALAR)),
    "aten::Bool": ("bool", (INT, FLOAT, SCALAR)),
}
_MAKERS = {*factories.FUNCTIONS, *random_functions.FUNCTIONS}  # what takes no tensor, or none alone
_ATTRIBUTES = {"aten::dim": "ndim", "prim::dtype": "dtype", "prim::device": "device"}


def literal(value: Any, constants: Mapping[int, str]) -> str:
    """A constant in Python; a tensor by the name that it has in ``constants``, by its id.

    Raises: `GraphError` for one that has no literal.
    """
    match value:
        case bool() | int() | None:
            return repr(value)
        case str():
            return repr(value) if '"' in value else f'"{repr(value)[1:-1]}"'
        case float():
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        case DType():
            return f"tensorlab.{value.name}"
        case device():
            return f'tensorlab.device("{value}")'
        case list() | tuple():
            return f"[{', '.join(literal(v, constants) for v in value)}]"  # pyright: ignore[reportUnknownVariableType]
        case _ if id(value) in constants:
            return f"self.{constants[id(value)]}"
        case _:
            raise GraphError(f"a constant of type {type(value).__name__} cannot be written as code")


def expression(node: Node, spell: Spell, is_name: Callable[[Value], bool]) -> str:
    """The right side of a node's line; ``is_name`` tells values with a name from those written as literals.

    Raises: `GraphError` for a kind that has no form in code.
    """
    inputs = [spell(v) for v in node.inputs]
    match node.kind:
        case ir.TUPLE_CONSTRUCT:
            return f"({inputs[0]},)" if len(inputs) == 1 else f"({', '.join(inputs)})"
        case ir.LIST_CONSTRUCT:
            text = f"[{', '.join(inputs)}]"
            return text if _tells_type(node) else f"annotate({type_text(node.output.type)}, {text})"
        case ir.DICT_CONSTRUCT:
            pairs = zip(inputs[::2], inputs[1::2], strict=True)
            text = f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"
            return f"annotate({type_text(node.output.type)}, {text})"
        case ir.FORMAT:
            return f"{inputs[0]}.format({', '.join(inputs[1:])})"
        case ir.TUPLE_UNPACK | ir.LIST_UNPACK:
            return inputs[0]
        case ir.GET_ATTR if module_of(node.inputs[0].type) is not None:
            name = str(node.attributes["name"])
            return f"{inputs[0]}.{name}" if name.isidentifier() else f'getattr({inputs[0]}, "{name}")'
        case ir.PYTHON_OP if node.inputs and module_of(node.inputs[0].type) is not None:
            return f"{inputs[0]}.{node.attributes['name']}({', '.join(inputs[1:])})"
        case ir.PYTHON_OP if isinstance(node.attributes["python"], PythonCall | ModuleCall):
            return f"^{node.attributes['name']}({', '.join(inputs)})"  # to be read by people: an archive refuses it
        case ir.UNINITIALIZED:
            return f"uninitialized({type_text(node.output.type)})"
        case _:
            return _operator(node, inputs, is_name) or _call(node, inputs, is_name)


def _tells_type(node: Node) -> bool:
    """Whether the elements of a list display alone give it its type."""
    types = {general(v.type) for v in node.inputs}
    return len(types) == 1 and node.output.type == ListType(*types)


def _operator(node: Node, inputs: list[str], is_name: Callable[[Value], bool]) -> str | None:
    """The form with an operator, a cast or an attribute, where reading it back gives the node again."""
    types = tuple(v.type for v in node.inputs)
    kind, first = node.kind, node.inputs[0] if node.inputs else None
    if kind in _INFIX and _infix_reads_back(node, types):
        a, b = (f"({text})" if text.startswith("-") else text for text in inputs)
        return f"{a} {_INFIX[kind]} {b}"
    if kind in _PREFIX and types[0] in _NUMBERS and first is not None and is_name(first):
        return f"{_PREFIX[kind]}{inputs[0]}"
    if kind == "aten::__not__":
        return f"not {inputs[0]}"
    if kind in _OF_NUMBERS and all(t in _NUMBERS for t in types):
        return f"{_OF_NUMBERS[kind]}({', '.join(inputs)})"
    if kind in _CASTS and (types[0] in _CASTS[kind][1] or (isinstance(types[0], TensorType) and kind != "aten::Bool")):
        return f"{_CASTS[kind][0]}({inputs[0]})"
    if kind == "prim::Bool":
        return f"bool({inputs[0]})"
    if first is None or not is_name(first):
        return None
    if kind == "aten::size":
        return f"{inputs[0]}.shape[{inputs[1]}]" if len(inputs) == 2 else f"{inputs[0]}.shape"
    if kind in _ATTRIBUTES:
        return f"{inputs[0]}.{_ATTRIBUTES[kind]}"
    if kind == "aten::len":
        return f"len({inputs[0]})"
    if kind == "aten::__getitem__":
        return f"{inputs[0]}[{inputs[1]}]"
    return _subscript(node, inputs)


def _subscript(node: Node, inputs: list[str]) -> str | None:
    """``x[i]`` and ``x[a:b]`` for views along the first dimension."""
    if node.kind not in ("aten::select", "aten::slice") or not _once(node.inputs[1], 0):
        return None
    if node.kind == "aten::select":
        return f"{inputs[0]}[{inputs[2]}]"
    start, end = ("" if _once(node.inputs[i], None) else inputs[i] for i in (2, 3))
    step = "" if _once(node.inputs[4], 1) else f":{inputs[4]}"
    return f"{inputs[0]}[{start}:{end}{step}]"


def _once(value: Value, constant: int | None) -> bool:
    """Whether a value is this constant, used nowhere else."""
    return value.is_constant and value.constant == constant and len(value.uses) == 1


def _infix_reads_back(node: Node, types: tuple[Type, ...]) -> bool:
    if len(types) != 2:
        return False
    a, b = types
    if node.kind == "aten::pow" and a == b == INT:
        exponent = node.inputs[1].constant
        return not (isinstance(exponent, int) and exponent < 0)  # written so, the frontend makes the base a float
    if all(t in _NUMBERS for t in types):
        return True
    alike = a == b == BOOL and node.kind in _ON_BOOLS
    return alike or (a == b and node.kind in ("aten::eq", "aten::ne") and (a == STR or isinstance(a, ListType)))


def _call(node: Node, inputs: list[str], is_name: Callable[[Value], bool]) -> str:
    if node.op is None:
        raise GraphError(f"{node.kind} cannot be written as code")
    arguments: list[str] = []
    for param, value, text in zip(node.op.schema.params, node.inputs, inputs, strict=True):
        if param.required and not param.keyword_only:
            arguments.append(text)
        elif not _is_default(param, value):
            arguments.append(f"{param.name}={text}")
    first = node.inputs[0] if node.inputs else None
    namespace, _, name = node.kind.partition("::")
    of_tensors = any(general(v.type) in (TENSOR, ListType(TENSOR)) for v in node.inputs)
    if namespace == "aten" and (name in _MAKERS or (of_tensors and name in families.table("FUNCTIONS"))):
        return f"tensorlab.{name}({', '.join(arguments)})"
    is_method = namespace == "aten" and first is not None and is_name(first) and isinstance(first.type, TensorType)
    if is_method and name in vars(Tensor):
        return f"{arguments[0]}.{name}({', '.join(arguments[1:])})"
    return f"ops.{namespace}.{name}({', '.join(arguments)})"


def _is_default(param: Param, value: Value) -> bool:
    """Whether leaving the argument out gives the same constant again."""
    if not value.is_constant or len(value.uses) > 1:
        return False
    given = value.constant
    return type(given) is type(param.default) and given == param.default
