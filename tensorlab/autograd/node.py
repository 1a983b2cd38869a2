"""Nodes of the tape: one for each operation that was written down, one for each leaf that gradients are added to."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tensorlab.autograd.names import node_name
from tensorlab.autograd.tape import Saved, Tape
from tensorlab.core.op import Derivative, Op, lookup
from tensorlab.core.place import CodePlace
from tensorlab.core.shape import is_dense
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import ListType, TensorType
from tensorlab.errors import GradError

Grads = list[Tensor | None]
_serials = itertools.count()


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

    __slots__ = (
        "__weakref__",
        "edges",
        "hooks",
        "metadata",
        "name",
        "outputs",
        "place",
        "pre_hooks",
        "serial",
        "tensor_hooks",
        "writer",
    )

    def __init__(self, name: str, edges: Sequence[Edge | None], place: CodePlace | None) -> None:
        self.name = name
        self.edges: tuple[Edge | None, ...] = tuple(edges)
        self.place = place
        self.serial = next(_serials)
        self.outputs: tuple[TensorType | None, ...] = ()  # what the results look like, for a gradient of zero
        self.hooks: dict[int, Any] | None = None
        self.pre_hooks: dict[int, Any] | None = None
        self.tensor_hooks: dict[int, dict[int, Any]] | None = None  # of results, by their number
        self.metadata: dict[str, Any] | None = None
        self.writer: Any = None  # a weak reference to the node that stands for this one, where it wrote to a view

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

    def release(self) -> None:
        """Let saved tensors go."""

    def __repr__(self) -> str:
        return f"<{self.name} object at {id(self):#x}>"


class AccumulateGrad(Node):
    """Where gradients of one leaf arrive: they are added to its ``grad``."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        super().__init__("AccumulateGrad", (), None)
        self.variable = variable
        self.outputs = (variable.type,)

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        (grad,) = grads
        tape = self.variable.tape
        if grad is None or not isinstance(tape, Tape):
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


_REFERENCES = 5  # the engine's list, the names of three calls, and that of the count itself


def zeros_of(type_: TensorType) -> Tensor:
    """A gradient of zero for a tensor of this type."""
    (zeros,) = lookup("aten::zeros")
    return zeros.run((tuple(n or 0 for n in type_.shape or ()), type_.dtype))


class Recipe(NamedTuple):
    """How an op is written down when these of its parameters ask for a gradient; worked out once."""

    formulas: tuple[Derivative, ...]
    inputs: tuple[int, ...]  # positions of the tensors that a formula names
    results: tuple[int, ...]  # numbers of the results that one names
    numbers: tuple[int, ...]  # positions of the other arguments that one names
    types: tuple[int, ...]  # positions of the tensors whose type one names


class OpNode(Node):
    """An operation of the library; ``saved`` are the tensors that its formulas name."""

    __slots__ = ("_layout", "_needed", "_numbers", "_recipe", "_released", "_saved", "_types", "op")

    def __init__(
        self,
        op: Op,
        recipe: Recipe,
        edges: Sequence[Edge | None],
        layout: dict[str, tuple[int, int] | int],
        place: CodePlace | None,
    ) -> None:
        super().__init__(node_name(op), edges, place)
        self.op = op
        self._recipe = recipe
        self._layout = layout  # of each parameter, where its edge is, or where those of its list begin and end
        self._saved: dict[str, Saved | tuple[Saved | None, ...] | None] = {}
        self._numbers: dict[str, Any] = {}
        self._types: dict[str, Any] = {}
        self._released = False

    def save(self, name: str, value: Saved | tuple[Saved | None, ...] | None) -> None:
        """Keep a tensor under the name that formulas know it by."""
        self._saved[name] = value

    def keep(self, args: tuple[Any, ...]) -> None:
        """Keep the numbers, and the types of tensors, that formulas name."""
        params = self.op.schema.params
        for i in self._recipe.numbers:
            self._numbers[params[i].name] = args[i]
        for i in self._recipe.types:
            value = args[i]
            of_list = isinstance(value, (list, tuple))
            self._types[f"{params[i].name}_type"] = (
                tuple(None if v is None else v.type for v in value)
                if of_list
                else None
                if value is None
                else value.type
            )

    @property
    def saved(self) -> dict[str, Tensor | tuple[Tensor | None, ...] | None]:
        """The saved tensors by name.

        Raises: `GradError` once they are freed, or where one was written over.
        """
        self._check()
        return {name: self._unpack(value, tracked=True) for name, value in self._saved.items()}

    @property
    def saved_nbytes(self) -> int:
        """Bytes of the storages that are kept alive for backward, each counted once."""
        listed = [s for v in self._saved.values() for s in (v if isinstance(v, tuple) else (v,)) if s is not None]
        return sum({id(s.storage): s.storage.nbytes for s in listed}.values())

    def apply(self, grads: Grads, *, tracked: bool) -> Sequence[Tensor | None]:
        self._check()
        values: dict[str, Any] = dict(self._numbers)
        values.update(self._types)
        values.update((name, self._unpack(value, tracked=tracked)) for name, value in self._saved.items())
        results = self.op.schema.results
        if len(results) > 1:
            values.update((f"g_{r.name}", g) for r, g in zip(results, grads, strict=True))
        elif results and isinstance(results[0].type, ListType):
            values["g"] = tuple(zeros_of(t) if g is None and t else g for g, t in zip(grads, self.outputs, strict=True))
        else:
            values["g"] = grads[0]
        out: list[Tensor | None] = [None] * len(self.edges)
        for formula in self._recipe.formulas:
            self._run(formula, values, out)
        return out

    def _run(self, formula: Derivative, values: dict[str, Any], out: list[Tensor | None]) -> None:
        places = [self._layout[p] for p in formula.params]
        if "needs" in formula.takes:
            values["needs"] = tuple(self._asked(place) for place in places)
        found = formula.rule(*[values[name] for name in formula.takes])
        for place, grad in zip(places, (found,) if len(places) == 1 else found or (None,) * len(places), strict=True):
            if isinstance(place, int):
                if place >= 0 and self.edges[place] is not None:
                    out[place] = grad
                continue
            for i, g in zip(range(*place), grad or (None,) * (place[1] - place[0]), strict=True):
                out[i] = g if self.edges[i] is not None else None

    def _asked(self, place: tuple[int, int] | int) -> bool:
        if isinstance(place, int):
            return place >= 0 and self.edges[place] is not None
        return any(self.edges[i] is not None for i in range(*place))

    def _unpack(self, value: Saved | tuple[Saved | None, ...] | None, *, tracked: bool) -> Any:
        if isinstance(value, tuple):
            return tuple(None if v is None else v.unpack(self, tracked=tracked) for v in value)
        return None if value is None else value.unpack(self, tracked=tracked)

    def _check(self) -> None:
        if self._released and (self._saved or self._recipe.inputs or self._recipe.results):
            raise GradError(
                "backward: Trying to backward through the graph a second time (or directly access saved tensors after "
                "they have already been freed). Saved intermediate values of the graph are freed when you call "
                ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a "
                "second time or if you need to access saved tensors after calling backward.\n"
                f"  {self.name} was made at {self.place or 'a place unknown'}"
            )

    def release(self) -> None:
        self._saved = {}
        self._released = True
