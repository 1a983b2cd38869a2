"""Nodes of the tape: one for each operation that was written down, one for each leaf that gradients are added to."""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tensorlab.autograd.names import shown_name
from tensorlab.autograd.recipe import Recipe
from tensorlab.autograd.tape import Saved, Tape
from tensorlab.core.op import Op, lookup
from tensorlab.core.place import CodePlace
from tensorlab.core.shape import is_dense
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import GradError

Grads = list[Tensor | None]
next_serial = itertools.count(1).__next__


class Edge(NamedTuple):
    """Where a gradient goes: a result of an earlier node, and what the tensor there looks like."""

    node: Node
    number: int
    type: TensorType


class RemovableHandle:
    """What registering a hook gives: ``remove()`` takes the hook out again; also a context manager."""

    _keys = itertools.count()

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = hooks
        self.id = next(self._keys)

    def remove(self) -> None:
        """Take the hook out; a second time does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_hook(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    """Put a hook into a table, in the order of registration."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class Node:
    """An operation on the tape: ``edges`` lead to where its inputs' gradients go, None where none is asked for.

    ``serial`` grows as nodes are made, so that a node's edges lead to smaller ones; ``place`` is the user's line.
    """

    # As in `Tape`, what few nodes have stands in the class until it is set.
    __slots__ = ("__dict__", "__weakref__", "edges", "name", "outputs", "place", "serial")

    hooks: dict[int, Any] | None = None
    pre_hooks: dict[int, Any] | None = None
    tensor_hooks: dict[int, dict[int, Any]] | None = None  # of results, by their number
    metadata: dict[str, Any] | None = None
    called: str | None = None  # the name that it goes by, where that is not its operation's
    writer: Any = None  # a weak reference to the node that stands for this one, where it wrote to a view

    def __init__(self, name: str, edges: Sequence[Edge | None], place: CodePlace | None) -> None:
        self.name = name
        self.edges: tuple[Edge | None, ...] = tuple(edges)
        self.place = place
        self.serial = next_serial()
        self.outputs: tuple[TensorType | None, ...] = ()  # what the results look like, for a gradient of zero

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that gradients go on to, each with the number of its result."""
        return tuple((None, 0) if e is None else (e.node, e.number) for e in self.edges)

    def history(self, output: int) -> tuple[Node, int]:
        """Where the gradient of a result goes: here, or to the base of the view that it was written to."""
        writer = None if self.writer is None else self.writer()
        return (self, output) if writer is None else writer.written()

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_inputs, grad_outputs)`` each time the node has run; what it gives replaces the first."""
        self.hooks = {} if self.hooks is None else self.hooks
        return add_hook(self.hooks, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(grad_outputs)`` each time before the node runs; what it gives replaces them."""
        self.pre_hooks = {} if self.pre_hooks is None else self.pre_hooks
        return add_hook(self.pre_hooks, hook)

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        """Gradients for the edges from those of the results; ``tracked`` if they are to be differentiated again."""
        raise GradError(f"{self.name}: has no formula")

    def held(self) -> Sequence[tuple[str, Saved]] | None:
        """What is saved for backward, by the names that the formula has for it; None once it was let go."""
        return ()

    def release(self) -> None:
        """Let saved tensors go."""

    def __repr__(self) -> str:
        return f"<{self.name} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """Where gradients of one leaf arrive: they are added to its ``grad``."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        super().__init__("AccumulateGrad", (), None)
        self.serial = 0  # older than any operation: it is made when somebody asks for the edges that lead to it
        self.variable = variable
        self.outputs = (variable.type,)

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        (grad,) = grads
        tape = self.variable.tape
        if grad is None or not isinstance(tape, Tape) or not tape.wanted:
            return ()
        with _accumulating:
            if tape.grad is None:
                tape.grad = grad if tracked else _own(grad, self.variable)
            elif tracked:
                tape.grad = tape.grad + grad
            else:
                tape.grad.add_(grad)
        if tape.post_hooks:
            for hook in list(tape.post_hooks.values()):
                hook(self.variable)
        return ()


_accumulating = threading.Lock()  # threads that run backward side by side may share leaves


def _own(grad: Tensor, variable: Tensor) -> Tensor:
    """A gradient that nobody else holds, since the next one is added to it in place.

    The one that arrives will do if neither it nor its bytes are known to anybody but the backward pass.
    """
    alone = sys.getrefcount(grad) <= _REFERENCES and sys.getrefcount(grad.storage()) <= 2 and grad.base is None
    if alone and grad.layout is variable.layout and not grad.storage().readonly:
        return grad
    form = variable.layout
    strides = form.strides if is_dense(form.shape, form.strides) else None
    result = empty(form.dtype, tuple(form.shape), strides)
    (copy,) = lookup("aten::copy_")
    copy.run((result, grad, False))
    result.storage().version = 0
    return result


_REFERENCES = 4  # the engine's list, the names of two calls, and that of the count itself


def zeros_of(type_: TensorType) -> Tensor:
    """A gradient of zero for a tensor of this type."""
    (zeros,) = lookup("aten::zeros")
    return zeros.run((type_.sizes, type_.dtype))


def accumulator(leaf: Tensor, tape: Any) -> AccumulateGrad:
    """The node that adds up a leaf's gradients: one as long as somebody's history holds it."""
    if not isinstance(tape, Tape):
        return AccumulateGrad(leaf)  # it has left the tape since: what arrives is dropped
    found = None if tape.accumulator is None else tape.accumulator()
    if found is None:
        found = AccumulateGrad(leaf)
        tape.accumulator = weakref.ref(found)
    return found


Source = Tensor | tuple[Node, int, TensorType] | None
Stored = Saved | tuple[Saved | None, ...] | None


def freed_message(node: Node) -> str:
    """Torch's words for a node whose saved tensors are gone, and the line that it was made at."""
    return (
        "backward: Trying to backward through the graph a second time (or directly access saved tensors after "
        "they have already been freed). Saved intermediate values of the graph are freed when you call "
        ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a "
        "second time or if you need to access saved tensors after calling backward.\n"
        f"  {node.name} was made at {node.place or 'a place unknown'}"
    )


class OpNode(Node):
    """An operation of the library.

    What is only asked for by backward or by a person is made then: edges from ``sources``, each the leaf that is the
    argument, or what an `Edge` is made of. ``kept`` are the numbers and types that formulas name, ``stored`` the
    tensors.
    """

    __slots__ = ("at", "kept", "made", "places", "recipe", "sources", "stored")

    def __init__(
        self,
        recipe: Recipe,
        sources: Sequence[Source],
        kept: Sequence[Any],
        place: CodePlace | None,
        places: dict[str, int | tuple[int, int]] | None = None,
    ) -> None:
        self.recipe = recipe
        self.sources = sources
        self.kept = kept
        self.at: tuple[Any, ...] | None = place  # `place`, or what it is made of
        self.serial = next_serial()
        self.outputs: tuple[TensorType | None, ...] = ()
        self.stored: Sequence[Stored] | None = ()  # None once they are let go
        self.made: tuple[Edge | None, ...] | None = None  # the edges, once somebody has asked
        # Where not the recipe's: of each parameter, where its edge is, or where those of its list begin and end.
        self.places = places

    @property
    def op(self) -> Op:
        """The operation."""
        return self.recipe.op

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - made when asked for
        """Torch's name of such nodes."""
        return self.called or shown_name(self.recipe.name, self.outputs)

    @property
    def place(self) -> CodePlace | None:  # pyright: ignore[reportIncompatibleVariableOverride] - made when asked for
        """The user's line."""
        return None if self.at is None else CodePlace(*self.at)

    @property
    def edges(self) -> tuple[Edge | None, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - made when asked for
        """Where gradients go, one an argument."""
        found = self.made
        if found is None:
            found = self.made = tuple([None if s is None else _edge(s) for s in self.sources])
            self.sources = ()
        return found

    @edges.setter
    def edges(self, edges: tuple[Edge | None, ...]) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.made = edges

    @property
    def saved(self) -> dict[str, Tensor | tuple[Tensor | None, ...] | None]:
        """The saved tensors by name.

        Raises: `GradError` once they are freed, or where one was written over.
        """
        return dict(zip(self.recipe.saved, self._unpacked(tracked=True), strict=True))

    @property
    def saved_nbytes(self) -> int:
        """Bytes of the storages that are kept alive for backward, each counted once."""
        listed = [s for v in self.stored or () for s in (v if isinstance(v, tuple) else (v,)) if s is not None]
        return sum({id(s.storage): s.storage.nbytes for s in listed}.values())

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        recipe, edges = self.recipe, self.edges
        flowing: Sequence[Any] = grads
        if recipe.listed:
            flowing = (tuple(zeros_of(t) if g is None and t else g for g, t in zip(grads, self.outputs, strict=True)),)
        values = [*flowing, *self.kept, *self._unpacked(tracked=tracked), None]
        places: dict[str, Any] = recipe.places if self.places is None else self.places  # pyright: ignore[reportAssignmentType]
        out: list[Tensor | None] = [None] * len(edges)
        for formula in recipe.formulas:
            if formula.has_needs:
                values[-1] = tuple([_is_asked(edges, places[p]) for p in formula.params])
            found = formula.rule(*[values[k] for k in formula.takes])
            if len(formula.params) == 1:
                _hand_out(out, edges, places[formula.params[0]], found)
            elif found is not None:
                for name, grad in zip(formula.params, found, strict=True):
                    _hand_out(out, edges, places[name], grad)
        return out

    def _unpacked(self, *, tracked: bool) -> list[Any]:
        if self.stored is None:
            raise GradError(freed_message(self))
        return [
            tuple([None if v is None else v.unpack(self, tracked=tracked) for v in s])
            if isinstance(s, tuple)
            else None
            if s is None
            else s.unpack(self, tracked=tracked)
            for s in self.stored
        ]

    def held(self) -> Sequence[tuple[str, Saved]] | None:
        if self.stored is None:
            return None
        found: list[tuple[str, Saved]] = []
        for name, value in zip(self.recipe.saved, self.stored, strict=True):
            if isinstance(value, tuple):
                found += [(f"{name}[{i}]", v) for i, v in enumerate(value) if v is not None]
            elif value is not None:
                found.append((name, value))
        return found

    def release(self) -> None:
        if self.stored:
            self.stored = None


def _edge(source: Tensor | tuple[Node, int, TensorType]) -> Edge:
    if isinstance(source, tuple):
        return Edge(*source)
    return Edge(accumulator(source, source.tape), 0, source.layout.type)


def _is_asked(edges: Sequence[Edge | None], place: int | tuple[int, int]) -> bool:
    return any(edges[slice(*place)]) if isinstance(place, tuple) else edges[place] is not None


def _hand_out(out: list[Any], edges: Sequence[Edge | None], place: int | tuple[int, int], found: Any) -> None:
    """Put what a formula gives for one parameter where the gradient of its edge, or of those of its list, goes."""
    if isinstance(place, int):
        out[place] = None if edges[place] is None else found
        return
    for i, grad in zip(range(*place), found or (None,) * (place[1] - place[0]), strict=True):
        out[i] = None if edges[i] is None else grad
