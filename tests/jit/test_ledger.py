"""What nodes cost by their types, and what passes cost and bring: sums are the sums of their parts."""

from __future__ import annotations

import json

import pytest

import tensorlab as tl
from tensorlab.jit import timing
from tensorlab.jit.costs import Total, graph_cost, peak_nbytes
from tensorlab.jit.executions import executions
from tensorlab.jit.ledger import BEFORE, ledger
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.timing import Timing


def cost(inputs: str, body: str, result: str = "%y"):
    """The cost of the last node of a graph."""
    return graph_cost(parse_graph(f"graph({inputs}):\n{body}\n  return ({result})\n")).nodes[-1]


ONE = "  %one : int = prim::Constant[value=1]()\n"
TWO = "  %two : int = prim::Constant[value=2]()\n"
NONE = "  %none : NoneType = prim::Constant()\n"
X = "%x : Float(4, 6)"


@pytest.mark.parametrize(
    ("inputs", "body", "operations", "transcendentals", "read", "written"),
    [
        (X, "  %y : Float(4, 6) = aten::relu(%x)", 24, 0, 96, 96),
        (X, f"{ONE}  %y : Float(4, 6) = aten::add(%x, %x, %one)", 24, 0, 96, 96),
        (X, f"{TWO}  %y : Float(4, 6) = aten::add(%x, %x, %two)", 48, 0, 96, 96),
        (f"{X}, %w : Double(6)", "  %y : Double(4, 6) = aten::mul(%x, %w)", 24, 0, 144, 192),
        (X, "  %y : Float(4, 6) = aten::tanh(%x)", 0, 24, 96, 96),
        (X, "  %y : Float(6, 4) = aten::t(%x)", 0, 0, 0, 0),
        (f"{X}, %w : Float(6, 5)", "  %y : Float(4, 5) = aten::matmul(%x, %w)", 240, 0, 216, 80),
        (X, f"{NONE}  %y : Float() = aten::sum(%x, %none)", 24, 0, 96, 4),
        ("%x : Float(*, 6)", "  %y : Float(*, 6) = aten::relu(%x)", None, 0, None, None),
        (X, f"{NONE}  %y : Float(4, 6) = aten::cumsum(%x, %n, %none)", None, None, 96, 96),
    ],
    ids=["relu", "add", "add_two", "broadcast", "tanh", "view", "matmul", "sum", "open", "unknown"],
)
def test_costs(inputs: str, body: str, operations, transcendentals, read, written) -> None:
    more = ", %n : int" if "%n," in body else ""
    found = cost(inputs + more, body)
    assert (found.operations, found.transcendentals) == (operations, transcendentals)
    assert (found.read, found.written) == (read, written)


def test_peak() -> None:
    chain = f"graph({X}):\n  %a : Float(4, 6) = aten::exp(%x)\n  %b : Float(4, 6) = aten::tanh(%a)\n"
    assert peak_nbytes(parse_graph(f"{chain}  %c : Float(4, 6) = aten::relu(%b)\n  return (%c)\n")) == Total(288, 0)
    kept = "  %t : (Tensor, Tensor) = prim::TupleConstruct(%a, %b)\n  return (%t)\n"
    assert peak_nbytes(parse_graph(f"{chain}  %c : Float(4, 6) = aten::relu(%b)\n{kept}")) == Total(384, 0)
    view = f"graph({X}):\n  %y : Float(6, 4) = aten::t(%x)\n  return (%y)\n"
    assert peak_nbytes(parse_graph(view)) == Total(96, 0)
    two = "graph(%x : Float(4), %y : Float(4)):\n  %z : Float(4) = aten::mul(%x, %y)\n  return (%z)\n"
    assert peak_nbytes(parse_graph(two)) == Total(48, 0)


@pytest.fixture(scope="module")
def book():
    def tone(x, y):
        a = (x + y * 2) * 1
        return (a.tanh() + (x + y * 2).tanh()).cumsum(0)

    x = tl.ones(2, 3)
    traced = tl.jit.trace(tone, (x, x))
    traced(x, x)
    return traced, ledger(traced, runs=3)


def test_rows_are_the_graphs_after_each_pass(book) -> None:
    traced, found = book
    changed = [r for r in traced.records if r.changed]
    assert [row.name for row in found.rows] == [BEFORE, *(r.name for r in changed)]
    assert [name for name, _ in found.idle] == [r.name for r in traced.records if not r.changed]
    assert all(row.time is not None and row.time.runs == 3 for row in found.rows)


def test_the_native_function_is_timed_or_why_not_is_said(book) -> None:
    native = book[1].native
    assert native is not None
    assert (native.runs, book[1].no_native) == (3, "")
    one = ledger(tl.jit.trace(lambda x: x @ x, (tl.ones(2, 2),)), runs=2)
    assert (one.native, one.no_native) == (None, "one operation: there is nothing between operations to save")


def test_sums_are_those_of_their_parts(book) -> None:
    traced, found = book
    for row in found.rows:
        assert row.nodes == sum(row.kinds.values())
        for what in ("operations", "transcendentals", "read", "written"):
            parts = [getattr(node, what) for node in row.cost.nodes]
            assert row.cost.total(what) == Total(sum(p or 0 for p in parts), parts.count(None))
        assert row.cost.moved.known == row.cost.total("read").known + row.cost.total("written").known
    assert found.rows[0].nodes == traced.records[0].nodes_before
    assert found.pass_seconds == pytest.approx(sum(r.seconds for r in found.rows) + sum(s for _, s in found.idle))
    times = found.compiling
    assert times.total == times.copying + times.passes + times.records + times.lowering + times.first_call
    assert times.passes == pytest.approx(sum(r.seconds for r in traced.records))


def test_fusion_moves_fewer_bytes_and_computes_as_much(book) -> None:
    before, after = next((a, b) for a, b in zip(book[1].rows, book[1].rows[1:], strict=False) if b.name == "fuse")
    assert after.cost.moved.known < before.cost.moved.known
    assert after.cost.total("operations") == before.cost.total("operations") == Total(18, 1)  # and a cumsum
    assert json.loads(json.dumps(book[1].to_dict()))["rows"][0]["name"] == BEFORE


def test_loops_and_branches_are_counted_for_the_inputs() -> None:
    def half(x: tl.Tensor, n: int):
        for i in range(n):
            x = x * 0.5 if i < 2 else x.tanh()
        return x

    script = tl.jit.script(half)
    script(tl.ones(4), 5)
    first, *rows = ledger(script, inputs=(tl.ones(4), 5), runs=2).rows
    assert first.cost.total("operations").unknown == 1  # before the types of what is in the loop are known
    for row in rows:
        (loop,) = (node for node in row.cost.nodes if node.kind == "prim::Loop")
        (branch,) = (node for node in loop.parts if node.kind == "prim::If")
        assert (loop.operations, loop.transcendentals) == (2 * 4, 3 * 4)
        assert [part.runs for part in branch.parts if part.kind in ("aten::mul", "aten::tanh")] == [2, 3]
        for what in ("operations", "transcendentals", "read", "written"):
            assert getattr(loop, what) == sum(getattr(part, what) for part in loop.parts)
            assert getattr(branch, what) == sum(getattr(part, what) for part in branch.parts)
            assert row.cost.total(what) == Total(sum(getattr(node, what) for node in row.cost.nodes), 0)
    graph = script.graph
    assert [n.operations for n in graph_cost(graph).nodes if n.kind == "prim::Loop"] == [None]
    refused = parse_graph("graph(%x : Tensor, %w : Tensor):\n  %y : Tensor = aten::matmul(%x, %w)\n  return (%y)\n")
    assert executions(refused, [tl.ones(4), tl.ones(3)]) is None


@pytest.mark.parametrize(("seconds", "runs", "calls"), [(0.01, 8, 13), (0.2, 5, 7), (0.001, 15, 20)])
def test_long_calls_are_measured_less_often(monkeypatch, seconds: float, runs: int, calls: int) -> None:
    clock = [0.0]

    def call() -> None:
        clock[0] += seconds

    monkeypatch.setattr(timing, "perf_counter", lambda: clock[0])
    (first, second) = timing.measure([call, call])
    assert (first.runs, second.runs) == (runs, runs)
    assert first.median == pytest.approx(seconds)
    assert round(clock[0] / seconds) == 2 * calls


def test_what_is_measured_is_what_ran_and_writes_to_copies() -> None:
    count = tl.zeros(3)
    plain = tl.jit.trace(lambda x: (x * 1).exp(), (tl.ones(3),))
    counting = tl.jit.trace(lambda x: count.add_(x).exp(), (tl.ones(3),), check_trace=False)
    for function in (plain, counting):
        function(tl.ones(3))
    before = count.tolist()
    changed = [r.seconds for r in plain.records if r.changed]
    assert [row.seconds for row in ledger(plain, runs=2).rows[1:]] == changed
    assert all(row.time is not None for row in ledger(counting, runs=2).rows)
    assert count.tolist() == before


def test_overlapping_times_are_no_difference() -> None:
    assert not Timing(2.0, 1.0, 3.0, 9).apart(Timing(3.5, 2.5, 4.0, 9))
    assert Timing(2.0, 1.0, 3.0, 9).apart(Timing(5.0, 4.0, 6.0, 9))
