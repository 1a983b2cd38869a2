"""What autograd adds to Tensor: ``requires_grad``, ``grad``, ``grad_fn``, ``backward``, hooks and their kin.

Importing this installs them, and puts the recorder below all modes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.autograd import api, copies
from tensorlab.autograd.node import Node, RemovableHandle, add_hook
from tensorlab.autograd.record import TapeRecorder, accumulator
from tensorlab.autograd.tape import Tape
from tensorlab.autograd.views import refreshed
from tensorlab.core.dispatch import MODES, set_recorder
from tensorlab.core.reading import moves
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError, GradError, ShapeError

Hook = Callable[..., Any]


def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:  # noqa: FBT001 - torch's signature
    """Ask for this leaf's gradient, or no longer.

    Raises: `DTypeError` for integers and bools, `GradError` for a tensor that has a history, in torch's words.
    """
    if requires_grad and not self.layout.dtype.is_floating_point:
        raise DTypeError(
            f"requires_grad_: only Tensors of floating point dtype can require gradients, got {self.layout.dtype.name}"
        )
    tape = self.tape
    if isinstance(tape, Tape) and tape.node is not None:
        if not requires_grad:
            raise GradError(
                "requires_grad_: you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        return self
    if isinstance(tape, Tape):
        tape.wanted = requires_grad
    elif requires_grad:
        self.tape = Tape(wanted=True)
    return self


def _get_grad(self: Tensor) -> Tensor | None:
    """The gradient that backward passes have added up so far; None before the first."""
    return self.tape.grad if isinstance(self.tape, Tape) else None


def _set_grad(self: Tensor, value: Tensor | None) -> None:
    if value is not None:
        if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
            raise ArgumentError(f"grad: takes a Tensor or None, got {type(value).__name__}")
        if tuple(value.shape) != tuple(self.shape) or value.dtype is not self.dtype:
            raise ShapeError(
                f"grad: takes a Tensor of shape {tuple(self.shape)} and dtype {self.dtype.name}, got "
                f"{tuple(value.shape)} and {value.dtype.name}"
            )
    if isinstance(self.tape, Tape):
        self.tape.grad = value
    elif value is not None:
        self.tape = Tape()
        self.tape.grad = value


def _get_grad_fn(self: Tensor) -> Node | None:
    """The node of the operation that gave this tensor; None for a leaf."""
    return refreshed(self).node if isinstance(self.tape, Tape) else None


def _get_is_leaf(self: Tensor) -> bool:
    """Whether the tensor has no history."""
    return _get_grad_fn(self) is None


def _get_output_nr(self: Tensor) -> int:
    """Which result of its ``grad_fn`` the tensor is."""
    return self.tape.index if isinstance(self.tape, Tape) else 0


def _get_retains_grad(self: Tensor) -> bool:
    """Whether `retain_grad` was asked of this tensor, which is no leaf."""
    return isinstance(self.tape, Tape) and self.tape.retains


def backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,  # noqa: FBT001 - torch's signature
    create_graph: bool = False,  # noqa: FBT001
    inputs: api.Tensors | None = None,
) -> None:
    """Add this tensor's gradients to ``grad`` of the leaves that it came from; see `autograd.backward`."""
    api.backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def detach_(self: Tensor) -> Tensor:
    """Leave the history behind: the tensor becomes a leaf.

    Raises: `GradError` for a view, in torch's words.
    """
    if self.base is not None and self.requires_grad:
        raise GradError("detach_: Can't detach views in-place. Use detach() instead.")
    grad = _get_grad(self)
    self.tape = None
    if grad is not None:
        self.tape = Tape()
        self.tape.grad = grad
    return self


def register_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call ``hook(grad)`` whenever this tensor's gradient is worked out; what it gives, if anything, replaces it.

    Raises: `GradError` for a tensor that requires no gradient.
    """
    node, index = _node(self, "register_hook")
    if node.tensor_hooks is None:
        node.tensor_hooks = {}
    return add_hook(node.tensor_hooks.setdefault(index, {}), hook)


def register_post_accumulate_grad_hook(self: Tensor, hook: Hook) -> RemovableHandle:
    """Call ``hook(tensor)`` each time a gradient has been added to this leaf's ``grad``.

    Raises: `GradError` for what is no leaf that requires a gradient.
    """
    tape = self.tape
    if not isinstance(tape, Tape) or not tape.wanted:
        raise GradError("register_post_accumulate_grad_hook: takes a leaf that requires grad")
    tape.post_hooks = {} if tape.post_hooks is None else tape.post_hooks
    return add_hook(tape.post_hooks, hook)


def retain_grad(self: Tensor) -> None:
    """Keep this tensor's gradient in ``grad`` although it is no leaf.

    Raises: `GradError` for a tensor that requires no gradient.
    """
    tape = self.tape
    if not isinstance(tape, Tape) or not tape.requires_grad:
        raise GradError("retain_grad: can't retain_grad on Tensor that has requires_grad=False")
    if tape.wanted or tape.retains:
        return
    tape.retains = True

    def keep(grad: Tensor) -> None:
        tape.grad = grad

    register_hook(self, keep)


def _node(self: Tensor, op: str) -> tuple[Node, int]:
    tape = self.tape
    if not isinstance(tape, Tape) or not tape.requires_grad:
        raise GradError(f"{op}: cannot register a hook on a tensor that doesn't require gradient")
    tape = refreshed(self)
    if tape.node is not None:
        return tape.node, tape.index
    node = accumulator(self, tape)
    tape.hooked = node
    return node, 0


def _get_data(self: Tensor) -> Tensor:
    """The same bytes without history, and under a version of their own: what is written to them nobody is told.

    A trace sees `detach`.
    """
    if MODES.get():
        return self.detach()
    return Tensor(self.storage().unwatched(), self.layout, self.offset)


def _set_data(self: Tensor, value: Tensor) -> None:
    """Let the tensor be another's memory and layout, keeping its place on the tape and its version.

    Raises: `ArgumentError` for what is no tensor, `DTypeError` for integers where a gradient is asked for, in torch's
            words; `TraceError` in a trace.
    """
    if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"data: takes a Tensor, got {type(value).__name__}")
    if self.requires_grad and not value.layout.dtype.is_floating_point:
        raise DTypeError(
            "data: data set to a tensor that requires gradients must be floating point or complex dtype, got "
            f"{value.layout.dtype.name}"
        )
    moves(self, "data")
    storage = self.storage()
    if value.storage().owner is not storage.owner:
        before, storage = storage, value.storage().unwatched()
        storage.version = before.version
    self._storage, self.layout, self.offset, self.address = (  # pyright: ignore[reportPrivateUsage]
        storage,
        value.layout,
        value.offset,
        value.address,
    )


METHODS: dict[str, Any] = {
    "requires_grad_": requires_grad_,
    "grad": property(_get_grad, _set_grad),
    "grad_fn": property(_get_grad_fn),
    "is_leaf": property(_get_is_leaf),
    "output_nr": property(_get_output_nr),
    "retains_grad": property(_get_retains_grad),
    "data": property(_get_data, _set_data),
    "backward": backward,
    "detach_": detach_,
    "register_hook": register_hook,
    "register_post_accumulate_grad_hook": register_post_accumulate_grad_hook,
    "retain_grad": retain_grad,
    **copies.METHODS,
}

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)

set_recorder(TapeRecorder())
