"""What a name outside the function means: a number to bake in, an op, a function to script too.

Ops are known by the identity of the public functions, whatever the user calls them. The text form of a graph uses the
same look-up with names of its own (`OpNamespace`).
"""

from __future__ import annotations

import builtins
import difflib
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, Optional

from tensorlab.core.device import device
from tensorlab.core.dtype import DTYPES, DType
from tensorlab.core.op import Op, all_ops, lookup
from tensorlab.core.types import DEVICE, DTYPE, SCALAR, TENSOR, Type
from tensorlab.jit.scripting.markers import annotate, uninitialized
from tensorlab.ops import families

UNDEFINED = object()


@dataclass(frozen=True, slots=True)
class OpName:
    """Stands for every overload of one node kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class OpNamespace:
    """An object whose attributes are ops: ``ops.aten`` in the text of a graph."""

    namespace: str
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def member(self, name: str) -> Any:
        """The op of that name, or `UNDEFINED`."""
        if name in self.extra:
            return self.extra[name]
        kind = f"{self.namespace}::{name}"
        return OpName(kind) if lookup(kind) else UNDEFINED


@dataclass(frozen=True, slots=True)
class Attributes:
    """``self`` in the text of a graph: dotted names with tensors behind them, which become constants."""

    tensors: Mapping[str, Any]
    prefix: str = ""

    def member(self, name: str) -> Any:
        """A tensor, the attributes below a name, or `UNDEFINED`."""
        path = f"{self.prefix}{name}"
        if path in self.tensors:
            return Captured(self.tensors[path])
        below = any(t.startswith(f"{path}.") for t in self.tensors)
        return Attributes(self.tensors, f"{path}.") if below else UNDEFINED


@dataclass(frozen=True, slots=True)
class Captured:
    """A tensor that may become a constant of the graph."""

    tensor: Any


OPS: Any = OpNamespace("", {name: OpNamespace(name) for name in ("aten", "prim", "tensorlab")})


class RaisedError(Exception):
    """In the text of a graph, raises a message that says its kind itself: ``MyError: no``."""


# Python's own functions that are ops of one name; the others are written out in `calls`.
BUILTINS: dict[Callable[..., Any], str] = {
    abs: "aten::abs",
    round: "aten::round",
    math.sqrt: "aten::sqrt",
    math.exp: "aten::exp",
    math.log: "aten::log",
    math.sin: "aten::sin",
    math.cos: "aten::cos",
    math.tanh: "aten::tanh",
    math.floor: "aten::floor",
    math.ceil: "aten::ceil",
}


def text_namespace(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The names that the text of a graph uses; see `tensorlab.jit.code`."""
    dtypes: dict[str, Any] = {d.name: d for d in DTYPES}
    types: dict[str, Type] = {"Tensor": TENSOR, "Scalar": SCALAR, "Device": DEVICE, "DType": DTYPE}
    containers: dict[str, Any] = {"List": list, "Tuple": tuple, "Dict": dict, "Optional": Optional}
    return {
        **types,
        **containers,
        "RaisedError": RaisedError,
        "math": math,
        "annotate": annotate,
        "uninitialized": uninitialized,
        "self": Attributes(tensors),
        "tensorlab": OpNamespace("aten", {**dtypes, "device": device}),
        "ops": OPS,
    }


class Names:
    """The names that a function sees from outside: its closure, its module, Python's own."""

    def __init__(self, *scopes: Mapping[str, Any]) -> None:
        self.scopes = (*scopes, vars(builtins))

    @classmethod
    def of(cls, function: FunctionType) -> Names:
        """The names that a function sees; a cell of its closure that is still empty is no name."""
        closure: dict[str, Any] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                closure[name] = cell.cell_contents
            except ValueError:
                continue
        return cls(closure, function.__globals__)

    def get(self, name: str) -> Any:
        """The object of a name, or `UNDEFINED`."""
        for scope in self.scopes:
            if name in scope:
                return scope[name]
        return UNDEFINED

    def near(self, name: str, more: list[str]) -> str:
        """A hint with the name that was probably meant, or an empty text."""
        known = [*more, *(n for scope in self.scopes[:-1] for n in scope if isinstance(n, str))]  # pyright: ignore
        return did_you_mean(name, [n for n in known if not n.startswith("$")])


def did_you_mean(name: str, known: list[str]) -> str:
    """``did you mean 'tanh'?``, or an empty text where nothing is near."""
    found = difflib.get_close_matches(name, known, 5, 0.7)
    found.sort(key=lambda near: sorted(near) != sorted(name))  # two letters that changed places first
    return f"did you mean {found[0]!r}?" if found else ""


def member(owner: Any, name: str) -> Any:
    """An attribute of what a name may stand for: a module, a class, or the text form's own; else `UNDEFINED`."""
    if isinstance(owner, OpNamespace | Attributes):
        return owner.member(name)
    if isinstance(owner, ModuleType | type):
        return getattr(owner, name, UNDEFINED)  # pyright: ignore[reportUnknownArgumentType]
    return UNDEFINED


def near_op(kind: str) -> str:
    """A hint with the op that was probably meant, or an empty text."""
    namespace, _, name = kind.partition("::")
    known = {op.schema.name for op in all_ops() if op.schema.namespace == namespace}
    if namespace == "aten":  # whoever writes ``x.tahn()`` knows none of the ops without a public name
        known &= {*families.table("FUNCTIONS"), *families.table("METHODS")}
    return did_you_mean(name, sorted(n for n in known if not n.startswith("_")))


def is_ours(thing: object) -> bool:
    """Whether a function or class is of this package; what text run by `exec` defines has no module at all."""
    return str(getattr(thing, "__module__", None)).startswith("tensorlab.")


def op_kind(thing: Any) -> str | None:
    """The node kind that a callable stands for, or `None`."""
    if isinstance(thing, OpName):
        return thing.kind
    if isinstance(thing, Op):
        return thing.kind
    module, name = getattr(thing, "__module__", None), getattr(thing, "__name__", None)
    if isinstance(module, str) and isinstance(name, str) and module.startswith("tensorlab."):
        home = sys.modules.get(module)
        kind = f"aten::{name}"
        return kind if getattr(home, name, None) is thing and lookup(kind) else None
    try:
        return BUILTINS.get(thing)
    except TypeError:  # not hashable
        return None


def is_constant(thing: Any) -> bool:
    """Whether a captured object can be a constant of a graph by itself."""
    if isinstance(thing, tuple):
        return all(isinstance(v, bool | int | float | str) for v in thing)  # pyright: ignore
    return thing is None or isinstance(thing, bool | int | float | str | DType | device)


def load_ops() -> None:
    """Have every op declared: a graph can only name those that are."""
    import_module("tensorlab.ops.tensor_facts")
    import_module("tensorlab.ops.families")
