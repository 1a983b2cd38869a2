"""Pipelines as data, their records, and diffs of what passes changed."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

import tensorlab as tl
from tensorlab.errors import GraphError, RangeError
from tensorlab.jit import edit, interpret
from tensorlab.jit.build import snapshot
from tensorlab.jit.diff import diff
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.passes.cse import cse
from tensorlab.jit.passes.dce import dce
from tensorlab.jit.passes.shapes import specialised
from tensorlab.jit.pipeline import DEFAULT, NAMES, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.rewrite import Pass, Rewriter
from tensorlab.jit.text import Names, format_graph
from tensorlab.jit.verify import verify

TEXT = """\
graph(%x : Float(60, 51), %gain : Float(60, 51)):
  %1 : int = prim::Constant[value=0]()
  %2 : int = prim::Constant[value=1]()
  %3 : Float(51, 60) = aten::transpose(%x, %1, %2) # cell:3:4
  %4 : Float(60, 51) = aten::transpose(%3, %1, %2) # cell:3:4
  %6 : Float(60, 51) = aten::mul(%4, %gain) # cell:4:4
  %7 : Float(60, 51) = aten::mul(%6, %2) # cell:4:8
  %8 : Float(60, 51) = aten::tanh(%7) # cell:5:4
  return (%8)
"""


@pytest.fixture
def graph() -> Graph:
    return parse_graph(TEXT)


def test_pipelines_are_edited_as_data() -> None:
    tail = "peephole -> cse -> dce -> hoist -> fuse_rows -> fuse -> dce"
    assert str(DEFAULT) == f"shapes -> tuples -> lists -> dce -> cse -> constant -> shapes -> functional -> {tail}"
    rest = DEFAULT.without("shapes", "cse", "functional", "hoist")
    assert str(rest) == "tuples -> lists -> dce -> constant -> peephole -> dce -> fuse_rows -> fuse -> dce"
    assert str(DEFAULT.only("cse", "fuse").then(dce)) == "cse -> cse -> fuse -> dce"
    assert str(Pipeline(())) == "(no passes)"
    assert [p.name for p in DEFAULT.only("fuse")] == ["fuse"]
    assert list(NAMES) == [
        *("shapes", "dce", "cse", "constant", "control", "peephole", "inline", "tuples", "lists"),
        *("fold_norm", "drop_dropout", "decompose"),
        *("hoist", "unroll", "functional", "inplace", "pool", "fuse_rows", "fuse"),
    ]
    assert all(p.about.endswith(".") for p in NAMES.values())


def test_unknown_passes_are_refused() -> None:
    for change in (DEFAULT.without, DEFAULT.only):
        with pytest.raises(RangeError) as error:
            change("unroll")
        assert str(error.value) == (
            "no pass 'unroll'; the pipeline has "
            "shapes, tuples, lists, dce, cse, constant, functional, peephole, hoist, fuse_rows, fuse"
        )
    with pytest.raises(RangeError, match=r"^no pass 'cse'; the pipeline has none$"):
        Pipeline(()).only("cse")
    with pytest.raises(RangeError, match=r"^limit: got -1; takes a number of rewrites, at least 0$"):
        DEFAULT.run(Graph(), limit=-1)


def test_every_pass_leaves_a_record(graph: Graph) -> None:
    before = format_graph(graph)
    records = DEFAULT.run(graph, verify=True)
    assert [r.name for r in records] == [p.name for p in DEFAULT.passes]
    assert format_graph(records[0].before) == before
    assert format_graph(records[-1].after) == format_graph(graph)
    for record, following in pairwise(records):
        assert record.after is following.before
        assert (record.before is record.after) == (not record.changed)
        assert record.nodes_after == following.nodes_before
    changed = [(r.name, r.nodes_before, r.nodes_after) for r in records if r.changed]
    assert changed == [("peephole", 7, 5), ("dce", 5, 2), ("fuse", 2, 1)]
    assert all(r.seconds >= 0 and not r.skipped for r in records)


def test_records_are_plain_data(graph: Graph) -> None:
    records = DEFAULT.run(graph)
    record = next(r for r in records if r.name == "peephole")
    data = record.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert parse_graph(str(data["before"])).inputs[0].name == "x"
    assert [d["rule"] for d in data["decisions"]] == ["transpose_transpose", "mul_one"]
    assert data["after_nodes"] == [n.serial for n in record.after.nodes()]
    assert (data["nodes_before"], data["nodes_after"]) == (7, 5)


def test_a_limit_stops_after_so_many_rewrites(graph: Graph) -> None:
    all_of_them = sum(len(r.rewrites) for r in DEFAULT.run(parse_graph(TEXT)))
    for limit in range(all_of_them + 1):
        graph = parse_graph(TEXT)
        records = DEFAULT.run(graph, verify=True, limit=limit)
        assert sum(len(r.rewrites) for r in records) == limit
        verify(graph)
    none = DEFAULT.run(parse_graph(TEXT), limit=0)
    assert {r.skipped for r in none} == {"the limit of 0 rewrites was reached"}
    assert not any(r.changed for r in none)


def test_verifying_names_the_pass_that_broke_the_graph(graph: Graph) -> None:
    def run(rewriter: Rewriter) -> None:
        edit.set_input(rewriter.graph.block.nodes[2], 0, rewriter.graph.outputs[0])

    with pytest.raises(GraphError) as error:
        Pipeline((dce, Pass("broken", run), cse)).run(graph, verify=True)
    assert str(error.value).startswith("after broken: scope: %4 is not defined before it is taken\n")


def test_specialising_takes_a_type_for_each_input(graph: Graph) -> None:
    (gain, x) = (v.type for v in parse_graph(TEXT.replace("60", "6").replace("51", "5")).inputs)
    (record,) = Pipeline((specialised([x, gain]),)).run(graph)
    verify(graph)
    assert str(graph.outputs[0].type) == "Float(6, 5)"
    assert record.to_dict()["options"] == {"inputs": ["Float(6, 5)", "Float(6, 5)"]}
    with pytest.raises(GraphError, match=r"^shapes: got 1 types for 2 inputs$"):
        Pipeline((specialised([x]),)).run(graph)


# -- diffs


def shown(record: PassRecord, names: Names) -> list[str]:
    lines = diff(record.before, record.after, record.decisions, names)
    notes = [[part for part in (line.note, line.reason) if part] for line in lines]
    return [
        " | ".join([f"{line.mark} {'  ' * line.depth}{line.text}", *parts])
        for line, parts in zip(lines, notes, strict=True)
    ]


def test_the_diff_of_a_pass(graph: Graph) -> None:
    records = DEFAULT.run(graph)
    names = Names()
    format_graph(records[0].before, names=names)
    peephole = next(r for r in records if r.name == "peephole")
    assert shown(peephole, names) == [
        "= %x : Float(60, 51)",
        "= %gain : Float(60, 51)",
        "= %2 : int = prim::Constant[value=0]()",
        "= %3 : int = prim::Constant[value=1]()",
        "= %4 : Float(51, 60) = aten::transpose(%x, %2, %3)",
        "> %5 : Float(60, 51) = aten::transpose(%4, %2, %3) | → %x | x.transpose(i, j).transpose(i, j) is x",
        "= %6 : Float(60, 51) = aten::mul(%x, %gain) | %5 is now %x",
        "> %7 : Float(60, 51) = aten::mul(%6, %3) | → %6 | x * 1 is x",
        "= %8 : Float(60, 51) = aten::tanh(%6) | %7 is now %6",
        "= return (%8)",
    ]
    fuse = next(r for r in records if r.name == "fuse")
    assert shown(fuse, names) == [
        "= %x : Float(60, 51)",
        "= %gain : Float(60, 51)",
        "> %6 : Float(60, 51) = aten::mul(%x, %gain) | → in prim::FusionGroup_0 | one loop computes mul, tanh",
        "> %8 : Float(60, 51) = aten::tanh(%6) | → in prim::FusionGroup_0 | one loop computes mul, tanh",
        "+ %8 : Float(60, 51) = prim::FusionGroup_0(%x, %gain) | one loop computes mul, tanh",
        "= return (%8)",
    ]


def test_lines_know_rule_place_and_node(graph: Graph) -> None:
    records = DEFAULT.run(graph)
    peephole = next(r for r in records if r.name == "peephole")
    line = next(x for x in diff(peephole.before, peephole.after, peephole.decisions) if x.mark == ">")
    assert line.rule == "transpose_transpose"
    assert line.location.startswith("algebra.py:")
    assert str(line.span) == "cell:3:4"
    assert line.node == peephole.rewrites[0].nodes_in[0]
    assert line.to_dict()["span"] == {"filename": "cell", "line": 3, "column": 4, "function": ""}


CONTROL = """\
graph(%x : Float(2), %c : bool, %n : int):
  %true : bool = prim::Constant[value=1]()
  %a : Tensor = prim::If(%true)
    block0():
      %1 : Tensor = aten::tanh(%x)
      -> (%1)
    block1():
      %2 : Tensor = aten::exp(%x)
      -> (%2)
  %b : Float(2), %d : Float(2) = prim::If(%c)
    block0():
      %3 : Float(2) = aten::relu(%x)
      -> (%3, %3)
    block1():
      -> (%x, %x)
  %y : Tensor = prim::Loop(%n, %true, %a)
    block0(%i : int, %p : Tensor):
      %4 : Tensor = aten::mul(%p, %b)
      -> (%true, %4)
  return (%y)
"""


def test_blocks_that_went_nodes_that_moved_and_types_that_changed() -> None:
    graph = parse_graph(CONTROL)
    records = Pipeline((NAMES["constant"], dce, NAMES["shapes"])).run(graph, verify=True)
    names = Names()
    constant, dead, typed = (shown(r, names) for r in records)
    assert constant[4:11] == [
        "> %a : Tensor = prim::If(%true) | → %5 | the condition is always True",
        "-   block0():",
        "-   block1():",
        "-     %6 : Tensor = aten::exp(%x) | the condition is always True",
        "↕ %5 : Tensor = aten::tanh(%x) | moved out of prim::If | the condition is always True",
        "= %b : Float(2), %d : Float(2) = prim::If(%c)",
        "=   block0():",
    ]
    assert "= %y : Tensor = prim::Loop(%n, %true, %5) | %a is now %5" in constant
    assert "~ %b : Float(2) = prim::If(%c) | %d is gone | nothing takes output 1" in dead
    assert "=     -> (%9) | takes 1 values, took 2" in dead
    assert [line for line in typed if line[0] == "~"] == [
        "~ %5 : Float(2) = aten::tanh(%x) | %5 was Tensor | was Tensor, is Float(2)",
        "~ %y : Float(2) = prim::Loop(%n, %true, %5) | %y was Tensor | was Tensor, is Float(2)",
        "~   block0(%i : int, %p : Float(2)):",
        "~     %13 : Float(2) = aten::mul(%p, %b) | %13 was Tensor | was Tensor, is Float(2)",
    ]


def test_inputs_that_changed_type_and_nodes_that_moved(graph: Graph) -> None:
    before = snapshot(graph)
    rewriter = Rewriter(graph)
    rewriter.retype({graph.inputs[0]: graph.inputs[0].type.__class__()}, rule="r")
    rewriter.move(graph.block.nodes[1], graph.block.nodes[0], rule="r", reason="first")
    lines = shown(PassRecord("p", {}, before, graph, tuple(rewriter.decisions), 0.0, 7, 7), Names())
    assert lines[0] == "~ %x : Tensor | was Float(60, 51)"
    assert lines[2] == "↕ %3 : int = prim::Constant[value=1]() | moved | first"


def test_groups_have_a_largest_size() -> None:
    chain = "".join(f"  %{i + 1} : Float(2) = aten::relu(%{i})\n" for i in range(7))
    graph = parse_graph(f"graph(%0 : Float(2)):\n{chain}  return (%7)")
    (record,) = Pipeline((replace(NAMES["fuse"], options={"nodes": 3}),)).run(graph, verify=True)
    sizes = [len(n.attributes["subgraph"].block.nodes) for n in graph.nodes() if n.kind == "prim::FusionGroup"]
    assert sizes == [3, 3]
    assert [d.reason for d in record.refusals] == ["a group has at most 3 nodes"] * 2


def test_dear_nodes_fill_a_group_sooner() -> None:
    chain = "".join(f"  %{i + 1} : Float(2) = aten::{'relu' if i % 2 else 'tanh'}(%{i})\n" for i in range(6))
    graph = parse_graph(f"graph(%0 : Float(2)):\n{chain}  return (%6)")
    (record,) = Pipeline((replace(NAMES["fuse"], options={"nodes": 10}),)).run(graph, verify=True)
    sizes = [len(n.attributes["subgraph"].block.nodes) for n in graph.nodes() if n.kind == "prim::FusionGroup"]
    assert sizes == [4, 2]
    reason = "a group has at most 10 nodes, counting 4 for each that is no plain arithmetic"
    assert [d.reason for d in record.refusals] == [reason]


RANGE = """\
graph(%n : int):
  %true : bool = prim::Constant[value=1]()
  %0 : int = prim::Constant[value=0]()
  %ten : int = prim::Constant[value=10]()
  %y : int, %z : int = prim::Loop(%n, %true, %0, %ten)
    block0(%i : int, %y.1 : int, %z.1 : int):
      %1 : int = aten::mul(%y.1, %ten)
      %2 : int = aten::add(%1, %i)
      -> (%true, %2, %y.1)
  return (%y, %z)
"""


@pytest.mark.parametrize("trips", [-20, -2, -1, 0, 1, 2, 7, 8, 9, 17])
def test_an_unrolled_loop_makes_the_same_trips(trips: int) -> None:
    unrolled = parse_graph(RANGE)
    Pipeline((NAMES["unroll"], NAMES["constant"], dce)).run(unrolled, verify=True)
    assert [len(n.blocks[0].nodes) > 8 for n in unrolled.nodes() if n.blocks] == [True, False]
    assert interpret.run(unrolled, [trips]) == interpret.run(parse_graph(RANGE), [trips])


def test_long_bodies_are_not_unrolled() -> None:
    body = "".join(f"      %{i + 1} : int = aten::add(%{i}, %n)\n" for i in range(1, 34))
    text = RANGE.replace("      %2 : int = aten::add(%1, %i)\n", body).replace("%2, %y.1)", "%34, %y.1)")
    (record,) = Pipeline((NAMES["unroll"],)).run(parse_graph(text), verify=True)
    assert [d.reason for d in record.decisions] == ["its body has 34 nodes; at most 32 are repeated"]


def test_scripts_take_a_pipeline_as_traces_do() -> None:
    def twice(x: tl.Tensor) -> tl.Tensor:
        return (x * 2).relu()

    class Net(tl.nn.Module):
        def forward(self, x: tl.Tensor) -> tl.Tensor:
            return twice(x)

    unfused = Pipeline.parse("shapes,dce")
    x = tl.tensor([1.0, -1.0])
    for compiled in (tl.jit.script(twice, pipeline=unfused), tl.jit.script(Net(), pipeline=unfused)):
        assert compiled(x).tolist() == [2.0, 0.0]
        assert [r.name for r in compiled.records] == ["shapes", "dce"]
        assert [n.kind for n in compiled.graph_for(x).nodes() if n.kind != "prim::Constant"] == [
            "aten::mul",
            "aten::relu",
        ]
