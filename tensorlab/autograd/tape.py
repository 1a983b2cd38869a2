"""A tensor's place on the tape, and what a node of the tape saves of the tensors that it was made with.

The tape is a graph from results back to inputs: a tensor that an operation gave points to the `Node` of that operation,
a node points to the nodes that its inputs came from. Tensors don't hold their users, so that what nobody needs dies.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tensorlab.core.place import CodePlace
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError

if TYPE_CHECKING:
    from tensorlab.autograd.node import AccumulateGrad, Node

Hook = Callable[..., Any]

ORIGIN_PLAIN, ORIGIN_NO_GRAD, ORIGIN_SEVERAL = 0, 1, 2  # how a view was made: what an in-place write to it may do


class Tape:
    """What autograd knows of one tensor.

    A leaf that asks for a gradient has ``wanted``; any other has the ``node`` that gave it, as result number ``index``.
    Of a view, ``version`` is the storage's when ``node`` was true: a later write to the base makes it stale.
    """

    # Most tensors on the tape never need more than a node and an index, and one is made for each result: what is rarely
    # asked for stands in the class until somebody sets it.
    __slots__ = ("__dict__", "__weakref__", "index", "node")

    wanted: bool = False
    grad: Tensor | None = None
    accumulator: weakref.ref[AccumulateGrad] | None = None
    hooked: Node | None = None  # the accumulator, held once it has hooks: else it lives as histories do
    post_hooks: dict[int, Hook] | None = None  # called with the leaf once its gradient is added
    retains: bool = False
    version: int = 0
    origin: int = ORIGIN_PLAIN

    def __init__(self, node: Node | None = None, index: int = 0, *, wanted: bool = False) -> None:
        self.node = node
        self.index = index
        if wanted:
            self.wanted = True

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow back to or through the tensor."""
        return self.wanted or self.node is not None

    @property
    def grad_fn_name(self) -> str | None:
        """How the tensor's ``grad_fn`` prints."""
        return None if self.node is None else self.node.name


class Watch(Protocol):
    """Looks at the bytes of saved tensors (see `foreign_writes`)."""

    def saved(self, saved: Saved) -> None:
        """A tensor has been saved."""
        ...

    def wanted(self, saved: Saved, node: Node) -> None:
        """A formula wants it back."""
        ...


WATCHED: list[Watch] = []  # the innermost last


class Saved:
    """A tensor that a formula will want, as it was when it was saved.

    ``tensor`` shares its bytes; ``tape`` is the place on the tape that it had then. A result is kept without its place,
    which would hold the node that holds it; ``output`` says which result of the node it is.
    """

    __slots__ = ("output", "storage", "tape", "tensor", "version")

    def __init__(self, tensor: Tensor, tape: Tape | None, *, output: int = -1) -> None:
        self.tensor = alias(tensor) if output >= 0 else tensor
        self.tape = tape
        self.output = output
        self.storage = tensor.storage()
        self.version = self.storage.version
        if self.storage.writes is None:
            self.storage.writes = []
        if WATCHED:
            WATCHED[-1].saved(self)

    def unpack(self, node: Node, *, tracked: bool) -> Tensor:
        """The tensor, with its place on the tape if it is to be differentiated again.

        Raises: `GradError` if its bytes were written to since, naming both lines.
        """
        if self.storage.version != self.version:
            raise GradError(changed_message(self, node))
        if WATCHED:
            WATCHED[-1].wanted(self, node)
        if not tracked:
            return self.tensor if self.tensor.tape is None else alias(self.tensor)
        flows = self.output >= 0 and self.tensor.layout.dtype.is_floating_point  # places and counts have no gradient
        tape = Tape(*node.history(self.output)) if flows else self.tape
        if self.tensor.tape is tape:
            return self.tensor
        again = alias(self.tensor)
        again.tape = tape
        if tape is not None:
            tape.version = self.version
        return again


def alias(tensor: Tensor) -> Tensor:
    """The same bytes and layout, off the tape."""
    return Tensor(tensor.storage(), tensor.layout, tensor.offset)


def changed_message(saved: Saved, node: Node) -> str:
    """Torch's words for a saved tensor that was written over, and the two lines that it does not name."""
    layout = saved.tensor.layout
    kind = f"tensorlab.{layout.dtype.ir_name}Tensor {list(layout.shape)}"
    source = node if saved.output >= 0 else None if saved.tape is None else saved.tape.node
    index = saved.output if saved.output >= 0 else 0 if saved.tape is None else saved.tape.index
    came = "" if source is None else f", which is output {index} of {source.name},"
    text = (
        "backward: one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{kind}]{came} is at version {saved.storage.version}; expected version {saved.version} instead."
    )
    lines = [f"  {node.name} saved it: {where(node.place)}"]
    writes = [place for version, place in saved.storage.writes or () if version == saved.version + 1]
    lines += [f"  it was changed first: {where(place)}" for place in writes]
    lines.append("  hint: use the form that is not in place there, or clone() before the change")
    return "\n".join([text, *lines])


def where(place: CodePlace | None) -> str:
    """A line of the user's, with its text where it can be read."""
    if place is None:
        return "place unknown"
    import linecache

    text = linecache.getline(place.code.co_filename, place.line).strip()
    return f"{place}" + (f"\n      {text}" if text else "")
