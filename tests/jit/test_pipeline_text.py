"""Pipelines as lines of text: what is written is read back, and what cannot be read is refused with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlab.core.types import TENSOR
from tensorlab.errors import RangeError
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.passes.shapes import specialised
from tensorlab.jit.pipeline import DEFAULT, NAMES, Pipeline
from tensorlab.jit.rewrite import Pass, Rewriter

passes = st.lists(st.sampled_from(list(NAMES.values())), max_size=8).map(tuple)
UNROLL = NAMES["unroll"]


@given(passes, st.none() | st.integers(0, 99))
def test_a_line_gives_the_pipeline_again(found: tuple[Pass, ...], limit: int | None) -> None:
    pipeline = Pipeline(found, limit)
    assert Pipeline.parse(pipeline.line) == pipeline


def test_lines() -> None:
    assert DEFAULT.line == (
        "shapes,tuples,lists,dce,cse,constant,shapes,functional,peephole,cse,dce,hoist,fuse_rows,fuse,dce"
    )
    assert Pipeline.parse(DEFAULT.line) == DEFAULT
    assert Pipeline.parse(" dce , cse,peephole * 2 ").line == "dce,cse,peephole*2"
    assert Pipeline.parse("(dce,cse)*2,(fuse)").line == "dce,cse,dce,cse,fuse"
    assert Pipeline.parse("(dce,(cse,pool)*2)*2").line == "dce,cse,pool,cse,pool,dce,cse,pool,cse,pool"
    assert Pipeline.parse("dce*0").line == Pipeline(()).line == Pipeline.parse("").line == ""
    assert Pipeline.parse("first 3") == Pipeline((), 3)
    assert Pipeline.parse("dce,cse first 12") == Pipeline((NAMES["dce"], NAMES["cse"]), 12)


def test_options_that_differ_are_written() -> None:
    pipeline = Pipeline((replace(UNROLL, options={**UNROLL.options, "factor": 4}), UNROLL))
    assert pipeline.line == "unroll(factor=4),unroll"
    assert Pipeline.parse(pipeline.line) == pipeline
    assert Pipeline.parse("unroll(factor = 4, trips=0)*2").passes[1].options == {"factor": 4, "body": 32, "trips": 0}
    with pytest.raises(RangeError) as error:
        _ = Pipeline((specialised([TENSOR]),)).line
    message = "pipeline: the option inputs of shapes cannot be written in a line: (TensorType(dtype=None, shape=None),)"
    assert str(error.value) == message


def test_passes_of_ones_own() -> None:
    def run(rewriter: Rewriter, *, size: int) -> None: ...

    mine = Pass("mine", run, {"size": 3})
    pipeline = Pipeline.parse("dce,mine,mine(size=5)", passes={"mine": mine})
    assert pipeline.passes == (NAMES["dce"], mine, replace(mine, options={"size": 5}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dce,flatten", f"no pass 'flatten'; takes {', '.join(NAMES)}"),
        ("dce,,cse", "expected the name of a pass, got ',cse' in 'dce,,cse'"),
        ("dce cse", "expected ',' or the end, got 'cse' in 'dce cse'"),
        ("dce*", "expected a number, got the end in 'dce*'"),
        ("(dce,cse", "expected ')', got the end in '(dce,cse'"),
        ("dce,", "expected the name of a pass, got the end in 'dce,'"),
        ("dce first", "expected a number, got the end in 'dce first'"),
        ("unroll(size=3)", "unroll has no option 'size'; it has factor, body, trips"),
        ("dce(size=3)", "dce has no option 'size'; it has none"),
        ("unroll(factor=x)", "expected a number, a string, True, False or None, got 'x)' in 'unroll(factor=x)'"),
        ("unroll(factor 3)", "expected '=', got '3)' in 'unroll(factor 3)'"),
        ("unroll(factor=3 body=4)", "expected ',' or ')', got 'body=4)' in 'unroll(factor=3 body=4)'"),
        ("(dce,cse*3)*999999999999", "3,999,999,999,996 passes in '(dce,cse*3)*999999999999'; takes 1,000 at most"),
        ("dce -> cse", "expected ',' or the end, got '-> cse' in 'dce -> cse'"),
    ],
)
def test_lines_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(RangeError) as error:
        Pipeline.parse(text)
    assert str(error.value) == f"pipeline: {message}"


def names(pipeline: Pipeline) -> str:
    return " ".join(p.name for p in pipeline)


def test_pipelines_are_changed_as_data() -> None:
    base = Pipeline.parse("shapes,dce,cse,dce")
    unroll, pool = NAMES["unroll"], NAMES["pool"]
    assert names(base.insert(unroll, pool, before="dce")) == "shapes unroll pool dce cse dce"
    assert names(base.insert(unroll, after="dce")) == "shapes dce cse dce unroll"
    assert names(base.insert(unroll, after="shapes")) == "shapes unroll dce cse dce"
    assert names(base.insert(unroll)) == "shapes dce cse dce unroll"
    assert names(base.reordered("dce", "dce", "cse", "shapes")) == "dce dce cse shapes"
    assert names(base.repeat(2)) == "shapes dce cse dce shapes dce cse dce"
    assert names(base.repeat(0)) == ""
    limited = base.first(3)
    assert limited.line == "shapes,dce,cse,dce first 3"
    for changed in (
        limited.repeat(2),
        limited.insert(pool),
        limited.then(pool),
        limited.without("cse"),
        limited.only("cse"),
        limited.reordered("cse", "dce", "dce", "shapes"),
    ):
        assert changed.limit == 3
    assert limited.first(None) == base


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.repeat(-1), "repeat: got -1; takes a number of times, at least 0"),
        (lambda p: p.insert(UNROLL, before="dce", after="cse"), "insert: got before and after; takes one of them"),
        (lambda p: p.insert(UNROLL, before="pool"), "no pass 'pool'; the pipeline has dce, cse"),
        (lambda p: p.reordered("pool"), "no pass 'pool'; the pipeline has dce, cse"),
        (lambda p: p.reordered("cse"), "reordered: got cse; takes each of dce, cse"),
    ],
    ids=["repeat", "both", "before", "unknown", "missing"],
)
def test_changes_that_do_not_fit(change, message: str) -> None:
    with pytest.raises(RangeError) as error:
        change(Pipeline.parse("dce,cse"))
    assert str(error.value) == message


TWICE = """\
graph(%x : Float(2)):
  %1 : Float(2) = aten::tanh(%x)
  %2 : Float(2) = aten::tanh(%x)
  %3 : Float(2) = aten::tanh(%x)
  %4 : Float(2) = aten::exp(%x)
  %5 : Float(2) = aten::mul(%1, %2)
  %6 : Float(2) = aten::mul(%5, %3)
  return (%6)
"""


def test_the_limit_of_a_pipeline_counts_over_all_its_passes() -> None:
    full = sum(len(r.rewrites) for r in Pipeline.parse("cse,dce").run(parse_graph(TWICE)))
    assert full == 3
    for limit, least, done in ((2, None, 2), (2, 1, 1), (1, 2, 1), (9, None, 3)):
        records = Pipeline.parse("cse,dce").first(limit).run(parse_graph(TWICE), limit=least)
        assert sum(len(r.rewrites) for r in records) == done
