"""Walks through random programs: results, what is freed, the way back, and what is said to come."""

from __future__ import annotations

from typing import Any

import pytest
from fuzz_programs import function_of
from fuzz_writer import samples, write

import tensorlab as tl
from tensorlab.jit import interpret
from tensorlab.jit.walk import Walk, value_text
from tensorlab.jit.walk_records import StepRecord


def bytes_of(values: list[Any]) -> list[bytes]:
    return [v.numpy().tobytes() for v in values if isinstance(v, tl.Tensor)]


def walked(walk: Walk) -> list[StepRecord]:
    """Every step to the end, one by one; what was said to come came."""
    steps: list[StepRecord] = []
    said: dict[int, int] = {}
    while not walk.record().done:
        said |= {s.number: s.code.pc for s in walk.record().steps if s.state in ("next", "ahead", "undone")}
        walk.forward()
        now = walk.record().now
        assert now is not None and said[now.number] == now.code.pc
        steps.append(now)
    return steps


@pytest.mark.parametrize("seed", [1, 4])
def test_random_programs(seed: int) -> None:
    graph = tl.jit.script(function_of(write(seed).source)).graph
    given = list(samples().values())
    before = bytes_of(given)
    walk = Walk(graph, given)
    live = walk.record().curve.now
    steps = walked(walk)
    for step in steps:
        assert sum(r.nbytes for r in (*step.freed, *step.let_go)) == step.freed_nbytes
        live += step.made_nbytes - step.freed_nbytes
        assert live == step.live_nbytes
    assert bytes_of(given) == before
    (result,) = interpret.run(graph, list(samples().values()))
    parts = result if isinstance(result, tuple) else (result,)
    assert [r.value for r in walk.record().results] == [value_text(part) for part in parts]
    walk.at(0)
    assert walked(walk) == steps
