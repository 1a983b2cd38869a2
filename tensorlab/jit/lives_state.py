"""One graph by serials: where each node and value of it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorlab.jit.ir import Block, Graph, Node, Value


@dataclass(slots=True)
class State:
    """One graph: its nodes, those in groups too, the group around each of these, its values."""

    graph: Graph | None = None
    nodes: dict[int, Node] = field(default_factory=dict[int, Node])
    inside: dict[int, Node] = field(default_factory=dict[int, Node])
    around: dict[int, Node] = field(default_factory=dict[int, Node])  # the node that a node stands in a block of
    values: dict[int, Value] = field(default_factory=dict[int, Value])

    def __post_init__(self) -> None:
        if self.graph is not None:
            self._block(self.graph.block, None, None)

    def _block(self, block: Block, around: Node | None, group: Node | None) -> None:
        self.values.update((v.serial, v) for v in block.params)
        for node in block.nodes:
            self.nodes[node.serial] = node
            if around is not None:
                self.around[node.serial] = around
            if group is not None:
                self.inside[node.serial] = group
            for value in node.outputs:
                self.values.setdefault(value.serial, value)
            for inner in node.blocks:
                self._block(inner, node, group)
            subgraph = node.attributes.get("subgraph")
            if isinstance(subgraph, Graph):
                self._block(subgraph.block, node, node)
