"""Random programs of fixed seeds, run in every way there is; that a wrong way is found, shrunk and told; `shrunk`."""

from __future__ import annotations

import importlib
import importlib.util

import fuzz_ways
import pytest
from fuzz_programs import FuzzProgram, Statement, shrunk
from fuzz_run import Plan, report
from fuzz_writer import write

import tensorlab as tl

TORCH = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
SEEDS = range(6)
COMPILED = (4,)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_way_agrees(seed: int) -> None:
    plan = Plan.of(seed, TORCH, every=1 if seed in COMPILED else 10**9)
    try:
        failure = plan.failure()
    except fuzz_ways.RefusedError:
        return
    assert failure is None, f"\n{report(failure)}"


def test_a_seed_makes_one_program_and_few_are_alike() -> None:
    sources = [write(seed).source for seed in range(8)]
    assert sources == [write(seed).source for seed in range(8)]
    assert len(set(sources)) == 8


def test_a_wrong_way_is_found_shrunk_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    right = fuzz_ways.of_graph

    def without_relu(graph):
        for node in graph.nodes():
            if node.kind == "aten::relu":
                node.kind, node.op = "aten::abs", tl.core.op.lookup("aten::abs")[0]
        return right(graph)

    monkeypatch.setattr(fuzz_ways, "of_graph", without_relu)
    body = (
        Statement("v1 = a * 2"),
        Statement("if n > 2:", (Statement("v1 = v1 + 1"), Statement("b = (a - 1).relu()")), (Statement("b = c + a"),)),
        Statement("while k1 < n:", (Statement("v1.add_(1)"),), before="k1 = 0", first="k1 += 1"),
    )
    plan = Plan(FuzzProgram(7, body, ("v1", "b")), ("samples",), compiled=False, gradients=False, torch=None)
    known = plan.failure()
    assert known is not None
    told = report(plan.smallest(known))
    assert told == (
        "# seed 7, arguments 'samples'\n"
        "# text: tensor 0: float32[2, 3] [[2.0, 1.25, 0.5], [0.25, 1.75, 1.0]] "
        "instead of float32[2, 3] [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]\n"
        "import tensorlab as tl\n\n\n"
        "def f(a: tl.Tensor, b: tl.Tensor, c: tl.Tensor, d: tl.Tensor, n: int, s: float):\n"
        "    b = (a - 1).relu()\n"
        "    return b\n"
    )


def test_shrinking_keeps_what_fails() -> None:
    small = shrunk(write(2), lambda candidate: candidate.source.count("d") > 2)
    assert small.source.count("d") > 2
    assert all(smaller.source.count("d") <= 2 for smaller in small.smaller())
