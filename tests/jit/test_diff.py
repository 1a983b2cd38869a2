"""The semantic difference of two graphs: by identity, whatever they print as and in whichever order they stand."""

from __future__ import annotations

import random

from tensorlab.jit import edit
from tensorlab.jit.build import snapshot
from tensorlab.jit.diff import DiffLine, diff
from tensorlab.jit.ir import Block, Graph, Value, walk
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import FULL, NAMES, Pipeline
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names, format_graph, name_graph

BUSY = """\
graph(%x : Float(2, 3), %y : Float(2, 3), %n : int):
  %one : int = prim::Constant[value=1]()
  %true : bool = prim::Constant[value=1]()
  %a : Float(3, 2) = aten::t(%x)
  %b : Float(2, 3) = aten::t(%a)
  %c : Float(2, 3) = aten::mul(%b, %y)
  %d : Float(2, 3) = aten::exp(%y)
  %e : Float(2, 3) = prim::Loop(%n, %true, %c)
    block0(%i : int, %p : Float(2, 3)):
      %k : Float(2, 3) = aten::tanh(%x)
      %q : Float(2, 3) = aten::mul(%p, %k)
      %r : Float(2, 3) = aten::add(%q, %d, %one)
      -> (%true, %r)
  %f : Float(2, 3) = aten::mul(%e, %one)
  return (%f, %d)
"""


def shown(record: PassRecord, names: Names) -> list[str]:
    return list(map(text, diff(record.before, record.after, record.decisions, names)))


def text(line: DiffLine) -> str:
    return " | ".join([f"{line.mark} {'  ' * line.depth}{line.text}", *filter(None, (line.note,))])


def plain(lines: list[DiffLine]) -> bool:
    """Whether nothing is said of any line."""
    return all((line.mark, line.note, line.reason) == ("=", "", "") for line in lines)


def _values(graph: Graph) -> list[Value]:
    inner = [v for n in graph.nodes() for v in (*n.outputs, *(p for b in n.blocks for p in b.params))]
    return [*graph.inputs, *inner]


def test_other_names_are_no_difference() -> None:
    before = parse_graph(BUSY)
    after = snapshot(before)
    for index, value in enumerate(_values(after)):
        value.name = f"other_{index}" if index % 2 else ""
    assert format_graph(before) != format_graph(after)
    assert plain(diff(before, after, ()))


def _shuffle(block: Block, draw: random.Random) -> None:
    """Another order of a block's nodes in which each still follows what it takes."""
    waiting, placed = list(block.nodes), list[int]()
    own = {n.serial for n in waiting}
    ordered = []
    while waiting:
        ready = [
            n
            for n in waiting
            if all(
                v.producer is None or v.producer.serial not in own or v.producer.serial in placed
                for m in (n, *(m for b in n.blocks for m in walk(b)))
                for v in m.inputs
            )
        ]
        node = draw.choice(ready)
        waiting.remove(node)
        placed.append(node.serial)
        ordered.append(node)
    for node in ordered:
        edit.detach(node)
        edit.place(node, block)
        for inner in node.blocks:
            _shuffle(inner, draw)


def test_another_order_is_no_difference() -> None:
    before = parse_graph(BUSY)
    orders = set()
    for seed in range(20):
        after = snapshot(before)
        _shuffle(after.block, random.Random(seed))
        lines = diff(before, after, ())
        assert plain(lines)
        orders.add(tuple(line.node for line in lines))
    assert len(orders) > 5


def test_a_value_keeps_its_name_through_all_passes() -> None:
    names = Names()
    seen: dict[int, str] = {}
    records = FULL.run(parse_graph(BUSY))
    for record in records:
        diff(record.before, record.after, record.decisions, names)
        for value in (*_values(record.before), *_values(record.after)):
            assert seen.setdefault(value.serial, names.of(value)) == names.of(value)
    assert len(set(seen.values())) == len(seen)
    assert sum(record.changed for record in records) > 4


def test_what_stays_is_told_as_it_is() -> None:
    graph = parse_graph(BUSY)
    assert plain(diff(graph, graph, ()))


def test_transposed_twice() -> None:
    """The talk's first example."""
    (record,) = Pipeline((NAMES["peephole"],)).run(
        parse_graph("""\
graph(%x : Float(2, 3)):
  %a : Float(3, 2) = aten::t(%x)
  %b : Float(2, 3) = aten::t(%a)
  %c : Float(2, 3) = aten::tanh(%b)
  return (%c)
""")
    )
    assert shown(record, Names()) == [
        "= %x : Float(2, 3)",
        "= %a : Float(3, 2) = aten::t(%x)",
        "> %b : Float(2, 3) = aten::t(%a) | → %x",
        "= %c : Float(2, 3) = aten::tanh(%x) | %b is now %x",
        "= return (%c)",
    ]


def test_a_loop_unrolled() -> None:
    """The talk's second example: what is the same in each trip moves out, the body is copied, n nodes became m."""
    graph = parse_graph("""\
graph(%x : Float(2)):
  %1 : int = prim::Constant[value=2]()
  %2 : bool = prim::Constant[value=1]()
  %y : Float(2) = prim::Loop(%1, %2, %x)
    block0(%i : int, %c : Float(2)):
      %k : Float(2) = aten::exp(%x)
      %s : Float(2) = aten::mul(%c, %k)
      -> (%2, %s)
  return (%y)
""")
    hoisted, unrolled = Pipeline((NAMES["hoist"], NAMES["unroll"])).run(graph)
    names = Names()
    assert shown(hoisted, names)[3:6] == [
        "↕ %k : Float(2) = aten::exp(%x) | moved out of prim::Loop",
        "= %y : Float(2) = prim::Loop(%1, %2, %x)",
        "=   block0(%i : int, %c : Float(2)):",
    ]
    assert shown(unrolled, names)[3:] == [
        "= %k : Float(2) = aten::exp(%x)",
        "> %y : Float(2) = prim::Loop(%1, %2, %x) | → %s.2, 2:2",
        "-   block0(%i : int, %c : Float(2)):",
        ">     %s : Float(2) = aten::mul(%c, %k) | → %s.1, %s.2",
        "+ %s.1 : Float(2) = aten::mul(%x, %k) | copy of %s",
        "+ %s.2 : Float(2) = aten::mul(%s.1, %k) | copy of %s",
        "= return (%s.2) | %y is now %s.2",
    ]


def test_n_nodes_that_became_m() -> None:
    graph = parse_graph("""\
graph(%x : Float(2), %y : Float(2)):
  %1 : int = prim::Constant[value=2]()
  %2 : bool = prim::Constant[value=1]()
  %z : Float(2) = prim::Loop(%1, %2, %x)
    block0(%i : int, %c : Float(2)):
      %s : Float(2) = aten::mul(%c, %y)
      %t : Float(2) = aten::tanh(%s)
      -> (%2, %t)
  return (%z)
""")
    (record,) = Pipeline((NAMES["unroll"],)).run(graph)
    assert "> %z : Float(2) = prim::Loop(%2, %3, %x) | → %t.2, 3:4" in shown(record, Names())


def test_more_copies_than_are_named() -> None:
    graph = parse_graph("""\
graph(%x : Float(2)):
  %1 : int = prim::Constant[value=7]()
  %2 : bool = prim::Constant[value=1]()
  %z : Float(2) = prim::Loop(%1, %2, %x)
    block0(%i : int, %c : Float(2)):
      %s : Float(2) = aten::tanh(%c)
      -> (%2, %s)
  return (%z)
""")
    (record,) = Pipeline((NAMES["unroll"],)).run(graph)
    line = next(line for line in shown(record, Names()) if line.startswith(">     %s"))
    assert line.endswith(" | → %s.1, %s.2, %s.3, %s.4, and 3 more")


def test_names_given_without_printing_are_those_of_the_print() -> None:
    for graph in (record.after for record in FULL.run(parse_graph(BUSY))):
        quiet, printed = Names(), Names()
        name_graph(graph, quiet)
        assert format_graph(graph, names=quiet) == format_graph(graph, names=printed)
