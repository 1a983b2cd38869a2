"""Two graphs side by side: by identity, by what nodes compute, by order; numbers and places never count."""

from __future__ import annotations

import pytest

from tensorlab.jit.build import snapshot
from tensorlab.jit.compare_graphs import GraphComparison, compare_graphs
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT, FULL

A = """\
graph(%x : Float(2), %y : Float(2)):
  %one : int = prim::Constant[value=1]()
  %a : Float(2) = aten::exp(%x)
  %b : Float(2) = aten::tanh(%y)
  %c : Float(2) = aten::add(%a, %b, %one)
  return (%c)
"""
REORDERED = """\
graph(%u : Float(2), %v : Float(2)):
  %1 : Float(2) = aten::tanh(%v)
  %2 : Float(2) = aten::exp(%u)
  %3 : int = prim::Constant[value=1]()
  %4 : Float(2) = aten::add(%2, %1, %3)
  return (%4)
"""
OTHER = """\
graph(%x : Float(2), %y : Float(2)):
  %two : int = prim::Constant[value=2]()
  %a : Float(2) = aten::exp(%x)
  %r : Float(2) = aten::relu(%a)
  %c : Float(2) = aten::add(%a, %y, %two)
  return (%c)
"""


def marked(found: GraphComparison) -> list[str]:
    return [f"{line.mark} {line.text} {line.note}".strip() for line in found.lines if line.mark != "="]


def test_renumbering_and_reordering_are_no_difference() -> None:
    assert compare_graphs(parse_graph(A), parse_graph(REORDERED)).same


@pytest.mark.parametrize("pipeline", [DEFAULT, FULL], ids=["default", "full"])
def test_a_graph_is_like_its_copy_after_the_same_passes(pipeline) -> None:
    one, other = parse_graph(A), parse_graph(REORDERED)
    for graph in (one, other):
        pipeline.run(graph)
    assert compare_graphs(one, other).same
    assert compare_graphs(one, snapshot(one)).same


def test_differences() -> None:
    found = compare_graphs(parse_graph(A), parse_graph(OTHER))
    assert marked(found) == [
        "- %b : Float(2) = aten::tanh(%y)",
        "+ %r : Float(2) = aten::relu(%a)",
        "~ %c : Float(2) = aten::add(%a, %y, 2) %y was %b, 2 was 1",
    ]
    assert not found.same


def test_other_inputs_and_results() -> None:
    one = parse_graph("graph(%x : Float(2)):\n  %y : Float(2) = aten::exp(%x)\n  return (%y)\n")
    other = parse_graph("graph(%x : Double(2), %n : int):\n  %y : Double(2) = aten::exp(%x)\n  return (%x)\n")
    assert marked(compare_graphs(one, other)) == [
        "~ %x : Double(2) was Float(2)",
        "+ %n : int",
        "~ %y : Double(2) = aten::exp(%x) %y was Float(2)",
        "~ return (%x) %x was %y",
    ]


def test_long_graphs_that_have_nothing_in_common_but_their_kinds() -> None:
    def chain(kind: str) -> str:
        lines = [f"  %x{i + 1} : Float(2) = aten::{kind if i % 2 else 'exp'}(%x{i})\n" for i in range(600)]
        return f"graph(%x0 : Float(2)):\n{''.join(lines)}  return (%x600)\n"

    found = compare_graphs(parse_graph(chain("tanh")), parse_graph(chain("relu")))
    assert [found.count(mark) for mark in "=+-"] == [1, 300, 300]
    assert found.count("~") == 299  # the same exp, of something else
