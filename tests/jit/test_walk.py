"""Walks through a run: what each step says, moves and why they end, copies, failures, what lies ahead."""

from __future__ import annotations

import json
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit import walk as walks
from tensorlab.jit.walk import Walk, value_text
from tensorlab.jit.walk_records import StepRecord, live_curve


def walk_of(function: Any, *args: Any) -> Walk:
    compiled = function if hasattr(function, "graph_and_inputs") else tl.jit.script(function)
    return Walk(*compiled.graph_and_inputs(*args))


def now(walk: Walk) -> StepRecord:
    found = walk.record().now
    assert found is not None
    return found


def grow(x: tl.Tensor, n: int):
    y = x
    for i in range(n):
        if i > 0:
            y = y * 2.0
    return y


def test_what_a_step_says() -> None:
    def f(x: tl.Tensor):
        y = x * 2.0
        z = y * 2.0
        z.mul_(2.0)
        print("made")
        return z

    x = tl.ones(3)
    walk = walk_of(f, x)
    assert walk.record().now is None
    walk.until("y")
    first = now(walk)
    assert first.code.node == "%y : Tensor = aten::mul(%x, %1)" and first.code.source == "y = x * 2.0"
    assert [(r.name, r.type) for r in first.gave] == [("%y", "Float(3)")]
    assert [r.name for r in first.moved] == ["%x", "%1"]
    assert first.freed == () and [(r.name, r.nbytes) for r in first.let_go] == [("%x", 12)]  # the caller's
    assert (first.made_nbytes, first.freed_nbytes, first.live_nbytes) == (12, 12, 12)
    walk.until("%z")
    second = now(walk)
    assert [(r.name, r.nbytes) for r in second.freed] == [("%y", 12)] and second.let_go == ()
    walk.forward()
    assert [r.name for r in now(walk).written] == ["%z"]
    walk.end()
    record = walk.record()
    assert record.printed == "made\n" and record.done and record.registers == ()
    assert [(r.type, r.value) for r in record.results] == [("Float(3)", "[8, 8, 8]")]
    assert record.curve.peak == 12 and record.curve.count == record.count == walk.index
    assert json.loads(json.dumps(record.to_dict()))["index"] == walk.index


def test_registers_say_what_they_share() -> None:
    def f(x: tl.Tensor):
        top = x[0]
        return top, x

    walk = walk_of(f, tl.ones(2, 3))
    walk.until("top")
    held = {r.name: r for r in walk.record().registers}
    assert held["%top"].shares == (held["%x"].register,) and held["%x"].shares == (held["%top"].register,)
    walk.end()
    assert [(r.type, r.value) for r in walk.record().results] == [
        ("Float(3)", "[1, 1, 1]"),
        ("Float(2, 3)", "[[1, 1, 1], [1, 1, 1]]"),
    ]
    assert (held["%top"].type, held["%top"].value, held["%top"].nbytes) == ("Float(3)", "[1, 1, 1]", 24)


def test_blocks_and_turns() -> None:
    walk = walk_of(grow, tl.ones(3), 4)
    walk.until("%y.3")
    outer, inner = now(walk).inside
    assert (outer.kind, outer.turn, outer.turns, inner.kind) == ("loop", 2, 4, "then")
    assert now(walk).code.depth == 2 and outer.line + 1 == inner.line
    walk.at(0)
    walk.until_line(inner.line)
    assert walk.record().inside[0].turn == 1
    walk.until_line(inner.line)
    assert walk.record().inside[0].turn == 2
    walk.end()
    assert walk.record().inside == ()


def test_a_while_loop_counts_its_turns_without_a_number_of_them() -> None:
    def f(n: int):
        i = 0
        while i < n:
            i += 1
        return i

    walk = walk_of(f, 30)
    for _ in range(30):
        walk.until("%i.2")
    (block,) = now(walk).inside
    assert (block.kind, block.turn, block.turns) == ("loop", 30, None)
    walk.until("%i.2")
    assert walk.record().outcome == "not met" and walk.record().results[0].value == "30"


def test_an_else_is_told_from_its_then() -> None:
    def f(n: int):
        if n > 3:
            r = n + 1
        else:
            r = n - 1
        return r

    for n, kind in ((5, "then"), (1, "else")):
        walk = walk_of(f, n)
        walk.until("r")
        assert [block.kind for block in now(walk).inside] == [kind]


def test_moves_and_why_they_end() -> None:
    walk = walk_of(grow, tl.ones(3), 2)
    walk.end()
    count = walk.index
    assert walk.record().outcome == ""
    walk.forward()
    assert (walk.record().outcome, walk.record().wanted, walk.index) == ("end", f"step {count + 1}", count)
    walk.back(3)
    record = walk.record()
    assert (record.index, record.count, record.curve.count, record.done) == (count - 3, count, count, False)
    assert [s.state for s in record.steps[-4:]] == ["now", "undone", "undone", "undone"]
    walk.back(count)
    assert (walk.index, walk.record().outcome) == (0, "beginning")
    walk.at(count + 5)
    assert (walk.index, walk.record().outcome) == (count, "end")
    with pytest.raises(RangeError, match=r"^at: got -1; takes a number of steps, at least 0$"):
        walk.at(-1)
    with pytest.raises(RangeError, match=r"^until: grow has no value %99$"):
        walk.until("%99")
    with pytest.raises(RangeError, match=r"^until: grow has no instruction from line 1$"):
        walk.until_line(1)
    with pytest.raises(ArgumentError, match=r"^grow: argument 'n' is missing; takes \(Tensor x, int n\)$"):
        walk_of(grow, tl.ones(3))


def test_a_move_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "STEPS", 5)
    walk = walk_of(grow, tl.ones(3), 2)
    walk.end()
    assert (walk.index, walk.record().outcome) == (5, "limit")
    walk.until("%y.3")
    assert (walk.index, walk.record().outcome) == (10, "limit")
    assert repr(walk) == "<walk through grow after 10 steps>"


def test_only_what_comes_for_certain_is_shown_ahead() -> None:
    walk = walk_of(grow, tl.ones(3), 3)
    walk.until("%y.3")
    record = walk.record()
    ahead = [s.code for s in record.steps if s.state in ("next", "ahead")]
    assert [code.opcode for code in ahead] == ["move", "jump", "move", "next", "jump"] and not record.open_end
    walk.forward(3)
    record = walk.record()
    assert [s.code.opcode for s in record.steps if s.state in ("next", "ahead")] == ["next", "jump", "jump_unless_next"]
    assert record.open_end  # whether another turn comes
    walk.forward(2)
    assert [s.code for s in walk.record().steps if s.state in ("done", "now")][-5:] == ahead


def test_nothing_of_the_callers_changes() -> None:
    def f(x: tl.Tensor, row: tl.Tensor):
        x.mul_(2.0)
        return row, tl.rand(2)

    x = tl.ones(2, 3, requires_grad=True) * 1.0
    state = tl.get_rng_state().tolist()
    walk = walk_of(f, x, x[0])
    walk.end()
    assert walk.record().printed == "" and walk.record().done
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]] and tl.get_rng_state().tolist() == state
    assert walk.record().copied_nbytes == 24  # one copy for both


def test_a_shared_argument_is_shared_in_the_copy() -> None:
    def f(x: tl.Tensor, row: tl.Tensor):
        x.mul_(2.0)
        return row

    x = tl.ones(2, 3)
    walk = walk_of(f, x, x[0])
    walk.end()
    assert walk.record().results[0].value == "[2, 2, 2]" and x.tolist()[0] == [1, 1, 1]


def test_what_a_trace_holds_is_copied_too() -> None:
    total = tl.zeros(3)

    def f(x: tl.Tensor):
        total.add_(x)
        return total * 2.0

    traced = tl.jit.trace(f, tl.ones(3), check_trace=False)
    before = total.tolist()
    walk = walk_of(traced, tl.ones(3))
    walk.end()
    assert total.tolist() == before


class Counting(tl.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.register_buffer("total", tl.zeros(3))

    def forward(self, x: tl.Tensor):
        self.total.mul_(2.0)
        self.seen += 1
        return x * 2.0


def test_a_module_is_walked_through_and_stays_as_it_is() -> None:
    module = tl.jit.script(Counting())
    module.total.add_(1)
    walk = walk_of(module, tl.ones(3))
    walk.end()
    assert walk.record().results[0].value == "[2, 2, 2]"
    assert module.seen == 0 and module.total.tolist() == [1, 1, 1]


def test_random_numbers_are_those_of_a_call() -> None:
    def f():
        return tl.rand(2)

    scripted = tl.jit.script(f)
    tl.manual_seed(3)
    walk = walk_of(scripted)
    tl.rand(7)
    walk.end()
    tl.manual_seed(3)
    assert walk.record().results[0].value == value_text(scripted())


def test_a_failure_stands_at_its_step() -> None:
    def f(x: tl.Tensor, y: tl.Tensor):
        z = x * 2.0
        return z + y

    walk = walk_of(f, tl.ones(3), tl.ones(5))
    walk.end()
    record = walk.record()
    assert record.failure is not None and record.outcome == "error" and not record.done
    assert record.failure.message.startswith("add: the size of tensor a (3) must match the size of tensor b (5)")
    assert "\n" not in record.failure.message and record.failure.source.strip() == "return z + y"
    assert [s.state for s in record.steps[-2:]] == ["now", "failed"]
    walk.back()
    assert walk.record().failure is None
    walk.forward(2)
    assert walk.record().failure is not None


def test_values_in_a_few_words() -> None:
    assert value_text(tl.tensor([[1.5, 2.0], [3.0, 4.0]])) == "[[1.5, 2], [3, 4]]"
    assert value_text(tl.arange(12)) == "0, 1, 2, 3, … 8 more"
    assert value_text(tl.zeros(0, 3)) == "no elements"
    assert value_text(tl.tensor(0.25, dtype=tl.bfloat16)) == "0.25"
    assert value_text(tl.tensor([True, False])) == "[True, False]"
    assert value_text("text") == "'text'"


def test_a_long_curve_keeps_its_highest_moments() -> None:
    live = [i % 7 for i in range(5000)]
    live[3333] = 100
    curve = live_curve(live, 42)
    assert len(curve.live) == 120 and curve.count == 4999 and curve.now == 0
    assert (curve.peak, curve.peak_step) == (100, 3333)
    assert all(live[step] == amount for step, amount in zip(curve.steps, curve.live, strict=True))
