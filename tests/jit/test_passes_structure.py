"""Inlining, tuple lowering and list-mutation removal: what they give runs as it did, and says where it came from."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tensorlab as tl
from tensorlab.errors import GraphError
from tensorlab.jit import interpret
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph, Span
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import NAMES, Pipeline
from tensorlab.jit.rewrite import Rewriter
from tensorlab.jit.verify import verify

CALL = """\
graph(%x : Float(2)):
  %a : Float(2) = prim::CallFunction_0[name="outer"](%x) # cell:9:4
  return (%a)
with prim::CallFunction_0 = graph(%y : Float(2)):
  %z : Float(2) = prim::CallFunction_1[name="inner"](%y) # cell:5:12
  %r : Float(2) = aten::tanh(%z)
  return (%r)
with prim::CallFunction_1 = graph(%p : Float(2)):
  %q : Float(2) = aten::exp(%p) # cell:2:4
  return (%q)
"""


def test_inlined_nodes_keep_their_places_and_the_chain_of_calls() -> None:
    graph = parse_graph(CALL)
    called = next(graph.nodes()).attributes["subgraph"]
    Pipeline.parse("inline").run(graph, verify=True)
    exp, tanh = graph.block.nodes
    places: list[str] = []
    span: Span | None = exp.span
    while span is not None:
        places.append(str(span))
        span = span.caller
    assert places == ["cell:2:4", "cell:5:12", "cell:9:4"]
    assert exp.span is not None
    assert exp.span.to_dict()["caller"]["caller"] == {"filename": "cell", "line": 9, "column": 4, "function": ""}
    assert str(tanh.span) == "cell:9:4"  # of its own it has none
    assert interpret.run(graph, [tl.tensor([0.0, 0.0])])[0].tolist() == pytest.approx([0.761594] * 2)
    assert [n.span.caller for n in called.nodes() if n.span is not None] == [None]


LOOP = """\
graph(%x : int, %y : int, %n : int, %c : bool):
  %true : bool = prim::Constant[value=1]()
  %pair : (int, int) = prim::TupleConstruct(%x, %y)
  %start : (int, (int, int)) = prim::TupleConstruct(%n, %pair)
  %a : (int, (int, int)) = prim::Loop(%n, %true, %start)
    block0(%i : int, %s : (int, (int, int))):
      %k : int, %p : (int, int) = prim::TupleUnpack(%s)
      %q : (int, int) = prim::If(%c)
        block0():
          %u : int, %v : int = prim::TupleUnpack(%p)
          %w : int = aten::add(%u, %v)
          %1 : (int, int) = prim::TupleConstruct(%w, %k)
          -> (%1)
        block1():
          -> (%p)
      %next : (int, (int, int)) = prim::TupleConstruct(%i, %q)
      -> (%true, %next)
  return (%a)
"""


@pytest.mark.parametrize("trips", [0, 1, 3])
@pytest.mark.parametrize("condition", [True, False])
def test_tuples_through_loops_and_ifs(condition: bool, trips: int) -> None:
    graph = parse_graph(LOOP)
    Pipeline.parse("tuples").run(graph, verify=True)
    inside = [n.kind for n in graph.nodes() if n.owner is not graph.block]
    assert not {"prim::TupleConstruct", "prim::TupleUnpack"} & set(inside)
    args = [5, 7, trips, condition]
    assert interpret.run(graph, args) == interpret.run(parse_graph(LOOP), args)


def test_any_number_of_tuple_rewrites_gives_a_whole_graph() -> None:
    total = sum(len(r.rewrites) for r in Pipeline.parse("tuples").run(parse_graph(LOOP)))
    assert total > 5
    for limit in range(total):
        graph = parse_graph(LOOP)
        Pipeline.parse("tuples").first(limit).run(graph, verify=True, check=[1, 2, 3, True])


def test_only_tuples_are_split() -> None:
    graph = parse_graph(LOOP.replace("(%a)", "(%n)"))
    branch = next(n for n in graph.nodes() if n.kind == "prim::If")
    branch.outputs[0].type = graph.inputs[0].type
    with pytest.raises(GraphError, match=r"^output 0 of prim::If \(node \d+\) is no tuple: int$"):
        Rewriter(graph).split_output(branch, 0, rule="r", reason="")


LISTS = """\
graph(%x : int, %y : int):
  %0 : int = prim::Constant[value=0]()
  %1 : int = prim::Constant[value=-1]()
  %l : int[] = prim::ListConstruct(%x)
  %before : int = aten::len(%l)
  %a : int[] = aten::append(%l, %y)
  = aten::insert(%l, %0, %before)
  %s : int[] = aten::_set_item(%a, %1, %x)
  = aten::reverse(%l)
  = aten::Delete(%l, %0)
  %after : int = aten::len(%l)
  %first : int = aten::__getitem__(%l, %0)
  %m : int[] = prim::ListConstruct(%first, %after)
  = aten::extend(%m, %l)
  return (%l, %m, %before)
"""


def test_lists_have_what_was_put_into_them() -> None:
    graph = parse_graph(LISTS)
    expected = interpret.run(snapshot(graph), [3, 4])
    Pipeline.parse("lists,dce").run(graph, verify=True, check=[3, 4])
    assert {n.kind for n in graph.nodes()} == {"prim::Constant", "prim::ListConstruct"}
    assert [list(r) if isinstance(r, list) else r for r in interpret.run(graph, [3, 4])] == list(expected)


def total_of(graph: Graph, name: str) -> int:
    rewriter = Rewriter(snapshot(graph), limit=1000)
    NAMES[name].run(rewriter)
    return 1000 - (rewriter.left or 0)


@pytest.mark.parametrize(("name", "text"), [("tuples", LOOP), ("lists", LISTS)], ids=["tuples", "lists"])
def test_every_step_keeps_the_graph_whole(name: str, text: str) -> None:
    for limit in range(total_of(parse_graph(text), name)):
        graph = parse_graph(text)
        Pipeline((replace(NAMES[name]),), limit).run(graph)
        verify(graph)
