"""A graph as lines of code, each with its place in the user's source."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlab.core.place import source_name
from tensorlab.jit.ir import (
    CONSTANT,
    FUSION_GROUP,
    LIST_CONSTRUCT,
    TUPLE_CONSTRUCT,
    TUPLE_UNPACK,
    Block,
    Graph,
    Node,
    Span,
)
from tensorlab.jit.source import own_span
from tensorlab.jit.text import (
    Names,
    Style,
    format_block,
    format_constant,
    format_graph,
    format_node,
    format_results,
    format_signature,
    name_graph,
    name_params,
)
from tensorlab.view import html
from tensorlab.view.listing import Line, brief, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import columns, counted, line_width, listed, visible, wrapped

MOST_LINES = 120
_LONGEST_IN_PLACE = 24
_STRUCTURE = (CONSTANT, LIST_CONSTRUCT, TUPLE_CONSTRUCT, TUPLE_UNPACK)


class GraphView(View):
    """A graph in torch's text form; ``facts`` follow the title."""

    __slots__ = ("facts", "graph", "style", "title")

    def __init__(self, graph: Graph, title: str = "", *facts: str, style: Style = "2") -> None:
        self.graph = graph
        self.title = title or graph.name
        self.facts = facts
        self.style: Style = style

    def to_dict(self) -> dict[str, object]:
        return {
            "title": self.title,
            "facts": list(self.facts),
            "style": self.style,
            "graph": format_graph(self.graph, style=self.style, spans=False),
            "places": [None if node.span is None else node.span.to_dict() for node in self.graph.nodes()],
        }

    def text(self) -> str:
        head = " · ".join((self.title, *self.facts, inventory(self.graph)))
        return "\n".join([*wrapped(visible(head), line_width()), "", *listing_text(self._lines())])

    def html(self) -> str:
        head = html.header(self.title, *self.facts, inventory(self.graph))
        return html.card(head, listing_html(self._lines(), "The graph, and the line of source behind each node"))

    def _lines(self) -> list[Line]:
        return brief(list(graph_lines(self.graph, Names(), self.style)), MOST_LINES)


def graph_lines(graph: Graph, names: Names, style: Style = "2", *, inline: bool = False) -> Iterator[Line]:
    """The lines of `format_graph`, with the place of each node beside it instead of behind it.

    ``inline`` writes numbers and other short constants where they are used (see `is_in_place`).
    """
    yield from _function(graph, names, style, "", inline=inline)
    waiting = _groups(graph)
    while waiting:
        node = waiting.pop(0)
        subgraph: Graph = node.attributes["subgraph"]
        name_params(node, names)
        yield from _function(subgraph, names, style, f"with {node.kind}_{names.group(node)} = ", inline=inline)
        waiting += _groups(subgraph)


def _function(graph: Graph, names: Names, style: Style, before: str, *, inline: bool) -> Iterator[Line]:
    for line in (before + format_signature(graph, names, style)).split("\n"):
        yield Line(line)
    yield from _block(graph.block, names, style, "  ", inline=inline)
    yield Line(f"  {format_results(graph.block, names, style)}")
    if style == "1.0":
        yield Line("}")


def _block(block: Block, names: Names, style: Style, pad: str, *, inline: bool) -> Iterator[Line]:
    for node in block.nodes:
        if inline and is_in_place(node, names):
            continue
        yield Line(pad + format_node(node, names, style=style), place=own_place(node.span))
        for index, inner in enumerate(node.blocks):
            yield Line(f"{pad}  {format_block(inner, index, names, style)}")
            yield from _block(inner, names, style, pad + "    ", inline=inline)
            yield Line(f"{pad}    {format_results(inner, names, style)}")
            if style == "1.0":
                yield Line(f"{pad}  }}")


def name_values(graph: Graph, names: Names) -> set[int]:
    """Give every value its name: short constants their own text, all others what the full print calls them.

    Returns the serials of those constants, which have no line of their own.
    """
    short: set[int] = set()

    def skip(node: Node) -> bool:
        if is_in_place(node, names):
            short.add(node.serial)
        return node.serial in short

    name_graph(graph, names, skip=skip)
    return short


def is_in_place(node: Node, names: Names) -> bool:
    """Whether the node is a short constant; then it prints as its value wherever it is used.

    Asked in the order of the text, this leaves every other value the name that it has in the full print.
    """
    if node.kind != CONSTANT:
        return False
    text = format_constant(node.attributes["value"], node.output.type)
    if columns(text) > _LONGEST_IN_PLACE:
        return False
    names.same(node.output, text)
    return True


def _groups(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes() if isinstance(node.attributes.get("subgraph"), Graph)]


def place(span: Span | None) -> str:
    """``cell:3`` or ``model.py:41``: without what differs from one run to the next."""
    return "" if span is None else f"{source_name(span.filename)}:{span.line}"


def own_place(span: Span | None) -> str:
    """The place where the user called it, of what a file of the package did for him."""
    return place(own_span(span))


def inventory(graph: Graph) -> str:
    """What a graph holds, in words: ``3 operations and 1 loop made of 4``."""
    groups = [node for node in graph.nodes() if node.kind == FUSION_GROUP]
    operations = count_operations(graph) - len(groups)
    parts = [counted(operations, "operation")] if operations or not groups else []
    if groups:
        inside = sum(count_operations(node.attributes["subgraph"]) for node in groups)
        parts.append(f"{counted(len(groups), 'loop')} made of {counted(inside, 'operation')}")
    return listed(parts)


def count_operations(graph: Graph) -> int:
    """Nodes that compute, those inside blocks included."""
    return sum(map(is_operation, graph.nodes()))


def is_operation(node: Node) -> bool:
    """Whether a node computes: constants do not, nor do nodes that only put values together or take them apart."""
    return node.kind not in _STRUCTURE


def became(before: Graph, after: Graph) -> str:
    """``9 operations became 1 loop``."""
    first, last = count_operations(before), count_operations(after)
    loops = sum(node.kind == FUSION_GROUP for node in after.nodes())
    if not loops:
        return counted(first, "operation") if first == last else f"{counted(first, 'operation')} became {last}"
    parts = [counted(loops, "loop"), *([counted(last - loops, "other operation")] if last > loops else [])]
    return f"{counted(first, 'operation')} became {listed(parts)}"
