"""PyTorch's spellings of operations that have fewer arguments here: graphs that it printed are read by them.

PyTorch passes every option of an operation at each call, most of them None. Where an argument says nothing, or what is
the only thing there is here (row-major memory, on the CPU, not pinned), it is left out; any other value is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.core.types import TensorType
from tensorlab.jit import edit
from tensorlab.jit.ir import Node, Value

Accepted = tuple[object, ...]

_MEMORY_FORMAT: Accepted = (None, 0, 1)  # contiguous, and as it is
_LAYOUT: Accepted = (None, 0)  # strided
_DEVICE: Accepted = (None, "cpu")
_PINNED: Accepted = (None, False)
_PLACE = (_LAYOUT, _DEVICE, _PINNED)

# By kind: what follows the arguments that ours has, and how many those are.
_EXTRAS: dict[str, tuple[int, tuple[Accepted, ...]]] = {
    "aten::clone": (1, (_MEMORY_FORMAT,)),
    "aten::contiguous": (1, (_MEMORY_FORMAT,)),
    "aten::to": (4, (_MEMORY_FORMAT,)),
    "aten::zeros": (2, _PLACE),
    "aten::ones": (2, _PLACE),
    "aten::full": (3, _PLACE),
    "aten::rand": (2, _PLACE),
    "aten::randn": (2, _PLACE),
    "aten::zeros_like": (2, (*_PLACE, _MEMORY_FORMAT)),
    "aten::ones_like": (2, (*_PLACE, _MEMORY_FORMAT)),
    "aten::full_like": (3, (*_PLACE, _MEMORY_FORMAT)),
}


def adapt(node: Node) -> bool:
    """Bring a node of PyTorch's into our form, where we have one for what it says; whether that was done."""
    special = _SPECIAL.get(node.kind)
    if special is not None and special(node):
        return True
    own, extras = _EXTRAS.get(node.kind, (0, ()))
    given = node.inputs[own:]
    if not given or len(given) != len(extras) or not all(map(_says_nothing, given, extras)):
        return False
    for index in range(len(node.inputs) - 1, own - 1, -1):
        edit.remove_input(node, index)
    return True


def _says_nothing(value: Value, accepted: Accepted) -> bool:
    if not value.is_constant:
        return False
    constant = value.constant
    return any(constant is a or (a is not None and str(constant) == str(a)) for a in accepted)


def _truth(node: Node) -> bool:
    """``aten::Bool`` of a tensor: an operation of the compiler's here."""
    if len(node.inputs) != 1 or not isinstance(node.inputs[0].type, TensorType):
        return False
    node.kind = "prim::Bool"
    return True


# What PyTorch's compiler calls otherwise: a value that is known not to be None.
KINDS = {"prim::unchecked_cast": "prim::unchecked_unwrap_optional"}

_SPECIAL: dict[str, Callable[[Node], bool]] = {"aten::Bool": _truth}
