"""Rewriting: what each change does to the graph, and what it leaves in the record."""

from __future__ import annotations

import re

import pytest

from tensorlab.core.types import INT, TensorType
from tensorlab.errors import GraphError
from tensorlab.jit.ir import Graph, Node
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.rewrite import OutOfRewrites, Pass, Rewriter, location_of
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

TEXT = """\
graph(%x : Float(2), %y : Float(2)):
  %1 : int = prim::Constant[value=1]()
  %a : Float(2) = aten::add(%x, %y, %1)
  %b : Float(2) = aten::tanh(%a)
  %d : Float(2) = aten::mul(%b, %a)
  return (%d)
"""


@pytest.fixture
def graph() -> Graph:
    return parse_graph(TEXT)


def node(graph: Graph, kind: str) -> Node:
    return next(n for n in graph.nodes() if n.kind == f"aten::{kind}")


def test_n_nodes_become_m(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    tanh, mul = node(graph, "tanh"), node(graph, "mul")
    old = (tanh.serial, mul.serial)
    result = mul.output
    builder = rewriter.builder_before(mul)
    first = builder.value("aten::exp", [tanh.inputs[0]])
    second = builder.value("aten::sub", [first, builder.constant(2)])
    rewriter.replace([tanh, mul], {result: second}, rule="rule", reason="because")
    (decision,) = rewriter.decisions
    assert (decision.rule, decision.kind, decision.reason, decision.nodes_in) == ("rule", "replace", "because", old)
    kinds = {n.serial: n.kind for n in graph.nodes()}
    made = [kinds[s] for s in decision.nodes_out]
    assert made == ["aten::exp", "prim::Constant", "prim::Constant", "aten::sub"]
    assert decision.values == ((result.serial, second.serial),)
    assert re.fullmatch(r"test_rewrite\.py:\d+", decision.location)
    assert second.name == "d"
    verify(graph)


def test_what_is_used_stays(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    with pytest.raises(GraphError, match=r"aten::tanh \(node \d+\), output 0, cannot be removed: aten::mul"):
        rewriter.remove(node(graph, "tanh"), rule="r", reason="")


def test_a_node_of_several_results_is_replaced_value_by_value(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    mul, add = node(graph, "mul"), node(graph, "add")
    rewriter.replace_value(add.output, graph.inputs[0], rule="r", reason="x", location="there.py:1")
    assert mul.inputs[1] is graph.inputs[0]
    assert rewriter.decisions[0].location == "there.py:1"
    assert rewriter.decisions[0].nodes_in == rewriter.decisions[0].nodes_out == (add.serial,)
    verify(graph)


def test_types_change_together(graph: Graph) -> None:
    rewriter = Rewriter(graph, limit=1)
    rewriter.retype({v: TensorType() for v in graph.inputs}, rule="r")
    assert [d.reason for d in rewriter.decisions] == ["was Float(2), is Tensor"] * 2
    assert rewriter.left == 0


def test_moving(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    constant = graph.block.nodes[0]
    rewriter.move(constant, None, rule="r", reason="last")
    assert graph.block.nodes[-1] is constant
    with pytest.raises(GraphError, match="scope"):
        verify(graph)
    rewriter.move(constant, graph.block.nodes[0], rule="r", reason="first")
    verify(graph)


def test_enclosing_keeps_values_and_nodes(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    members = [node(graph, "add"), node(graph, "tanh")]
    serials = tuple(n.serial for n in members)
    given = members[0].output
    group = rewriter.enclose(members, rule="r", reason="together")
    verify(graph)
    assert format_graph(graph) == (
        "graph(%x : Float(2),\n      %y : Float(2)):\n"
        "  %2 : int = prim::Constant[value=1]()\n"
        "  %a : Float(2), %b : Float(2) = prim::FusionGroup_0(%x, %y)\n"
        "  %d : Float(2) = aten::mul(%b, %a)\n"
        "  return (%d)\n"
        "with prim::FusionGroup_0 = graph(%x : Float(2),\n      %y : Float(2)):\n"
        "  %10 : int = prim::Constant[value=1]()\n"
        "  %a : Float(2) = aten::add(%x, %y, %10)\n"
        "  %b : Float(2) = aten::tanh(%a)\n"
        "  return (%a, %b)\n"
    )
    assert group.outputs[0] is given
    assert [n.serial for n in group.attributes["subgraph"].block.nodes[1:]] == list(serials)
    assert (rewriter.decisions[0].nodes_in, rewriter.decisions[0].nodes_out) == (serials, (group.serial,))


def test_a_node_with_blocks_is_not_enclosed() -> None:
    graph = parse_graph(
        "graph(%c : bool):\n  = prim::If(%c)\n  block0():\n    -> ()\n  block1():\n    -> ()\n  return ()"
    )
    with pytest.raises(GraphError, match=r"prim::If \(node \d+\) has blocks and cannot stand in a group"):
        Rewriter(graph).enclose(graph.block.nodes, rule="r", reason="")


LOOP = """\
graph(%x : Float(2), %c : bool, %n : int):
  %y : Float(2), %z : Float(2) = prim::Loop(%n, %c, %x, %x)
    block0(%i : int, %p : Float(2), %q : Float(2)):
      %1 : Float(2) = aten::mul(%p, %i)
      %2 : Float(2) = aten::tanh(%q)
      -> (%c, %1, %2)
  return (%y)
"""


def test_splicing_one_trip_of_a_loop() -> None:
    graph = parse_graph(LOOP)
    (loop,) = graph.block.nodes
    builder = Rewriter(graph).builder_before(loop)
    rewriter = Rewriter(graph)
    zero = builder.constant(0)
    rewriter.splice(loop, loop.blocks[0], [zero, *loop.inputs[2:]], rule="once", reason="one trip")
    verify(graph)
    assert [n.kind for n in graph.nodes()] == ["prim::Constant", "aten::mul", "aten::tanh"]
    decision = rewriter.decisions[0]
    assert decision.nodes_in == (loop.serial,)
    assert decision.nodes_out == tuple(n.serial for n in graph.block.nodes[1:])


def test_dropping_a_carried_value_whose_body_reads_it() -> None:
    graph = parse_graph(LOOP)
    (loop,) = graph.block.nodes
    rewriter = Rewriter(graph)
    rewriter.drop_output(loop, 1, rule="r", reason="unused")
    verify(graph)
    assert node(graph, "tanh").inputs[0] is graph.inputs[0]
    with pytest.raises(GraphError, match=r"output 0 of prim::Loop \(node \d+\) cannot be removed"):
        rewriter.drop_output(loop, 0, rule="r", reason="used")


def test_refusals_are_kept_once(graph: Graph) -> None:
    rewriter = Rewriter(graph, limit=0)
    for _ in range(2):
        rewriter.refuse(node(graph, "add"), rule="r", reason="no", blocker=graph.inputs[0])
    rewriter.refuse(node(graph, "add"), rule="r", reason="no", blocker=node(graph, "mul"))
    assert [d.blocker for d in rewriter.decisions] == [graph.inputs[0].serial, node(graph, "mul").serial]
    assert all(d.refused and d.kind == "refuse" for d in rewriter.decisions)


def test_without_rewrites_left_what_was_made_goes_again(graph: Graph) -> None:
    before = format_graph(graph)
    rewriter = Rewriter(graph, limit=0)
    add = node(graph, "add")
    builder = rewriter.builder_before(add)
    branch = builder.node("prim::If", [builder.constant(True)])
    for value in graph.inputs:
        with builder.inside(builder.block(branch)):
            builder.results(builder.value("aten::tanh", [value]))
    output = builder.output(branch, TensorType())
    with pytest.raises(OutOfRewrites):
        rewriter.replace([add], {add.output: output}, rule="r", reason="")
    assert format_graph(graph) == before
    verify(graph)


def test_passes_say_what_they_are() -> None:
    def run(rewriter: Rewriter, *, size: int) -> None:
        """Does something.

        And more.
        """

    made = Pass("thing", run, {"size": 3})
    assert (str(made), made.about) == ("thing", "Does something.")
    assert re.fullmatch(r"test_rewrite\.py:\d+", location_of(run))


def test_types_of_inputs_have_no_node(graph: Graph) -> None:
    rewriter = Rewriter(graph)
    rewriter.retype({graph.inputs[0]: INT}, rule="r", reason="said so")
    assert rewriter.decisions[0].nodes_in == ()
    assert rewriter.decisions[0].reason == "said so"


def test_a_rule_of_a_notebook_is_in_its_cell() -> None:
    names: dict = {}
    exec(compile("\ndef run(rewriter):\n    pass\n", "/tmp/ipykernel_12/3456.py", "exec"), names)
    assert location_of(names["run"]) == "cell:2"
