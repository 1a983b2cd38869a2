"""Constant propagation: what depends on constants alone is computed now, through the ops' own evaluators, and what
depends on shapes and dtypes alone (``x.size(0)``) as far as types know them.

Ifs with a known condition give way to the block that runs, loops that never run to what they were given; outputs of ifs
and loops that are the same whichever way they run go too. Nothing with an effect is run, nothing random, and nothing
whose memory is written to or handed to a caller, who needs memory of his own at each call.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.types import ListType, TensorType, Type
from tensorlab.errors import TensorlabError
from tensorlab.jit.alias import AliasInfo, has_side_effect, is_random
from tensorlab.jit.build import known
from tensorlab.jit.ir import CAPTURED, IF, LIST_CONSTRUCT, LOOP, Block, Node, Value
from tensorlab.jit.passes.control import known_branch, no_trip, same_results, unchanged
from tensorlab.jit.rewrite import Pass, Rewriter

# A folded tensor lives as long as the graph and goes into its archive: one page of float32.
ELEMENTS = 1024


def run(rewriter: Rewriter, *, elements: int = ELEMENTS) -> None:
    """Compute what is known now, and drop the branches that are known not to run."""
    _Folder(rewriter, elements).block(rewriter.graph.block)


constant = Pass("constant", run, {"elements": ELEMENTS})


class _Folder:
    def __init__(self, rewriter: Rewriter, elements: int) -> None:
        self.rewriter = rewriter
        self.alias = AliasInfo(rewriter.graph)
        self.elements = elements

    def block(self, block: Block) -> None:
        index = 0
        while index < len(block.nodes):
            # A spliced block's nodes come to stand at this index: they are next.
            if not self.node(block.nodes[index]):
                index += 1

    def node(self, node: Node) -> bool:
        """Work on one node; whether it gave way to others that stand in its place."""
        if node.kind == IF:
            return self.if_(node)
        if node.kind == LOOP:
            return self.loop(node)
        for inner in node.blocks:
            self.block(inner)
        if node.kind == LIST_CONSTRUCT:
            return self.list(node)
        return node.op is not None and self.op(node)

    # -- ops

    def op(self, node: Node) -> bool:
        if not node.inputs or not node.outputs:
            return False
        found = _from_type(node)
        if found is not None:
            return self.give(node, [found], rule="from_type", reason=f"the type {node.inputs[0].type} says so")
        if not all(map(_is_known, node.inputs)):
            return False
        obstacle = self.obstacle(node)
        if obstacle is not None:
            reason, blocker = obstacle
            self.rewriter.refuse(node, rule="fold", reason=reason, blocker=blocker)
            return False
        try:
            results = self.evaluate(node)
        except (TensorlabError, ArithmeticError, ValueError, TypeError, IndexError) as error:
            reason = f"raises {type(error).__name__} when it runs: that is left to the run"
            self.rewriter.refuse(node, rule="fold", reason=reason)
            return False
        return self.give(node, results, rule="fold", reason="everything it takes is constant")

    def obstacle(self, node: Node) -> tuple[str, Any] | None:
        """Why an op of constants is not run, and what is in the way."""
        if has_side_effect(node):
            return "has an effect besides its result", None
        if is_random(node):
            return "draws random numbers", None
        for value in node.inputs:
            if value.producer is not None and value.producer.attributes.get(CAPTURED):
                return "takes a tensor that others hold too, and may write to between two runs", value
        for value in (*node.inputs, *node.outputs):
            for writer in self.alias.writers(value):
                return f"{writer.kind} may write to its memory", writer
        for value in node.outputs:
            numel = value.type.numel if isinstance(value.type, TensorType) else None
            if numel is not None and numel > self.elements:
                return f"has {numel} elements; at most {self.elements} are kept", None
        return self.owned(node)

    def owned(self, node: Node) -> tuple[str, Any] | None:
        given = [v for v in node.inputs if isinstance(v.type, TensorType)]
        for value in node.outputs:
            fresh = not any(self.alias.may_alias(value, v) for v in given)
            if fresh and self.alias.escapes(value):
                return "its result is given to the caller, who needs memory of his own at each call", value
        return None

    def evaluate(self, node: Node) -> list[Any]:
        if node.op is None:
            return []
        result = node.op.run(tuple(map(_payload, node.inputs)))
        return [result] if len(node.outputs) == 1 else list(result)

    def give(self, node: Node, results: list[Any], *, rule: str, reason: str) -> bool:
        for result in results:
            if isinstance(getattr(result, "type", None), TensorType) and result.numel() > self.elements:
                large = f"has {result.numel()} elements; at most {self.elements} are kept"
                self.rewriter.refuse(node, rule=rule, reason=large)
                return False
        builder = self.rewriter.builder_before(node)
        values = {
            output: builder.constant(result, type_=_constant_type(output.type, result), name=output.name)
            for output, result in zip(node.outputs, results, strict=True)
        }
        self.rewriter.replace([node], values, rule=rule, reason=reason)
        return False

    def list(self, node: Node) -> bool:
        """A list of constant numbers is a constant itself."""
        if any(isinstance(v.type, TensorType) or not v.is_constant for v in node.inputs) or not node.inputs:
            return False
        for writer in self.alias.writers(node.output):
            self.rewriter.refuse(node, rule="fold", reason=f"{writer.kind} may write to it", blocker=writer)
            return False
        elements = tuple(v.constant for v in node.inputs)
        return self.give(node, [elements], rule="fold", reason="all its elements are constant")

    # -- ifs and loops

    def if_(self, node: Node) -> bool:
        if known_branch(self.rewriter, node):
            return True
        for block in node.blocks:
            self.block(block)
        same_results(self.rewriter, node)
        return False

    def loop(self, node: Node) -> bool:
        if no_trip(self.rewriter, node):
            return True
        self.block(node.blocks[0])
        unchanged(self.rewriter, node)
        return False


def _is_known(value: Value) -> bool:
    node = value.producer
    if node is not None and node.kind == LIST_CONSTRUCT:
        return all(v.is_constant for v in node.inputs)
    return value.is_constant


def _payload(value: Value) -> Any:
    node = value.producer
    if node is not None and node.kind == LIST_CONSTRUCT:
        return tuple(v.constant for v in node.inputs)
    return value.constant


def _from_type(node: Node) -> Any:
    """What an op says of its first input, if that is in the type; else `None`."""
    x = node.inputs[0].type
    if not isinstance(x, TensorType):
        return None
    if node.kind == "prim::dtype":
        return x.dtype
    if x.shape is None:
        return None
    match node.kind, len(node.inputs):
        case "aten::dim", _:
            return len(x.shape)
        case "aten::numel", _:
            return x.numel
        case "aten::size", 1:
            return None if None in x.shape else x.shape
        case "aten::size", _:
            return _size(x.shape, known(node.inputs[1]))
        case "aten::len", _:
            return _size(x.shape, 0)
        case _:
            return None


def _size(shape: tuple[int | None, ...], dim: Any) -> int | None:
    # A dim outside the range raises, as it should, when it runs.
    return shape[dim] if isinstance(dim, int) and -len(shape) <= dim < len(shape) else None


def _constant_type(declared: Type, result: Any) -> Type | None:
    """A list keeps its declared type, which an empty one could not tell; the rest is what it is."""
    return declared if isinstance(declared, ListType) else None
