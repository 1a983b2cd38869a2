"""Dead code elimination: marks what the results need, what has an effect, what writes to memory that lives; removes the
rest, with the outputs of ifs and the carried values of loops that nothing takes.
"""

from __future__ import annotations

from tensorlab.jit.alias import OUTSIDE, AliasInfo, has_side_effect
from tensorlab.jit.ir import IF, LOOP, Block, Graph, Node, Value, walk
from tensorlab.jit.rewrite import Pass, Rewriter


def run(rewriter: Rewriter) -> None:
    """Remove what no result, effect or live memory needs."""
    live = _Live(rewriter.graph)
    _sweep(rewriter, rewriter.graph.block, live)


dce = Pass("dce", run)


class _Live:
    """What is needed; grows until nothing is added."""

    def __init__(self, graph: Graph) -> None:
        self.alias = AliasInfo(graph)
        self.values: set[int] = set()
        self.nodes: set[int] = set()
        self.memory: set[int] = {OUTSIDE}  # a write to what a caller holds is seen
        self._waiting: list[Value] = []
        everything = list(walk(graph.block))
        for value in graph.outputs:
            self.need(value)
        for node in everything:
            if not node.blocks and has_side_effect(node):
                self.keep(node)
        writers = [node for node in everything if not node.blocks and self.alias.writes(node)]
        self._follow()
        while waiting := [n for n in writers if n.serial not in self.nodes and self._writes_to_live(n)]:
            for node in waiting:
                self.keep(node)
            self._follow()

    def _writes_to_live(self, node: Node) -> bool:
        return not self.memory.isdisjoint(self.alias.writes(node))

    def need(self, value: Value) -> None:
        if value.serial not in self.values:
            self.values.add(value.serial)
            self.memory.update(self.alias.places(value))
            self._waiting.append(value)

    def keep(self, node: Node) -> None:
        """Keep a node and what it takes, and the nodes around it; of their outputs only what is needed."""
        if node.serial in self.nodes:
            return
        self.nodes.add(node.serial)
        for value in node.inputs[:2] if node.kind == LOOP else node.inputs:
            self.need(value)
        if node.kind == LOOP:
            self.need(node.blocks[0].results[0])
        elif node.kind != IF:
            for block in node.blocks:
                for value in block.results:
                    self.need(value)
        if node.owner is not None and node.owner.owner is not None:
            self.keep(node.owner.owner)

    def _follow(self) -> None:
        while self._waiting:
            value = self._waiting.pop()
            if value.producer is not None:
                self.keep(value.producer)
                self._output(value.producer, value)
            elif value.block is not None and value.block.owner is not None:
                self._param(value.block.owner, value.block, value)

    def _output(self, node: Node, value: Value) -> None:
        index = node.outputs.index(value)
        if node.kind == IF:
            for block in node.blocks:
                self.need(block.results[index])
        elif node.kind == LOOP:
            self.carried(node, index)

    def _param(self, node: Node, block: Block, value: Value) -> None:
        index = block.params.index(value)
        if node.kind == LOOP and index > 0:
            self.carried(node, index - 1)

    def carried(self, node: Node, index: int) -> None:
        """One value that a loop carries, wherever it is seen: in, around, out."""
        (block,) = node.blocks
        for value in (node.inputs[index + 2], block.params[index + 1], block.results[index + 1]):
            self.need(value)


def _sweep(rewriter: Rewriter, block: Block, live: _Live) -> None:
    for node in reversed(list(block.nodes)):
        if node.serial not in live.nodes:
            _remove(rewriter, node)
            continue
        if node.kind in (IF, LOOP):
            _drop_outputs(rewriter, node, live)
        for inner in node.blocks:
            _sweep(rewriter, inner, live)


def _remove(rewriter: Rewriter, node: Node) -> None:
    writes = node.op is not None and bool(node.op.schema.writes)
    reason = "writes to memory that nothing reads any more" if writes else "nothing takes what it gives"
    rewriter.remove(node, rule="dead", reason=reason)


def _drop_outputs(rewriter: Rewriter, node: Node, live: _Live) -> None:
    for index in reversed(range(len(node.outputs))):
        if _needed(node, index, live):
            continue
        what = "output" if node.kind == IF else "carried value"
        rewriter.drop_output(node, index, rule="dead_output", reason=f"nothing takes {what} {index}")


def _needed(node: Node, index: int, live: _Live) -> bool:
    if node.outputs[index].serial in live.values:
        return True
    return node.kind == LOOP and node.blocks[0].params[index + 1].serial in live.values
