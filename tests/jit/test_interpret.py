"""The reference interpreter: instructions, last uses, control flow, steps and errors."""

from __future__ import annotations

import weakref
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from interpreted import Builder, Bytes, Ops
from interpreted import graph as graph
from interpreted import ops as ops
from interpreted import top as top

from tensorlab.core.types import BOOL, INT, TENSOR
from tensorlab.errors import ArgumentError, GraphError, RunError
from tensorlab.jit.interpret import Code, Machine, run, steps, translate
from tensorlab.jit.ir import Graph, Span, Value


def listing(code: Code) -> list[str]:
    return [line.strip() for line in str(code).splitlines()]


def test_straight_line(graph: Graph, top: Builder) -> None:
    x, y = top.param("x"), top.param("y")
    total = top.op("add", x, y)
    top.give(top.op("mul", total, top.constant(7)), x)
    code = translate(graph)
    assert listing(code) == [
        "0  2 = add 0, move(1)",
        "1  3 = constant 7",
        "2  4 = mul move(2), move(3)",
        "3  return move(4), move(0)",
    ]
    assert run(code, [2, 3]) == (35, 2)
    assert (code.name, code.inputs, code.registers, code.names) == ("f", 2, 5, ("x", "y", "", "", ""))


def test_only_the_last_reading_of_one_instruction_moves(graph: Graph, top: Builder) -> None:
    x = top.param()
    top.give(top.op("add", x, x))
    assert listing(translate(graph)) == ["0  1 = add 0, move(0)", "1  return move(1)"]
    assert run(graph, [4]) == (8,)


def test_a_value_returned_twice(graph: Graph, top: Builder) -> None:
    x = top.param()
    top.give(x, x)
    assert listing(translate(graph)) == ["0  return 0, move(0)"]
    assert run(graph, [4]) == (4, 4)


def test_unused_arguments_and_outputs_are_dropped(graph: Graph, top: Builder) -> None:
    x, _unused = top.param(), top.param()
    quotient, _remainder = top.node("test::divmod", x, top.constant(4), outputs=2, op=top.ops["divmod"]).outputs
    top.node("test::silent", x, outputs=0, op=top.ops["silent"])
    top.give(quotient)
    assert listing(translate(graph)) == [
        "0  drop 1",
        "1  2 = constant 4",
        "2  3, 4 = divmod 0, move(2)",
        "3  drop 4",
        "4  silent move(0)",
        "5  return move(3)",
    ]
    assert run(graph, [9, None]) == (2,)


def make_if(top: Builder) -> None:
    """``c ? (a + b) * 10 : a``, where b dies unread in the second branch."""
    c, a, b = top.param("c", BOOL), top.param("a"), top.param("b")
    choice = top.node("prim::If", c)
    then, other = top.inner(choice), top.inner(choice)
    then.give(then.op("mul", then.op("add", a, b), then.constant(10)))
    other.give(a)
    top.give(choice.output)


def test_if(graph: Graph, top: Builder) -> None:
    make_if(top)
    code = translate(graph)
    assert listing(code) == [
        "0  jump_if_false move(0) -> 6",
        "1  4 = add move(1), move(2)",
        "2  5 = constant 10",
        "3  6 = mul move(4), move(5)",
        "4  3 = move(6)",
        "5  jump -> 8",
        "6  drop 2",
        "7  3 = move(1)",
        "8  return move(3)",
    ]
    assert run(code, [True, 1, 2]) == (30,)
    assert run(code, [False, 1, 2]) == (1,)


def test_if_without_outputs_or_second_branch(graph: Graph, top: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    c, a = top.param(), top.param()
    choice = top.node("prim::If", c, outputs=0)
    then, _other = top.inner(choice), top.inner(choice)
    then.node("prim::Print", then.constant("a ="), a, outputs=0)
    top.give(a)
    code = translate(graph)
    assert listing(code) == [
        "0  jump_if_false move(0) -> 3",
        "1  2 = constant 'a ='",
        "2  Print move(2), 1",
        "3  return move(1)",
    ]
    assert run(code, [True, 5]) == (5,)
    assert run(code, [False, 6]) == (6,)
    assert capsys.readouterr().out == "a = 5\n"


def make_loop(top: Builder) -> None:
    """``for i in range(n): s, p = p + i, s`` while ``p < 100``, with a constant from outside."""
    n, s0, p0 = top.param("n"), top.param("s"), top.param("p")
    hundred = top.constant(100)
    loop = top.node("prim::Loop", n, top.constant(True), s0, p0, outputs=2)
    body = top.inner(loop)
    i, s, p = body.param("i"), body.param("s"), body.param("p")
    body.give(body.op("lt", p, hundred), body.op("add", p, i), s)
    top.give(*loop.outputs)


def python_loop(n: int, s: int, p: int) -> tuple[int, int]:
    for i in range(n):
        go_on = p < 100
        s, p = p + i, s
        if not go_on:
            break
    return s, p


def test_loop(graph: Graph, top: Builder) -> None:
    make_loop(top)
    code = translate(graph)
    assert listing(code) == [
        "0  3 = constant 100",
        "1  4 = constant True",
        "2  8, 6, 7 = move(4), move(1), move(2)",
        "3  5 = constant 0",
        "4  jump_unless_next 0, 5, move(8) -> 10",
        "5  9 = lt 7, 3",
        "6  10 = add move(7), 5",
        "7  8, 6, 7 = move(9), move(10), move(6)",
        "8  5 = next move(5)",
        "9  jump -> 4",
        "10  drop 0, 3, 5",
        "11  11, 12 = move(6), move(7)",
        "12  return move(11), move(12)",
    ]
    for n, s, p in [(0, 1, 2), (-3, 1, 2), (1, 1, 2), (7, 3, 5), (50, 60, 70), (5, 200, 300)]:
        assert run(code, [n, s, p]) == python_loop(n, s, p)


def test_loop_that_never_starts_by_its_condition(graph: Graph, top: Builder) -> None:
    x = top.param()
    loop = top.node("prim::Loop", top.constant(9), top.constant(False), x)
    body = top.inner(loop)
    body.param()
    body.give(body.constant(True), body.op("inc", body.param()))
    top.give(loop.output)
    assert run(graph, [5]) == (5,)


def test_swapped_carried_values(graph: Graph, top: Builder) -> None:
    a, b = top.param(), top.param()
    loop = top.node("prim::Loop", top.constant(3), top.constant(True), a, b, outputs=2)
    body = top.inner(loop)
    _, p, q = body.param(), body.param(), body.param()
    body.give(body.constant(True), q, p)
    top.give(*loop.outputs)
    assert run(graph, [1, 2]) == (2, 1)


def test_tuples_and_lists(graph: Graph, top: Builder) -> None:
    x, y = top.param(), top.param()
    pair = top.node("prim::TupleConstruct", x, y).output
    first, second = top.node("prim::TupleUnpack", pair, outputs=2).outputs
    top.give(top.node("prim::ListConstruct", second, first).output, pair)
    assert run(graph, [1, 2]) == ([2, 1], (1, 2))


def test_fusion_group(ops: Ops, graph: Graph, top: Builder) -> None:
    sub = Graph("group")
    inside = Builder(ops, sub.block)
    a, b = inside.param(), inside.param()
    inside.give(inside.op("mul", inside.op("add", a, b), b), a)
    x, y = top.param(), top.param()
    group = top.node("prim::FusionGroup", x, y, outputs=2, attributes={"subgraph": sub})
    top.give(*group.outputs)
    code = translate(graph)
    assert listing(code) == ["0  2, 3 = FusionGroup move(0), move(1)", "1  return move(2), move(3)"]
    nested = code.instructions[0].code
    assert nested is not None
    assert listing(nested) == ["0  2 = add 0, 1", "1  3 = mul move(2), move(1)", "2  return move(3), move(0)"]
    assert run(graph, [2, 3]) == (15, 2)


def test_a_value_dies_at_its_last_use(graph: Graph, top: Builder) -> None:
    n = top.param()
    held = top.node("test::make", n, op=top.ops["make"])
    held.output.type = TENSOR
    seen = top.op("see", held.output)
    top.give(top.op("inc", seen))
    machine = Machine(translate(graph), [0])
    machine.step()
    watched = weakref.ref(machine.registers[1])
    machine.step()
    assert watched() is None
    while not machine.done:
        machine.step()
    assert machine.results == (2,)


def test_a_value_that_one_branch_does_not_read_dies_on_the_way_into_it(graph: Graph, top: Builder) -> None:
    c, x, reference = top.param(), top.param("x", TENSOR), top.param()
    choice = top.node("prim::If", c)
    then, other = top.inner(choice), top.inner(choice)
    then.give(then.op("see", x))
    other.give(other.op("alive", reference))
    top.give(choice.output)
    held = Bytes()
    arguments: list[Any] = [False, held, weakref.ref(held)]
    del held
    machine = Machine(translate(graph), arguments)
    while not machine.done:
        machine.step()
    assert machine.results == (False,)


def test_a_kept_step_keeps_no_value_alive(graph: Graph, top: Builder) -> None:
    top.give(top.op("see", top.op("make", top.param())))
    arguments: list[Any] = [0]
    kept = list(steps(translate(graph), arguments))
    assert not Bytes.alive
    assert [s.freed for s in kept] == [(0,), (1,), (2,)]


def test_steps_tell_each_instruction(graph: Graph, top: Builder) -> None:
    span = Span("cell", 3, 4)
    x = top.param("x")
    top.give(top.op("inc", top.op("add", x, top.constant(5), span=span)))
    code = translate(graph)
    first, second, third, last = steps(code, [10])
    assert (first.index, first.pc, str(first.instruction)) == (0, 0, "1 = constant 5")
    assert (first.before, first.after, first.freed) == ({0: "10"}, {0: "10", 1: "5"}, ())
    assert (second.before, second.after, second.freed) == ({0: "10", 1: "5"}, {2: "15"}, (0, 1))
    assert (second.span, second.serial) == (span, graph.block.nodes[1].serial)
    assert third.after == {3: "16"}
    assert (last.before, last.after, last.freed, last.serial) == ({3: "16"}, {}, (3,), None)
    assert second.to_dict() == {
        "index": 1,
        "pc": 1,
        "instruction": {
            "opcode": "op",
            "kind": "test::add",
            "inputs": [{"register": 0, "move": True}, {"register": 1, "move": True}],
            "outputs": [2],
            "node": second.serial,
            "span": {"filename": "cell", "line": 3, "column": 4, "function": ""},
            "target": None,
            "text": "2 = add move(0), move(1)",
        },
        "before": {0: "10", 1: "5"},
        "after": {2: "15"},
        "freed": [0, 1],
    }


def test_steps_run_nothing_ahead(graph: Graph, top: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    top.node("prim::Print", top.param(), outputs=0)
    walk = steps(translate(graph), ["now"])
    assert capsys.readouterr().out == ""
    next(walk)
    assert capsys.readouterr().out == "now\n"


def test_steps_through_a_loop_count_on(graph: Graph, top: Builder) -> None:
    make_loop(top)
    code = translate(graph)
    walked = list(steps(code, [2, 1, 2]))
    assert [s.index for s in walked] == list(range(len(walked)))
    assert [s.pc for s in walked] == [0, 1, 2, 3, *[4, 5, 6, 7, 8, 9] * 2, 4, 10, 11, 12]
    assert all(a.after is b.before for a, b in pairwise(walked))
    assert not walked[-1].after


def test_error_is_told_at_the_users_line(graph: Graph, top: Builder, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("def f(a, b):\n    return 1 + a // b\n")
    span = Span(str(script), 2, 15, 2, 21, "f")
    top.give(top.op("div", top.param(), top.param(), span=span))
    with pytest.raises(RunError) as caught:
        run(graph, [1, 0])
    assert str(caught.value) == (
        f"integer division or modulo by zero\n  {script}, line 2, column 16\n"
        "      return 1 + a // b\n                 ^^^^^^"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_error_in_a_group_is_told_once(ops: Ops, graph: Graph, top: Builder) -> None:
    sub = Graph("group")
    inside = Builder(ops, sub.block)
    inside.give(inside.op("div", inside.param(), inside.param(), span=Span("cell 3", 4, 1)))
    top.give(top.node("prim::FusionGroup", top.param(), top.param(), attributes={"subgraph": sub}).output)
    with pytest.raises(RunError) as caught:
        run(graph, [1, 0])
    assert str(caught.value) == "integer division or modulo by zero\n  cell 3, line 4"


def test_raise(graph: Graph, top: Builder) -> None:
    top.node("prim::RaiseException", top.param(), outputs=0, span=Span("cell 3", 4, 1, function="f"))
    with pytest.raises(RunError) as caught:
        run(graph, ["n must be positive"])
    assert str(caught.value) == "n must be positive\n  cell 3, line 4"


def test_wrong_number_of_arguments(graph: Graph, top: Builder) -> None:
    top.give(top.param())
    with pytest.raises(ArgumentError, match=r"^f: takes 1 arguments, got 2$"):
        run(graph, [1, 2])
    with pytest.raises(ArgumentError, match=r"^f: takes 1 arguments, got 0$"):
        steps(translate(graph), [])


def test_node_without_an_instruction(graph: Graph, top: Builder) -> None:
    top.node("prim::Unheard", span=Span("cell 3", 4, 1))
    with pytest.raises(GraphError, match=r"^graph f: no instruction for prim::Unheard at cell 3:4:1$"):
        translate(graph)


def test_value_used_before_it_is_given(graph: Graph, top: Builder) -> None:
    top.give(Value(INT, "late"))
    with pytest.raises(GraphError, match=r"^graph f: %late is used before it is given$"):
        translate(graph)
