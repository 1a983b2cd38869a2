"""Lowering: programs give what the interpreter gives, and their text, loops and arena are what runs."""

from __future__ import annotations

import re
from typing import Any, List, Tuple  # noqa: UP035 - what users write

import numpy as np
import pytest
from script_writer import function_of

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit import interpret
from tensorlab.jit.arena import plan_arena
from tensorlab.jit.lower import MOST_BLOCKS, MOST_LOOPS, lower
from tensorlab.jit.tracing import record


def pointwise(a: tl.Tensor, b: tl.Tensor, c: tl.Tensor) -> tl.Tensor:
    return tl.tanh(a * b + c)


def test_a_pointwise_chain_is_one_loop_without_temporaries() -> None:
    inputs = (tl.rand(5, 7), tl.rand(5, 7), tl.rand(7))
    traced = tl.jit.trace(pointwise, inputs)
    program = traced.specialisation_for(*inputs).program
    assert len(program.loops) == 1
    assert program.arena_nbytes == 0
    expected = np.tanh(inputs[0].numpy() * inputs[1].numpy() + inputs[2].numpy())
    np.testing.assert_allclose(traced(*inputs).numpy(), expected, rtol=1e-6)
    (loop,) = program.compiled_loops()
    assert "def loop(" in loop.source
    assert traced.stages("python").endswith(f"# {loop.name}\n{loop.source}")
    assert traced.stages("numba").splitlines()[0] == f"# {loop.name}"
    assert ":: float32" in traced.stages("numba")


def test_the_text_of_a_program_is_what_runs() -> None:
    x = tl.rand(4, 4)
    traced = tl.jit.trace(lambda x: (x @ x).sum(0), (x,))
    text = traced.specialisation_for(x).program.text
    assert text.startswith("def program(x):\n")
    assert "matmul(" in text and "sum_dim_IntList(" in text
    traced(x)
    assert traced.stages("python").startswith(text)


def test_stages_go_down_to_assembly() -> None:
    x = tl.rand(64)
    traced = tl.jit.trace(lambda x: x * x + 1, (x,))
    with pytest.raises(ArgumentError, match="has not been called yet"):
        traced.stages("asm")
    traced(x)
    assert "define " in traced.stages("llvm")
    assert "vmulps" in traced.stages("asm") or "mulps" in traced.stages("asm") or "vfmadd" in traced.stages("asm")
    assert traced.stages("graph").startswith("graph(%x : Float(64)):")
    with pytest.raises(RangeError) as caught:
        traced.stages("ptx")  # type: ignore[arg-type]
    assert str(caught.value) == "traced: no stage 'ptx'; takes graph, python, numba, llvm, asm"


def test_a_program_keeps_views_of_views_right() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        y = (x + 1).t()
        z = y[1:, ::2]
        return z.sum() + (z * 2).reshape(-1).max()

    x = tl.rand(6, 5)
    traced = tl.jit.trace(f, (x,))
    assert traced(x).item() == pytest.approx(f(x).item())
    assert traced.interpret(x).item() == pytest.approx(f(x).item())


def test_python_names_do_not_clash_with_a_programs_own() -> None:
    def f(storage: tl.Tensor, arena: tl.Tensor, print: tl.Tensor) -> tl.Tensor:
        return (storage * 2) @ arena + print

    inputs = tuple(tl.rand(3, 3) for _ in range(3))
    traced = tl.jit.trace(f, inputs)
    np.testing.assert_allclose(traced(*inputs).numpy(), f(*inputs).numpy(), rtol=1e-6)


def test_programs_are_bounded() -> None:
    from tensorlab.jit.specialisations import LIMIT

    traced = tl.jit.trace(lambda x: x + 1, (tl.ones(1),))
    for n in range(1, LIMIT + 10):
        traced.specialisation_for(tl.zeros(n))
        assert traced(tl.zeros(n)).shape == (n,)
    assert len(traced.programs) == LIMIT


# Structured programs --------------------------------------------------------------------------------------------------


def swaps(x: tl.Tensor, y: tl.Tensor, n: int) -> Tuple[tl.Tensor, tl.Tensor, List[int], int]:  # noqa: UP006
    a, b = x + 1, y * 2
    k = 0
    while k < n:
        t = a @ b
        a, b = b, t * 0.5
        if k % 2 == 0:
            x.add_(1)
            a = a + x
        k = k + 1
    for i in range(n):
        b = b - i
    return a, b, [1, 2], k


def test_the_text_of_a_program_with_branches_and_loops() -> None:
    scripted = tl.jit.script(swaps)
    x = tl.ones(2, 2)
    text = scripted.specialisation_for(x, x, 3).program.text
    first = swaps.__code__.co_firstlineno
    expected = """\
def program(x, y, n):
    a = loop0_add(x, 1)  # line +1
    b = loop1_mul(y, 2)  # line +1
    v0 = lt_int(0, n)  # line +3
    a_2, b_2, k = a, b, 0
    del a, b
    go = v0
    while go:  # line +3
        t = matmul(a_2, b_2)  # line +4
        del a_2
        b_3 = loop2_mul(t)  # line +5
        del t
        v1 = remainder_int(k, 2)  # line +6
        v2 = eq_int(v1, 0)  # line +6
        if v2:  # line +6
            add__Scalar((x, 1, 1))  # line +7
            a_3 = loop3_add(b_2, x)  # line +8
        else:
            a_3 = b_2
        del b_2
        k_2 = add_int(k, 1)  # line +9
        v3 = lt_int(k_2, n)  # line +3
        go, a_2, b_2, k = v3, a_3, b_3, k_2
        del a_3, b_3
    b_4 = b_2
    del b_2
    for i in range(n):  # line +10
        b_5 = loop4_sub(b_4, i)  # line +11
        b_4 = b_5
        del b_5
    v4 = (a_2, b_4, [1, 2], k)
    return v4
"""
    assert re.sub(r"line (\d+)", lambda m: f"line +{int(m[1]) - first}", text) == expected
    again = tl.jit.script(swaps).specialisation_for(x, x, 3).program.text
    assert again == text  # it depends on nothing but the function


def test_values_change_places_and_lists_are_the_callers_own() -> None:
    scripted = tl.jit.script(swaps)
    for n in range(4):
        arguments = [(tl.tensor([[1.0, 2.0], [0.0, 1.0]]), tl.tensor([[1.0, 0.0], [1.0, 1.0]]), n) for _ in range(2)]
        expected, got = swaps(*arguments[0]), scripted(*arguments[1])
        for a, b in zip((*expected[:2], arguments[0][0]), (*got[:2], arguments[1][0]), strict=True):
            assert a.tolist() == b.tolist()
        assert got[2:] == expected[2:]
        got[2].append(3)


def sizes(x: tl.Tensor, n: int) -> Tuple[int, Tuple[int, List[int]]]:  # noqa: UP006
    hits = 0
    for _ in range(n):
        if x.shape == [4]:
            hits = hits + 1
        x = tl.cat([x, x])
    print([1, 2])
    return hits, (3, [4, 5])


def test_lists_that_the_graph_holds_are_lists(capsys: pytest.CaptureFixture[str]) -> None:
    scripted = tl.jit.script(sizes)
    for n, hits in ((0, 0), (1, 0), (2, 1), (4, 1)):
        assert scripted(tl.ones(2), n) == (hits, (3, [4, 5]))
    assert capsys.readouterr().out == "[1, 2]\n" * 4


def nothing_given(x: tl.Tensor, n: int) -> tl.Tensor:
    if n > 1:
        x.add_(1)
    for _ in range(n):
        x.mul_(2)
        for _ in range(n):
            x[0] = 0.0
    return x


def test_branches_and_loops_that_give_nothing() -> None:
    scripted = tl.jit.script(nothing_given)
    for n in range(3):
        x, y = tl.tensor([1.0, 2.0]), tl.tensor([1.0, 2.0])
        assert scripted(x, n) is x
        assert x.tolist() == nothing_given(y, n).tolist()


def from_outside(x: tl.Tensor, n: int) -> tl.Tensor:
    w = x * 2
    total = w
    for i in range(n):
        if i > 0:
            for _ in range(n):
                total = total + w @ w
        else:
            total = total - w
    return total * w.sum() - 1


def test_values_from_outside_live_through_every_turn() -> None:
    scripted = tl.jit.script(from_outside)
    x = tl.tensor([[1.0, 2.0], [3.0, 4.0]])
    for n in range(4):
        assert scripted(x, n).tolist() == from_outside(x, n).tolist()
    text = scripted.specialisation_for(x, 1).program.python
    assert text.count("del w") == 1
    assert text.index("del w") > text.index("sum(")


def read_and_carried(x: tl.Tensor, n: int) -> tl.Tensor:
    w = x * 2
    total = w
    for _ in range(n):
        total = total + w
    return total.sum()


def test_a_value_may_be_carried_and_read_inside() -> None:
    scripted = tl.jit.script(read_and_carried)
    for n in range(3):
        assert scripted(tl.ones(2), n).item() == 4.0 * (n + 1)


def one_value_twice(x: tl.Tensor, flag: bool) -> Tuple[tl.Tensor, tl.Tensor, tl.Tensor]:  # noqa: UP006
    if flag:
        p = x + 1
        q = p
        r = x
    else:
        p = x
        q = x * 2
        r = q
    return p, q, r


def test_branches_that_give_one_value_twice() -> None:
    scripted = tl.jit.script(one_value_twice)
    x = tl.ones(2)
    for flag in (True, False):
        assert [t.tolist() for t in scripted(x, flag)] == [t.tolist() for t in one_value_twice(x, flag)]
    assert scripted(x, True)[2] is x


def chain(x: tl.Tensor, n: int) -> tl.Tensor:
    y = x @ x
    for _ in range(n):
        y = (y @ x).t().contiguous() * 0.5
    return y


def test_temporaries_go_back_at_once() -> None:
    from tensorlab.memory import HostAllocator, StatisticsAllocator, use_allocator

    x = tl.ones(16, 16)
    scripted = tl.jit.script(chain)
    scripted(x, 1)
    peaks = []
    for n in (3, 30):
        with use_allocator(StatisticsAllocator(HostAllocator())) as allocator:
            scripted(x, n)
            assert allocator.stats().allocated_bytes == 0
            peaks.append(allocator.stats().peak_bytes)
    assert peaks == [3 * x.nbytes] * 2


COUNTED = """\
graph(%x : Tensor, %n : int, %most : float):
  %true : bool = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %none : NoneType = prim::Constant()
  %y : Tensor, %last : int = prim::Loop(%n, %true, %x, %n)
    block0(%i : int, %before : Tensor, %was : int):
      %next : Tensor = aten::mul(%before, %two)
      %total : Tensor = aten::sum(%next, %none)
      %number : float = aten::Float(%total)
      %go : bool = aten::lt(%number, %most)
      -> (%go, %next, %i)
  return (%y, %last)
"""


def test_a_loop_may_count_and_ask() -> None:
    graph = tl.jit.parse_ir(COUNTED)
    program = lower(graph)
    assert "while go and i < n:" in program.text
    for n in (-1, 0, 1, 3, 9):
        for most in (0.0, 9.0, 100.0):
            (y, last), (z, same) = program.run(tl.ones(2), n, most), interpret.run(graph, (tl.ones(2), n, most))
            assert (y.tolist(), last) == (z.tolist(), same)


def test_names_that_python_does_not_take() -> None:
    names = ("class", "None", "é", "ﬁ", "fi", "v0", "loop0_mul_add", "a.b", "storage", "__debug__")
    params = ", ".join(f"%{n} : Tensor" for n in names)
    graph = tl.jit.parse_ir(f"graph({params}):\n  %out : Tensor = aten::mul(%class, %fi)\n  return (%out)\n")
    text = lower(graph).text
    head = text.splitlines()[0].removeprefix("def program(").removesuffix("):").split(", ")
    assert len(set(head)) == len(names)
    inputs = [tl.tensor(float(i)) for i in range(1, len(names) + 1)]
    assert lower(graph).run(*inputs).item() == 1.0 * 5.0


def deep(loops: int, branches: int) -> Any:
    """A function with so many loops, and branches inside of them, in one another."""
    lines = ["def f(x: tl.Tensor, n: int):", "    y = x"]
    for depth in range(loops):
        lines.append(f"{'    ' * (depth + 1)}for i{depth} in range(n):")
    pad = "    " * (loops + 1)
    for k in range(branches):
        lines += [f"{pad}{'el' if k else ''}if n == {k}:", f"{pad}    y = y + {k}"]
    lines += [f"{pad}y = y * 2" if not branches else "", "    return y"]
    return function_of("\n".join(lines) + "\n")


@pytest.mark.parametrize(("loops", "branches"), [(18, 0), (19, 0), (0, 60), (0, 120)])
def test_what_python_nests_no_deeper_is_interpreted(loops: int, branches: int) -> None:
    function = deep(loops, branches)
    scripted = tl.jit.script(function)
    x = tl.tensor([1.0, 2.0])
    for n in (0, 1, branches - 1):
        assert scripted(x, n).tolist() == function(x, n).tolist()
    assert ("run(code, inputs)" in scripted.stages("python")) == (loops > MOST_LOOPS or branches > MOST_BLOCKS)


def test_programs_grow_with_the_graph_and_no_faster() -> None:
    def f(x: tl.Tensor, n: int) -> tl.Tensor:
        for _ in range(n):
            x = (x * 1.5) @ x
        return x

    lines = []
    for n in (10, 1000):
        graph = record(lambda x, n=n: f(x, n), (tl.zeros(2, 2),), ("x",), "f").graph
        plan = plan_arena(graph)
        lines.append(len(lower(graph).text.splitlines()))
        assert (len(plan.places), plan.nbytes) == (n, 64)
    assert lines[1] - 100 * lines[0] < 0


def test_memory_that_a_program_asks_for_is_of_the_line_that_called_it() -> None:
    function = tl.jit.CompilationUnit("def f(x):\n    return (x * 2 + 1).tanh()\n").f
    x = tl.rand(64)
    function(x)
    history = tl.memory.record_history()
    try:
        held = function(x)
    finally:
        tl.memory.record_history(None)
    assert held.shape == (64,)
    assert {event.frames[0].filename for event in history.events() if event.action == "alloc"} == {__file__}
