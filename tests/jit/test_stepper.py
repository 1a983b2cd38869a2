"""Runs forwards and backwards: every state comes back to the last bit, whatever was written, made, printed or drawn."""

from __future__ import annotations

from typing import Any

import pytest
from fuzz_programs import function_of
from fuzz_ways import optimised
from fuzz_writer import samples, write

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError, RunError
from tensorlab.jit import interpret
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import FULL
from tensorlab.jit.stepper import Moment, Stepper


def bytes_of(arguments: list[Any]) -> list[bytes]:
    return [v.numpy().tobytes() for v in arguments if isinstance(v, tl.Tensor)]


def there_and_back(graph: Graph, arguments: list[Any]) -> Stepper:
    """To the end, to the beginning, to the end again, and here and there; each state is the one of the first time."""
    at_first = bytes_of(arguments)
    stepper = Stepper(graph, arguments)
    states, moments = [stepper.digest()], []
    for moment in stepper:
        states.append(stepper.digest())
        moments.append(moment)
    results = stepper.results
    backwards = [states[-1]]
    while stepper.index:
        assert stepper.back() is moments[stepper.index]
        backwards.append(stepper.digest())
    assert backwards == states[::-1]
    assert bytes_of(arguments) == at_first and stepper.results == () and not stepper.moments
    for state, moment in zip(states[1:], moments, strict=True):
        assert stepper.forward() == moment
        assert stepper.digest() == state
    for index in (len(states) // 2, 0, len(states) - 1, len(states) // 3):
        stepper.at(index)
        assert stepper.digest() == states[index]
    assert len(stepper.end()) == len(results)
    return stepper


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 5, 6])
def test_random_programs(seed: int) -> None:
    function = function_of(write(seed).source)
    scripted = tl.jit.script(function)
    for graph in (scripted.graph, optimised(scripted.graph, FULL, samples())):
        stepper = there_and_back(graph, list(samples().values()))
        expected = interpret.run(graph, list(samples().values()))
        assert bytes_of(list(stepper.results)) == bytes_of(list(expected))


def test_a_step_tells_what_it_moved_made_freed_wrote_and_printed() -> None:
    def f(x: tl.Tensor):
        y = x + 1
        y.add_(x)
        print(y.dim())
        return y * 2

    stepper = Stepper(tl.jit.script(f).graph, [tl.tensor([1.0, 2.0])])
    told = {
        m.step.instruction.kind: (m.written, m.live_nbytes, m.made_nbytes, m.freed_nbytes, m.printed) for m in stepper
    }
    y = stepper.code.names.index("y")
    assert told["aten::add"] == ((), 16, 8, 0, "")
    assert told["aten::add_"] == ((y,), 8, 0, 8, "")  # x is read for the last time
    assert told["prim::Print"] == ((), 8, 0, 0, "1\n")
    assert told["aten::mul"] == ((), 8, 8, 8, "")
    assert stepper.printed == "1\n" and stepper.live_nbytes == 8
    assert stepper.results[0].tolist() == [6.0, 10.0]
    assert stepper.moments[-1].to_dict()["live_nbytes"] == 8


def test_prints_are_kept_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def f(n: int):
        for i in range(n):
            print(i)

    stepper = Stepper(tl.jit.script(f).graph, [3])
    stepper.end()
    assert stepper.printed == "0\n1\n2\n"
    while stepper.printed != "0\n":
        stepper.back()
    stepper.end()
    assert stepper.printed == "0\n1\n2\n" and capsys.readouterr().out == ""


def test_random_numbers_come_again() -> None:
    def f(x: tl.Tensor):
        a = tl.rand(3)
        return x + a, tl.rand(3)

    tl.manual_seed(5)
    traced = tl.jit.trace(f, tl.zeros(3), check_trace=False)
    stepper = there_and_back(traced.graph, [tl.zeros(3)])
    first = [t.tolist() for t in stepper.results[0]]
    stepper.at(0)
    assert [t.tolist() for t in stepper.end()[0]] == first
    assert first[0] != first[1]


class Counter:
    """Counts, and keeps what it saw."""

    def __init__(self, start: int) -> None:
        self.count = start
        self.seen: list[int] = []

    def add(self, n: int) -> int:
        self.count += n
        self.seen.append(n)
        return self.count


def objects(x: tl.Tensor, n: int):
    c = Counter(n)
    d = {"x": x}
    listed = [x, x]
    for i in range(n):
        c.add(i)
        d["x"] = d["x"] + 1
        listed.append(d["x"])
        listed[0].mul_(2)
    return c.count, c.seen, listed, d["x"]


def test_lists_dicts_and_objects() -> None:
    stepper = there_and_back(tl.jit.script(objects).graph, [tl.tensor([1.0]), 3])
    expected = objects(tl.tensor([1.0]), 3)
    count, seen, listed, last = stepper.results[0]
    assert (count, seen) == expected[:2] == (6, [0, 1, 2])
    assert [t.item() for t in listed] == [t.item() for t in expected[2]]
    assert last is listed[-1]


@tl.jit.ignore
def shift(x: tl.Tensor) -> tl.Tensor:
    x.add_(tl.rand(1))
    return x


def test_what_python_writes_comes_back() -> None:
    def f(x: tl.Tensor):
        y = shift(x)
        return y * 2

    there_and_back(tl.jit.script(f).graph, [tl.tensor([1.0, 2.0])])


def test_called_graphs_that_write_come_back() -> None:
    graph = parse_graph("""
graph(%x : Tensor):
  %1 : int = prim::Constant[value=1]()
  %2 : Tensor = aten::add_(%x, %1, %1)
  %3 : Tensor = aten::mul_(%x, %2)
  return (%3)
""")
    outer = parse_graph('graph(%x : Tensor):\n  %1 : Tensor = prim::CallFunction[name="inner"](%x)\n  return (%1)\n')
    next(outer.nodes()).attributes["subgraph"] = graph
    there_and_back(outer, [tl.tensor([1.0, 2.0])])


def test_until() -> None:
    def f(x: tl.Tensor, n: int):
        y = x * 2
        for i in range(n):
            y = y + i
        return y

    graph = tl.jit.script(f).graph
    stepper = Stepper(graph, [tl.tensor([1.0]), 2])
    product = next(n for n in graph.nodes() if n.kind == "aten::mul").output
    moment = stepper.until(product)
    assert isinstance(moment, Moment) and moment.step.instruction.kind == "aten::mul"
    turns = [stepper.until("y"), stepper.until("y")]
    assert turns[0].step.index < turns[1].step.index
    (result,) = graph.outputs
    stepper.until(result)
    assert stepper.registers[stepper.code.places[result.serial]].tolist() == [3.0]
    stepper.end()
    with pytest.raises(RangeError, match=r"^until: f came to its end, and y was not given$"):
        stepper.until("y")
    with pytest.raises(RangeError, match=r"^until: f has no value z$"):
        stepper.until("z")


def test_a_step_that_fails_changes_nothing() -> None:
    def f(x: tl.Tensor, y: tl.Tensor):
        x.add_(1)
        x.add_(y)
        return x

    x = tl.tensor([1.0, 2.0])
    stepper = Stepper(tl.jit.script(f).graph, [x, tl.zeros(3)])
    with pytest.raises(RunError, match=r"x\.add_\(y\)"):
        stepper.end()
    state, index = stepper.digest(), stepper.index
    assert x.tolist() == [2.0, 3.0] and stepper.next is not None and stepper.next.kind == "aten::add_"
    with pytest.raises(RunError):
        stepper.forward()
    assert (stepper.digest(), stepper.index) == (state, index)
    stepper.at(0)
    assert x.tolist() == [1.0, 2.0]


def test_ends() -> None:
    def f(x: tl.Tensor):
        return x + 1

    graph = tl.jit.script(f).graph
    stepper = Stepper(graph, [tl.tensor([1.0])])
    with pytest.raises(RangeError, match=r"^back: f stands before its first step$"):
        stepper.back()
    with pytest.raises(RangeError, match=r"^at: got -1; takes a number of steps, at least 0$"):
        stepper.at(-1)
    with pytest.raises(RangeError, match=r"^at: got 9; f comes to its end after 4 steps$"):
        stepper.at(9)
    with pytest.raises(RangeError, match=r"^forward: f has come to its end after 4 steps$"):
        stepper.forward()
    assert stepper.done and stepper.next is None and repr(stepper) == "<stepper of f after 4 steps>"
    with pytest.raises(ArgumentError, match=r"^f: takes 1 arguments, got 0$"):
        Stepper(graph, [])
