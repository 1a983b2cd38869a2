"""The syntax tree of the source that a graph was made of, with the graph's nodes at the pieces that they came of."""

from __future__ import annotations

import ast
import linecache
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from tensorlab.errors import ScriptError
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.scripting.source import Source, parse
from tensorlab.jit.syntax_tree import Extent, SyntaxNode, SyntaxTree, first_line_of, tree_of
from tensorlab.jit.text import Names, format_node
from tensorlab.jit.uncollected import uncollected


@uncollected()
def syntax_of_graph(graph: Graph, name: str) -> SyntaxTree:
    """The tree of the source that a graph was made of, by traced or scripted, with the nodes made of each piece.

    Raises: `ScriptError` where the source is not to be had.
    """
    spans = [outer_span(node.span) for node in graph.nodes() if node.span is not None]
    gone = ScriptError(f"the source of {name} is not to be had")
    if not spans and graph.span is not None:  # of a function that gives what it takes
        spans = [graph.span]
    if not spans:
        raise gone
    (filename, _), *_ = Counter(span.filename for span in spans).most_common(1)
    lines = tuple(linecache.getlines(filename))
    if not lines:
        raise gone
    module = parse("".join(lines), filename)
    own = [span for span in spans if span.filename == filename]
    last = graph.span.end_line if own == [graph.span] and graph.span is not None else 0
    numbers = [last, *(span.line for span in own)]
    pieces = _pieces(module, graph.name, min(span.line for span in own), max(numbers))
    if not pieces:
        raise gone
    tree, heads = tree_of(Source(filename, lines), pieces, name, first_line_of(pieces[0]))
    return _with_made(tree, heads, graph)


def outer_span(span: Span) -> Span:
    """Where the user's function itself was at it: what was inlined has its callers."""
    while span.caller is not None:
        span = span.caller
    return span


def _pieces(module: ast.Module, name: str, first: int, last: int) -> list[ast.AST]:
    """The definition that holds all the lines, the one of the name if there is one; else the statements that do."""
    around: list[ast.AST] = [
        node
        for node in _statements(module)
        if isinstance(node, ast.FunctionDef) and node.lineno <= first and last <= (node.end_lineno or 0)
    ]
    named = [node for node in around if cast("ast.FunctionDef", node).name == name]
    if around:
        return [(named or around)[-1]]
    pieces = _between(module.body, first, last)
    while len(pieces) == 1:
        inside: list[list[ast.stmt]] = [getattr(pieces[0], name, []) for name in ("body", "orelse", "finalbody")]
        inner = [found for body in inside if (found := _between(body, first, last))]
        if len(inner) != 1 or inner[0][0].lineno > first:
            break
        pieces = inner[0]
    return list(pieces)


def _statements(module: ast.Module) -> Iterator[ast.AST]:
    """Every statement, those outside before those inside; functions are defined by no expression."""
    waiting: deque[ast.AST] = deque([module])
    while waiting:
        node = waiting.popleft()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            found: object = getattr(node, name, None)
            if isinstance(found, list):
                waiting.extend(cast("list[ast.AST]", found))


def _between(body: list[ast.stmt], first: int, last: int) -> list[ast.stmt]:
    """The statements that some lines are of."""
    return [node for node in body if node.lineno <= last and first <= (node.end_lineno or node.lineno)]


def _with_made(tree: SyntaxTree, heads: dict[Extent, int], graph: Graph) -> SyntaxTree:
    """The tree with each node of a graph at the innermost piece of syntax that its place is of."""
    names = Names()
    for value in graph.inputs:
        names.of(value)
    made: dict[int, list[str]] = {}
    count = elsewhere = 0
    for node in graph.nodes():
        count += 1
        text = format_node(node, names)
        for value in (value for block in node.blocks for value in block.params):
            names.of(value)
        where = None if node.span is None else outer_span(node.span)
        found = None
        if where is not None and where.filename == tree.filename:
            extent = Extent(where.line, where.column, where.end_line, where.end_column)
            found = heads.get(extent)
            if found is None:
                found = _innermost(tree.nodes, extent)
        if found is None:
            elsewhere += 1
        else:
            made.setdefault(found, []).append(text)
    nodes = tuple(replace(n, made=tuple(made[i])) if i in made else n for i, n in enumerate(tree.nodes))
    return replace(tree, nodes=nodes, made=count, elsewhere=elsewhere)


def _innermost(nodes: Sequence[SyntaxNode], extent: Extent) -> int | None:
    """The last node in the order of the text, and so the deepest, that a stretch lies in.

    Of a place without an end, as graphs that were read from text have them, the first node that begins there.
    """
    if not extent.end_line:
        return next((i for i, n in enumerate(nodes) if n.place is not None and n.place[:2] == extent[:2]), None)
    for i in range(len(nodes) - 1, -1, -1):
        place = nodes[i].place
        if place is not None and place.holds(extent):
            return i
    return None
