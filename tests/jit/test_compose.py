"""Composition: plain, traced and scripted functions called from traces and from scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, List, Tuple  # noqa: UP035 - what users write

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, TraceError, TracerWarning
from tensorlab.jit.text import format_graph
from tensorlab.jit.tracing import record
from tensorlab.jit.verify import verify


def plain(x: tl.Tensor) -> tl.Tensor:
    return x * 2 - 1


def choose(x: tl.Tensor) -> tl.Tensor:
    if x.sum() > 0:
        y = x * 3
    else:
        y = -x
    return y


traced = tl.jit.trace(plain, (tl.ones(3, 3),))
scripted = tl.jit.script(choose)


def calls_plain(x: tl.Tensor) -> tl.Tensor:
    return plain(x + 1) * x


def calls_traced(x: tl.Tensor) -> tl.Tensor:
    return traced(x + 1) * x


def calls_scripted(x: tl.Tensor) -> tl.Tensor:
    return scripted(x + 1) * x


def kinds(graph: Any) -> list[str]:
    return [n.kind for n in graph.nodes() if n.kind != "prim::Constant"]


@pytest.mark.parametrize("caller", [calls_plain, calls_traced, calls_scripted])
@pytest.mark.parametrize("how", ["trace", "script"])
def test_every_caller_and_callee(how: str, caller: Callable[[tl.Tensor], tl.Tensor]) -> None:
    compiled = tl.jit.script(caller) if how == "script" else tl.jit.trace(caller, (tl.ones(2),))
    verify(compiled.graph)
    assert ("prim::If" in kinds(compiled.graph)) == (caller is calls_scripted)  # its control flow survives
    for values in ([1.0, 2.0], [-4.0, 1.0], [[-5.0], [2.0], [7.0]]):
        x = tl.tensor(values)
        assert compiled(x).tolist() == compiled.interpret(x).tolist() == caller(x).tolist()


def branchy(x):
    if x.sum() > 0:
        y = x * 3
    else:
        y = -x
    return y


@pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean")
@pytest.mark.parametrize("callee", ["python", "trace", "script"])
@pytest.mark.parametrize("how", ["trace", "script"])
def test_control_flow_survives_where_it_does_in_torch(how: str, callee: str) -> None:
    torch = pytest.importorskip("torch")

    def survives(lib: Any) -> tuple[bool, list[float]]:
        inner: Any = branchy
        if callee == "script":
            inner = lib.jit.script(branchy)
        elif callee == "trace":
            inner = lib.jit.trace(branchy, lib.ones(2), check_trace=False)

        def outer(x):  # no annotations: both libraries take a tensor
            return inner(x + 1) * x

        compiled = lib.jit.script(outer) if how == "script" else lib.jit.trace(outer, lib.ones(2), check_trace=False)
        graph = str(getattr(compiled, "inlined_graph", compiled.graph))
        return "prim::If" in graph, compiled(lib.tensor([-3.0, 1.0])).tolist()

    assert survives(tl) == survives(torch)


def test_the_graph_of_a_callee_stands_in_the_trace_with_its_places_and_known_shapes() -> None:
    graph = tl.jit.trace(calls_scripted, (tl.ones(2),)).graph
    assert format_graph(graph, spans=False) == (
        "graph(%x : Float(2)):\n"
        "  %1 : int = prim::Constant[value=1]()\n"
        "  %2 : int = prim::Constant[value=1]()\n"
        "  %3 : Float(2) = aten::add(%x, %1, %2)\n"
        "  %4 : NoneType = prim::Constant()\n"
        "  %5 : int = prim::Constant[value=0]()\n"
        "  %6 : int = prim::Constant[value=3]()\n"
        "  %7 : Float() = aten::sum(%3, %4)\n"
        "  %8 : Bool() = aten::gt(%7, %5)\n"
        "  %9 : bool = prim::Bool(%8)\n"
        "  %y : Float(2) = prim::If(%9)\n"
        "    block0():\n"
        "      %y.1 : Float(2) = aten::mul(%3, %6)\n"
        "      -> (%y.1)\n"
        "    block1():\n"
        "      %y.2 : Float(2) = aten::neg(%3)\n"
        "      -> (%y.2)\n"
        "  %13 : Float(2) = aten::mul(%y, %x)\n"
        "  return (%13)\n"
    )
    (branch,) = [n for n in graph.nodes() if n.kind == "prim::If"]
    assert branch.span is not None
    assert (branch.span.filename, branch.span.line) == (__file__, choose.__code__.co_firstlineno + 1)


def test_compiled_functions_nest() -> None:
    def outer(x: tl.Tensor) -> tl.Tensor:
        return middle(x) + scripted(x)

    middle = tl.jit.trace(calls_scripted, (tl.ones(2),))
    compiled = tl.jit.trace(outer, (tl.ones(2),))
    assert kinds(compiled.graph).count("prim::If") == 2
    for values in ([1.0, 2.0], [-4.0, 1.0], [-1.5, 1.0]):
        x = tl.tensor(values)
        assert compiled(x).tolist() == outer(x).tolist()


def test_the_interpreter_of_a_callee_is_heard_too() -> None:
    compiled = tl.jit.trace(lambda x: scripted.interpret(x) + 1, (tl.ones(2),))
    assert compiled(tl.tensor([-1.0, -2.0])).tolist() == [2.0, 3.0]


# What callees do to memory


@tl.jit.script
def one_of(x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
    if x.sum() > 0:
        r = x
    else:
        r = y
    return r


@tl.jit.script
def bump(x: tl.Tensor) -> tl.Tensor:
    x.add_(1)
    return x


def writes_through(x: tl.Tensor, y: tl.Tensor) -> tuple[tl.Tensor, ...]:
    r = one_of(x, y)
    r.add_(10)
    bump(y)
    return x * 1, y * 1, r, bump(r[:1])


def test_which_argument_a_callee_gave_back_is_not_baked_in() -> None:
    compiled = tl.jit.trace(writes_through, (tl.ones(2), tl.ones(2)))
    for first in (1.0, -1.0):
        results, states = [], []
        for call in (writes_through, compiled, compiled.interpret):
            x, y = tl.tensor([first, 0.0]), tl.tensor([5.0, 6.0])
            results.append([t.tolist() for t in call(x, y)])
            states.append((x.tolist(), y.tolist()))
        assert results[0] == results[1] == results[2]
        assert states[0] == states[1] == states[2]


# What callees take and give


@tl.jit.script
def join(xs: List[tl.Tensor], pair: Tuple[tl.Tensor, int], scale: float = 2.0) -> Tuple[tl.Tensor, List[tl.Tensor]]:  # noqa: UP006
    return tl.cat(xs) * pair[1] * scale, [pair[0], xs[0]]


@tl.jit.script
def maybe(x: tl.Tensor, swap: bool) -> Tuple[tl.Tensor, tl.Tensor]:  # noqa: UP006
    if swap:
        r = (x * 2, x)
    else:
        r = (x, x * 2)
    return r


def structures(x: tl.Tensor) -> tl.Tensor:
    joined, (first, second) = join([x, x * 2], (x[:1], 3), scale=0.5)
    a, b = maybe(joined, True)
    return a * first - b * second[1]


def test_lists_tuples_and_numbers_go_in_and_come_out() -> None:
    compiled = tl.jit.trace(structures, (tl.ones(2),))
    verify(compiled.graph)
    for values in ([1.0, 2.0], [3.0, -1.0]):
        x = tl.tensor(values)
        assert compiled(x).tolist() == compiled.interpret(x).tolist() == structures(x).tolist()


@tl.jit.script
def count(x: tl.Tensor) -> Tuple[int, tl.Tensor]:  # noqa: UP006
    n = 0
    while x.sum() > 0:
        x = x - 1
        n = n + 1
    return n, x


def test_a_number_from_a_callee_is_baked_in_and_warned_of() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        n, rest = count(x)
        return rest + n

    with pytest.warns(TracerWarning, match="A compiled function gave a value that is no tensor") as caught:
        found = record(f, (tl.tensor([2.0, 1.0]),), ("x",), "f")
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (__file__, f.__code__.co_firstlineno + 1)
    assert [e.what for e in found.escapes] == ["result"]


def test_the_length_of_a_list_that_control_flow_gives_is_baked_in_and_warned_of() -> None:
    @tl.jit.script
    def lists(x: tl.Tensor, both: bool) -> List[tl.Tensor]:  # noqa: UP006
        if both:
            r = [x, x * 2]
        else:
            r = [x]
        return r

    with pytest.warns(TracerWarning, match="A compiled function gave a list: a trace bakes its length in"):
        compiled = tl.jit.trace(lambda x: lists(x, True)[1] + 1, (tl.ones(2),))
    assert compiled(tl.tensor([1.0, 4.0])).tolist() == [3.0, 9.0]


def test_a_callee_of_constants_escapes_silently() -> None:
    @tl.jit.script
    def three() -> int:
        return 3

    compiled = tl.jit.trace(lambda x: x * three(), (tl.ones(2),))
    assert compiled(tl.ones(2)).tolist() == [3.0, 3.0]


def test_what_a_callee_makes_of_data_is_its_own_result() -> None:
    @tl.jit.script
    def number(n: int) -> tl.Tensor:
        return tl.tensor(n)

    compiled = tl.jit.trace(lambda x: x * number(3).view(1), (tl.ones(2),))
    assert kinds(compiled.graph) == ["aten::tensor", "aten::view", "aten::mul"]


def test_traces_do_not_nest() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        return tl.jit.trace(plain, (x,))(x)

    with pytest.raises(TraceError) as caught:
        tl.jit.trace(f, (tl.ones(2),))
    assert str(caught.value) == (
        "trace: plain would be traced inside the trace of f; trace it before: a call of it becomes part of that trace"
    )


def test_scripting_inside_a_trace_is_no_part_of_it() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        return tl.jit.script(choose)(x)

    assert kinds(tl.jit.trace(f, (tl.ones(2),)).graph) == kinds(scripted.graph)


def test_an_error_in_a_callee_leaves_the_trace_usable() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        with pytest.raises(ArgumentError, match="got 2 arguments"):
            scripted(x, x)
        return scripted(x)

    assert tl.jit.trace(f, (tl.ones(2),))(tl.tensor([-1.0, 0.0])).tolist() == [1.0, 0.0]
