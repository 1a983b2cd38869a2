"""The life of every node: one end each, over the whole corpus; what passes did to it on the way."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.core.layout import layout
from tensorlab.errors import RangeError, TensorlabError
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import CONSTANT, Graph, Node
from tensorlab.jit.lives import Life, Lives
from tensorlab.jit.lives_ends import KINDS, LIVING, End
from tensorlab.jit.native_plan import NativePlan, plan_native
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import FULL, NAMES, Pipeline
from tensorlab.jit.rewrite import Pass, Rewriter
from tests.jit.scripting.programs import PROGRAMS
from tests.jit.scripting.test_script_table import function_of
from tests.jit.table_tensors import TENSORS

# Every pass there is, in one line: those of the long pipeline, and then the others.
EVERY = FULL.then(*(p for name, p in NAMES.items() if name not in {q.name for q in FULL}))
_ALIVE = ("retyped", "moved", "changed", "fused")


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    """The graphs of all programs of the tables that can be scripted."""
    found: dict[str, Graph] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for program in (*PROGRAMS, *(row.program for row in TENSORS)):
            try:
                found[program.name] = tl.jit.script(function_of(program, tl)).graph
            except TensorlabError:  # of the table's refusals
                continue
    return found


def test_every_node_of_the_first_graph_has_exactly_one_end(graphs: dict[str, Graph]) -> None:
    kinds: set[str] = set()
    for name, graph in graphs.items():
        records = EVERY.run(snapshot(graph))
        lives = Lives(records)
        own = [life.node.serial for life in lives]
        assert own == [node.serial for node in records[0].before.nodes()], name
        last = dict(_deep(records[-1].after))
        for life in lives:
            check(name, life, last)
            kinds.add(life.end.kind)
    assert len(graphs) > 300
    assert kinds >= {"loop", "call", "view", "constant", "structure", "control", "merged", "folded", "removed"}


def check(name: str, life: Life, last: dict[int, Node]) -> None:
    """One end, of a known kind, that agrees with the events and with the last graph."""
    where = (name, life.node.kind, [event.kind for event in life.events], life.end)
    serial = life.node.serial
    # What ends a life is its last event, and there is one just where the last graph has not got the node.
    assert [event.kind in _ALIVE for event in life.events] in (
        [True] * len(life.events),
        [True] * (len(life.events) - 1) + [False],
    ), where
    assert (serial in last) == all(event.kind in _ALIVE for event in life.events), where
    for end in parts(life.end):
        assert end.kind in KINDS, where
        if end.kind in LIVING:
            assert end.node in last, where
            assert (end.kind == "constant") == (last[end.node].kind == CONSTANT), where
        else:
            assert serial not in last, where
            assert end.decision is not None, where
            assert end.decision.rule, where
            assert end.decision.reason, where
            assert end.pass_name in NAMES, where


def parts(end: End) -> list[End]:
    return [inner for part in end.parts for inner in parts(part)] or [end]


def _deep(graph: Graph) -> list[tuple[int, Node]]:
    found: list[tuple[int, Node]] = []
    for node in graph.nodes():
        found.append((node.serial, node))
        inner = node.attributes.get("subgraph")
        if isinstance(inner, Graph):
            found += _deep(inner)
    return found


TALK = """\
graph(%x : Float(2, 3),
      %y : Float(2, 3)):
  %one : int = prim::Constant[value=1]()
  %a : Float(3, 2) = aten::t(%x)
  %b : Float(2, 3) = aten::t(%a)
  %c : Float(2, 3) = aten::mul(%b, %y)
  %d : Float(2, 3) = aten::mul(%b, %y)
  %e : Float(2, 3) = aten::add(%c, %d, %one)
  %two : int = aten::add(%one, %one)
  %f : Float(2, 3) = aten::mul(%e, %two)
  %dead : Float(2, 3) = aten::exp(%f)
  %g : Float(3, 2) = aten::t(%y)
  %h : Float(2, 2) = aten::mm(%f, %g)
  return (%h)
"""


def told(text: str, *passes: str) -> dict[str, tuple[list[str], str, str]]:
    """Of each node by the name of its value: events, the kind of its end, the reason of that."""
    records = Pipeline(tuple(NAMES[name] for name in passes)).run(parse_graph(text))
    lives = Lives(records)
    found: dict[str, tuple[list[str], str, str]] = {}
    for life in lives:
        reason = "" if life.end.decision is None else life.end.decision.reason
        found[life.node.outputs[0].name] = ([e.kind for e in life.events], life.end.kind, reason)
    return found


def test_each_kind_of_end() -> None:
    assert told(TALK, "dce", "cse", "constant", "peephole", "dce", "fuse", "dce") == {
        "one": (["removed"], "constant", ""),  # where it is used: in the loop
        "a": (["removed"], "removed", "nothing takes what it gives"),
        "b": (["merged"], "merged", "x.t().t() is x"),
        "c": (["fused"], "loop", ""),
        "d": (["merged"], "merged", "computes what an earlier node does"),
        "e": (["fused"], "loop", ""),
        "two": (["folded"], "folded", "everything it takes is constant"),
        "f": (["fused"], "loop", ""),
        "dead": (["removed"], "removed", "nothing takes what it gives"),
        "g": ([], "view", ""),
        "h": ([], "call", ""),
    }


LOOP = """\
graph(%x : Float(2),
      %n : int):
  %2 : int = prim::Constant[value=2]()
  %3 : bool = prim::Constant[value=1]()
  %y : Float(2) = prim::Loop(%2, %3, %x)
    block0(%i : int, %c : Float(2)):
      %s : Float(2) = aten::mul(%c, %i)
      %t : Float(2) = aten::tanh(%s)
      -> (%3, %t)
  return (%y)
"""


def test_a_body_ends_as_its_copies_do() -> None:
    records = Pipeline((NAMES["unroll"], NAMES["dce"], NAMES["fuse"])).run(parse_graph(LOOP))
    by_name = {life.node.outputs[0].name: life for life in Lives(records)}
    body = by_name["s"]
    (event, end) = body.events[0], body.end
    assert (event.kind, len(event.became)) == ("copied", 2)
    assert (end.kind, [part.kind for part in end.parts]) == ("loop", ["loop", "loop"])
    assert [part.node for part in end.parts] == list(event.became)
    loop = by_name["y"].end
    assert loop.decision is not None
    assert (loop.kind, loop.pass_name, loop.decision.reason) == ("dissolved", "unroll", "runs 2 times, which is known")
    assert records[0].rewrites[0].to_dict()["copies"] == [list(pair) for pair in records[0].rewrites[0].copies]


def test_what_stood_in_a_branch_that_went_is_told_with_it() -> None:
    text = """\
graph(%x : Float(2)):
  %1 : bool = prim::Constant[value=1]()
  %y : Float(2) = prim::If(%1)
    block0():
      %a : Float(2) = aten::tanh(%x)
      -> (%a)
    block1():
      %b : Float(2) = aten::exp(%x)
      -> (%b)
  return (%y)
"""
    found = told(text, "control", "dce")
    assert found["a"] == (["moved"], "loop", "")
    assert found["b"] == (["removed"], "removed", "the condition is always True")
    assert found["y"] == (["dissolved"], "dissolved", "the condition is always True")


def test_a_node_made_on_the_way_has_a_life_too() -> None:
    graph = parse_graph(TALK)

    def double(rewriter: Rewriter) -> None:
        """Write a product as a sum."""
        node = next(n for n in rewriter.graph.nodes() if n.kind == "aten::mul")
        made = rewriter.builder_before(node).value("aten::add", [node.inputs[0], node.inputs[0]])
        rewriter.replace([node], {node.output: made}, rule="double", reason="a sum is as good")

    records = Pipeline((Pass("double", double), NAMES["fuse"])).run(graph)
    lives = Lives(records)
    old = next(life for life in lives if life.node.outputs[0].name == "c")
    new = lives.of(old.events[0].became[-1])
    assert (old.events[0].kind, new.born, new.origin and new.origin.rule) == ("replaced", 0, "double")
    assert old.end == new.end
    assert new.end.kind == "loop"
    with pytest.raises(RangeError, match=r"^no graph of the passes has a node -1$"):
        lives.of(-1)


def test_without_records_there_are_no_lives() -> None:
    lives: Any = Lives(())
    assert list(lives) == []


def test_the_lines_of_a_node_in_the_native_function() -> None:
    graph = parse_graph(LOOP)
    plan = plan_native(graph, [layout(tl.float32, (2,)), None])
    assert isinstance(plan, NativePlan)
    lines = plan.source.splitlines()
    by_name = {n.outputs[0].name: n.serial for n in graph.nodes()}
    first, last = plan.places[by_name["t"]]
    assert (first, last) == (first, first)
    assert lines[first - 1].strip().startswith("tanh_loop(")
    around, end = plan.places[by_name["y"]]
    assert around < first < end
    assert any(line.strip().startswith("for i in range(2)") for line in lines[around - 1 : end])
