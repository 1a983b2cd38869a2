"""Passes that ran already are not run again, and what is left is as if they had been."""

from __future__ import annotations

from dataclasses import replace

import pytest

import tensorlab as tl
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.reruns import rerun, run_as_called
from tensorlab.jit.sample_inputs import sample_inputs


def _f(x: tl.Tensor) -> tl.Tensor:
    return ((x * 1).exp() + (x * 1).exp()).relu() + 0 * (x * 2).sum()


@pytest.fixture
def f():
    traced = tl.jit.trace(_f, (tl.ones(3),))
    traced(tl.ones(3))
    return traced


@pytest.mark.parametrize("change", ["without", "only", "order", "none"])
def test_a_rerun_leaves_what_a_run_leaves(f, change: str) -> None:
    usual: Pipeline = f.pipeline
    names = [pass_.name for pass_ in usual]
    other = {
        "without": lambda: usual.without("cse"),
        "only": lambda: replace(usual, limit=3),
        "order": lambda: Pipeline(tuple(reversed(usual.passes))),
        "none": lambda: usual,
    }[change]()
    sample = sample_inputs(f)
    found = rerun(other, f.records)
    graph = sample.graph(f)
    anew = other.run(graph)
    assert str(found.graph) == str(graph)
    assert [(r.name, r.skipped, r.count, r.nodes_after) for r in found.records] == [
        (r.name, r.skipped, r.count, r.nodes_after) for r in anew
    ]
    ours = {id(record) for record in f.records}
    known = [id(record) in ours for record in found.records]
    first = names.index("cse") if change == "without" else 0
    assert all(known[:first])
    assert all(known) == (change == "none")


def test_what_a_call_did_is_not_done_again(f) -> None:
    run = run_as_called(f, sample_inputs(f))
    assert run.records is f.records
    assert run.graph is f.latest.graph
    assert run.program is not None
    assert run.program.native is None
    other = run_as_called(f, sample_inputs(f, [tl.ones(2, 2)]))
    assert str(other.begin.inputs[0].type) == "Float(2, 2)"
    assert other.program is None


def test_a_graph_that_was_known_stays_as_it_was(f) -> None:
    before = [str(record.after) for record in f.records]
    rerun(f.pipeline.without("cse"), f.records)
    assert [str(record.after) for record in f.records] == before
