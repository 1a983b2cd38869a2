"""Random programs: plain Python, the interpreter, the compiled program and torch do the same to the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import Sample, graphs, tensors
from random_graphs import arguments as drawn_arguments
from script_writer import Writer, function_of, samples

import tensorlab as tl
from tensorlab.errors import TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.build import clone
from tensorlab.jit.lower import lower
from tensorlab.jit.pipeline import DEFAULT, NAMES
from tensorlab.jit.verify import verify

Outcome = tuple[list[np.ndarray], list[list[int]], list[tuple[int, int]]]

# Each kind of loop is compiled once a machine, a tenth of a second each: a family a few programs, all in some.
STRAIGHT = [
    *((seed, ("pointwise", "numbers")) for seed in range(3)),
    *((seed, ("views", "pointwise")) for seed in range(10, 14)),
    *((seed, ("reductions", "dtypes")) for seed in range(20, 23)),
    *((seed, ("others", "views", "dtypes")) for seed in range(30, 33)),
]
STRUCTURED = [
    *((seed, ("pointwise",)) for seed in range(40, 46)),
    *((seed, ("views", "pointwise", "numbers")) for seed in range(50, 58)),
    *((seed, ("reductions", "views", "others")) for seed in range(60, 64)),
]


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> Outcome | None:
    """Results and arguments afterwards, how they lie, and which share memory; `None` where plain Python refuses."""
    try:
        given = function(**arguments)
    except (TensorlabError, RuntimeError):
        return None
    results = list(given) if isinstance(given, tuple) else [given]
    tensors = [*results, *(v for v in arguments.values() if not isinstance(v, (int, float)))]
    places = [t.untyped_storage().data_ptr() for t in tensors]
    shared = [(i, j) for i in range(len(places)) for j in range(i) if places[i] == places[j]]
    strides = [[s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1 and t.numel()] for t in tensors]
    return [t.numpy().copy() for t in tensors], strides, shared


def assert_same(got: Outcome | None, expected: Outcome) -> None:
    assert got is not None
    for a, b in zip(got[0], expected[0], strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_array_equal(a, b)
    assert got[1:] == expected[1:]


def variants() -> Iterator[Callable[[], dict[str, Any]]]:
    """Makers of arguments: as they are, with other numbers, laid out in another way, two of them one tensor."""

    def strided() -> dict[str, Any]:
        arguments = samples() | {"n": 4}
        return arguments | {"a": arguments["a"].t().contiguous().t()}

    def aliased() -> dict[str, Any]:
        arguments = samples()
        return arguments | {"b": arguments["a"]}

    yield samples
    yield lambda: samples() | {"n": 0, "s": 2.0}
    yield strided
    yield aliased


@pytest.mark.parametrize(("seed", "families"), [*STRAIGHT, *STRUCTURED])
def test_scripted(seed: int, families: tuple[str, ...]) -> None:
    structured = (seed, families) in STRUCTURED
    source = Writer(seed, structured=structured, families=families, size=7 if structured else 10).source()
    plain = function_of(source)
    scripted = tl.jit.script(plain)
    verify(scripted.graph)
    for arguments in variants():
        expected = outcome(plain, arguments())
        if expected is None:
            continue
        assert_same(outcome(scripted.interpret, arguments()), expected)
        assert_same(outcome(scripted, arguments()), expected)
        assert_same(outcome(scripted, arguments()), expected)


@pytest.mark.parametrize(("seed", "families"), STRAIGHT)
def test_traced(seed: int, families: tuple[str, ...]) -> None:
    plain = function_of(Writer(seed, structured=False, families=families, size=10).source())

    def numbers_fixed(a: tl.Tensor, b: tl.Tensor, c: tl.Tensor, d: tl.Tensor) -> Any:
        return plain(a, b, c, d, 3, 0.5)

    def arguments() -> dict[str, Any]:
        return {name: value for name, value in samples().items() if isinstance(value, tl.Tensor)}

    traced = tl.jit.trace(numbers_fixed, tuple(arguments().values()))
    verify(traced.graph)
    expected = outcome(numbers_fixed, arguments())
    assert expected is not None
    assert_same(outcome(traced.interpret, arguments()), expected)
    assert_same(outcome(traced, arguments()), expected)


def calls(function: Callable[..., Any]) -> Callable[..., Any]:
    """A caller without control flow of its own: two calls, writes before, between and after."""

    def outer(a: tl.Tensor, b: tl.Tensor, c: tl.Tensor, d: tl.Tensor) -> Any:
        a.add_(0.5)
        first = function(b, a, c, d, 2, 1.0)
        turned = a.t()
        second = function(a, b, c, d, n=3, s=0.5)
        turned.mul_(0.5)
        return (*(t * 1 for t in first), *second)

    return outer


@pytest.mark.parametrize(("seed", "families"), STRUCTURED[::3])
def test_a_trace_keeps_the_control_flow_of_what_it_calls(seed: int, families: tuple[str, ...]) -> None:
    plain = function_of(Writer(seed, structured=True, families=families, size=7).source())
    examples = {name: value for name, value in samples().items() if isinstance(value, tl.Tensor)}
    traced = tl.jit.trace(calls(tl.jit.script(plain)), tuple(v.clone() for v in examples.values()))
    verify(traced.graph)
    for factor in (1, -1, 3):  # other values take other branches
        expected, *others = (
            outcome(function, {name: value * factor for name, value in examples.items()})
            for function in (calls(plain), traced.interpret, traced)
        )
        assert expected is not None
        for got in others:
            assert_same(got, expected)


@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(sample=graphs(), args=drawn_arguments(), more=st.booleans())
def test_random_graphs_lowered(sample: Sample, args: tuple[list[int], bool, int], more: bool) -> None:
    which, flag, count = args
    optimised = clone(sample.graph)
    pipeline = DEFAULT.without("fuse")  # each op has a loop of its own, so that few are compiled
    (pipeline.then(NAMES["unroll"], NAMES["pool"]) if more else pipeline).run(optimised)
    runs = (partial(interpret.run, sample.graph), lambda given: lower(optimised).run(*given))
    outcomes = []
    for run in runs:
        given_tensors = tensors(which)
        results = run([*given_tensors, flag, count])
        listed = results if isinstance(results, tuple) else (results,)
        outcomes.append([t.numpy().copy() for t in (*listed, *given_tensors)])
    for a, b in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.torch
@pytest.mark.parametrize(("seed", "families"), [*STRAIGHT, *STRUCTURED])
def test_torch_agrees(seed: int, families: tuple[str, ...]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    structured = (seed, families) in STRUCTURED
    source = Writer(seed, structured=structured, families=families, size=7 if structured else 10).source()
    theirs = outcome(function_of(source, torch), samples(torch))
    if theirs is not None:
        ours = outcome(function_of(source), samples())
        assert_same(ours, theirs)
