"""Types of what is made of other ops: the function itself is asked, about tensors that have no memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.dispatch import MODES
from tensorlab.core.layout import layout
from tensorlab.core.op import Op, Rule, infer
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TENSOR, ListType, OptionalType, ScalarType, TensorType, TupleType, Type
from tensorlab.memory.allocator import DataPtr


def type_by_composite(op: Op) -> Op:
    """Give an op with a ``composite`` rule its type rule.

    Where the function looks at a value, the type is what the schema says. At strides it must not look for a shape.
    """
    rule = op.rules["composite"]

    def composed_type(*args: object) -> Type | tuple[Type, ...]:
        return types_of_call(op, rule, args)

    op.rule("type")(composed_type)
    return op


def types_of_call(op: Op, rule: Rule, args: Sequence[object]) -> Type | tuple[Type, ...]:
    """What a function gives for arguments of these types; of an op whose sizes only its values tell, what it declares.

    Raises: whatever the type rules of the ops in it do.
    """
    token = MODES.set((_WithoutMemory(),))
    try:
        found = rule(*map(_made, args))
    except _UnknownError:
        declared = tuple(r.type for r in op.schema.results)
        return declared[0] if len(declared) == 1 else declared
    finally:
        MODES.reset(token)
    return tuple(map(_result, cast("tuple[Any, ...]", found))) if isinstance(found, tuple) else _result(found)


def element_types(op: Op, args: Sequence[object]) -> tuple[Type, ...]:
    """The types of the tensors in the list that an op gives; none where they are not known.

    Raises: as `types_of_call`.
    """
    token = MODES.set((_WithoutMemory(),))
    try:
        return tuple(_result(a) for a in op.run(tuple(map(_made, args))))
    except _UnknownError:
        return ()
    finally:
        MODES.reset(token)


class _UnknownError(Exception):
    """Something that only values can tell."""


class _WithoutMemory:
    """The mode that runs no op but views, which read nothing: others give a tensor of the type that their rule says."""

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        types = infer(op, [_type(a) for a in args])
        if "view" in op.rules or ("composite" in op.rules and any(isinstance(t, ListType) for t in types)):
            return op.run(args)
        found = tuple(map(_made, types))
        return found[0] if len(found) == 1 else found

    def escaped(self, tensor: Tensor, what: str) -> None:
        """A value was asked for, and there is none; a length is no value."""
        if what not in ("len", "iter"):
            raise _UnknownError


def _made(argument: object) -> object:
    """A tensor of a type, row-major; its address is null. All that is no type stays."""
    if isinstance(argument, (list, tuple)):
        return [_made(a) for a in cast("Sequence[object]", argument)]
    if isinstance(argument, (ScalarType, ListType, OptionalType, TupleType)):  # a number or a list that is not known
        raise _UnknownError
    if not isinstance(argument, TensorType):
        return argument
    if argument.dtype is None or argument.shape is None or None in argument.shape:
        raise _UnknownError
    form = layout(argument.dtype, tuple(n for n in argument.shape if n is not None))
    return Tensor(Storage(DataPtr(0, 0, None, None), 0), form)


def _type(value: Any) -> Any:
    """The type of a tensor, a tuple of types of a list with tensors in it; all else stays."""
    if isinstance(value, (list, tuple)):
        return tuple(_type(v) for v in cast("Sequence[Any]", value))
    return value.type if isinstance(value, Tensor) else value


def _result(value: Any) -> Type:
    return ListType(TENSOR) if isinstance(value, list) else cast("Tensor", value).type
