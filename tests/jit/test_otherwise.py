"""What another pipeline would make of a function: passes, last graph, results, inputs to run on."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.closeness import ulps
from tensorlab.jit.compare_graphs import names_in
from tensorlab.jit.otherwise import what_if
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.sample_inputs import sample_inputs


@pytest.fixture
def traced():
    def tone(x, y):
        a = (x + y * 2) * 1
        b = a.tanh() + (x + y * 2).tanh()
        b.exp()
        return b

    return tl.jit.trace(tone, (tl.ones(2, 3), tl.ones(2, 3)))


def marks(found) -> dict[str, int]:
    return {mark: found.graphs.count(mark) for mark in "+-~="}


def test_a_pass_that_did_not_run(traced) -> None:
    found = what_if(traced, pipeline=traced.pipeline.without("dce"))
    assert (found.parted.name, found.results.verdict, found.times) == ("dce", "equal", None)
    assert marks(found) == {"+": 1, "-": 0, "~": 0, "=": 4}  # the exp that nobody needs stays
    (extra,) = [line for line in found.graphs.lines if line.mark == "+"]
    assert "aten::exp" in extra.text
    assert Pipeline.parse(found.other).line == found.other
    assert json.loads(json.dumps(found.to_dict()))["parted"] == "dce"


def test_values_keep_the_names_that_they_have_in_the_passes(traced) -> None:
    names = names_in(traced.records)
    have = {names.of(node.output) for node in traced.records[0].before.nodes()}
    found = what_if(traced, pipeline=traced.pipeline.without("cse"))
    shown = [line.text.partition(" ")[0] for line in found.graphs.lines if line.role == "node"]
    assert marks(found)["+"] == 3
    assert set(shown) < have  # those that only the other graph has, too


def test_a_pass_that_did_nothing_is_not_missed(traced) -> None:
    found = what_if(traced, pipeline=traced.pipeline.without("fuse_rows"))
    assert found.parted is None
    assert found.graphs.same


def test_the_first_rewrites_alone(traced) -> None:
    found = what_if(traced, pipeline=traced.pipeline.first(0), times=True, runs=3)
    assert (found.results.verdict, found.other.endswith(" first 0")) == ("equal", True)
    assert found.graphs.count("~") == 4  # in the loop, and outside of it
    assert [t.runs for t in found.times] == [3, 3]
    assert all(t.lower <= t.median <= t.upper for t in found.times)


def test_a_pipeline_that_breaks_the_function_is_told(traced) -> None:
    from dataclasses import replace

    from tensorlab.jit import edit
    from tensorlab.jit.pipeline import NAMES

    def run(rewriter, **options) -> None:
        (node,) = [n for n in rewriter.graph.nodes() if n.kind == "aten::exp"]
        rewriter.refuse(node, rule="wrong", reason="to be seen")
        edit.set_result(rewriter.graph.block, 0, node.output)

    wrong = replace(NAMES["dce"], name="wrong", run=run)
    found = what_if(traced, pipeline=Pipeline((wrong,)))
    assert found.results.verdict == "different"
    assert str(found.results).startswith("different: result on the inputs: element 0 is ")


def test_the_function_and_what_it_holds_stay_as_they_are() -> None:
    norm = tl.nn.BatchNorm1d(3)
    traced = tl.jit.trace(norm, (tl.ones(4, 3),), check_trace=False)
    before, programs = norm.running_mean.tolist(), traced.programs
    assert what_if(traced, pipeline=traced.pipeline.without("cse")).results.verdict == "equal"
    assert norm.running_mean.tolist() == before
    assert traced.programs == programs


def test_inputs(traced) -> None:
    assert sample_inputs(traced).source == "trace"
    traced(tl.ones(4, 3), tl.ones(4, 3))
    assert sample_inputs(traced).source == "samples"
    assert [v.shape for v in sample_inputs(traced).values] == [(4, 3), (4, 3)]
    given = (tl.ones(5, 3), tl.ones(5, 3))
    assert sample_inputs(traced, given).source == "given"
    with pytest.raises(ArgumentError, match=r"tone: argument 'y' is missing"):
        sample_inputs(traced, given[:1])


def test_nothing_to_run_on() -> None:
    function = tl.jit.CompilationUnit("def f(x):\n    return x + 1\n").f
    with pytest.raises(ArgumentError) as error:
        what_if(function, pipeline=function.pipeline)
    assert str(error.value) == (
        "f: no sample of the type Tensor can be made: its dtype and dimensions are not known; "
        "call it once, or give inputs"
    )


def test_a_pass_that_is_not_there(traced) -> None:
    with pytest.raises(RangeError, match="no pass 'unroll'"):
        what_if(traced, pipeline=traced.pipeline.without("unroll"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_ulps(dtype: str) -> None:
    x = np.array([1.0, 0.0, np.nan, -1.0], dtype)
    y = x.copy()
    y[1] = -0.0
    assert ulps(x, y) == 0
    y[0] = np.nextafter(np.nextafter(y[0], y.dtype.type(2)), y.dtype.type(2))
    assert ulps(x, y) == 2
    assert ulps(np.array([np.finfo(dtype).smallest_subnormal]), -np.array([np.finfo(dtype).smallest_subnormal])) == 2
