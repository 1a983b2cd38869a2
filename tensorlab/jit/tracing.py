"""Tracing: run the function once, and write down each operation that it calls.

Python's own control flow leaves no mark, because only operations are seen: what a branch depended on is baked in, and
each place where a value leaves for Python is warned of at the user's own line.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.core.dispatch import below, pushed
from tensorlab.core.op import Op, value_type
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ListType, TensorType, TupleType
from tensorlab.errors import ArgumentError, TraceError, TracerWarning
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import LIST_CONSTRUCT, TUPLE_CONSTRUCT, Graph, Span, Value
from tensorlab.jit.source import user_frame, user_span

WHAT = {
    "bool": "a Python boolean",
    "int": "a Python integer",
    "float": "a Python float",
    "index": "a Python index",
    "item": "a Python number",
    "tolist": "a Python list",
    "numpy": "a NumPy array",
}
REASON = "a trace can't record the data flow of Python values, so the value is baked in as a constant"


@dataclass(frozen=True, slots=True)
class Escape:
    """A value that left the trace: what became of it, where, and what it was."""

    what: str
    span: Span | None
    message: str

    def to_dict(self) -> dict[str, object]:
        return {"what": self.what, "span": self.span.to_dict() if self.span else None, "message": self.message}


class TraceMode:
    """The mode that writes the graph. Tensors are known by identity and kept alive while the trace runs."""

    def __init__(self, name: str) -> None:
        self.graph = Graph(name)
        self.builder = Builder(self.graph.block)
        self.escapes: list[Escape] = []
        self._values: dict[int, Value] = {}
        self._kept: list[Tensor] = []
        self._from_input: set[int] = set()  # serials of values that depend on an input

    def add_input(self, tensor: Tensor, name: str) -> None:
        """Make a tensor the next input."""
        value = self.builder.param(tensor.type, name)
        self._know(tensor, value)
        self._from_input.add(value.serial)

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Run the call below, and write its node."""
        span = user_span()
        inputs = [self._argument(a, span) for a in args]
        with below(self):
            result = op.call(args)
        results: Sequence[Any] = cast("tuple[Any, ...]", result) if isinstance(result, tuple) else (result,)
        types = [value_type(r) for r in results]
        node = self.builder.node(op.kind, inputs, types, op=op, span=span)
        depends = any(v.serial in self._from_input for v in inputs) or op.random
        for value, r in zip(node.outputs, results, strict=True):
            if depends:
                self._from_input.add(value.serial)
            if isinstance(r, Tensor):
                self._know(r, value)
        return cast("Any", result)

    def escaped(self, tensor: Tensor, what: str) -> None:
        """A tensor's value was read into Python; warn where that hides a dependence on the inputs."""
        value = self._values.get(id(tensor))
        if value is None or value.serial not in self._from_input:
            return
        self._warn(what, _message(what))

    def value_of(self, tensor: Tensor, span: Span | None = None) -> Value:
        """The graph's value for a tensor; one that the trace never saw is a constant."""
        found = self._values.get(id(tensor))
        if found is None:
            found = self.builder.constant(tensor, span=span)
            self._know(tensor, found)
        return found

    def name(self, tensor: Tensor, name: str) -> None:
        """Let a value be printed under the user's name for it, if it has none yet."""
        value = self._values.get(id(tensor))
        if value is not None and not value.name:
            value.name = name

    def finish(self, result: Any) -> None:
        """Make the function's result the graph's.

        Raises: `TraceError` for a result that holds anything but tensors.
        """
        self.builder.results(self._result(result))

    def _result(self, result: Any) -> Value:
        if isinstance(result, Tensor):
            return self.value_of(result)
        if isinstance(result, (tuple, list)):
            parts = [self._result(r) for r in cast("Sequence[Any]", result)]
            types = tuple(p.type for p in parts)
            kind = TUPLE_CONSTRUCT if isinstance(result, tuple) else LIST_CONSTRUCT
            type_ = TupleType(types) if isinstance(result, tuple) else ListType(TensorType())
            return self.builder.node(kind, parts, [type_]).output
        raise TraceError(
            f"trace: {self.graph.name} gave a value of type {type(result).__name__}; a traced function gives a Tensor, "
            f"or a tuple or list of Tensors"
        )

    def _argument(self, argument: Any, span: Span | None) -> Value:
        if isinstance(argument, Tensor):
            return self.value_of(argument, span)
        listed = cast("Sequence[Any]", argument) if isinstance(argument, (list, tuple)) else ()
        if any(isinstance(a, Tensor) for a in listed):
            parts = [self._argument(a, span) for a in listed]
            return self.builder.node(LIST_CONSTRUCT, parts, [ListType(TensorType())], span=span).output
        return self.builder.constant(argument, span=span)

    def _know(self, tensor: Tensor, value: Value) -> None:
        self._values[id(tensor)] = value
        self._kept.append(tensor)

    def _warn(self, what: str, message: str) -> None:
        span = user_span()
        self.escapes.append(Escape(what, span, message))
        frame = user_frame()
        if frame is None:
            warnings.warn(TracerWarning(message), stacklevel=2)
            return
        registry = frame.f_globals.setdefault("__warningregistry__", {})
        module = frame.f_globals.get("__name__", "<unknown>")
        warnings.warn_explicit(
            TracerWarning(message), None, frame.f_code.co_filename, frame.f_lineno, module=module, registry=registry
        )


def _message(what: str) -> str:
    if what == "tensor":
        return "tl.tensor(...) of a traced tensor copies its present value: the copy is baked in as a constant"
    if what == "iter":
        return "Iterating over a tensor might make the trace wrong: its length is baked in, the loop is unrolled"
    if what == "len":
        return "Taking the len() of a tensor might make the trace wrong: the length is baked in as a constant"
    return f"Converting a tensor to {WHAT.get(what, what)} might make the trace wrong: {REASON}"


@dataclass(frozen=True, slots=True)
class Trace:
    """What a trace gives: the graph, what the function returned, and what escaped."""

    graph: Graph
    result: Any
    escapes: tuple[Escape, ...]


def record(fn: Callable[..., Any], inputs: Sequence[Any], names: Sequence[str], name: str) -> Trace:
    """Run ``fn(*inputs)`` under a trace.

    Raises: `ArgumentError` for an input that is no tensor, `TraceError` for a result that holds anything else.
    """
    mode = TraceMode(name)
    for i, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(f"trace: input {i} of {name} is a {type(tensor).__name__}; takes Tensors")
        mode.add_input(tensor, names[i] if i < len(names) else f"input_{i + 1}")
    with pushed(mode):
        result = fn(*inputs)
        mode.finish(result)
    return Trace(mode.graph, result, tuple(mode.escapes))
