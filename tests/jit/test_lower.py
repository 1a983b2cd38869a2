"""Lowering: programs give what the interpreter gives, and their text, loops and arena are what runs."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.arena import ALIGNMENT, plan_arena


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
    assert "matmul(" in text and "sum_dim_IntList(" in text and "del " in text
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


def test_temporaries_that_never_live_together_share_bytes() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        for _ in range(4):
            x = (x * 2 + 1) @ x
        return x

    x = tl.rand(8, 8)
    traced = tl.jit.trace(f, (x,))
    special = traced.specialisation_for(x)
    arena = plan_arena(special.graph)
    assert len(arena.places) == 4
    assert arena.unshared_nbytes == 4 * 8 * 8 * 4
    assert arena.nbytes == 8 * 8 * 4
    assert special.program.arena_nbytes == arena.nbytes
    assert all(p.offset % ALIGNMENT == 0 for p in arena.places.values())
    np.testing.assert_allclose(traced(x).numpy(), traced.interpret(x).numpy(), rtol=1e-6)


def test_places_that_live_together_do_not_overlap() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        a, b = x * 2, x.t() + 1
        c = a @ b
        d = (c - a) @ b
        return d @ a

    x = tl.rand(5, 5)
    places = list(plan_arena(tl.jit.trace(f, (x,)).specialisation_for(x).graph).places.values())
    assert len(places) >= 2
    for i, p in enumerate(places):
        for q in places[i + 1 :]:
            together = p.first <= q.last and q.first <= p.last
            apart = p.offset + p.nbytes <= q.offset or q.offset + q.nbytes <= p.offset
            assert apart or not together


def test_results_and_their_views_are_never_in_the_arena() -> None:
    def f(x: tl.Tensor) -> tuple[tl.Tensor, tl.Tensor]:
        y = x * 2
        return y[0], (x + 1).t()

    x = tl.rand(3, 3)
    traced = tl.jit.trace(f, (x,))
    first, second = traced(x)
    again, _ = traced(x + 1)
    np.testing.assert_allclose(first.numpy(), (x * 2).numpy()[0])
    np.testing.assert_allclose(second.numpy(), (x + 1).numpy().T)
    assert again.data_ptr() != first.data_ptr()
    assert traced.specialisation_for(x).program.arena_nbytes == 0


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
    from tensorlab.jit.function import LIMIT

    traced = tl.jit.trace(lambda x: x + 1, (tl.ones(1),))
    for n in range(1, LIMIT + 10):
        assert traced(tl.zeros(n)).shape == (n,)
    assert len(traced.programs) == LIMIT
