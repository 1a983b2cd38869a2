"""Native functions on the table of scripted programs and on random graphs: what the interpreter gives, to the bit.

By default a part of the table runs, with every kind of node in it, and a few random graphs; all of it with ``--whole``.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from random_graphs import Sample, arguments, graphs, tensors

import tensorlab as tl
from tensorlab.errors import TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.build import clone
from tensorlab.jit.lower import lower
from tensorlab.jit.native_function import build_native
from tensorlab.jit.native_plan import NativePlan, plan_native
from tensorlab.jit.pipeline import DEFAULT
from tests.jit.scripting.program import Program
from tests.jit.scripting.programs import PROGRAMS
from tests.jit.scripting.test_script_table import function_of
from tests.jit.scripting.test_script_table import given as arguments_of

SHOWN = {
    *("return from a for", "while true with a return", "ranges with steps", "raise in a loop", "over a tensor"),
    *("casts", "ellipsis", "a list of tensors", "optional with and"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "program" in metafunc.fixturenames:
        chosen = [p for p in PROGRAMS if p.name in SHOWN or metafunc.config.getoption("--whole")]
        metafunc.parametrize("program", chosen, ids=lambda p: p.name.replace(" ", "_"))


def same(got: Any, expected: Any) -> None:
    assert type(got) is type(expected)
    if isinstance(expected, (tuple, list)):
        for a, b in zip(got, expected, strict=True):
            same(a, b)
    elif isinstance(expected, tl.Tensor):
        assert got.layout is expected.layout
        np.testing.assert_array_equal(got.numpy(), expected.numpy())
    else:
        assert got == expected or (math.isnan(got) and math.isnan(expected))


def test_as_the_interpreter(program: Program) -> None:
    scripted = tl.jit.script(function_of(program, tl))
    met = False
    for call in program.calls:
        program_of = scripted.specialisation_for(*arguments_of(call, tl)).program
        assert program_of.native is not None
        run = program_of.native.compiled()
        if program_of.native.refusal is not None:
            continue
        met = True
        inputs = arguments_of(call, tl)
        try:
            expected = scripted.interpret(*arguments_of(call, tl))
        except TensorlabError:
            with pytest.raises(Exception, match=r"(?s)."):
                run(*inputs)
            continue
        same(run(*inputs), expected)
    assert met or program.name not in SHOWN


def state(results: list[tl.Tensor], given: list[tl.Tensor]) -> tuple[list[np.ndarray], list[Any], set[tuple[int, int]]]:
    """Values and layouts of results and arguments, and which of them share memory."""
    everything = [*results, *given]
    owners = [t.storage().data_ptr() for t in everything]
    shared = {(i, j) for i, j in combinations(range(len(owners)), 2) if owners[i] == owners[j]}
    return [t.numpy().copy() for t in everything], [t.layout for t in everything], shared


def check_random(sample: Sample, which: list[int], flag: bool, count: int) -> bool:
    """Values, writes and sharing of a random graph's native function; False where it has none."""
    graph = clone(sample.graph)
    for value, tensor in zip(graph.inputs, tensors(which), strict=False):
        value.type = tensor.type
    DEFAULT.run(graph)
    plan = plan_native(graph, [*(t.layout for t in tensors(which)), None, None])
    if not isinstance(plan, NativePlan):
        return False
    assert plan.lower_bound_nbytes <= plan.arena_nbytes <= 1.1 * plan.lower_bound_nbytes
    run = build_native(plan, "random", lower(graph).run).run
    for f, n in ((flag, count), (not flag, count), (flag, 0), (flag, 3)):
        ours, theirs = tensors(which), tensors(which)
        expected = state(list(interpret.run(sample.graph, [*theirs, f, n])), theirs)
        found = run(*ours, f, n)
        got = state(list(found) if len(graph.outputs) > 1 else [found], ours)
        for a, b in zip(got[0], expected[0], strict=True):
            np.testing.assert_array_max_ulp(a, b, 2)
        assert got[1:] == expected[1:]
    return True


def test_random_graphs(pytestconfig: pytest.Config) -> None:
    whole = bool(pytestconfig.getoption("--whole"))
    taken: list[bool] = []

    @settings(
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=300 if whole else 8,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(sample=graphs(), args=arguments())
    def run(sample: Sample, args: tuple[list[int], bool, int]) -> None:
        taken.append(check_random(sample, *args))

    run()
    assert any(taken)
