"""Which values may share memory, and who writes to them."""

from __future__ import annotations

import pytest

from tensorlab.core.types import INT, TENSOR, ListType, OptionalType, TupleType
from tensorlab.jit.alias import AliasInfo, has_side_effect, holds_memory, is_random
from tensorlab.jit.ir import Graph, Node, Value
from tensorlab.jit.parse import parse_graph

TEXT = """\
graph(%x : Float(2, 2), %y : Float(2, 2), %c : bool, %n : int):
  %1 : int = prim::Constant[value=1]()
  %w : Float(2, 2) = prim::Constant[value={{1, 2}, {3, 4}}]()
  %fresh : Float(2, 2) = aten::tanh(%x)
  %view : Float(2, 2) = aten::t(%fresh)
  %other : Float(2, 2) = aten::exp(%x)
  %list : Tensor[] = prim::ListConstruct(%view, %other)
  %item : Tensor = aten::__getitem__(%list, %1)
  %joined : Float(4, 2) = aten::cat(%list, %1)
  %maybe : Float(2, 2) = aten::contiguous(%y)
  %if : Float(2, 2) = prim::If(%c)
    block0():
      -> (%fresh)
    block1():
      %inner : Float(2, 2) = aten::relu(%x)
      %written : Float(2, 2) = aten::add_(%inner, %1, %1)
      -> (%inner)
  %loop : Float(2, 2), %count : int = prim::Loop(%n, %c, %other, %1)
    block0(%i : int, %carried : Float(2, 2), %k : int):
      %next : Float(2, 2) = aten::t(%view)
      -> (%c, %next, %k)
  %pair : (Float(2, 2), int) = prim::TupleConstruct(%other, %n)
  %first : Float(2, 2), %second : int = prim::TupleUnpack(%pair)
  %call : Tensor = prim::CallFunction[name="f"](%other)
  return (%joined, %if)
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return parse_graph(TEXT)


@pytest.fixture(scope="module")
def info(graph: Graph) -> AliasInfo:
    return AliasInfo(graph)


def value(graph: Graph, name: str) -> Value:
    found = [*graph.inputs, *(v for n in graph.nodes() for v in n.outputs)]
    found += [v for n in graph.nodes() for block in n.blocks for v in block.params]
    return next(v for v in found if v.name == name)


@pytest.mark.parametrize(
    ("a", "b", "may"),
    [
        ("x", "y", True),  # a caller may give one tensor twice
        ("x", "w", True),  # or one that the graph holds too
        ("x", "fresh", False),
        ("fresh", "view", True),
        ("fresh", "other", False),
        ("list", "fresh", True),
        ("item", "other", True),
        ("item", "fresh", True),  # which element is not followed
        ("joined", "list", False),
        ("maybe", "y", True),
        ("maybe", "fresh", False),
        ("if", "view", True),
        ("if", "inner", True),
        ("if", "other", False),
        ("carried", "fresh", True),  # from the second trip on
        ("loop", "fresh", True),
        ("loop", "other", True),
        ("first", "other", True),
        ("call", "other", True),
        ("call", "x", True),
        ("n", "n", False),
        ("second", "second", False),
    ],
)
def test_may_alias(graph: Graph, info: AliasInfo, a: str, b: str, *, may: bool) -> None:
    assert info.may_alias(value(graph, a), value(graph, b)) is may
    assert info.may_alias(value(graph, b), value(graph, a)) is may


def test_fresh_and_escaping(graph: Graph, info: AliasInfo) -> None:
    names = ["x", "w", "fresh", "view", "other", "joined", "maybe", "if", "n"]
    assert [n for n in names if info.is_fresh(value(graph, n))] == ["fresh", "view", "other", "joined", "if"]
    assert [n for n in names if info.escapes(value(graph, n))] == ["x", "w", "fresh", "view", "joined", "maybe", "if"]


def test_writers(graph: Graph, info: AliasInfo) -> None:
    found = {name: [n.kind for n in info.writers(value(graph, name))] for name in ("inner", "if", "view", "other", "x")}
    assert found == {
        "inner": ["aten::add_"],
        "if": ["aten::add_"],
        "view": [],
        "other": ["prim::CallFunction"],
        "x": ["prim::CallFunction"],
    }


def node(graph: Graph, kind: str) -> Node:
    return next(n for n in graph.nodes() if n.kind == kind)


def test_conflicts(graph: Graph, info: AliasInfo) -> None:
    call, branch, tanh, cat = (node(graph, k) for k in ("prim::CallFunction", "prim::If", "aten::tanh", "aten::cat"))
    assert info.conflict(call, tanh) and info.conflict(tanh, call)
    assert not info.conflict(branch, tanh)
    assert not info.conflict(cat, tanh)
    assert info.conflict(node(graph, "aten::add_"), branch)


def test_effects_of_inner_nodes_are_those_of_the_node() -> None:
    text = """
    graph(%c : bool, %size : int[], %none : NoneType):
      = prim::If(%c)
        block0():
          = prim::If(%c)
            block0():
              = prim::Print(%c)
              -> ()
            block1():
              -> ()
          -> ()
        block1():
          %r : Tensor = aten::rand(%size, %none)
          -> ()
      %k : bool = aten::__not__(%c)
      return (%k)
    """
    graph = parse_graph(text)
    outer, inner, last = (node(graph, k) for k in ("prim::If", "prim::Print", "aten::__not__"))
    assert has_side_effect(outer) and has_side_effect(inner) and not has_side_effect(last)
    assert is_random(outer) and not is_random(inner)


def test_joined_values_have_one_memory() -> None:
    text = """
    graph(%x : Float(2)):
      %a : Float(2) = aten::exp(%x)
      %b : Float(2) = aten::exp(%x)
      %v : Float(2) = aten::detach(%b)
      return (%a)
    """
    graph = parse_graph(text)
    info = AliasInfo(graph)
    a, b, v = (value(graph, n) for n in "abv")
    assert info.hazard(a, b) is None
    assert not info.escapes(v)
    info.merge(a, b)
    assert info.may_alias(a, v) and info.escapes(v)


def test_what_holds_memory() -> None:
    assert all(map(holds_memory, (TENSOR, ListType(TENSOR), OptionalType(TENSOR), TupleType((INT, TENSOR)))))
    assert not any(map(holds_memory, (INT, ListType(INT), OptionalType(INT), TupleType((INT,)))))
