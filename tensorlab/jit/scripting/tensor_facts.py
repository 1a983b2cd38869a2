"""What scripts ask of a tensor that is no op of its own: attributes, and methods that stand for other ops."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from tensorlab.core.op import lookup
from tensorlab.core.types import DEVICE
from tensorlab.jit.ir import Value

if TYPE_CHECKING:
    from tensorlab.jit.scripting.expressions import Expressions

_OPS = {
    "shape": "aten::size",
    "ndim": "aten::dim",
    "dtype": "prim::dtype",
    "device": "prim::device",
    "T": "aten::t",
    "H": "aten::t",
    "mT": "aten::mT",
    "data": "aten::detach",
    "requires_grad": "prim::requires_grad",
    "itemsize": "prim::itemsize",
    "nbytes": "prim::nbytes",
}
# There is one device and one layout, so that these are known.
_KNOWN = {
    "is_cpu": True,
    **dict.fromkeys(("is_cuda", "is_mps", "is_meta", "is_sparse", "is_quantized", "is_xla", "is_mkldnn"), False),
}
_NEW = {"new_zeros": "aten::zeros", "new_ones": "aten::ones", "new_full": "aten::full", "new_empty": "aten::empty"}


def attribute(scope: Expressions, value: Value, node: ast.Attribute) -> Value | None:
    """``x.shape``, ``x.is_cuda``; `None` for an attribute that scripts don't know."""
    if node.attr in _KNOWN:
        return scope.constant(_KNOWN[node.attr], node)
    if node.attr == "real":
        return value
    kind = _OPS.get(node.attr)
    return scope.single(kind, [value], node) if kind is not None and lookup(kind) else None


def device_part(scope: Expressions, value: Value, node: ast.Attribute) -> Value | None:
    """``x.device.type`` and ``.index``."""
    if value.type != DEVICE or node.attr not in ("type", "index"):
        return None
    return scope.constant(None, node) if node.attr == "index" else scope.single("prim::type", [value], node)


def method(scope: Expressions, receiver: Value, name: str, node: ast.Call) -> Value | None:
    """``x.new_zeros(3)``, ``x.type_as(y)``, ``x.cpu()``; `None` for what is an op, or is not known."""
    if name in _NEW:
        return _made_like(scope, receiver, _NEW[name], node)
    given = _METHODS.get(name)
    return None if given is None else given(scope, receiver, node)


def _made_like(scope: Expressions, receiver: Value, kind: str, node: ast.Call) -> Value:
    args, keywords = scope.arguments(node)
    keywords.pop("device", None)
    if "dtype" not in keywords:
        keywords["dtype"] = scope.single("prim::dtype", [receiver], node)
    return scope.op_call(kind, args, keywords, node)


def _type_as(scope: Expressions, receiver: Value, node: ast.Call) -> Value | None:
    if len(node.args) != 1 or node.keywords:
        return None
    dtype = scope.single("prim::dtype", [scope.value(node.args[0])], node)
    return scope.single("aten::to", [receiver, dtype], node)


def _itself(scope: Expressions, receiver: Value, node: ast.Call) -> Value | None:
    return None if node.args or node.keywords else receiver


def _device_number(scope: Expressions, receiver: Value, node: ast.Call) -> Value | None:
    return None if node.args or node.keywords else scope.constant(-1, node)


def _is_nonzero(scope: Expressions, receiver: Value, node: ast.Call) -> Value | None:
    return None if node.args or node.keywords else scope.single("prim::Bool", [receiver], node)


_METHODS: dict[str, Callable[[Expressions, Value, ast.Call], Value | None]] = {
    "type_as": _type_as,
    "cpu": _itself,
    "get_device": _device_number,
    "is_nonzero": _is_nonzero,
}
