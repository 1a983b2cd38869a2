"""What PyTorch's own passes are known for, in our words: each line a behaviour that users rely on."""

from __future__ import annotations

import pytest

import tensorlab as tl
from tensorlab.jit import interpret
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.passes.order import Order
from tensorlab.jit.pipeline import FULL, Pipeline


def kinds(graph: Graph) -> list[str]:
    """Every op of a graph, those in groups where the group stands."""
    found: list[str] = []
    for node in graph.nodes():
        group = node.attributes.get("subgraph")
        found += kinds(group) if isinstance(group, Graph) else [node.kind] if node.op is not None else []
    return found


def test_type_as_of_equal_types_is_its_input_and_of_unknown_ones_stays() -> None:
    graph = snapshot(tl.jit.trace(lambda x, y: x.type_as(y) * y, (tl.ones(2), tl.zeros(2))).graph)
    text = str(graph)
    Pipeline.parse("peephole,dce").run(graph, verify=True, check=[tl.ones(2), tl.zeros(2)])
    assert kinds(graph) == ["aten::mul"]
    unknown = parse_graph(text.replace("Float(2)", "Tensor"))
    (record, _) = Pipeline.parse("peephole,dce").run(unknown, verify=True)
    assert kinds(unknown) == ["aten::to", "aten::mul"]
    assert [d.reason for d in record.refusals] == ["the dtype is not known"]


LOOP = """\
graph(%x : Float(2), %n : int):
  %true : bool = prim::Constant[value=1]()
  %ten : int = prim::Constant[value=10]()
  %y : Float(2) = prim::Loop(%ten, %true, %x)
    block0(%i : int, %1 : Float(2)):
      %2 : Float(2) = aten::tanh(%1)
      -> (%true, %2)
  return (%y)
"""


def test_a_loop_of_ten_trips_disappears_and_its_counter_with_it() -> None:
    graph = parse_graph(LOOP)
    Pipeline.parse("unroll,dce").run(graph, verify=True, check=[tl.ones(2), 3])
    assert [n.kind for n in graph.nodes()] == ["aten::tanh"] * 10


def test_a_trip_count_that_is_not_known_gives_eight_bodies_and_an_epilogue() -> None:
    graph = parse_graph(LOOP.replace("prim::Loop(%ten", "prim::Loop(%n"))
    Pipeline.parse("unroll").run(graph, verify=True)
    bodies = [[inner.kind for inner in n.blocks[0].nodes] for n in graph.nodes() if n.blocks]
    assert bodies == [["aten::tanh"] * 8, ["aten::tanh"]]
    for trips in (-20, -2, -1, 0, 1, 2, 8, 10):
        given = tl.tensor([0.5, -2.0])
        (got,), (wanted,) = (
            interpret.run(g, [given, trips]) for g in (graph, parse_graph(LOOP.replace("%ten,", "%n,")))
        )
        assert got.tolist() == wanted.tolist()


WRITE = """\
graph(%a : Float(2), %b : Float(2)):
  %one : int = prim::Constant[value=1]()
  %read : Float(2) = aten::exp({0})
  %write : Float(2) = aten::add_(%a, %b, %one)
  %after : Float(2) = aten::exp({0})
  %r : Float(2) = aten::mul(%read, %after)
  return (%r)
"""


@pytest.mark.parametrize("read", ["%a", "%b"])
def test_what_reads_memory_that_may_be_written_cannot_cross_the_write(read: str) -> None:
    graph = parse_graph(WRITE.format(read))
    _, before, write, after, _ = graph.block.nodes
    order = Order(graph.block, AliasInfo(graph))
    assert order.must_follow([write], [before]) and order.must_follow([after], [write])
    FULL.run(graph, verify=True, check=[tl.tensor([1.0, 2.0]), tl.tensor([3.0, 4.0])])
    assert kinds(graph).count("aten::exp") == 2  # neither joined nor moved past it


def test_what_reads_other_memory_may_cross() -> None:
    graph = parse_graph(WRITE.format("%b").replace("  %read", "  %own : Float(2) = aten::neg(%a)\n  %read").replace(
        "aten::add_(%a", "aten::add_(%own"
    ))  # fmt: skip
    order = Order(graph.block, AliasInfo(graph))
    _, own, before, write, after, _ = graph.block.nodes
    assert not order.must_follow([write], [before]) and not order.must_follow([after], [write])
    assert order.must_follow([write], [own])
    FULL.run(graph, verify=True, check=[tl.tensor([1.0, 2.0]), tl.tensor([3.0, 4.0])])
    assert kinds(graph).count("aten::add_") == 0


CONSTANT = """\
graph(%x : Float(2)):
  %false : bool = prim::Constant[value=0]()
  %true : bool = prim::Constant[value=1]()
  %none : int = prim::Constant[value=-3]()
  %a : Float(2), %b : Float(2) = prim::If(%false)
    block0():
      = prim::Print(%x)
      %1 : Float(2) = aten::bernoulli(%x)
      -> (%1, %x)
    block1():
      %2 : Float(2) = aten::bernoulli(%x)
      = prim::Print(%2)
      -> (%2, %x)
  %d : Float(2) = prim::Loop(%none, %true, %a)
    block0(%i : int, %3 : Float(2)):
      = prim::Print(%i)
      -> (%true, %3)
  %e : Float(2) = aten::mul(%d, %b)
  return (%e)
"""


@pytest.mark.parametrize("line", ["constant", "control", "constant,control,dce"])
def test_branches_and_loops_that_never_run_vanish_and_prints_and_draws_that_run_stay(line: str) -> None:
    graph = parse_graph(CONSTANT)
    Pipeline.parse(line).run(graph, verify=True, check=[tl.tensor([0.25, 0.75])])
    assert [n.kind for n in graph.nodes() if n.kind != "prim::Constant"] == [
        "aten::bernoulli",
        "prim::Print",
        "aten::mul",
    ]


def test_units_know_of_each_other_after_joins() -> None:
    """Joined along a line and across its sides, units still say what stands between them."""
    graph = tl.jit.trace(lambda x: ((x.relu() @ x).abs() + x.neg(), x.neg().abs()), (tl.ones(2, 2),)).graph
    nodes = {n.kind.removeprefix("aten::"): n for n in reversed(list(graph.nodes()))}
    order = Order(graph.block, AliasInfo(graph))
    order.join(nodes["neg"], nodes["add"])
    between = order.between(nodes["relu"], nodes["neg"])
    assert between is not None
    assert between.kind == "aten::matmul"
