"""Inlining: a call of a graph becomes the nodes of that graph.

Each node keeps its own place in the source, and where it was called from: `Span.caller` leads out, call by call.
"""

from __future__ import annotations

from tensorlab.jit.build import clone
from tensorlab.jit.ir import CALLS, Block, Graph, Node, walk
from tensorlab.jit.rewrite import Pass, Rewriter


def run(rewriter: Rewriter) -> None:
    """Put the nodes of called graphs in the place of the calls."""
    _block(rewriter, rewriter.graph.block)


inline = Pass("inline", run)


def _block(rewriter: Rewriter, block: Block) -> None:
    index = 0
    while index < len(block.nodes):
        node = block.nodes[index]
        for inner in node.blocks:
            _block(rewriter, inner)
        if node.kind not in CALLS or not _inlined(rewriter, node):
            index += 1  # else the first of its nodes stands here: it may be a call too


def _inlined(rewriter: Rewriter, node: Node) -> bool:
    subgraph = node.attributes.get("subgraph")
    name = node.attributes.get("name", "")
    if not isinstance(subgraph, Graph):
        rewriter.refuse(node, rule="inline", reason=f"the graph of {name or 'what it calls'} is not known")
        return False
    called = clone(subgraph)
    if node.span is not None:
        for inner in walk(called.block):
            inner.span = node.span if inner.span is None else inner.span.called_from(node.span)
    results = rewriter.builder_before(node).inline(called.block, node.inputs)
    values = dict(zip(node.outputs, results, strict=True))
    rewriter.replace([node], values, rule="inline", reason=f"the body of {name or subgraph.name}")
    return True
