"""A graph of 5,000 nodes in each view: at most 300 kB, what repeats shown once, and what was left out counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from tensorlab.jit.compare_graphs import compare_graphs
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names
from tensorlab.view.comparison import comparison_lines
from tensorlab.view.graph import MOST_LINES, GraphView, graph_lines
from tensorlab.view.listing import Line, amount, brief
from tensorlab.view.passes import PassesView
from tensorlab.view.repeats import Run, runs
from tensorlab.view.trace import TraceView

if TYPE_CHECKING:
    from tensorlab.view.mime import View

_MOST_BYTES = 300_000
_BLOCK = (  # one of many: a product, what is added to it, and a way around both
    "  %a{i} : Float(2, 2) = aten::mm(%x{i}, %w)",
    "  %b{i} : Float(2, 2) = aten::relu(%a{i})",
    "  %c{i} : Float(2, 2) = aten::mm(%b{i}, %w)",
    "  %one{i} : int = prim::Constant[value=1]()",
    "  %x{j} : Float(2, 2) = aten::add(%x{i}, %c{i}, %one{i})",
)


def blocks(count: int) -> Graph:
    lines = [line.format(i=i, j=i + 1) for i in range(count) for line in _BLOCK]
    head = "graph(%x0 : Float(2, 2), %w : Float(2, 2)):"
    return parse_graph("\n".join([head, *lines, f"  return (%x{count})\n"]))


def straight(count: int) -> Graph:
    """A line of operations: no two lines of source alike, in a cycle of four kinds."""
    kinds = ("relu", "abs", "neg", "square")
    lines = [f"  %x{i + 1} : Float(3) = aten::{kinds[i % 4]}(%x{i}) # line.py:{i + 2}:4" for i in range(count)]
    return parse_graph("\n".join(["graph(%x0 : Float(3)):", *lines, f"  return (%x{count})\n"]))


@pytest.fixture(scope="module")
def compiled() -> dict[str, tuple[PassRecord, ...]]:
    return {"large": DEFAULT.run(blocks(1000)), "line": DEFAULT.only("fuse").run(straight(5000))}


def shown(view: View) -> str:
    """A view's text, which is small, as its HTML is."""
    text, page = view.text(), view.html()
    assert len(text.encode()) < _MOST_BYTES
    assert len(page.encode()) < _MOST_BYTES
    return text


def counts(lines: Sequence[Line]) -> None:
    """What stands there and what is left out are all lines; each gap says its number."""
    for line in lines:
        if line.sign == "…":
            assert line.hidden == int(re.findall(r"[\d,]+", line.code)[-1].replace(",", ""))


@pytest.mark.parametrize("name", ["large", "line"])
def test_passes_of_a_large_graph(compiled: dict[str, tuple[PassRecord, ...]], name: str) -> None:
    records = compiled[name]
    assert records[0].nodes_before == 5000
    assert " but for names: " in shown(PassesView(name, records, selected="fuse"))
    shown(TraceView(name, records[0].before, records[-1].after, records=records))


@pytest.mark.parametrize("make", [lambda r: r[0].before, lambda r: r[-1].after], ids=["before", "after"])
@pytest.mark.parametrize("name", ["large", "line"])
def test_lines_left_out_of_a_large_graph_add_up(
    compiled: dict[str, tuple[PassRecord, ...]], name: str, make: Callable[..., Graph]
) -> None:
    graph = make(compiled[name])
    shown(GraphView(graph, name))
    lines = list(graph_lines(graph, Names()))
    found = brief(lines, MOST_LINES)
    assert len(found) <= MOST_LINES
    assert amount(found) == len(lines)
    counts(found)


def test_a_comparison_of_large_graphs_adds_up(compiled: dict[str, tuple[PassRecord, ...]]) -> None:
    first, last = compiled["large"][0].before, compiled["large"][-1].after
    lines = compare_graphs(first, last).lines
    found = comparison_lines(lines)
    assert amount(found) == len(lines)
    counts(found)


def test_blocks_are_shown_once() -> None:
    lines = [line.code.strip() for line in brief(list(graph_lines(blocks(30), Names())), 40)]
    assert lines[2:8] == [
        *(line.format(i=0, j=1).strip() for line in _BLOCK),
        "… these 5 lines 29 times more, but for names: 145 alike",
    ]
    assert lines[8] == "return (%x30)"


def test_repeats() -> None:
    assert runs("xabababy") == [Run(1, 2, 3)]
    assert runs("aab" * 4) == [Run(0, 3, 4)]  # what reaches farthest, not what is shortest
    assert runs("ababcd") == []
    assert runs("aaaabcbcbc") == [Run(0, 1, 4), Run(4, 2, 3)]
