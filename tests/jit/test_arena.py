"""Arenas: temporaries share bytes if they never live together, and only if no one outside can see them."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.jit.arena import ALIGNMENT, Place, plan_arena
from tensorlab.jit.tracing import record


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
    assert_apart(places)


def assert_apart(places: list[Place]) -> None:
    """Places that live at the same time share no byte."""
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


def test_an_arena_serves_what_is_written_to_viewed_and_listed() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        a = x * 2
        b = x + 1
        a.t().add_(b)
        row = a[0]
        listed = [a, b @ a]
        row.mul_(3)
        c = x - 1
        return tl.cat(listed).sum(0) @ c

    x = tl.rand(4, 4)
    traced = tl.jit.trace(f, (x,))
    program = traced.specialisation_for(x).program
    assert program.arena_nbytes == 3 * x.nbytes  # a lives in the list until c is there
    np.testing.assert_allclose(traced(x).numpy(), f(x).numpy(), rtol=1e-5)


def test_memory_that_a_view_still_reads_is_not_given_away() -> None:
    def f(x: tl.Tensor) -> tl.Tensor:
        row = (x * 2)[0]
        later = (x - 1) @ x
        return later @ row

    x = tl.rand(4, 4)
    traced = tl.jit.trace(f, (x,))
    assert traced.specialisation_for(x).program.arena_nbytes == 2 * x.nbytes
    np.testing.assert_allclose(traced(x).numpy(), f(x).numpy(), rtol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_places_of_many_sizes_and_lives(seed: int) -> None:
    random = Random(seed)

    def f(x: tl.Tensor) -> tl.Tensor:
        held: list[tl.Tensor] = []
        for _ in range(24):
            held.append(x[: random.randint(1, 40)] * 2)
            for _ in range(random.choice((0, 0, 1, 1, 2))):
                if held:
                    x = x + held.pop(random.randrange(len(held))).sum()
                    x = x @ x
        return x

    plan = plan_arena(record(f, (tl.zeros(40, 40),), ("x",), "f").graph)
    places = list(plan.places.values())
    assert len({p.nbytes for p in places}) > 5
    assert_apart(places)
    needed = max(sum(p.nbytes for p in places if p.first <= at <= p.last) for at in range(200))
    assert needed <= plan.nbytes <= 1.5 * needed


def test_empty_temporaries_need_no_arena() -> None:
    traced = tl.jit.trace(lambda x: (x * 2) @ (x + 1).t(), (tl.ones(3, 2),))
    for rows in (0, 3):
        x = tl.ones(rows, 2)
        assert traced(x).tolist() == ((x * 2) @ (x + 1).t()).tolist()
    assert traced.specialisation_for(tl.ones(0, 2)).program.arena_nbytes == 0
