"""A graph without control flow run under a trace: operation by operation, each with its own line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.dispatch import pushed
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ListType
from tensorlab.jit import ir
from tensorlab.jit.alias import holds_memory
from tensorlab.jit.backward_graph import ForwardTrace, NotFusedError
from tensorlab.jit.ir import Graph, Node, Value

# What these give follows from a tensor's type.
_OF_TYPE = ("size", "dim", "numel", "len", "dtype", "device", "__is__", "__isnot__")


def replay(trace: ForwardTrace, graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    """Run a graph under a trace; gives its results.

    Raises: `NotFusedError` for what it has no way of doing; whatever an operation raises.
    """
    if any(node.blocks for node in graph.block.nodes):
        raise NotFusedError("it has control flow")
    values: dict[int, Any] = {v.serial: given for v, given in zip(graph.inputs, inputs, strict=True)}
    for node in graph.block.nodes:
        trace.span = node.span
        results = _results(trace, node, [values[v.serial] for v in node.inputs])
        for value, result in zip(node.outputs, results, strict=True):
            values[value.serial] = result
            if isinstance(result, Tensor):
                trace.name(result, value.name)
    return [values[v.serial] for v in graph.outputs]


def _results(trace: ForwardTrace, node: Node, args: list[Any]) -> Sequence[Any]:
    match node.kind:
        case ir.CONSTANT:
            return (_constant(node.output),)
        case ir.LIST_CONSTRUCT:
            return (args,)
        case ir.TUPLE_CONSTRUCT:
            python = getattr(node.output.type, "python", None)  # the class of a named tuple
            return (tuple(args) if python is None else python(*args),)
        case ir.TUPLE_UNPACK | "prim::ListUnpack":
            return args[0]
        case _ if node.op is not None:
            found = _call(trace, node.op, node, args)
            return found if len(node.outputs) != 1 else (found,)
        case _:
            raise NotFusedError(f"{node.kind} is in it")


def _constant(value: Value) -> Any:
    payload = value.constant
    if isinstance(payload, Tensor) and payload.requires_grad:
        raise NotFusedError("a tensor that it holds inside a block requires a gradient")
    return list(payload) if isinstance(value.type, ListType) else payload


def _call(trace: ForwardTrace, op: Op, node: Node, args: list[Any]) -> Any:
    if op.kind == "aten::__getitem__" and isinstance(args[0], (list, tuple)):
        return cast("Sequence[Any]", args[0])[args[1]]
    checks = op.side_effect and not node.outputs and not op.schema.writes
    if checks or any(holds_memory(v.type) for v in node.outputs):
        with pushed(trace):
            found = op.call(tuple(args))
        return () if checks else found
    if op.side_effect or op.schema.writes or not node.outputs:
        raise NotFusedError(f"{op.schema.name} has an effect besides its result")
    if any(holds_memory(v.type) for v in node.inputs) and op.schema.name not in _OF_TYPE:
        raise NotFusedError(f"{op.schema.name} reads elements of a tensor")
    return op.run(tuple(args))
