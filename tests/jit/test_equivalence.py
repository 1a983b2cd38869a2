"""Equivalence of graphs before and after passes: a wrong rewrite planted into any pass is found and named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import GraphError, RangeError
from tensorlab.jit import edit
from tensorlab.jit.build import snapshot
from tensorlab.jit.edge_inputs import edge_inputs
from tensorlab.jit.equivalence import EquivalenceError, culprit, difference, outcomes
from tensorlab.jit.ir import Graph, Node
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.passes.algebra import NO_MATCH, Outcome, Rule
from tensorlab.jit.pipeline import DEFAULT, NAMES, Pipeline
from tensorlab.jit.rewrite import Pass, Rewriter

# Something for every pass to do, and a difference whose order matters.
TEXT = """\
graph(%x : Float(2, 3), %y : Float(2, 3), %c : bool, %n : int):
  %true : bool = prim::Constant[value=1]()
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %zero : int = prim::Constant[value=0]()
  %three : int = prim::Constant[value=3]()
  %none : NoneType = prim::Constant()
  %dead : Tensor = aten::exp(%x)
  %dead.1 : Tensor = aten::exp(%dead)
  %s : Tensor = aten::sub(%x, %y, %one)
  %t : Tensor = aten::tanh(%s)
  %t.1 : Tensor = aten::tanh(%s)
  %four : int = aten::add(%two, %two)
  %eight : int = aten::mul(%four, %two)
  %a : Tensor = aten::mul(%t, %one)
  %b : Tensor = aten::div(%t.1, %one)
  %d : Tensor = aten::add(%a, %b, %eight)
  %e : Tensor = prim::If(%true)
    block0():
      %again : int = prim::Constant[value=1]()
      %1 : Tensor = aten::sub(%d, %x, %again)
      -> (%1)
    block1():
      -> (%d)
  %f : Tensor = prim::Loop(%zero, %true, %e)
    block0(%i : int, %2 : Tensor):
      -> (%true, %2)
  %g : Tensor = prim::Loop(%three, %true, %f)
    block0(%j : int, %3 : Tensor):
      %4 : Tensor = aten::exp(%y)
      %5 : Tensor = aten::relu(%y)
      %6 : Tensor = aten::add(%4, %5, %one)
      %7 : Tensor = aten::sub(%3, %6, %j)
      -> (%true, %7)
  %h : Tensor = prim::Loop(%three, %true, %g)
    block0(%k : int, %8 : Tensor):
      %9 : Tensor = aten::tanh(%8)
      -> (%true, %9)
  %l : Tensor = aten::sum(%h, %none)
  %m : Tensor = aten::sub(%l, %h, %one)
  %o : Tensor = aten::neg(%m)
  %p : Tensor = aten::mul_(%o, %m)
  %tuple : (Tensor, Tensor) = prim::TupleConstruct(%h, %s)
  %u : Tensor, %v : Tensor = prim::TupleUnpack(%tuple)
  %list : Tensor[] = prim::ListConstruct(%u, %v)
  %w : Tensor = aten::__getitem__(%list, %zero)
  %z : Tensor = aten::square(%p)
  %weight : Float(3, 3) = prim::Constant[value={{1, 0, 2}, {0, 3, 1}, {1, 1, 1}}]()
  %mean : Float(3) = prim::Constant[value={0.5, 1, 2}]()
  %no : bool = prim::Constant[value=0]()
  %eps : float = prim::Constant[value=0.25]()
  %lin : Tensor = aten::linear(%z, %weight, %none)
  %norm : Tensor, %10 : Tensor, %11 : Tensor = aten::native_batch_norm(%lin, %mean, %none, %mean, %mean, %no, %eps)
  return (%norm, %v, %w)
"""


@pytest.fixture
def sample() -> list[object]:
    x, y = (tl.tensor(np.linspace(-1 - i, 2, 6, dtype=np.float32).reshape(2, 3)) for i in range(2))
    return [x, y, True, 2]


def planted(pass_: Pass, number: int) -> Pass:
    """A pass whose ``number``-th rewrite also turns a difference round."""

    def run(rewriter: Rewriter, **options: object) -> None:
        begin, count = rewriter._begin, 0

        def sabotaged() -> None:
            nonlocal count
            begin()
            count += 1
            if count == number:
                node = next(n for n in everything(rewriter.graph) if n.kind == "aten::sub")
                x, y = node.inputs[:2]
                edit.set_input(node, 0, y)
                edit.set_input(node, 1, x)

        rewriter._begin = sabotaged
        pass_.run(rewriter, **options)

    return replace(pass_, run=run)


def everything(graph: Graph) -> list[Node]:
    nodes = list(graph.nodes())
    groups = [n.attributes["subgraph"] for n in nodes if "subgraph" in n.attributes]
    return [*nodes, *(n for g in groups for n in everything(g))]


def rewrites(pass_: Pass, graph: Graph) -> int:
    rewriter = Rewriter(snapshot(graph), limit=1000)
    pass_.run(rewriter, **pass_.options)
    return 1000 - (rewriter.left or 0)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("index", range(len(DEFAULT.passes)), ids=lambda i: f"{i}_{DEFAULT.passes[i].name}")
def test_a_wrong_rewrite_in_any_default_pass_is_found(index: int, place: str, sample: list[object]) -> None:
    # Without the passes that would leave this one nothing to do.
    pass_ = DEFAULT.passes[index]
    others = [
        p for p in DEFAULT.passes[:index] if p.name == "shapes" and pass_.name in ("peephole", "functional", "fuse")
    ]
    graph = parse_graph(TEXT)
    Pipeline(tuple(others)).run(graph)
    total = rewrites(pass_, graph)
    number = {"first": 1, "middle": (total + 1) // 2, "last": total}[place]
    assert total > 0
    found = caught(Pipeline((planted(pass_, number), *DEFAULT.passes[index + 1 :])), graph, sample)
    assert (found.culprit.pass_name, found.culprit.number) == (pass_.name, number)


def caught(pipeline: Pipeline, graph: Graph, sample: list[object]) -> EquivalenceError:
    with pytest.raises(EquivalenceError) as error:
        pipeline.run(graph, verify=True, check=sample)
    return error.value


# Without its dropout a graph gives something else on purpose, and a call hides from other passes what it does.
OTHERS = [n for n in NAMES if n not in {p.name for p in DEFAULT} | {"inline", "drop_dropout"}]
CALLS = """\
graph(%x : Float(2, 3), %y : Float(2, 3), %c : bool, %n : int):
  %one : int = prim::Constant[value=1]()
  %s : Float(2, 3) = aten::sub(%x, %y, %one)
  %a : Float(2, 3) = prim::CallFunction_0[name="f"](%s, %y)
  %b : Float(2, 3) = prim::CallFunction_1[name="f"](%a, %x)
  return (%b)
with prim::CallFunction_0 = graph(%p : Float(2, 3), %q : Float(2, 3)):
  %r : Float(2, 3) = aten::mul(%p, %q)
  return (%r)
with prim::CallFunction_1 = graph(%p : Float(2, 3), %q : Float(2, 3)):
  %r : Float(2, 3) = aten::tanh(%p)
  return (%r)
"""


@pytest.mark.parametrize("name", ["inline", *OTHERS])
def test_a_wrong_rewrite_in_other_passes_is_found(name: str, sample: list[object]) -> None:
    graph = parse_graph(CALLS if name == "inline" else TEXT)
    Pipeline((NAMES["shapes"],)).run(graph)
    total = rewrites(NAMES[name], graph)
    assert total > 0
    for number in {1, total}:
        found = caught(Pipeline((planted(NAMES[name], number),)), snapshot(graph), sample)
        assert (found.culprit.pass_name, found.culprit.number) == (name, number)


def test_right_passes_pass(sample: list[object]) -> None:
    for pipeline in (DEFAULT, *(Pipeline((p,)) for p in NAMES.values())):
        checked, plain = parse_graph(TEXT), parse_graph(TEXT)
        pipeline.run(checked, verify=True, check=sample)
        pipeline.run(plain)
        assert str(checked) == str(plain)


def twice(node: Node) -> Outcome:
    """``x * 2`` is ``x``."""
    return node.inputs[0] if node.inputs[1].constant == 2 else NO_MATCH


WRONG = """\
graph(%x : Float(2), %y : Float(2)):
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %a : Float(2) = aten::mul(%x, %one) # cell:1:4
  %b : Float(2) = aten::mul(%y, %two) # cell:2:4
  %c : Float(2) = aten::add(%a, %b, %one) # cell:3:4
  return (%c)
"""


def test_the_error_names_rule_node_and_values() -> None:
    rules = (*NAMES["peephole"].options.get("rules", ()), Rule(("aten::mul",), twice))
    peephole = replace(NAMES["peephole"], options={"rules": rules})
    given = [tl.tensor([1.0, 2.0]), tl.tensor([0.0, 3.0])]
    found = caught(Pipeline((peephole,)), parse_graph(WRONG), given)
    line = twice.__code__.co_firstlineno
    assert str(found) == (
        "after peephole: result 0 on sample: element 1 is 5.0 instead of 8.0\n"
        f"  since rewrite 1, by twice (test_equivalence.py:{line}): x * 2 is x\n"
        "    %b : Float(2) = aten::mul(%y, %two)"
    )
    assert isinstance(found, GraphError)
    data = found.culprit.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert (data["pass"], data["number"]) == ("peephole", 1)


def changed(before: str, after: str, given: list[object]) -> str:
    """The first difference of two graphs, as text."""
    first, second = parse_graph(before), parse_graph(after)
    cases = edge_inputs(first, given)
    found = difference(outcomes(first, cases), outcomes(second, cases), cases)
    return "" if found is None else str(found)


ONE = "graph(%x : Float(2), %y : Float(2)):\n  %one : int = prim::Constant[value=1]()\n"
GIVEN = (tl.tensor([1.0, 2.0]), tl.tensor([3.0, 4.0]))


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ("%a : Float(2) = aten::mul(%x, %one)", "%a : Float(2) = aten::tanh(%x)",
         "result 0 on sample: element 0 is 0.7615941762924194 instead of 1.0"),
        ("%a : Float(2) = aten::add(%x, %y, %one)", "%a : Double(2) = aten::to(%x, %code, %no, %no)",
         "result 0 on sample: float64[2] instead of float32[2]"),
        ("%a : Float(2) = aten::add_(%x, %y, %one)", "%a : Float(2) = aten::add(%x, %y, %one)",
         "argument 0 on sample: element 0 is 1.0 instead of 4.0"),
        ("%a : Float(2) = aten::clone(%x)", "%a : Float(2) = aten::detach(%x)",
         "result 0 on sample: shares memory with argument 0"),
        ("= prim::Print(%one)\n  %a : Float(2) = aten::neg(%x)", "%a : Float(2) = aten::neg(%x)",
         "what is printed on sample: '' instead of '1\\n'"),
        ("%a : Float(2) = aten::relu(%x)", "%a : Float(2) = aten::abs(%x)",
         "result 0 on minus ones: element 0 is 1.0 instead of 0.0"),
        ("%a : Float(2) = aten::sub(%x, %x, %one)", "%a : Float(2) = aten::mul(%x, %zero)", ""),
        ("%a : Float(2) = aten::mul(%x, %zero)", "%a : Float(2) = aten::zeros_like(%x, %none)",
         "result 0 on nan: element 0 is 0.0 instead of nan"),
    ],
    ids=["values", "dtype", "written", "shared", "printed", "negative", "same", "nan"],
)  # fmt: skip
def test_what_a_caller_can_see_is_compared(before: str, after: str, how: str) -> None:
    constants = "  %zero : int = prim::Constant[value=0]()\n  %code : ScalarType = prim::Constant[value=7]()\n"
    constants += "  %no : bool = prim::Constant[value=0]()\n  %none : NoneType = prim::Constant()\n"
    texts = [f"{ONE}{constants}  {body}\n  return (%a)\n" for body in (before, after)]
    assert changed(*texts, list(GIVEN)) == how


def test_writes_are_tried_on_one_tensor_given_twice() -> None:
    read = "  %b : Float(2) = aten::mul(%y, %y)\n"
    write = "  %a : Float(2) = aten::add_(%x, %one, %one)\n"
    end = "  return (%b)\n"
    how = changed(ONE + read + write + end, ONE + write + read + end, list(GIVEN))
    assert how == "result 0 on one tensor: element 0 is 4.0 instead of 1.0"


def test_empty_tensors_are_tried_where_types_allow_them() -> None:
    head = "graph(%x : Tensor):\n  %none : NoneType = prim::Constant()\n  %a : Tensor = aten::"
    before, after = (f"{head}{call}\n  return (%a)\n" for call in ("sum(%x, %none)", "max(%x)"))
    one = [tl.tensor([2.0])]
    assert changed(before, after, one).startswith("the run on empty: raises max: ")
    typed = [text.replace("%x : Tensor", "%x : Float(1)") for text in (before, after)]
    assert changed(*typed, one) == ""


def test_inputs_that_the_first_graph_refuses_say_nothing() -> None:
    before = "graph(%n : int):\n  %a : int = aten::floordiv(%n, %n)\n  return (%n)\n"
    after = "graph(%n : int):\n  return (%n)\n"
    assert changed(before, after, [3]) == ""
    assert changed(after, before, [3]).startswith("the run on zeros: raises integer division or modulo by zero")


def test_random_numbers_are_drawn_from_one_seed_and_the_callers_stream_goes_on() -> None:
    text = "graph(%x : Float(2)):\n  %a : Float(2) = aten::bernoulli(%x)\n  return (%a)\n"
    half = [tl.tensor([0.5, 0.5])]
    tl.manual_seed(7)
    expected = tl.rand(3).tolist()
    tl.manual_seed(7)
    assert changed(text, text, half) == ""
    assert tl.rand(3).tolist() == expected


def test_tensors_that_a_graph_holds_are_not_touched() -> None:
    text = (
        "graph(%x : Float(2)):\n  %one : int = prim::Constant[value=1]()\n"
        "  %w : Float(2) = prim::Constant[value={5, 6}]()\n"
        "  %a : Float(2) = aten::add_(%w, %x, %one)\n  return (%x)\n"
    )
    graph = parse_graph(text)
    without = parse_graph(text)
    write = without.block.nodes[2]
    edit.erase(write)
    held = next(n for n in graph.nodes() if n.span is None and n.output.name == "w").attributes["value"]
    without.block.nodes[1].attributes["value"] = held
    cases = edge_inputs(graph, [tl.tensor([1.0, 2.0])])
    found = difference(outcomes(graph, cases), outcomes(without, cases), cases)
    assert str(found) == ("a tensor that the graph holds on sample: is written to by one of the two graphs alone")
    assert held.tolist() == [5.0, 6.0]


def test_a_sample_is_as_long_as_the_inputs() -> None:
    with pytest.raises(RangeError, match=r"^check: got 1 inputs; forward takes 2$"):
        DEFAULT.run(parse_graph(WRONG), check=[tl.tensor([1.0])])


def test_a_pass_that_keeps_everything_has_no_culprit(sample: list[object]) -> None:
    graph = parse_graph(TEXT)
    assert culprit(NAMES["cse"], graph, edge_inputs(graph, sample)) is None
