"""The graphs of a function forwards and backwards: the function is run once more under a trace that knows derivatives.

Going forwards, `ForwardTrace` notes each operation through which a gradient would flow, in the way of autograd's tape.
Going backwards, the derivatives' formulas of these operations run under a trace of their own, `BackwardTrace`. What it
meets of the forward graph becomes its input: that is what has to be kept. Views are made again instead of being kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.autograd.engine import summed
from tensorlab.autograd.node import zeros_of
from tensorlab.autograd.recipe import Asked, Recipe, kept, recipe
from tensorlab.core.dispatch import pushed
from tensorlab.core.op import Op, lookup
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import GradError
from tensorlab.jit.build import frozen
from tensorlab.jit.escapes import Escapes
from tensorlab.jit.ir import LIST_CONSTRUCT, Graph, Node, Span, Value
from tensorlab.jit.tracing import TraceMode

Key = tuple[int, int]  # a value of the forward graph: the place of its node (-1 for an input) and its number there
INPUT = -1


class NotFusedError(GradError):
    """The gradients of a function are not those of two programs; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """An operation through which gradients flow, with the tensors that went in and came out."""

    how: Recipe
    args: tuple[Any, ...]
    results: tuple[Any, ...]
    span: Span | None

    def gradients(self, grads: Sequence[Tensor | None], flowing: set[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Each argument with its gradient, by the formulas."""
        how = self.how
        given: Sequence[Any] = grads
        if how.listed:
            given = (tuple(_zeros(r) if g is None else g for g, r in zip(grads, self.results, strict=True)),)
        saved = [self.results] if how.listed and how.results else [self.results[k] for k in how.results]
        values = [*given, *kept(how, self.args), *(self.args[i] for i in how.inputs), *saved, None]
        order = {p.name: i for i, p in enumerate(how.op.schema.params)}
        for formula in how.formulas:
            targets = [self.args[order[name]] for name in formula.params]
            values[-1] = tuple(any(id(t) in flowing for t in _listed(target)) for target in targets)
            found = formula.rule(*[values[k] for k in formula.takes])
            shares = (found,) if len(targets) == 1 else found or (None,) * len(targets)
            for target, share in zip(targets, shares, strict=True):
                if share is None or target is None:
                    continue
                grads_of = (share,) if isinstance(target, Tensor) else share
                for tensor, grad in zip(_listed(target), grads_of, strict=True):
                    if grad is not None and id(tensor) in flowing:
                        yield tensor, grad


def _zeros(like: Tensor) -> Tensor:
    (zeros,) = lookup("aten::zeros")
    return zeros.call((tuple(like.shape), like.dtype))


def _listed(value: Any) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else (value,)


class _NoEscapes(Escapes):
    """Values that leave the trace are the end of it, but for lengths, which hold for the layouts at hand."""

    def add(self, what: str, value: str = "") -> None:
        if what in ("iter", "len", "length"):
            return
        raise NotFusedError(f"what it does depends on elements of a tensor, read as {what}")


class _StrictTrace(TraceMode):
    """A trace in which everything comes from its inputs or is a constant that was known before."""

    def __init__(self, name: str, constants: set[int]) -> None:
        super().__init__(name)
        self.escapes = _NoEscapes()
        self.span: Span | None = None
        self._constants = constants

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """As a trace does, on the line of the operation that this is for."""
        if op.random:
            raise NotFusedError(f"{op.schema.name} draws random numbers")
        there = len(self.graph.block.nodes)
        result = super().call(op, args)
        for node in self.graph.block.nodes[there:]:
            node.span = self.span
        return result

    def value_of(self, tensor: Tensor, span: Span | None = None) -> Value:
        """The value of a tensor that is known.

        Raises: `NotFusedError` for one that is not: it was made where the trace does not see.
        """
        key = id(tensor)
        known = key in self._values or key in self._of_data or key in self._constants
        if not known and not tensor.storage().readonly:
            raise NotFusedError("a tensor in it was made unseen")
        return super().value_of(tensor, span)


class ForwardTrace(_StrictTrace):
    """The forward graph, and the calls through which gradients flow back."""

    def __init__(self, name: str, constants: set[int]) -> None:
        super().__init__(name, constants)
        self.flowing: set[int] = set()  # ids of tensors that gradients flow back to
        self.calls_back: list[_Call] = []

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Run and write down a call; one that is made of others where gradients are asked for is those others."""
        asked = self._asked(op, args)
        if asked and "composite" in op.rules:
            return op.rules["composite"](*args)
        if op.schema.writes:
            raise NotFusedError(f"{op.schema.name} writes to a tensor in place")
        result = super().call(op, args)
        if asked and op.name != "detach":
            self._note(op, args, asked, result)
        return result

    def key(self, value: Value) -> Key:
        """Where a value of the graph comes from: the same for each trace of one function."""
        node = value.producer
        if node is None:
            return INPUT, self.graph.inputs.index(value)
        return self.graph.block.nodes.index(node), node.outputs.index(value)

    def known(self, tensor: Tensor) -> Value | None:
        """The value of a tensor of this trace."""
        return self._values.get(id(tensor))

    def _asked(self, op: Op, args: tuple[Any, ...]) -> Asked:
        flowing = self.flowing
        listed = [i for i in op.tensor_lists if any(id(a) in flowing for a in args[i] or ())]
        return (*(i for i in op.tensors if id(args[i]) in flowing), *listed)

    def _note(self, op: Op, args: tuple[Any, ...], asked: Asked, result: Any) -> None:
        how = recipe(op, asked)
        if not how.formulas:
            return
        results = tuple(_listed(result))
        self.calls_back.append(_Call(how, args, results, self.span))
        floating = (r for r in results if isinstance(r, Tensor) and r.layout.dtype.is_floating_point)
        self.flowing.update(map(id, floating))


class BackwardTrace(_StrictTrace):
    """The backward graph: its inputs are the gradients of the results, then what it takes of the forward graph."""

    def __init__(self, forward: ForwardTrace, constants: set[int]) -> None:
        super().__init__(f"{forward.graph.name}_backward", constants)
        self.saved: list[Value] = []  # values of the forward graph, in the order of the inputs that they are here
        self._forward = forward
        self._brought: dict[int, Value] = {}

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """As a trace does; what the forward graph made stays as it is."""
        for index in op.schema.writes:
            if self._forward.known(args[index]) is not None:
                raise NotFusedError(f"{op.schema.name} in a derivative writes to what it was given")
        return super().call(op, args)

    def value_of(self, tensor: Tensor, span: Span | None = None) -> Value:
        """The value of a tensor; one of the forward graph becomes an input."""
        if id(tensor) not in self._values:
            there = self._forward.known(tensor)
            if there is not None:
                self._know(tensor, self._bring(there))
        return super().value_of(tensor, span)

    def run(self, outputs: Sequence[Tensor | None], wanted: Sequence[Tensor]) -> list[int | None]:
        """Let gradients flow from these results back to the tensors that are wanted.

        Gives which result of the graph is the gradient of each, None where nothing flows.
        """
        grads: dict[int, Tensor] = {}
        for k, output in enumerate(outputs):
            if output is not None:
                grads[id(output)] = self.add_input(zeros_of(output.layout.type), f"g{k}" if len(outputs) > 1 else "g")
        forward = self._forward
        with pushed(self):
            for call in reversed(forward.calls_back):
                given = [grads.pop(id(r), None) for r in call.results]
                if any(g is not None for g in given):
                    self.span = call.span
                    for tensor, grad in call.gradients(given, forward.flowing):
                        self._arrive(grads, tensor, grad)
        places: list[int | None] = []
        results: list[Value] = []
        for tensor in wanted:
            grad = grads.get(id(tensor))
            places.append(None if grad is None else len(results))
            if grad is not None:
                value, title = self.value_of(grad), forward.value_of(tensor).name
                value.name = value.name or (f"grad_{title}" if title else "")
                results.append(value)
        self.builder.results(*results)
        return places

    def _arrive(self, grads: dict[int, Tensor], tensor: Tensor, grad: Tensor) -> None:
        type_ = tensor.layout.type
        if grad.layout.type.shape != type_.shape:
            grad = summed(grad, tuple(tensor.shape), "a gradient")
        if grad.layout.dtype is not tensor.layout.dtype:
            grad = grad.to(tensor.layout.dtype)
        before = grads.get(id(tensor))
        grads[id(tensor)] = grad if before is None else before + grad

    def _bring(self, value: Value) -> Value:
        """A value of the forward graph: a constant or a view again, anything else as an input."""
        found = self._brought.get(value.serial)
        if found is None:
            found = self._brought[value.serial] = self._brought_new(value)
            self._from_input.add(found.serial)
        return found

    def _brought_new(self, value: Value) -> Value:
        node = value.producer
        if value.is_constant:
            return self.builder.constant(value.constant, type_=value.type, span=self.span)
        if node is None or not _is_cheap(node):
            self.saved.append(value)
            return self.builder.param(value.type, value.name)
        inputs = [self._bring(v) for v in node.inputs]
        types, attributes = [v.type for v in node.outputs], node.attributes
        again = self.builder.node(node.kind, inputs, types, attributes=attributes, op=node.op, span=node.span)
        for old, new in zip(node.outputs, again.outputs, strict=True):
            self._brought[old.serial] = new
        return self._brought[value.serial]


def _is_cheap(node: Node) -> bool:
    """Whether a node looks at memory that is there, and makes none."""
    if node.kind in (LIST_CONSTRUCT, "aten::__getitem__"):
        return True
    return node.op is not None and "view" in node.op.rules


def constants_of(graph: Graph) -> set[int]:
    """The identities of the tensors that a graph holds."""
    held = (frozen(v.constant) for node in graph.nodes() for v in node.outputs if v.is_constant)
    return {id(t) for payload in held for t in _listed(payload) if isinstance(t, Tensor)}


def is_known(value: Value) -> bool:
    """Whether nothing about a value's type depends on elements."""
    return not isinstance(value.type, TensorType) or value.type.is_complete
